# SPDX-License-Identifier: Apache-2.0
"""Compares each update with what the vendor is known to hold, and learns from the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.changes.digests import Digests
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.changes.removal import Removal
from airflow_provider_userattrs.push.changes.roster import Listed, packed
from airflow_provider_userattrs.push.changes.table import FAILING, KNOWN, LISTED, ON_ITS_WAY, SEEN
from airflow_provider_userattrs.push.changes.windowed import WindowedRows
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow, Row, UserUpdate
from airflow_provider_userattrs.push.model.verdict import FAILED, NOT_YET, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import UNCHANGED

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes

#: The rows, and the changed ones among them, that are read before these are noted and sent; and after how many seconds
#: they are, if there are fewer.
_MAX_ROWS, _MAX_CHANGED, _MAX_WAIT = 20_000, 2_000, 1.0

#: Rows that are compared at once.
_AT_ONCE = 500

#: Seconds between two parts of the journal that say what was accepted.
_NOTE_EVERY = 5.0

_NO_ROW: Row = {}

#: The digests of a user, what is known of each, and the digest of its update.
_Compared = tuple[tuple[int, ...], tuple[int, ...], int]


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
    :param max_removed: how many of the users known (int), or what share of them (float), may be unset because no row
        names them any more; None to unset nobody.
    :param attributes: returns the attributes that are unset then; called once all rows are read.
    :param looks_up: whether users are looked up, so that the keys of a row that is not sent are not those of its user.
    :param earlier: what `as_dict` said of the earlier tries of this push, or None.
    :param windowed: decides which rows are read, where only new ones are; None if all are.
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
        max_removed: int | float | None = None,
        attributes: Callable[[], Sequence[str]] = tuple,
        looks_up: bool = False,
        earlier: Changes | None = None,
        windowed: WindowedRows | None = None,
        on_failure: Callable[[Exception], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._files = files
        self._writes = writes
        self._on_failure = on_failure
        self._clock = clock or Clock()
        self._now = int(self._clock.time())
        self._known = files.load(writes=writes)
        self._digests = Digests(secret)
        self._period = None if refresh_after is None else max(1, int(refresh_after.total_seconds()))
        self._windowed = windowed
        if windowed is not None:
            self._begin_window(windowed, full_refresh=full_refresh)
        self._full_refresh = full_refresh
        self._looks_up = looks_up
        full = "full_refresh is True" if full_refresh else self._known.full
        self._report: Changes = earlier.copy() if earlier else _report(self._now, len(self._known.table), full)
        #: Position -> the digests of the update's users and of itself, since when they fail, whether they were listed.
        self._sent: dict[int, tuple[tuple[int, ...], int, int, bool]] = {}
        #: What the next part of the journal says.
        self._touched: list[int] = []
        self._accepted: list[int] = []
        self._listed: list[Listed] = []
        self._note_at = self._clock.monotonic() + _NOTE_EVERY
        #: Unsets those who left the query; None if nobody is to be.
        self.removal: Removal | None = None
        if max_removed is not None:
            self.removal = Removal(self._known, self._note_removal, max_removed, attributes, clock=self._clock)

    def select(
        self, chunks: Iterator[Sequence[UserUpdate | Outcome]], stopping: Event
    ) -> Iterator[Sequence[UserUpdate | Outcome]]:
        """Yield the updates in their order; in place of one that is not to be sent its outcome.

        Before any is yielded that is to be sent, the journal says so.

        :param chunks: the rows in their order, as updates, or as outcomes where there is nothing to send.
        :param stopping: when set, nothing more is sent.
        :raises RetryLater: if the journal cannot be written.
        """
        if self._windowed is not None:
            chunks = self._windowed.watch(chunks)
        rows: list[UserUpdate | Outcome] = []  # not yet compared
        compared: list[UserUpdate | Outcome] = []
        until = 0.0
        monotonic, at_once = self._clock.monotonic, min(_AT_ONCE, _MAX_ROWS, _MAX_CHANGED)
        for chunk in chunks:
            if stopping.is_set():
                yield [*compared, *rows, *chunk]
                compared, rows = [], []
                continue
            if chunk and chunk[0] is NOT_YET:
                if (rows or compared) and monotonic() >= until:
                    compared += self._compare(rows)
                    rows = []
                    self._note()
                    yield compared
                    compared = []
                yield chunk
                continue
            if not rows and not compared:
                until = monotonic() + _MAX_WAIT
            rows += chunk
            is_time = monotonic() >= until
            if is_time or len(rows) >= at_once:
                compared += self._compare(rows)
                rows = []
                if is_time or len(self._touched) >= _MAX_CHANGED or len(compared) >= _MAX_ROWS or not self._writes:
                    self._note()
                    yield compared
                    compared = []
        if not stopping.is_set():
            compared += self._compare(rows)
            rows = []
            self._note()
        yield [*compared, *rows]

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Learn from final verdicts.

        :param rows: the rows.
        :param verdicts: one for each.
        """
        if self._windowed is not None:
            self._windowed.record(rows, verdicts)
        if not self._writes or not self._sent:
            return
        for row, verdict in zip(rows, verdicts, strict=True):
            if (sent := self._sent.pop(row.position, None)) is not None:
                self._learn(row.position, verdict.status, *sent)

    def note_if_due(self) -> None:
        """Write what was accepted into the journal, every 5 s; what cannot be written will be sent again."""
        if self._clock.monotonic() >= self._note_at:
            self.note_accepted()

    def note_accepted(self) -> None:
        """Write what was accepted into the journal; what cannot be written will be sent again."""
        if self._accepted:
            self._note_at = self._clock.monotonic() + _NOTE_EVERY
            with suppress(RetryLater):
                self._note()

    def leave_rest(self) -> None:
        """Take notice that further rows were left, because only the first were to be read."""
        if self._windowed is not None:
            self._windowed.leave_rest()

    def close(self, *, complete: bool) -> None:
        """Keep what was learned.

        :param complete: whether the rows were read to their end.
        """
        try:
            if complete and self._writes:
                self._close_whole()
            else:
                self._note()
        except Exception as error:  # each storage has exceptions of its own
            if self._on_failure is not None:
                self._on_failure(error)
        finally:
            self._known.close()
            if self.removal is not None:
                self.removal.close()

    @property
    def failed_before(self) -> int:
        """Count the rows that failed and whose users' updates have failed since an earlier push."""
        return max(self._report["failing"], self.failed_again)

    @property
    def is_windowed(self) -> bool:
        """Return whether only rows that are new, and those that failed, are read."""
        return self._windowed is not None and self._windowed.since is not None

    @property
    def failed_again(self) -> int:
        """Count the rows that are read only because they failed before, and failed again."""
        return 0 if self._windowed is None else self._windowed.failed_again

    def as_dict(self) -> Changes:
        """Return what the report says of it, over all tries."""
        self._report["disputed"] = self._known.disputed
        self._report["removed"] = None if self.removal is None else self.removal.as_dict()
        if self._windowed is not None:
            self._report["window"] = self._windowed.as_dict()
        return self._report.copy()

    def _begin_window(self, windowed: WindowedRows, *, full_refresh: bool) -> None:
        """Decide which rows are read: all of them some nine times a period, so that each user's turn comes."""
        why = "full_refresh is True" if full_refresh else self._known.full
        if self._period is not None:
            self._period = max(1, self._period * 8 // 9)
            as_of = self._known.as_of
            if as_of is None or self._now - as_of >= self._period / 8:
                why = why or "refresh_after asks for it"
        windowed.begin(self._known.mark, why)
        if windowed.since is not None:
            self._period = None

    def _close_whole(self) -> None:
        """Keep what was learned once rows have been read to their end."""
        windowed, known = self._windowed, self._known
        if not self.is_windowed:
            known.as_of = self._report["began"]
        known.mark = None if windowed is None else windowed.next_mark()
        self._files.close(known)
        if windowed is not None:
            windowed.check_kept(known.mark)

    def _compare(self, rows: Sequence[UserUpdate | Outcome]) -> list[UserUpdate | Outcome]:
        """Return the rows, with outcomes in place of the updates that the vendor holds already."""
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
        add, full, period, lists = compared.append, self._full_refresh, self._period, self.removal is not None
        now_touched: set[int] = set()
        for update, (users, words, value) in zip(updates, self._look_up(updates), strict=True):
            if now_touched and not now_touched.isdisjoint(users):
                words = tuple(self._known.table.look_up(users))
            held = words
            if lists:
                held = tuple([word & KNOWN for word in words])
            if held[0] == value and not full and held.count(value) == len(held):
                if period is None or not self._is_due(users[0], period):
                    if lists and not words[0] & LISTED:
                        self._list(update, users)
                    add(Outcome(update.position, UNCHANGED, _NO_ROW, update.user))
                    continue
                self._report["refreshed"] += 1
            if lists:  # although listed, for another push at the same time may be unsetting the user
                self._list(update, users)
            self._send(update.position, users, words, value)
            now_touched.update(users)
            add(update)
        return compared

    def _list(self, update: UserUpdate, users: tuple[int, ...]) -> None:
        """Keep a user's id with the next part of the journal."""
        if self._writes:
            self._listed.append((users, packed(update.user, update.keys)))

    def _look_up(self, updates: Sequence[UserUpdate]) -> Iterator[_Compared]:
        """Return what is known of the users of each update, and its digest."""
        keys = [key for update in updates for key in update.keys]
        digests, values = self._digests.of_users(keys), self._digests.of_updates(updates)
        words = self._known.table.look_up(digests)
        if self.removal is not None:
            self.removal.see(digests)
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

    def _send(self, position: int, users: tuple[int, ...], words: tuple[int, ...], value: int) -> None:
        """Note that an update is about to be sent."""
        since = max(word & KNOWN for word in words)
        set_ = self._known.table.set
        flags = 0 if self.removal is None else SEEN
        for user, word in zip(users, words, strict=True):
            set_(user, ON_ITS_WAY + position | word & LISTED | flags)
        if self._writes:
            self._touched += users
            was_listed = bool(words[0] & (LISTED | ON_ITS_WAY))
            self._sent[position] = users, value, since if since >= FAILING else 0, was_listed

    def _pass(self, outcome: Outcome) -> None:
        """Take notice of a row that is not sent."""
        status = outcome.verdict.status
        if not outcome.keys:
            if self.removal is not None and isinstance(outcome.row, MalformedRow):
                self.removal.unread += 1
            return
        if self.removal is not None and self._looks_up:
            self.removal.see_name(outcome.keys[0] if outcome.user is None else outcome.user)
        users = self._digests.of_users(outcome.keys)
        if self.removal is not None:
            self.removal.see(users)
        if status in FAILED:
            table = self._known.table
            words = table.look_up(users)
            since = max(word & KNOWN for word in words)
            failing = self._fail(since if since >= FAILING else 0)
            for user, word in zip(users, words, strict=True):
                table.set(user, failing | word & ~KNOWN)

    def _learn(
        self, position: int, status: Status, users: tuple[int, ...], value: int, since: int, was_listed: bool
    ) -> None:
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
                    self._accepted += (user, value)

    def _fail(self, since: int) -> int:
        """Count an update that failed; return since when, as the table has it.

        :param since: the same, if it failed before; else 0.
        """
        if since:
            report, first = self._report, since - FAILING
            report["failing"] += 1
            report["failing_since"] = min(report["failing_since"] or first, first)
        return since or FAILING + self._now

    def _note(self) -> None:
        if not self._writes:
            return
        self._known.list_users(self._listed)
        if self._touched or self._accepted or self._listed:
            self._write_note(self._touched, self._accepted, self._listed)
            for each in (self._touched, self._accepted, self._listed):
                each.clear()

    def _note_removal(self, touched: Sequence[int], unset: Sequence[int]) -> None:
        """Write a part of the journal that says who is about to be unset, or who was.

        :raises RetryLater: if it cannot be written.
        """
        self._write_note(touched, (), (), unset)

    def _write_note(self, *said: Sequence[int] | Sequence[Listed]) -> None:
        try:
            self._files.note(*said)  # type: ignore[arg-type]
        except Exception as error:  # each storage has exceptions of its own
            raise _unwritten(error) from error

    def _is_due(self, user: int, period: int) -> bool:
        """Tell whether a user's time has come since the last push that read its rows to their end."""
        as_of = self._known.as_of
        return as_of is None or (self._now - user) // period != (int(as_of) - user) // period


#: With these verdicts on a user's first update the vendor holds nothing of it.
_NOTHING_HELD = frozenset({Status.REJECTED, Status.INVALID, Status.UNSENT})


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
        "removed": None,
    }


def _unwritten(error: Exception) -> RetryLater:
    return RetryLater(
        f"changed_only: what is sent cannot be noted ({type(error).__name__}), and without that a later push could "
        "take it for unchanged"
    )
