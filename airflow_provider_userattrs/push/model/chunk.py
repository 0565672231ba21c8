# SPDX-License-Identifier: Apache-2.0
"""Rows that were read at once, and travel together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.row import MalformedRow, Row, name_cells

#: The rows of a chunk at most, where a source chooses.
MAX_ROWS = 500


class Chunk:
    """Consecutive rows that a source has at hand: it waits for nothing while it gathers them.

    Where a source has cells at hand, no dict is made of a row that nobody asks for.

    :param rows: the rows as they were read; each is a sequence of cells if there are names, or malformed.
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
