# SPDX-License-Identifier: Apache-2.0
"""The keys of rows that were read and have no verdict yet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.push.model.keys import Edge, may_be_equal


class KeyLog:
    """Keeps keys by position, from when the source yields them until their rows have a verdict."""

    def __init__(self) -> None:
        self.is_used = False
        self._keys: dict[int, Any] = {}
        self._latest: tuple[Sequence[int], Sequence[Any]] = (), ()

    def note(self, positions: Sequence[int], keys: Sequence[Any]) -> None:
        """Add the keys of rows.

        :param positions: the positions of the rows, ascending.
        :param keys: one for each.
        """
        self.is_used = True
        self._keys.update(zip(positions, keys, strict=True))
        if keys:
            self._latest = positions, keys

    def drop(self, positions: Sequence[int]) -> None:
        """Forget the keys of rows that have their verdict."""
        if self.is_used:
            keys = self._keys
            for position in positions:
                keys.pop(position, None)

    def edges(self, start: int, end: int) -> tuple[Edge, Edge]:
        """Return the keys at both ends of the rows from ``start`` up to ``end``; none if there are no keys.

        Several keys are at an end if the database may take them for the same. They are compared here, for few are.
        """
        if not self.is_used:
            return (), ()
        keys = self._keys
        first, last = start, end - 1
        while first < end - 1 and may_be_equal(keys[first], keys[first + 1]):
            first += 1
        while last > start and may_be_equal(keys[last - 1], keys[last]):
            last -= 1
        return (
            tuple(keys[position] for position in range(start, first + 1)),
            tuple(keys[position] for position in range(last, end)),
        )

    def ahead(self, position: int) -> tuple[int, Any]:
        """Return the nearest position whose key is known, and that key; at most the last one."""
        positions, keys = self._latest
        index = max(bisect_right(positions, position) - 1, 0)
        return positions[index], keys[index]
