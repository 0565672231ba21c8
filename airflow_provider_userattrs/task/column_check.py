# SPDX-License-Identifier: Apache-2.0
"""Checks by the first rows whether the columns that an author named exist, before all rows are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.text import printable

#: Rows after which a column that none of them has is taken for a wrong name, if rows may leave out NULLs.
PATIENCE = 1_000

#: Characters of the columns' names that an error lists.
_MAX_COLUMNS_LENGTH = 200


def check_columns(
    rows: Iterable[Any], named: Mapping[str, str], *, alike: bool, declared: bool = False
) -> Iterator[Any]:
    """Yield rows as they come, as long as the columns that were named may exist.

    :param rows: the rows, and whatever else the source yields.
    :param named: column -> the parameter that names it.
    :param alike: whether all rows have the same columns, as those of a query have; then the first row decides.
    :param declared: whether the source declares its columns, as a query does. Without a header line, the first line
        of a CSV file is a user; so other columns are named only if they are declared, or one that was named exists.
    :raises RefusedConfiguration: if a column does not exist.
    """
    rows = iter(rows)
    missing = dict(named)
    seen = 0
    while missing:
        row = next(rows, rows)
        if row is rows:
            return
        if isinstance(row, Mapping):
            seen += 1
            missing = {column: parameter for column, parameter in missing.items() if not _has(row, column)}
            if missing and (alike or seen == PATIENCE):
                shown = declared or len(missing) < len(named)
                raise RefusedConfiguration(_message(missing, list(map(str, row)), alike=alike, shown=shown))
        yield row
    yield from rows


def _has(row: Mapping[str, Any], column: str) -> bool:
    try:
        return column in row
    except Exception:  # a row of some library's own may run code when it is read; its own verdict reports that
        return True


def _message(missing: Mapping[str, str], columns: list[str], *, alike: bool, shown: bool) -> str:
    where = "the rows do not have" if alike else f"none of the first {PATIENCE:,} rows has"
    by_parameter: dict[str, list[str]] = {}
    for column, parameter in missing.items():
        by_parameter.setdefault(parameter, []).append(f"{column!r}{_hint(column, columns, shown=shown)}")
    named = " and ".join(
        f"{parameter} names the column{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for parameter, names in by_parameter.items()
    )
    them = f"the columns are {printable(', '.join(columns), _MAX_COLUMNS_LENGTH)}" if shown else "check the name"
    rest = "" if alike else "; or give the rows the column, with None where there is no value"
    return f"{named}, which {where}; {them}{rest}"


def _hint(column: str, columns: list[str], *, shown: bool) -> str:
    """Return which column may be meant; one that differs in case and underscores alone is no value of a user."""
    by_bare = {_bare(name): name for name in reversed(columns)}
    close = get_close_matches(_bare(column), by_bare, n=1, cutoff=0.6 if shown else 1.0)
    return f" (did you mean {by_bare[close[0]]!r}?)" if close else ""


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
