# SPDX-License-Identifier: Apache-2.0
"""Whether the columns that an author named are there: told by the first rows, before all are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

#: Rows after which a column that none of them has is taken for a wrong name, where a row may leave out what is NULL.
PATIENCE = 1_000


def check_columns(rows: Iterable[Any], named: Mapping[str, str], *, alike: bool) -> Iterator[Any]:
    """Yield rows as they come, as long as the columns that were named may be there.

    :param rows: the rows, and whatever else the source yields.
    :param named: column -> the parameter that names it.
    :param alike: whether all rows have the same columns, as those of a query have; then the first row tells.
    :raises RefusedConfiguration: if a column is not there; it names no column but the author's.
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
                raise RefusedConfiguration(_words(missing, row, alike=alike))
        yield row
    yield from rows


def _has(row: Mapping[str, Any], column: str) -> bool:
    try:
        return column in row
    except Exception:  # a row of some library's own may run code when it is read; what is wrong with it is told later
        return True


def _words(missing: Mapping[str, str], row: Mapping[str, Any], *, alike: bool) -> str:
    column, parameter = next(iter(missing.items()))
    where = "the rows do not have" if alike else f"none of the first {PATIENCE:,} rows has"
    # A name that differs in case and underscores alone is no value of a user, for the author wrote it.
    other = next((name for name in row if _bare(name) == _bare(column)), None)
    hint = f"there is {other!r}" if other is not None else "check its name"
    rest = "" if alike else ", or give the rows the column, with None where there is no value"
    return f"{parameter} names the column {column!r}, which {where}; {hint}{rest}"


def _bare(name: Any) -> str:
    return str(name).replace("_", "").lower()
