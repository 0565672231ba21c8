# SPDX-License-Identifier: Apache-2.0
"""Checks by the first rows whether the columns that an author named exist, before all rows are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import did_you_mean, listed

#: If rows may leave out NULLs, a column that none of so many rows has is considered a wrong name.
PATIENCE = 1_000


class ColumnCheck:
    """Checks the columns that an author named while the rows are read.

    :param named: column -> the parameter that names it.
    :param alike: whether all rows have the same columns, as those of a query have; then the first row decides.
    :param declared: whether the source declares its columns, as a query does. Without a header line, the first line
        of a CSV file is a user; so other columns are named only if they are declared, or one that was named exists, or
        several rows have them.
    :param columns: asked for the columns at the end if there was no row, where all rows would have had the same ones.
    :param alternatives: columns of which a row needs only one.
    :param optional: columns without which a row is sent all the same.
    """

    def __init__(
        self,
        named: Mapping[str, str],
        *,
        alike: bool,
        declared: bool = False,
        columns: Callable[[], Sequence[str] | None] = lambda: None,
        alternatives: Collection[str] = (),
        optional: AbstractSet[str] = frozenset(),
    ) -> None:
        #: What is wrong with the names, as a clause, if rows that need not be alike ended before `PATIENCE` of them.
        self.remark: str | None = None
        self._named = named
        self._alike = alike
        self._declared = declared
        self._columns = columns
        self._alternatives = alternatives
        self._optional = optional
        self._missing = dict(named)
        self._seen = 0
        self._all: dict[str, None] = {}
        self._common: dict[str, None] = {}

    def check(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Yield rows as they come, as long as the columns that were named may exist.

        :param rows: the rows, and whatever else the source yields.
        :raises RefusedConfiguration: if a column does not exist.
        """
        rows = iter(rows)
        while self._missing:
            row = next(rows, rows)
            if row is rows:
                self._end()
                return
            for index, columns in _columns(row):
                self._see(columns)
                if self._missing and (self._alike or self._seen == PATIENCE):
                    if index and isinstance(row, Chunk):  # the rows that were read with this one and come before it
                        yield row.pick(range(index))
                    raise RefusedConfiguration(self._message(self._missing))
            yield row
        yield from rows

    def _see(self, row: Collection[str]) -> None:
        self._seen += 1
        missing = {column for column in self._missing if not _has(row, column)}
        if not missing.issuperset(self._alternatives):
            missing.difference_update(self._alternatives)
        self._missing = {column: parameter for column, parameter in self._missing.items() if column in missing}
        if self._missing:
            try:
                columns = dict.fromkeys(map(str, row))
            except Exception:  # as in `_has`
                return
            self._all.update(columns)
            self._common = {name: None for name in columns if name in self._common or self._seen == 1}

    def _end(self) -> None:
        """Decide on columns that none of the rows had."""
        if self._seen:
            wrong = {
                column: parameter
                for column, parameter in self._missing.items()
                if column not in self._optional or self._suggestion(column)
            }
            self.remark = self._message(wrong) if wrong else None
        elif self._alike and (known := self._columns()) is not None:
            self._see(dict.fromkeys(known))
            if self._missing:
                raise RefusedConfiguration(self._message(self._missing))

    @property
    def _shown(self) -> list[str]:
        """The columns that may be shown, because they are no user's data."""
        if self._declared or len(self._missing) < len(self._named):
            return list(self._all)
        return [] if self._alike or self._seen == 1 else list(self._common)

    def _suggestion(self, column: str) -> str:
        # One that differs in case and underscores alone is no value of a user.
        return did_you_mean(column, self._shown) or did_you_mean(column, self._all, 1.0)

    def _message(self, missing: Mapping[str, str]) -> str:
        by_parameter: dict[str, list[str]] = {}
        for column, parameter in missing.items():
            by_parameter.setdefault(parameter, []).append(f"{column!r}{self._suggestion(column)}")
        named = " and ".join(
            f"{parameter} names the column{'s' if len(names) > 1 else ''} {listed(names, longest_name=150)}"
            for parameter, names in by_parameter.items()
        )
        header = ", and that the file has a header line" if self._alike else ""
        them = f"the columns are {listed(shown)}" if (shown := self._shown) else f"check the name{header}"
        is_needed = not missing.keys() <= self._optional
        rest = (
            "" if self._alike or not is_needed else "; or give the rows the column, with None where there is no value"
        )
        return f"{named}, which {self._where}; {them}{rest}"

    @property
    def _where(self) -> str:
        if self._alike:
            return "the rows do not have"
        if self._seen == 1:
            return "the only row does not have"
        return f"none of the {'first ' if self._seen == PATIENCE else ''}{self._seen:,} rows has"


def _columns(item: Any) -> Iterable[tuple[int, Collection[str]]]:
    """Return the index and the columns of each of a source's rows; of those that have the same by their names, once."""
    if isinstance(item, Chunk) and item.names is not None:
        return [(0, item.names)]
    rows = item.rows if isinstance(item, Chunk) else [item]
    return ((index, row) for index, row in enumerate(rows) if isinstance(row, Mapping))


def _has(row: Collection[str], column: str) -> bool:
    try:
        return column in row
    except Exception:  # a row of some library's own may run code when it is read; its own verdict reports that
        return True
