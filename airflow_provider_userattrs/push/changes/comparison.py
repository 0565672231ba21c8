# SPDX-License-Identifier: Apache-2.0
"""Compares each update with what the vendor is known to hold, and learns from the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b
from threading import Event
from typing import TYPE_CHECKING, Any

import orjson

from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.changes.table import FAILING, ON_ITS_WAY
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.row import Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import FAILED, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes

#: The rows, and the changed ones among them, that are read before these are noted and sent; and after how many seconds
#: they are, if there are fewer.
_MAX_ROWS, _MAX_CHANGED, _MAX_WAIT = 20_000, 2_000, 1.0

#: Seconds between two parts of the journal that say what was accepted.
_NOTE_EVERY = 5.0

_NO_ROW: Row = {}

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS


class Comparison:
    """Lets through the updates that the vendor is not known to hold.

    A user's update is let through if the one that was accepted last says something else, if none was accepted or one
    failed since, or if an earlier row of this push names the same user and was let through.

    :param files: what is known.
    :param secret: keys the digests, so that nobody finds out by guessing whose they are.
    :param writes: whether what is learned is kept; a dry run only reads.
    :param refresh_after: after how long a user is sent although nothing changed; None for never. Each user has a time
        of its own, so that not all are due at once.
    :param full_refresh: whether to send all.
    :param earlier: what `as_dict` said of the earlier tries of this push, or None.
    :param on_failure: called with the error if what was learned cannot be kept at the end.
    :param clock: the source of time.
    """

    def __init__(
        self,
        files: KnownFiles,
        secret: bytes,
        *,
        writes: bool = True,
        refresh_after: timedelta | None = None,
        full_refresh: bool = False,
        earlier: Changes | None = None,
        on_failure: Callable[[Exception], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._files = files
        self._writes = writes
        self._on_failure = on_failure
        self._clock = clock or Clock()
        self._now = int(self._clock.time())
        self._known = files.load(writes=writes)
        self._table = self._known.table
        self._user_digest = blake2b(key=secret, digest_size=8, person=b"user")
        self._update_digest = blake2b(key=secret, digest_size=8, person=b"update")
        self._period = None if refresh_after is None else max(1, int(refresh_after.total_seconds()))
        self._full_refresh = full_refresh
        full = "full_refresh is True" if full_refresh else self._known.full
        self._report: Changes = earlier.copy() if earlier else _report(self._now, len(self._table), full)
        #: Position -> the digests of the update's users and of itself, and since when they fail.
        self._sent: dict[int, tuple[tuple[int, ...], int, int]] = {}
        self._accepted: list[int] = []
        self._note_at = self._clock.monotonic() + _NOTE_EVERY

    def select(self, updates: Iterator[UserUpdate | Outcome], stopping: Event) -> Iterator[UserUpdate | Outcome]:
        """Yield the updates in their order; in place of one that is not to be sent its outcome.

        Before any is yielded that is to be sent, the journal says so.

        :param updates: the rows in their order, as updates, or as outcomes where there is nothing to send.
        :param stopping: when set, nothing more is sent.
        :raises RetryLater: if the journal cannot be written.
        """
        rows: list[UserUpdate | Outcome] = []
        touched: list[int] = []
        until = 0.0
        monotonic, compare = self._clock.monotonic, self._compare
        for update in updates:
            if stopping.is_set():
                yield from rows
                yield update
                rows.clear()
                continue
            if type(update) is UserUpdate:
                update = compare(update, touched)
            if not self._writes:
                yield update
                continue
            if not rows:
                until = monotonic() + _MAX_WAIT
            rows.append(update)
            if len(touched) >= _MAX_CHANGED or len(rows) == _MAX_ROWS or monotonic() >= until:
                self._note(touched)
                yield from rows
                rows.clear()
        self._note(touched)
        yield from rows

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Learn from final verdicts.

        :param rows: the rows.
        :param verdicts: one for each.
        """
        if not self._writes:
            return
        for row, verdict in zip(rows, verdicts, strict=True):
            if (sent := self._sent.pop(row.position, None)) is not None:
                self._learn(row.position, verdict.status, *sent)

    def note_if_due(self) -> None:
        """Write what was accepted into the journal, every 5 s; what cannot be written will be sent again."""
        if self._accepted and self._clock.monotonic() >= self._note_at:
            self._note_at = self._clock.monotonic() + _NOTE_EVERY
            with suppress(RetryLater):
                self._note([])

    def close(self, *, complete: bool) -> None:
        """Keep what was learned.

        :param complete: whether the rows were read to their end.
        """
        if not self._writes:
            return
        try:
            if complete:
                self._known.as_of = self._report["began"]
                self._files.close(self._known)
            else:
                self._note([])
        except Exception as error:  # each storage has exceptions of its own
            if self._on_failure is not None:
                self._on_failure(error)

    @property
    def failed_before(self) -> int:
        """Count the rows that failed and whose users' updates have failed since an earlier push."""
        return self._report["failing"]

    def as_dict(self) -> Changes:
        """Return what the report says of it, over all tries."""
        self._report["disputed"] = self._known.disputed
        return self._report.copy()

    def _compare(self, update: UserUpdate, touched: list[int]) -> UserUpdate | Outcome:
        """Return the update, or its outcome if the vendor holds it already."""
        users = tuple(map(self._digest_user, update.keys))
        value = self._digest_update(update)
        get = self._table.get
        held = [get(user) for user in users]
        if not self._full_refresh and held.count(value) == len(held):
            if self._period is None or not self._is_due(users[0]):
                return Outcome(update.position, UNCHANGED, _NO_ROW, update.user)
            self._report["refreshed"] += 1
        since = max(held)
        if since < FAILING:
            since = 0
        set_ = self._table.set
        on_its_way = ON_ITS_WAY + update.position
        for user in users:
            set_(user, on_its_way)
        touched += users
        self._sent[update.position] = users, value, since
        return update

    def _learn(self, position: int, status: Status, users: tuple[int, ...], value: int, since: int) -> None:
        table, on_its_way = self._table, ON_ITS_WAY + position
        if status is Status.ACCEPTED:
            learned = value
        elif status in FAILED:
            learned = since or FAILING + self._now
            if since:
                report, first = self._report, since - FAILING
                report["failing"] += 1
                report["failing_since"] = min(report["failing_since"] or first, first)
        else:
            learned = since
        for user in users:
            if table.get(user) == on_its_way:  # else a later update of this user is
                table.set(user, learned)
                if status is Status.ACCEPTED:
                    self._accepted += (user, value)

    def _note(self, touched: list[int]) -> None:
        if not (touched or self._accepted) or not self._writes:
            return
        try:
            self._files.note(touched, self._accepted)
        except Exception as error:  # each storage has exceptions of its own
            raise _unwritten(error) from error
        touched.clear()
        self._accepted.clear()

    def _is_due(self, user: int) -> bool:
        """Tell whether a user's time has come since the last push that read its rows to their end."""
        as_of, period = self._known.as_of, self._period or 1
        return as_of is None or (self._now - user) // period != (int(as_of) - user) // period

    def _digest_user(self, key: Any) -> int:
        digest = self._user_digest.copy()
        digest.update(repr(key).encode())
        return int.from_bytes(digest.digest(), "little") or 1

    def _digest_update(self, update: UserUpdate) -> int:
        digest = self._update_digest.copy()
        said = update.attributes, update.unset
        try:
            digest.update(orjson.dumps(said, option=_OPTIONS))
        except TypeError:  # such as an integer over 64 bits
            digest.update(repr((sorted(update.attributes.items()), list(update.unset))).encode("utf-8", "replace"))
        return int.from_bytes(digest.digest(), "little") % (ON_ITS_WAY - 1) + 1


def _report(began: int, known: int, full: str | None) -> Changes:
    """Return what a report says before the first row.

    :param began: when the push began, in seconds since 1970.
    :param known: how many users the vendor is known to hold.
    :param full: why all are sent, in words, or None.
    """
    return {
        "began": began,
        "known": known,
        "full": full,
        "refreshed": 0,
        "failing": 0,
        "failing_since": None,
        "disputed": 0,
    }


def _unwritten(error: Exception) -> RetryLater:
    return RetryLater(
        f"changed_only: what is sent cannot be noted ({type(error).__name__}), and without that a later push could "
        "take it for unchanged"
    )
