# SPDX-License-Identifier: Apache-2.0
"""Keeps updates to one user in the order of their rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from itertools import chain

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import keys_of


class UserOrder:
    """Holds back an update until every earlier one that shares a key with it has its verdict.

    A key is held by one update, and has a queue of others that need it. An update takes its free keys and joins the
    queues of the rest, all at once and in the order of the rows, so that no two can wait for each other.
    """

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[UserUpdate] | None] = {}
        self._missing: dict[int, int] = {}

    @property
    def waiting(self) -> int:
        """Return the number of updates held back."""
        return len(self._missing)

    def admit(self, update: UserUpdate) -> bool:
        """Add an update; return whether it may be sent at once."""
        queues = self._queues
        missing = 0
        for key in update.keys:
            if key not in queues:
                queues[key] = None
                continue
            queue = queues[key]
            if queue is None:
                queue = queues[key] = deque()
            queue.append(update)
            missing += 1
        if missing:
            self._missing[update.position] = missing
        return not missing

    def admit_all(self, updates: Sequence[UserUpdate]) -> bool:
        """Add updates if all of them may be sent at once; else add none, and return False."""
        keys = list(chain.from_iterable(keys_of(updates)))
        held: dict[Hashable, deque[UserUpdate] | None] = dict.fromkeys(keys)
        if len(held) < len(keys) or not self._queues.keys().isdisjoint(held):
            return False
        self._queues |= held
        return True

    def release(self, updates: Sequence[UserUpdate]) -> list[UserUpdate]:
        """Remove finished updates; return those that may be sent now."""
        queues = self._queues
        keys = list(chain.from_iterable(keys_of(updates)))
        if not self._missing:
            for key in keys:
                del queues[key]
            return []
        released: list[UserUpdate] = []
        for key in keys:
            queue = queues[key]
            if not queue:
                del queues[key]
                continue
            successor = queue.popleft()
            self._missing[successor.position] -= 1
            if not self._missing[successor.position]:
                del self._missing[successor.position]
                released.append(successor)
        return released
