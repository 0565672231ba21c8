# SPDX-License-Identifier: Apache-2.0
"""Updates to one user, one after the other, in the order of their rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from airflow_provider_userattrs.push.model.row import UserUpdate


class UserOrder:
    """Hold back an update until every earlier one that shares a key with it has its verdict.

    A key is held by one update; others that want it stand in its line. An update takes what keys are free and joins
    the lines of the rest, all at once and in the order of the rows, so that no two can wait for each other.
    """

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[UserUpdate] | None] = {}
        self._missing: dict[int, int] = {}

    @property
    def waiting(self) -> int:
        """Count the updates held back."""
        return len(self._missing)

    def admit(self, update: UserUpdate) -> bool:
        """Let an update join; return whether it may go at once."""
        lines = self._lines
        missing = 0
        for key in update.keys:
            if key not in lines:
                lines[key] = None
                continue
            line = lines[key]
            if line is None:
                line = lines[key] = deque()
            line.append(update)
            missing += 1
        if missing:
            self._missing[update.position] = missing
        return not missing

    def release(self, update: UserUpdate) -> list[UserUpdate]:
        """Let a finished update leave; return those that may go now."""
        lines = self._lines
        freed: list[UserUpdate] = []
        for key in update.keys:
            line = lines[key]
            if not line:
                del lines[key]
                continue
            heir = line.popleft()
            self._missing[heir.position] -= 1
            if not self._missing[heir.position]:
                del self._missing[heir.position]
                freed.append(heir)
        return freed
