# SPDX-License-Identifier: Apache-2.0
"""The keys of rows that were read and have no verdict yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.push.model.keys import Edge


class KeyLog:
    """Keeps keys by position, from when the source yields them until their rows have a verdict."""

    def __init__(self) -> None:
        self.is_used = False
        self._keys: dict[int, Any] = {}
        self._alike: set[int] = set()
        self._latest: Sequence[Any] = ()
        self._latest_at = 0

    def note(self, position: int, keys: Sequence[Any], alike: Sequence[int]) -> None:
        """Add the keys of the rows from a position on.

        :param alike: which of them, from 0, may be the same to the database as the one before.
        """
        self.is_used = True
        self._keys.update(zip(range(position, position + len(keys)), keys, strict=True))
        self._alike.update(position + number for number in alike)
        if keys:
            self._latest, self._latest_at = keys, position

    def drop(self, positions: Sequence[int]) -> None:
        """Forget the keys of rows that have their verdict."""
        if self.is_used:
            keys = self._keys
            for position in positions:
                keys.pop(position, None)

    def edges(self, start: int, end: int) -> tuple[Edge, Edge]:
        """Return the keys at both ends of the rows from ``start`` up to ``end``; none if there are no keys."""
        if not self.is_used:
            return (), ()
        keys, alike = self._keys, self._alike
        if end - start == 1 or not alike:
            return (keys[start],), (keys[end - 1],)
        first, last = start, end - 1
        while first + 1 < end and first + 1 in alike:
            first += 1
        while last > start and last in alike:
            last -= 1
        alike.difference_update(range(start + 1, end))
        return (
            tuple(keys[position] for position in range(start, first + 1)),
            tuple(keys[position] for position in range(last, end)),
        )

    def take_alike(self, position: int) -> bool:
        """Tell whether the database may consider a row's key equal to the one before; to be called once per row."""
        if position in self._alike:
            self._alike.remove(position)
            return True
        return False

    def ahead(self, position: int) -> tuple[int, Any]:
        """Return the nearest position whose key is known, and that key; at most the last one."""
        at = min(max(position, self._latest_at), self._latest_at + len(self._latest) - 1)
        return at, self._latest[at - self._latest_at]
