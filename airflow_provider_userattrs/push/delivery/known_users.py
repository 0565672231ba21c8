# SPDX-License-Identifier: Apache-2.0
"""The users that were looked up, remembered by the ids that name them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from airflow_provider_userattrs.push.delivery.intake import Record
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Verdict

#: Users that are remembered where there is no cache.
MAX_REMEMBERED = 10_000


class KnownUsers(Protocol):
    """Remembers the users that were found."""

    def get(self, name: str) -> Any:
        """Return the user that an id names, or None if it is not known."""

    def add(self, name: str, user: Any) -> None:
        """Remember the user that an id names."""

    def forget(self, name: str) -> None:
        """Forget the user that an id names."""

    def close(self, *, complete: bool) -> None:
        """Keep what was found.

        :param complete: whether the push came to its end.
        """


class RememberedUsers:
    """Remembers the users that were found last, in memory."""

    def __init__(self) -> None:
        self._users: dict[str, Any] = {}
        self.get = self._users.get

    def add(self, name: str, user: Any) -> None:
        """Remember a user."""
        if len(self._users) >= MAX_REMEMBERED:
            self._users.clear()
        self._users[name] = user

    def forget(self, name: str) -> None:
        """Forget a user."""
        self._users.pop(name, None)

    def close(self, *, complete: bool) -> None:
        """Keep nothing."""


def forgetting(known: KnownUsers, gone: Collection[str]) -> Record:
    """Return what forgets users whom the vendor does not know any more: they may have been merged into others.

    :param known: remembers the users.
    :param gone: the codes of verdicts that say so.
    """

    def forget(rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        if verdicts.count(ACCEPTED) != len(verdicts):
            for row, verdict in zip(rows, verdicts, strict=True):
                if verdict.code in gone and isinstance(row, UserUpdate):
                    known.forget(row.user)

    return forget
