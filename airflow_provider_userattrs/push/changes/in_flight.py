# SPDX-License-Identifier: Apache-2.0
"""Updates that were let through and have no verdict yet; and what is known of their users once they have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.table import FAILING, KNOWN, LISTED, ON_ITS_WAY, SEEN
from airflow_provider_userattrs.push.model.verdict import FAILED, Status

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes

#: With these verdicts on a user's first update the vendor holds nothing of it.
_NOTHING_HELD = frozenset({Status.REJECTED, Status.INVALID, Status.UNSENT})


class InFlight:
    """Keeps the updates on their way, and learns from their verdicts.

    :param known: what the vendor is known to hold.
    :param journal: is told who is about to be sent, and what was accepted.
    :param report: counts the updates that failed of users whose updates have failed since an earlier push.
    :param now: when the push began, in seconds since 1970.
    :param sees: whether a user who is sent is marked as one whom a row names.
    """

    def __init__(self, known: Known, journal: Journal, report: Changes, now: int, *, sees: bool) -> None:
        self._known = known
        self._journal = journal
        self._report = report
        self._now = now
        self._flags = SEEN if sees else 0
        #: Position -> the digests of the update's users and of itself, since when they fail, whether they were listed.
        self._sent: dict[int, tuple[tuple[int, ...], int, int, bool]] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, position: int, users: tuple[int, ...], words: tuple[int, ...], value: int) -> None:
        """Note that an update is about to be sent.

        :param position: its position.
        :param users: the digests of its users.
        :param words: what the table says of each.
        :param value: the digest of the update.
        """
        set_, flags = self._known.table.set, self._flags
        for user, word in zip(users, words, strict=True):
            set_(user, ON_ITS_WAY + position | word & LISTED | flags)
        if self._journal.writes:
            self._journal.touched += users
            since = max(word & KNOWN for word in words)
            was_listed = bool(words[0] & (LISTED | ON_ITS_WAY))
            self._sent[position] = users, value, since if since >= FAILING else 0, was_listed

    def settle(self, position: int, status: Status) -> None:
        """Learn from a final verdict on an update.

        :param position: its position; of one that is not on its way there is nothing to learn.
        :param status: the verdict's.
        """
        if (sent := self._sent.pop(position, None)) is None:
            return
        users, value, since, was_listed = sent
        table, on_its_way = self._known.table, ON_ITS_WAY + position
        keeps = ~KNOWN
        if status is Status.ACCEPTED:
            learned = value
        elif status in FAILED:
            learned = self._fail(since)
        else:
            learned = since
        if not was_listed and status in _NOTHING_HELD:
            keeps = SEEN
        for user in users:
            word = table.get(user)
            if word & KNOWN == on_its_way:  # else a later update of this user is
                table.set(user, learned | word & keeps)
                if status is Status.ACCEPTED:
                    self._journal.accepted += (user, value)

    def fail(self, users: Sequence[int]) -> None:
        """Learn that a row of these users has failed without being sent.

        :param users: their digests.
        """
        table = self._known.table
        words = table.look_up(users)
        since = max(word & KNOWN for word in words)
        failing = self._fail(since if since >= FAILING else 0)
        for user, word in zip(users, words, strict=True):
            table.set(user, failing | word & ~KNOWN)

    def _fail(self, since: int) -> int:
        """Count an update that failed; return since when, as the table has it.

        :param since: the same, if it failed before; else 0.
        """
        if since:
            report, first = self._report, since - FAILING
            report["failing"] += 1
            report["failing_since"] = min(report["failing_since"] or first, first)
        return since or FAILING + self._now
