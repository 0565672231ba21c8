# SPDX-License-Identifier: Apache-2.0
"""Compares each update with what the vendor is known to hold, and lets through what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.changes.digests import Digests
from airflow_provider_userattrs.push.changes.in_flight import InFlight
from airflow_provider_userattrs.push.changes.journal import Journal
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.changes.refresh import Refresh
from airflow_provider_userattrs.push.changes.removal import Removal
from airflow_provider_userattrs.push.changes.unchanged import Unchanged
from airflow_provider_userattrs.push.changes.windowed import LIMITED, NOT_KEPT, STOPPED, WindowedRows
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import NOT_YET, Outcome, Verdict

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Changes

#: The rows, and the changed ones among them, that are read before these are noted and sent; and after how many seconds
#: they are, if there are fewer.
_MAX_ROWS, _MAX_CHANGED, _MAX_WAIT = 20_000, 2_000, 1.0

#: Rows that are compared at once.
_AT_ONCE = 500


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
        now = int(self._clock.time())
        self._known = files.load(writes=writes, now=now)
        full = "full_refresh is True" if full_refresh else self._known.full
        refresh = Refresh(refresh_after, now, self._known.as_of)
        self._windowed = windowed
        if windowed is not None:
            asks = refresh.asks_for_all_rows()
            windowed.begin(self._known.mark, full or ("refresh_after asks for it" if asks else None))
            if windowed.since is not None:
                refresh.stop()
        self._report: Changes = earlier.copy() if earlier else _report(now, len(self._known.table), full)
        self.journal = Journal(files, self._known, writes=writes, clock=self._clock)
        self._in_flight = InFlight(self._known, self.journal, self._report, now, sees=max_removed is not None)
        #: Unsets those who left the query; None if nobody is to be.
        self.removal: Removal | None = None
        if max_removed is not None:
            self.removal = Removal(self._known, self.journal, max_removed, attributes)
        self._unchanged = Unchanged(
            Digests(secret),
            self._known,
            self.journal,
            self._in_flight,
            self.removal,
            refresh,
            self._report,
            full_refresh=full_refresh,
            looks_up=looks_up,
        )

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
        until, compare, journal, writes = 0.0, self._unchanged.compare, self.journal, self._writes
        monotonic, at_once = self._clock.monotonic, min(_AT_ONCE, _MAX_ROWS, _MAX_CHANGED)
        for chunk in chunks:
            if stopping.is_set():
                yield [*compared, *rows, *chunk]
                compared, rows = [], []
                continue
            if chunk and chunk[0] is NOT_YET:
                if (rows or compared) and monotonic() >= until:
                    compared += compare(rows)
                    rows = []
                    journal.write()
                    yield compared
                    compared = []
                yield chunk
                continue
            if not rows and not compared:
                until = monotonic() + _MAX_WAIT
            rows += chunk
            is_time = monotonic() >= until
            if is_time or len(rows) >= at_once:
                compared += compare(rows)
                rows = []
                if is_time or not writes or len(journal.touched) >= _MAX_CHANGED or len(compared) >= _MAX_ROWS:
                    journal.write()
                    yield compared
                    compared = []
        if not stopping.is_set():
            compared += compare(rows)
            rows = []
            journal.write()
        yield [*compared, *rows]

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Learn from final verdicts.

        :param rows: the rows.
        :param verdicts: one for each.
        """
        if self._windowed is not None:
            self._windowed.record(rows, verdicts)
        if self._in_flight:
            for row, verdict in zip(rows, verdicts, strict=True):
                self._in_flight.settle(row.position, verdict.status)

    def leave_rest(self) -> None:
        """Take notice that further rows were left, because only the first were to be read."""
        self._keep_mark(LIMITED)

    def close(self, *, complete: bool) -> None:
        """Keep what was learned.

        :param complete: whether the rows were read to their end.
        """
        try:
            if complete and self._writes:
                self._close_whole()
            else:
                if self._writes:
                    self._keep_mark(STOPPED)
                self.journal.write()
        except Exception as error:  # each storage has exceptions of its own
            self._keep_mark(NOT_KEPT)
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

    @property
    def failed_keys(self) -> str | None:
        """Return the keys of the rows that failed, for a retry that reads only new rows; None if not known."""
        return None if self._windowed is None else self._windowed.failed_keys()

    def as_dict(self) -> Changes:
        """Return what the report says of it, over all tries."""
        self._report["disputed"] = self._known.disputed
        self._report["removed"] = None if self.removal is None else self.removal.as_dict()
        if self._windowed is not None:
            self._report["window"] = self._windowed.as_dict()
        return self._report.copy()

    def _keep_mark(self, why: str) -> None:
        """Leave the mark where it is, if there is one, and say why."""
        if self._windowed is not None:
            self._windowed.keep_mark(why)

    def _close_whole(self) -> None:
        """Keep what was learned once rows have been read to their end."""
        windowed, known = self._windowed, self._known
        if not self.is_windowed:
            known.as_of = self._report["began"]
        known.mark = None if windowed is None else windowed.next_mark()
        self._files.close(known)
        if windowed is not None:
            windowed.check_kept(known.mark)


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
