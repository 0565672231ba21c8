# SPDX-License-Identifier: Apache-2.0
"""Which rows a push reads that reads only new ones, which of them failed, and how far the mark moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.changes.mark import MAX_SEALED_LENGTH, Mark, read_time
from airflow_provider_userattrs.push.changes.sealed_keys import Seal, SealedKeys, may_be_asked_for
from airflow_provider_userattrs.push.model.row import MalformedRow, UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, FAILED, Outcome, Status, Verdict

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Window

#: Keys of failed rows that are remembered. If more fail, the mark stays where it is.
MAX_FAILED = 10_000

#: Characters that the sealed keys may take in a checkpoint, for a retry: some 100 keys.
MAX_LENGTH_IN_CHECKPOINT = 4_000

_FINISHED = (Status.ACCEPTED, Status.SKIPPED)

#: Why the mark stays where it is; and what to do, where the next push is not all that is needed.
TOO_MANY = f"more than {MAX_FAILED:,} rows failed; fix what the reasons name"
_BEFORE_A_RETRY = (
    "more rows failed in a try before the last one than its checkpoint has room for; fix what the reasons name if it "
    "is so every night"
)
_MOVED = "the mark was moved back since the first try"
_UNSENT = "rows could not be sent"
_NO_KEY = "a row failed whose key is not known, or is no text; fix it where it comes from"
_AT_ONCE = "two pushes ran at once; set max_active_runs=1 in the DAG"
LIMITED = "limit left rows unread, if there are more"
STOPPED = "the push stopped before its end"
NOT_KEPT = "what was learned could not be kept"

_NO_MARK = "no push has read all rows yet"
_OTHER_QUERY = "the query, its columns, its database or a Constant changed"
_LOST_KEYS = "the keys of the rows that failed cannot be read"


class WindowedRows:
    """Decides which rows are read, and moves the mark once they are finished.

    :param column: the column of times.
    :param key: the column by which rows are read and failed ones are remembered.
    :param query: the digest of what is read, and of what each row is sent with.
    :param lag: how long after its time a row may become visible.
    :param now: when the push began, by the database's clock, in UTC.
    :param seal: encrypts the keys of failed rows.
    :param names: returns the columns of the rows, once they are read.
    :param earlier: what `as_dict` said of the earlier tries of this push, or None.
    :param failed_earlier: the keys of rows that failed in these, as `failed_keys` says them; empty if none did; None if
        they are not known.
    """

    def __init__(
        self,
        column: str,
        key: str,
        query: str,
        lag: timedelta,
        now: datetime,
        seal: Seal,
        *,
        names: Callable[[], Sequence[str] | None] = lambda: None,
        earlier: Window | None = None,
        failed_earlier: str | None = "",
    ) -> None:
        #: Rows are read whose time is not before this one; None if all are.
        self.since: datetime | None = None
        #: The keys of rows that failed before, which are read too.
        self.keys: tuple[Any, ...] = ()
        #: How many of these failed again.
        self.failed_again = 0 if earlier is None else earlier["failed_again"]
        self._key = key
        self._query = query
        self._lag = lag
        self._now = now
        self._sealed_keys = SealedKeys(seal)
        self._names = names
        self._earlier = earlier
        self._failed_earlier = failed_earlier
        self._mark: Mark | None = None
        self._asked: set[Any] = set()
        #: Keys that an earlier try may have asked for, or another push since then has remembered.
        self._not_read: set[Any] = set()
        self._seen: set[Any] = set()
        #: Keys of rows whose last verdict, in this try or an earlier one, is a failure.
        self._failed: set[Any] = set()
        #: Whether these are all.
        self._knows_failed = True
        self._key_name: str | None = None
        self._report: Window = {
            "column": column,
            "since": None,
            "until": now.isoformat(),
            "all": None,
            "asked": 0,
            "failed_again": 0,
            "gone": 0,
            "remembered": 0,
            "kept": None,
        }

    def begin(self, mark: Mark | None, read_all: str | None) -> None:
        """Decide which rows are read.

        :param mark: how far rows are finished; None if that is not known.
        :param read_all: why all rows are to be read, in words; None if only new ones are.
        """
        self._mark = mark
        usable = mark if mark is not None and mark.query == self._query else None
        keys = () if usable is None else self._sealed_keys.open(usable.failed)
        if self._earlier is not None:
            self._resume(self._earlier, usable)
            self._not_read = set(keys or ())
            if keys is None:
                self._report["kept"] = _LOST_KEYS
        elif (why := read_all or self._why_all(usable, keys)) is not None:
            self._report["all"] = why
        elif usable is not None:
            self.since = self._first_of(usable)
            self._report["since"] = self.since.isoformat()
        if self.since is not None and keys:
            self.keys = keys
            self._asked = set(keys)
            self._report["asked"] = self._report["asked"] or len(keys)

    def watch(self, chunks: Iterator[Sequence[UserUpdate | Outcome]]) -> Iterator[Sequence[UserUpdate | Outcome]]:
        """Yield the rows, and notice which of those that failed before, in earlier tries too, are among them."""
        watched = self._asked | self._failed
        return self._watched(chunks, watched) if watched else chunks

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Remember the rows that failed.

        :param rows: the rows.
        :param verdicts: a final one for each.
        """
        if verdicts.count(ACCEPTED) == len(verdicts):
            return
        for row, verdict in zip(rows, verdicts, strict=True):
            if verdict.status is Status.UNSENT:
                self._report["kept"] = _UNSENT
            elif verdict.status not in _FINISHED:
                key = self._key_of(row)
                self.failed_again += verdict.status in FAILED and key in self._asked
                if not may_be_asked_for(key):
                    self._report["kept"] = _NO_KEY
                    self._knows_failed = False
                elif len(self._failed) <= MAX_FAILED:
                    self._failed.add(key)

    def keep_mark(self, why: str) -> None:
        """Leave the mark where it is.

        :param why: why, in words; the first reason is the one that is reported.
        """
        report = self._report
        report["kept"] = report["kept"] or why
        report["remembered"] = report["gone"] = 0

    def failed_keys(self) -> str | None:
        """Return the keys of the rows that failed, for a retry; None if they are not all known, or too many."""
        if not self._knows_failed or len(self._failed) > MAX_LENGTH_IN_CHECKPOINT:
            return None
        sealed = self._sealed_keys.close(self._failed)
        return sealed if len(sealed) <= MAX_LENGTH_IN_CHECKPOINT else None

    def next_mark(self) -> Mark | None:
        """Return the mark after rows were read to their end."""
        report, mark = self._report, self._mark
        unseen = self._asked - self._seen
        # In a retry, rows that an earlier try finished are not read.
        failed = self._failed | (self._not_read - self._seen)
        sealed = self._sealed(failed)
        if sealed is None:
            report["kept"] = report["kept"] or TOO_MANY
        if report["kept"] or sealed is None:
            return mark
        report["remembered"] = len(failed)
        report["gone"] = 0 if self._earlier else len(unseen)
        at = read_time(report["until"])
        if self._earlier and mark is not None and mark.query == self._query:
            at = max(at, mark.at)  # another push has moved it since the first try
        return Mark(self._query, at, None if mark is None else mark.at, sealed)

    def check_kept(self, mark: Mark | None) -> None:
        """Note why the mark is not where this push has moved it.

        :param mark: the mark as it is kept.
        """
        if self._report["kept"] is None and (mark is None or mark.at < read_time(self._report["until"])):
            self._report["kept"] = _AT_ONCE

    def as_dict(self) -> Window:
        """Return what the report says of it."""
        return {**self._report, "failed_again": self.failed_again}

    def _resume(self, earlier: Window, mark: Mark | None) -> None:
        """Go on with the window of the first try: rows between finished ones are not read again, whatever their time.

        What became visible since is in the next push's window.
        """
        self._report.update({name: earlier[name] for name in ("since", "until", "all", "asked")})  # type: ignore[typeddict-item]
        if earlier["since"] is not None:
            self.since = read_time(earlier["since"])
            if mark is None or self._first_of(mark) < self.since:
                self._report["kept"] = _MOVED
        failed = None if self._failed_earlier is None else self._sealed_keys.open([self._failed_earlier])
        if failed is None:
            self._report["kept"] = _BEFORE_A_RETRY if self._failed_earlier is None else _LOST_KEYS
            self._knows_failed = False
        self._failed.update(failed or ())

    def _why_all(self, mark: Mark | None, keys: tuple[Any, ...] | None) -> str | None:
        """Return why all rows are to be read, in words, or None."""
        if mark is None:
            return _NO_MARK if self._mark is None else _OTHER_QUERY
        return _LOST_KEYS if keys is None else None

    def _first_of(self, mark: Mark) -> datetime:
        """Return the first time of the window, at a full minute: a column may hold no more than these."""
        return (min(mark.at, self._now) - self._lag).replace(second=0, microsecond=0)

    def _watched(
        self, chunks: Iterator[Sequence[UserUpdate | Outcome]], watched: set[Any]
    ) -> Iterator[Sequence[UserUpdate | Outcome]]:
        for chunk in chunks:
            seen = watched.intersection(map(self._key_of, chunk))
            again = seen & self._failed  # in an earlier try; now they get another verdict
            self.failed_again -= len(again & self._asked)
            self._failed -= again
            self._seen |= seen
            yield chunk

    def _key_of(self, row: UserUpdate | Outcome) -> Any:
        """Return the key of a row, or None if it is not known."""
        read = row.row
        values = read.raw if isinstance(read, MalformedRow) else read
        if not isinstance(values, Mapping):
            return None
        if self._key_name is None:
            self._key_name = self._name_of_key(list(self._names() or values))
        return values.get(self._key_name)

    def _name_of_key(self, names: Sequence[str]) -> str:
        """Return the key as the database spells it: each folds the case of names in its own way."""
        folded = {name.lower(): name for name in names}
        return self._key if self._key in names else folded.get(self._key.lower(), self._key)

    def _sealed(self, failed: set[Any]) -> tuple[str, ...] | None:
        """Return keys as the mark holds them; None if they are too many."""
        if len(failed) > MAX_FAILED:
            return None
        sealed = self._sealed_keys.close(failed)
        return (sealed,) * bool(sealed) if len(sealed) <= MAX_SEALED_LENGTH else None
