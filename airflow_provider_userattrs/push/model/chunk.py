# SPDX-License-Identifier: Apache-2.0
"""Rows that were read at once, and travel together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from airflow_provider_userattrs.push.model.row import MalformedRow, Row, name_cells

#: The rows of a chunk at most, where a source chooses.
MAX_ROWS = 500


class Table(Sequence[tuple[Any, ...]]):
    """Rows that are given by their columns; a tuple of cells is made only of one that is asked for.

    :param columns: the cells of each column.
    :param count: how many rows there are.
    """

    __slots__ = ("_count", "columns")

    def __init__(self, columns: Sequence[Sequence[Any]], count: int) -> None:
        self.columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return zip(*self.columns, strict=True) if self.columns else iter([()] * self._count)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | Table:
        if isinstance(index, slice):
            return Table([cells[index] for cells in self.columns], len(range(self._count)[index]))
        return tuple([cells[index] for cells in self.columns])


class Chunk:
    """Consecutive rows that a source has at hand: it waits for nothing while it gathers them.

    Where a source has cells at hand, no dict is made of a row that nobody asks for.

    :param rows: the rows as they were read; each is a sequence of cells if there are names, or malformed. A `Table` if
        none is malformed and the columns are at hand.
    :param names: the columns of the cells; None if the rows are dicts, or whatever else a source yields.
    """

    __slots__ = ("names", "rows")

    def __init__(self, rows: Sequence[Any], names: tuple[str, ...] | None = None) -> None:
        self.rows = rows
        self.names = names

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row | MalformedRow]:
        """Yield the rows as dicts."""
        return iter(self.rows) if self.names is None else map(self.row, range(len(self.rows)))

    def row(self, index: int) -> Row | MalformedRow:
        """Return a row as a dict."""
        row: Row | MalformedRow = self.rows[index]
        return row if self.names is None or type(row) is MalformedRow else name_cells(self.names, row)

    def pick(self, indexes: Sequence[int]) -> Chunk:
        """Return a chunk of some of the rows."""
        return Chunk([self.rows[index] for index in indexes], self.names)


def sliced(rows: Sequence[Any]) -> Iterator[Chunk]:
    """Yield the rows of a list in chunks."""
    for start in range(0, len(rows), MAX_ROWS):
        yield Chunk(rows[start : start + MAX_ROWS])
