# SPDX-License-Identifier: Apache-2.0
"""Tells which updates the vendor holds already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.changes.digests import Digests
from airflow_provider_userattrs.push.changes.in_flight import InFlight
from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.refresh import Refresh
from airflow_provider_userattrs.push.changes.removal import Removal
from airflow_provider_userattrs.push.changes.roster import packed
from airflow_provider_userattrs.push.changes.table import KNOWN, LISTED
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import FAILED, Outcome
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes

_NO_ROW: Row = {}

#: The digests of a user, what is known of each, and the digest of its update.
_Compared = tuple[tuple[int, ...], tuple[int, ...], int]


class Unchanged:
    """Puts outcomes in place of the updates that the vendor holds already.

    :param digests: digests users and updates.
    :param known: what the vendor is known to hold.
    :param journal: is told which users are to be listed.
    :param in_flight: is told which updates are about to be sent.
    :param removal: is told whom a row names; None if nobody is to be unset.
    :param refresh: decides who is sent although nothing changed.
    :param report: counts these.
    :param full_refresh: whether to send all.
    :param looks_up: whether users are looked up, so that the keys of a row that is not sent are not those of its user.
    """

    def __init__(
        self,
        digests: Digests,
        known: Known,
        journal: Journal,
        in_flight: InFlight,
        removal: Removal | None,
        refresh: Refresh,
        report: Changes,
        *,
        full_refresh: bool,
        looks_up: bool,
    ) -> None:
        self._digests = digests
        self._known = known
        self._journal = journal
        self._in_flight = in_flight
        self._removal = removal
        self._refresh = refresh
        self._report = report
        self._full_refresh = full_refresh
        self._looks_up = looks_up

    def compare(self, rows: Sequence[UserUpdate | Outcome]) -> list[UserUpdate | Outcome]:
        """Return the rows, with outcomes in place of the updates that the vendor holds already.

        :param rows: in their order.
        """
        updates = [row for row in rows if type(row) is UserUpdate]
        if len(updates) == len(rows):
            return self._compare_updates(updates)
        # One after the other, for an outcome may be of the same user as an update before or after it.
        compared: list[UserUpdate | Outcome] = []
        start = 0
        for end, row in enumerate(rows):
            if type(row) is Outcome:
                compared += self._compare_updates(rows[start:end])  # type: ignore[arg-type]
                self._pass(row)
                compared.append(row)
                start = end + 1
        return [*compared, *self._compare_updates(rows[start:])]  # type: ignore[arg-type]

    def _compare_updates(self, updates: Sequence[UserUpdate]) -> list[UserUpdate | Outcome]:
        compared: list[UserUpdate | Outcome] = []
        add, full, refresh, lists = compared.append, self._full_refresh, self._refresh, self._removal is not None
        never = refresh.is_off
        now_touched: set[int] = set()
        for update, (users, words, value) in zip(updates, self._look_up(updates), strict=True):
            if now_touched and not now_touched.isdisjoint(users):
                words = tuple(self._known.table.look_up(users))
            held = words
            if lists:
                held = tuple([word & KNOWN for word in words])
            if held[0] == value and not full and held.count(value) == len(held):
                if never or not refresh.is_due(users[0]):
                    if lists and not words[0] & LISTED:
                        self._list(update, users)
                    add(Outcome(update.position, UNCHANGED, _NO_ROW, update.user))
                    continue
                self._report["refreshed"] += 1
            if lists:  # although listed, for another push at the same time may be unsetting the user
                self._list(update, users)
            self._in_flight.add(update.position, users, words, value)
            now_touched.update(users)
            add(update)
        return compared

    def _list(self, update: UserUpdate, users: tuple[int, ...]) -> None:
        """Keep a user's id with the next part of the journal."""
        if self._journal.writes:
            self._journal.listed.append((users, packed(update.user, update.keys)))

    def _look_up(self, updates: Sequence[UserUpdate]) -> Iterator[_Compared]:
        """Return what is known of the users of each update, and its digest."""
        keys = [key for update in updates for key in update.keys]
        digests, values = self._digests.of_users(keys), self._digests.of_updates(updates)
        words = self._known.table.look_up(digests)
        if self._removal is not None:
            self._removal.see(digests)
        if len(keys) == len(updates):
            return zip(zip(digests), zip(words), values)  # noqa: B905
        return self._by_update(updates, digests, words, values)

    def _by_update(
        self, updates: Sequence[UserUpdate], digests: Sequence[int], words: Sequence[int], values: Sequence[int]
    ) -> Iterator[_Compared]:
        end = 0
        for update, value in zip(updates, values, strict=True):
            start, end = end, end + len(update.keys)
            yield tuple(digests[start:end]), tuple(words[start:end]), value

    def _pass(self, outcome: Outcome) -> None:
        """Take notice of a row that is not sent."""
        if not outcome.keys:
            if self._removal is not None and isinstance(outcome.row, MalformedRow):
                self._removal.unread += 1
            return
        if self._removal is not None and self._looks_up:
            self._removal.see_name(outcome.keys[0] if outcome.user is None else outcome.user)
        users = self._digests.of_users(outcome.keys)
        if self._removal is not None:
            self._removal.see(users)
        if outcome.verdict.status in FAILED:
            self._in_flight.fail(users)
