# SPDX-License-Identifier: Apache-2.0
"""A random sample of the users that were accepted, in memory for so many, however many rows are pushed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict

_NO_ROW: dict[str, Any] = {}

#: Verdicts after which a user holds what earlier ones say.
_UNTOUCHED = frozenset({Status.INVALID, Status.SKIPPED, Status.UNSENT})


class Sample:
    """Keeps so many random users with all of what was sent of them last; each accepted row is as likely as any other.

    :param size: how many users.
    :param chance: what is random.
    """

    def __init__(self, size: int, chance: random.Random | None = None) -> None:
        self._size = size
        self._chance = chance or random.Random()
        self._seen = 0
        self._updates: dict[Any, UserUpdate] = {}

    @property
    def updates(self) -> list[UserUpdate]:
        """The updates of the users in the sample."""
        return list(self._updates.values())

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Add rows with their final verdicts.

        :param rows: the rows.
        :param verdicts: one for each.
        """
        updates = self._updates
        for row, verdict in zip(rows, verdicts, strict=True):
            known = updates.get(row.user) if type(row) is UserUpdate else None
            if known is not None and isinstance(row, UserUpdate):
                if verdict is ACCEPTED:
                    updates[row.user] = _merged(known, row)
                elif verdict.status not in _UNTOUCHED:  # nobody can tell what is held now
                    del updates[row.user]
            elif verdict is ACCEPTED and isinstance(row, UserUpdate):
                self._seen += 1
                self._draw(row)

    def _draw(self, update: UserUpdate) -> None:
        updates = self._updates
        if len(updates) >= self._size:
            if self._chance.random() * self._seen >= self._size:
                return
            del updates[self._chance.choice(list(updates))]
        updates[update.user] = _slim(update, update.attributes, update.unset)


def _merged(before: UserUpdate, now: UserUpdate) -> UserUpdate:
    attributes = {name: value for name, value in before.attributes.items() if name not in now.unset}
    unset = [name for name in before.unset if name not in now.attributes]
    return _slim(now, {**attributes, **now.attributes}, [*dict.fromkeys((*unset, *now.unset))])


def _slim(update: UserUpdate, attributes: dict[str, Any], unset: Sequence[str]) -> UserUpdate:
    """Return an update without its row."""
    return UserUpdate(update.position, update.user, update.keys, attributes, list(unset), _NO_ROW)
