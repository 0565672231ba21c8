# SPDX-License-Identifier: Apache-2.0
"""The account of a push over all its tries: rows by verdict, requests, notes on values, time, and the report of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.report.book import Book
from airflow_provider_userattrs.push.report.counts import MAX_NAME_LENGTH
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.report.lookups import LookupTraffic
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.timeline import Timeline
from airflow_provider_userattrs.push.report.traffic import Traffic

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.changes.comparison import Comparison
    from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests
    from airflow_provider_userattrs.report import Limit, PushReport, Verified

_MAX_NOTES = 20
_MAX_TRIES = 20


class Account:
    """Adds up a push over all its tries.

    :param operation: what is done.
    :param details: what the report says besides.
    :param book: has the verdicts on the rows, also those that earlier tries finished.
    :param notes: (attribute, what was done to its values) -> how many, of this try.
    :param tries: the first row of each try, this one's last.
    :param earlier: the facts of the tries before.
    :param limit: how many rows are read, from the first on; None for all.
    :param dry_run: whether nothing is sent.
    :param sample: the first requests of a dry run; None if none are kept.
    :param comparison: says what is sent because it changed; None if all is.
    :param lookups: counts what this try looks up; None if the rows name the vendor's users.
    :param clock: the source of time.
    :param started: when this try began, by the clock; None for now.
    """

    def __init__(
        self,
        operation: Operation,
        details: Details,
        *,
        book: Book | None = None,
        notes: Counter[tuple[str, str]] | None = None,
        tries: Sequence[int] = (0,),
        earlier: Mapping[str, Any] | None = None,
        limit: int | None = None,
        dry_run: bool = False,
        sample: SampledRequests | None = None,
        comparison: Comparison | None = None,
        lookups: LookupTraffic | None = None,
        clock: Clock | None = None,
        started: float | None = None,
    ) -> None:
        self.details = details
        #: What reading users back has shown; None if none were.
        self.verified: Verified | None = None
        self.tries = tuple(tries)
        self.book = book or Book()
        #: What this try sends.
        self.traffic = Traffic()
        self._operation = operation
        self._notes = Counter() if notes is None else notes
        self._earlier = earlier or {}
        self._limit = limit
        self._dry_run = dry_run
        self._sample = sample
        self._comparison = comparison
        self.lookups = lookups
        self._clock = clock or Clock()
        self._started = self._clock.monotonic() if started is None else started
        self._stopped_after: float | None = None
        self._earlier_counts = self.book.counts().counts
        self._timeline = Timeline.restored(self._earlier["timeline"]) if "timeline" in self._earlier else Timeline()
        self._timeline.begin(self.book.rows, self._earlier.get("retries", 0))
        self._source_change: tuple[int, int] | None = None

    def stop_time(self) -> None:
        """Count no further seconds: what comes now is not the push itself."""
        self.note_time()
        self._stopped_after = self.seconds

    def note_time(self) -> None:
        """Add what was done since the last call to the timeline."""
        self._timeline.note(self._all_seconds, self.book.done, self._all("retries"))

    def note_source(self, finished: int, still_there: int) -> None:
        """Record how many of the rows that earlier tries finished are still in the source."""
        self._source_change = (finished, still_there)

    @property
    def rows(self) -> int:
        """Count the rows this try recorded."""
        return self.book.rows - sum(self._earlier_counts.values())

    @property
    def seconds(self) -> float:
        """Return how long this try has taken."""
        return self._clock.monotonic() - self._started if self._stopped_after is None else self._stopped_after

    @property
    def limit(self) -> Limit | None:
        """Return how many rows are read at most, and whether so many were; None if all are."""
        limit = self._limit
        return None if limit is None else {"rows": limit, "reached": self.book.rows >= limit}

    def report(self) -> Report:
        """Return the report, with all rows that are recorded by now."""
        report = self._blank()
        report.merge(self.book.counts())
        if self._source_change is not None:
            report.note_source(*self._source_change)
        return report

    def notes(self) -> list[tuple[str, str, int]]:
        """Return attributes and notes on their values, with counts; the most frequent first."""
        notes: Counter[tuple[str, str]] = Counter()
        for (name, note), count in self._notes.items():
            notes[printable(name, MAX_NAME_LENGTH), note] += count
        for name, note, count in self._earlier.get("notes", ()):
            notes[name, note] += count
        return [(name, note, count) for (name, note), count in notes.most_common(_MAX_NOTES)]

    def facts(self) -> dict[str, Any]:
        """Return the sums over all tries, except the rows, as a checkpoint stores them."""
        facts: dict[str, Any] = {
            "requests": self._all("requests"),
            "retries": self._all("retries"),
            "bytes": self._all("bytes"),
            "duplicates": self._all("duplicates"),
            "seconds": round(self._all_seconds, 3),
            "notes": [list(note) for note in self.notes()],
            "timeline": self._timeline.as_dict(),
            "push": {
                "report": self._blank().head(),
                "details": self.details.as_dict(self._rejects_paths),
            },
        }
        if request_id := self.traffic.request_id or self._earlier.get("request_id"):
            facts["request_id"] = request_id
        if self.limit is not None:
            facts["limit"] = self.limit
        if self.details.source_rows is not None:
            facts["source_rows"] = self.details.source_rows
        if self.verified is not None:
            facts["verified"] = self.verified
        if self._sample is not None:
            facts["sample"] = self._sample.as_dict()
        if self._comparison is not None:
            facts["changed_only"] = self._comparison.as_dict()
            if failed_keys := self._comparison.failed_keys:
                facts["failed_keys"] = failed_keys
        if self.lookups is not None:
            facts["lookups"] = self.lookups.as_dict(self._earlier.get("lookups"))
        clean: dict[str, Any] = storable(facts)
        return clean

    def as_dict(self, report: Report | None = None, failure: str | None = None) -> PushReport:
        """Return the report of all tries as a JSON dict.

        :param report: the report, if it is made already.
        :param failure: a sentence on why the push fails, or None.
        """
        return as_dict(report or self.report(), self.facts(), self.tries, failure)

    def this_try(self, report: Report) -> dict[str, Any]:
        """Return what this try alone did.

        :param report: the report of all tries.
        """
        earlier = self._earlier_counts
        return {
            "vendor": self._operation.vendor,
            "operation": self._operation.name,
            "rows": {status.value: count - earlier[status] for status, count in report.counts.items()},
            "requests": self.traffic.requests,
            "retries": self.traffic.retries,
            "lookups": 0 if self.lookups is None else self.lookups.requests,
            "seconds": self.seconds,
        }

    def _blank(self) -> Report:
        operation = self._operation
        return Report(
            operation.vendor,
            operation.name,
            operation.accepted_means,
            done=operation.done,
            dry_run=self._dry_run,
            keeps_rejects=bool(self._rejects_paths),
        )

    @property
    def _rejects_paths(self) -> list[str]:
        """Return the rejects files of all tries; an earlier one may have used another."""
        earlier = self._earlier.get("push", {}).get("details", {}).get("rejects_path") or []
        paths = [earlier] if isinstance(earlier, str) else list(earlier)
        path = self.details.rejects_path
        return paths if path is None or path in paths else [*paths, path]

    def _all(self, what: str) -> int:
        """Return the requests of all tries, counted."""
        count: int = self._earlier.get(what, 0) + getattr(self.traffic, what)
        return count

    @property
    def _all_seconds(self) -> float:
        seconds: float = self._earlier.get("seconds", 0.0) + self.seconds
        return seconds


def as_dict(report: Report, facts: Mapping[str, Any], tries: Sequence[int], failure: str | None = None) -> PushReport:
    """Return the report of all tries.

    :param report: counts the rows.
    :param facts: what else all tries add up to, as a checkpoint keeps it.
    :param tries: the first row of each try.
    :param failure: a sentence on why the push fails, or None.
    """
    left_out = ("push", "notes", "failed_keys", *(() if failure else ("request_id",)))
    others = {name: value for name, value in facts.items() if name not in left_out}
    fields = report.as_dict(
        {(name, note): count for name, note, count in facts["notes"]},
        **others,
        **facts["push"]["details"],
        resumed_from=tries[-1] if len(tries) > 1 else None,
        tries=list(tries[-_MAX_TRIES:]),
        failure=failure,
    )
    return cast("PushReport", fields)
