# SPDX-License-Identifier: Apache-2.0
"""The mark: up to which time a source's rows are finished, and which of them failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

#: Characters that the sealed keys may take: they are in the first line of a file, which has at most 1 MiB.
MAX_SEALED_LENGTH = 900_000


@dataclass(frozen=True)
class Mark:
    """Up to which time rows are finished. Without a mark all rows are read.

    :param query: the digest of what is read, and of what each row is sent with; of another query it says nothing.
    :param at: rows are finished whose time is before it, less those in ``failed``.
    :param before: the mark with which the push began that moved it here; None for none.
    :param failed: the keys of rows that failed, sealed.
    """

    query: str
    at: datetime
    before: datetime | None
    failed: tuple[str, ...] = ()

    @property
    def settled(self) -> Mark:
        """Return the mark as one that a push begins with."""
        return replace(self, before=self.at)

    def not_after(self, at: datetime | None) -> Mark | None:
        """Return the mark, moved back to a time if it is later; None if there is no such time."""
        return None if at is None else replace(self, at=min(self.at, at))

    def merged(self, other: Mark | None) -> Mark | None:
        """Return the mark after two pushes at once: where the first of them began, for what both sent is in doubt."""
        if other is None or other.query != self.query or self.before is None or other.before is None:
            return None
        failed = tuple(dict.fromkeys((*self.failed, *other.failed)))
        if sum(map(len, failed)) > MAX_SEALED_LENGTH:
            return None
        at = min(self.before, other.before)
        return Mark(self.query, at, at, failed)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON; `from_dict` reads it."""
        return {
            "query": self.query,
            "at": self.at.isoformat(),
            "before": None if self.before is None else self.before.isoformat(),
            "failed": list(self.failed),
        }

    @classmethod
    def from_dict(cls, state: Any) -> Mark | None:
        """Return what `as_dict` described, or None.

        :raises ValueError: if it is something else.
        :raises KeyError: likewise.
        :raises TypeError: likewise.
        """
        if state is None:
            return None
        return cls(str(state["query"]), read_time(state["at"]), _or_none(state["before"]), tuple(state["failed"]))


def read_time(text: Any) -> datetime:
    """Return the time that a file holds.

    :raises ValueError: if it is no time with a zone.
    :raises TypeError: if it is no text.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _or_none(text: Any) -> datetime | None:
    return None if text is None else read_time(text)
