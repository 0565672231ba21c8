# SPDX-License-Identifier: Apache-2.0
"""A table from one 64-bit word to another, in a file mapped into memory: 16 bytes an entry, and room to grow."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

#: Bytes of a cell: key and value.
CELL = 16

_MIN_CELLS = 1_024

#: Values from here on are no digests. The update at a position, plus this, is on its way.
ON_ITS_WAY = 1 << 62

#: Values from here on: updates of this user have failed since that many seconds after 1970, plus this.
FAILING = 2 << 62

#: The share of the cells that may be taken, that are taken once a table has grown, and once it is packed.
_FULL, _GROWN, _PACKED = 0.8, 0.55, 0.75


class Table:
    """Maps words to words, by open addressing.

    A key is never 0. A value of 0 is none: it leaves the table when the table is next made anew.

    :param cells: how many cells it begins with.
    """

    def __init__(self, cells: int = _MIN_CELLS) -> None:
        self._make(max(cells, _MIN_CELLS))

    @classmethod
    def read(cls, read_into: Callable[[memoryview], None], cells: int) -> Table:
        """Return the table whose cells `write` wrote.

        :param read_into: fills a buffer of bytes with them.
        :param cells: how many there are.
        """
        table = cls(cells)
        with memoryview(table._map) as whole:
            read_into(whole[: cells * CELL])
        words = table._words
        table._taken = sum(1 for at in range(0, len(words), 2) if words[at])
        return table

    def write(self, write: Callable[[memoryview], Any]) -> None:
        """Write all cells.

        :param write: writes bytes.
        """
        with memoryview(self._map) as whole:
            for at in range(0, len(whole), 1 << 20):
                with whole[at : at + (1 << 20)] as some:
                    write(some)

    def close(self) -> None:
        """Free the memory and the file."""
        self._words.release()
        self._map.close()

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    def get(self, key: int) -> int:
        """Return the value of a key, or 0."""
        words, last = self._words, self._last
        at = key % self.cells * 2
        while found := words[at]:
            if found == key:
                return words[at + 1]
            at = at + 2 if at < last else 0
        return 0

    def set(self, key: int, value: int) -> None:
        """Give a key a value; 0 takes it away."""
        words, last = self._words, self._last
        at = key % self.cells * 2
        while found := words[at]:
            if found == key:
                words[at + 1] = value
                return
            at = at + 2 if at < last else 0
        if not value:
            return
        words[at], words[at + 1] = key, value
        self._taken += 1
        if self._taken > self.cells * _FULL:
            self._remake(_GROWN)

    def items(self) -> Iterator[tuple[int, int]]:
        """Return an iterator over each key and its value."""
        return _items(self._words)

    def pack(self) -> None:
        """Make the table as small as it may be, without the keys that have no value."""
        self._remake(_PACKED)

    def _remake(self, share: float) -> None:
        words, mapped = self._words, self._map
        self._make(max(round(len(self) / share) + 1, _MIN_CELLS))
        for key, value in _items(words):
            self.set(key, value)
        words.release()
        mapped.close()

    def _make(self, cells: int) -> None:
        self.cells = cells
        self._last = (cells - 1) * 2
        self._taken = 0
        with tempfile.TemporaryFile(prefix="userattrs-") as file:  # the mapping keeps it
            file.truncate(cells * CELL)
            self._map = mmap.mmap(file.fileno(), cells * CELL)
        self._words = memoryview(self._map).cast("Q")


def _items(words: memoryview) -> Iterator[tuple[int, int]]:
    return ((words[at], value) for at in range(0, len(words), 2) if (value := words[at + 1]))
