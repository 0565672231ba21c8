# SPDX-License-Identifier: Apache-2.0
"""Rows that were read at once, and travel together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, name_cells

#: The rows of a chunk at most; they are read in ever larger steps.
MAX_ROWS = 512

#: Seconds after which a chunk takes no further rows.
_PATIENCE = 0.02


class Chunk:
    """Consecutive rows.

    A source yields chunks in place of rows where it has cells at hand: no dict is made of a row that nobody asks for.

    :param rows: the rows as they were read; each is a tuple of cells if there are names, or malformed.
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
        names = self.names
        if names is None:
            return iter(self.rows)
        return (row if type(row) is MalformedRow else name_cells(names, row) for row in self.rows)

    def pick(self, indexes: Sequence[int]) -> Chunk:
        """Return a chunk of some of the rows."""
        return Chunk([self.rows[index] for index in indexes], self.names)


#: What a source yields that is no row.
_NO_ROWS = frozenset({Chunk, Cursor, Keys})


def gather(rows: Iterable[Any], clock: Clock) -> Iterator[Any]:
    """Yield rows in chunks; what a source yields besides, chunks of its own among it, comes as it is.

    A chunk has the rows that a source yields within 20 ms, so that those of a slow source do not wait for each other.

    :param rows: the rows, and what a source yields between them.
    :param clock: the source of time.
    """
    rows = iter(rows)
    while True:
        started = clock.monotonic()
        first = next(rows, rows)
        if first is rows:
            return
        if type(first) in _NO_ROWS:
            yield first
            continue
        gathered = [first]
        try:
            while len(gathered) < MAX_ROWS and clock.monotonic() - started < _PATIENCE:
                as_many = len(gathered)
                gathered.extend(islice(rows, as_many))
                if len(gathered) < 2 * as_many:
                    break
        except Exception:  # what was read before is pushed
            yield from _without_marks(gathered)
            raise
        yield from _without_marks(gathered)


def singly(rows: Iterable[Any]) -> Iterator[Any]:
    """Yield each row as a chunk, at once, for a source may wait long between two; chunks and marks come as they are."""
    for row in rows:
        yield row if type(row) in _NO_ROWS else Chunk([row])


def _without_marks(gathered: list[Any]) -> Iterator[Any]:
    """Yield rows in chunks, and the marks among them."""
    if _NO_ROWS.isdisjoint(map(type, gathered)):
        yield Chunk(gathered)
        return
    for is_mark, group in groupby(gathered, key=lambda item: type(item) in _NO_ROWS):
        if is_mark:
            yield from group
        else:
            yield Chunk(list(group))
