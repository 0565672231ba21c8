# SPDX-License-Identifier: Apache-2.0
"""Checks by the first rows whether the columns that an author named exist, before all rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import did_you_mean, listed

#: If rows may leave out NULLs, a column that none of so many rows has is considered a wrong name.
PATIENCE = 1_000


def check_columns(
    rows: Iterable[Any],
    named: Mapping[str, str],
    *,
    alike: bool,
    declared: bool = False,
    columns: Callable[[], Sequence[str] | None] = lambda: None,
) -> Iterator[Any]:
    """Yield rows as they come, as long as the columns that were named may exist.

    :param rows: the rows, and whatever else the source yields.
    :param named: column -> the parameter that names it.
    :param alike: whether all rows have the same columns, as those of a query have; then the first row decides.
    :param declared: whether the source declares its columns, as a query does. Without a header line, the first line
        of a CSV file is a user; so other columns are named only if they are declared, or one that was named exists.
    :param columns: asked for the columns at the end if there was no row, where all rows would have had the same ones.
    :raises RefusedConfiguration: if a column does not exist.
    """
    rows = iter(rows)
    missing = dict(named)
    seen = 0
    while missing:
        row = next(rows, rows)
        if row is rows:
            if alike and not seen and (known := columns()) is not None:
                _check(dict.fromkeys(known), missing, len(named), alike=alike, declared=declared)
            return
        if isinstance(row, Mapping):
            seen += 1
            missing = {column: parameter for column, parameter in missing.items() if not _has(row, column)}
            if alike or seen == PATIENCE:
                _check(row, missing, len(named), alike=alike, declared=declared)
        yield row
    yield from rows


def _check(row: Mapping[str, Any], named: Mapping[str, str], count: int, *, alike: bool, declared: bool) -> None:
    """Raise the error on columns that a row does not have.

    :param row: the row.
    :param named: column -> the parameter that names it; of these, none was in a row before.
    :param count: how many were named in all.
    """
    missing = {column: parameter for column, parameter in named.items() if not _has(row, column)}
    if missing:
        shown = declared or len(missing) < count
        raise RefusedConfiguration(_message(missing, list(map(str, row)), alike=alike, shown=shown))


def _has(row: Mapping[str, Any], column: str) -> bool:
    try:
        return column in row
    except Exception:  # a row of some library's own may run code when it is read; its own verdict reports that
        return True


def _message(missing: Mapping[str, str], columns: list[str], *, alike: bool, shown: bool) -> str:
    where = "the rows do not have" if alike else f"none of the first {PATIENCE:,} rows has"
    by_parameter: dict[str, list[str]] = {}
    for column, parameter in missing.items():
        # One that differs in case and underscores alone is no value of a user.
        hint = did_you_mean(column, columns, 0.6 if shown else 1.0)
        by_parameter.setdefault(parameter, []).append(f"{column!r}{hint}")
    named = " and ".join(
        f"{parameter} names the column{'s' if len(names) > 1 else ''} {listed(names, longest_name=150)}"
        for parameter, names in by_parameter.items()
    )
    them = f"the columns are {listed(columns)}" if shown else "check the name, and that the file has a header line"
    rest = "" if alike else "; or give the rows the column, with None where there is no value"
    return f"{named}, which {where}; {them}{rest}"
