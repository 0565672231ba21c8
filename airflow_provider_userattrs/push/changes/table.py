# SPDX-License-Identifier: Apache-2.0
"""A table from one 64-bit word to another, in a file mapped into memory: 16 bytes an entry, and room to grow."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: Bytes of a cell: key and value.
CELL = 16

_MIN_CELLS = 1_024

#: A value is what is known of a user: the digest of an update, or one of the two below; and two flags.
#:
#: Updates of this user have failed since that many seconds after 1970, plus this.
FAILING = 1 << 63

#: The update at a position, plus this, is on its way.
ON_ITS_WAY = 1 << 62

#: The flag of users whom a row of this push names. It is not written.
SEEN = 1 << 61

#: The flag of users of whom the vendor may hold something from this push, and whose ids are kept.
LISTED = 1 << 60

#: The digest of an update is below this.
DIGESTS = 1 << 60

#: What is not a flag.
KNOWN = ~(SEEN | LISTED)

#: The share of the cells that may be taken, that are taken once a table has grown, and once it is packed; with less
#: than the last, packing is worth its time.
_FULL, _GROWN, _PACKED, _SPARSE = 0.8, 0.55, 0.75, 0.73

_AT_ONCE = 1 << 20  # bytes


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
        # The keys of a slice at a time: a list of all would take more memory than the table.
        words = table._words
        table._taken = sum(
            len(keys) - keys.count(0)
            for at in range(0, len(words), _AT_ONCE)
            for keys in [words[at : at + _AT_ONCE : 2].tolist()]
        )
        table._has_empty = True
        return table

    def write(self, write: Callable[[memoryview], Any]) -> None:
        """Write all cells.

        :param write: writes bytes.
        """
        with memoryview(self._map) as whole:
            for at in range(0, len(whole), _AT_ONCE):
                with whole[at : at + _AT_ONCE] as some:
                    write(some)

    def close(self) -> None:
        """Free the memory and the file."""
        self._words.release()
        self._map.close()

    def __len__(self) -> int:
        return sum(1 for _ in self.items()) if self._has_empty else self._taken

    def get(self, key: int) -> int:
        """Return the value of a key, or 0."""
        (value,) = self.look_up((key,))
        return value

    def look_up(self, keys: Iterable[int]) -> list[int]:
        """Return the values of keys, each 0 if it has none."""
        words, cells, last = self._words, self.cells, self._last
        values: list[int] = []
        add = values.append
        for key in keys:
            at = key % cells * 2
            while (found := words[at]) != key and found:
                at = at + 2 if at < last else 0
            add(words[at + 1])  # 0 in a free cell
        return values

    def set(self, key: int, value: int) -> None:
        """Give a key a value; 0 takes it away."""
        words, last = self._words, self._last
        at = key % self.cells * 2
        while (found := words[at]) != key and found:
            at = at + 2 if at < last else 0
        if found:
            words[at + 1] = value
            if not value:
                self._has_empty = True
            return
        if not value:
            return
        words[at], words[at + 1] = key, value
        self._taken += 1
        if self._taken > self.cells * _FULL:
            self._remake(_GROWN)

    def mark(self, keys: Iterable[int], flag: int) -> None:
        """Set a flag in the values of keys."""
        words, cells, last = self._words, self.cells, self._last
        for key in keys:
            at = key % cells * 2
            while (found := words[at]) != key and found:
                at = at + 2 if at < last else 0
            if found:
                words[at + 1] |= flag
            else:
                self.set(key, flag)
                words, cells, last = self._words, self.cells, self._last

    def clear_flags(self, flags: int) -> None:
        """Clear flags in all values."""
        keep = (~flags & (1 << 64) - 1) << 64 | (1 << 64) - 1
        mask = int.from_bytes(keep.to_bytes(CELL, "little") * (_AT_ONCE // CELL), "little")
        with memoryview(self._map) as whole:
            for at in range(0, len(whole), _AT_ONCE):
                with whole[at : at + _AT_ONCE] as some:
                    some[:] = (int.from_bytes(some, "little") & mask).to_bytes(len(some), "little")
        self._has_empty = True

    def items(self) -> Iterator[tuple[int, int]]:
        """Return an iterator over each key and its value."""
        return _items(self._words)

    def pack(self) -> None:
        """Make the table small, without the keys that have no value."""
        if self._taken < self.cells * _SPARSE or len(self) < self._taken * 0.9:
            self._remake(_PACKED)

    def _remake(self, share: float) -> None:
        words, mapped = self._words, self._map
        self._make(max(round(len(self) / share) + 1, _MIN_CELLS))
        for at in range(0, len(mapped), _AT_ONCE):
            with words[at // 8 : (at + _AT_ONCE) // 8] as some:
                for key, value in _items(some):
                    self.set(key, value)
            if hasattr(mmap, "MADV_DONTNEED"):  # else both tables are in memory at the end
                mapped.madvise(mmap.MADV_DONTNEED, at, min(_AT_ONCE, len(mapped) - at))
        words.release()
        mapped.close()

    def _make(self, cells: int) -> None:
        self.cells = cells
        self._last = (cells - 1) * 2
        self._taken = 0
        self._has_empty = False
        with tempfile.TemporaryFile(prefix="userattrs-") as file:  # the mapping keeps it
            file.truncate(cells * CELL)
            self._map = mmap.mmap(file.fileno(), cells * CELL)
        self._words: memoryview[int] = memoryview(self._map).cast("Q")


def _items(words: memoryview) -> Iterator[tuple[int, int]]:
    return ((words[at], value) for at in range(0, len(words), 2) if (value := words[at + 1]))
