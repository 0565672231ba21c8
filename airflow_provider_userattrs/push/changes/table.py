# SPDX-License-Identifier: Apache-2.0
"""A table from one 64-bit word to another, in a file mapped into memory: 16 bytes an entry, and room to grow."""

from __future__ import annotations

import mmap
import tempfile
from array import array
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

    A key is never 0, and keys are spread evenly over all words, as digests are. A value of 0 is none: it leaves the
    table when it is next rebuilt.

    The cell in which the search for a key begins grows with the key, so that a table is rebuilt from another one from
    its first cell to its last: what is read of the one is freed while the other is filled, and both together take
    little more memory than the larger.

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
        table._taken = sum(len(keys) - keys.count(0) for keys in table._keys())
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
            at = (key * cells >> 64) * 2
            while (found := words[at]) != key and found:
                at = at + 2 if at < last else 0
            add(words[at + 1])  # 0 in a free cell
        return values

    def set(self, key: int, value: int) -> None:
        """Give a key a value; 0 takes it away."""
        words, last = self._words, self._last
        at = (key * self.cells >> 64) * 2
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
            self._remake(len(self) / _GROWN)

    def mark(self, keys: Iterable[int], flag: int) -> None:
        """Set a flag in the values of keys."""
        words, cells, last = self._words, self.cells, self._last
        for key in keys:
            at = (key * cells >> 64) * 2
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
        return items_of(self._words)

    def _keys(self) -> Iterator[list[int]]:
        """Yield the keys, and 0 for each free cell, in lists: one of all would take more memory than the table."""
        words, at_once = self._words, _AT_ONCE // 8
        return (words[at : at + at_once : 2].tolist() for at in range(0, len(words), at_once))

    def pack(self) -> None:
        """Make the table small, without the keys that have no value."""
        if self._taken < self.cells * _SPARSE or len(self) < self._taken * 0.9:
            self._remake(len(self) / _PACKED)

    def reserve(self, count: int) -> None:
        """Make room for more keys that come in their order: those of another table would crowd its first cells.

        :param count: how many.
        """
        if self._taken + count > self.cells * _FULL:
            self._remake((len(self) + count) / _PACKED)

    def _remake(self, cells: float) -> None:
        old, mapped = self._words, self._map
        self._make(max(round(cells) + 1, _MIN_CELLS))
        words, last = self._words, self._last
        for start in range(0, len(mapped), _AT_ONCE):
            with old[start // 8 : (start + _AT_ONCE) // 8] as some:
                for key, value in items_of(some):
                    at = (key * self.cells >> 64) * 2
                    while words[at]:
                        at = at + 2 if at < last else 0
                    words[at], words[at + 1] = key, value
                    self._taken += 1
            _free(mapped, start, min(_AT_ONCE, len(mapped) - start))
        old.release()
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


def _free(mapped: mmap.mmap, start: int, length: int) -> None:
    """Free the memory of a part that is not needed any more, and where it is possible its place in the file."""
    for advice in ("MADV_REMOVE", "MADV_DONTNEED"):
        if hasattr(mmap, advice):
            try:
                mapped.madvise(getattr(mmap, advice), start, length)
            except OSError:  # the file system cannot
                continue
            return


def read_items(read_words: Callable[[int], array[int]], cells: int) -> Iterator[tuple[int, int]]:
    """Return an iterator over the keys and values that `Table.write` wrote, without a table of them.

    :param read_words: returns so many words.
    :param cells: how many cells there are.
    """
    at_once = _AT_ONCE // CELL
    for start in range(0, cells, at_once):
        yield from items_of(read_words(2 * min(at_once, cells - start)))


def items_of(words: memoryview | array[int]) -> Iterator[tuple[int, int]]:
    """Return an iterator over the keys and values in cells."""
    return ((words[at], value) for at in range(0, len(words), 2) if (value := words[at + 1]))
