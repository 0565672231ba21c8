# SPDX-License-Identifier: Apache-2.0
"""The account a task gives of its push: lines in the log while it runs and at the end, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.counts import LONGEST_NAME, Counts
from airflow_provider_userattrs.push.report.report import Report, users
from airflow_provider_userattrs.push.report.timeline import Timeline
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.snapshot import as_report

#: Seconds between two lines of progress in the log.
LINE_EVERY = 10.0

#: Seconds between two words on the push to whoever watches the task.
TELL_EVERY = 2.0

_MOST_NOTES = 20


class Log(Protocol):
    """Describe what is asked of the task's log."""

    def info(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Say something."""

    def warning(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Say something that calls for attention."""


class RequestCounts(Protocol):
    """Describe what is counted of the requests."""

    requests: int
    retries: int
    bytes: int


class RejectsFile(Protocol):
    """Describe what is asked of the rejects file."""

    part: int

    def settle(self, *, now: bool) -> bool:
        """Bring what was written to safety; return whether it is."""


class Account:
    """Keep the account of one push, over all tries of its task.

    :param report: counts the rows.
    :param operation: the operation.
    :param shard: which part of a split push this is, or None.
    :param log: the task's log.
    :param clock: tells the time.
    """

    def __init__(self, report: Report, operation: Operation, shard: Shard | None, log: Log, clock: Clock) -> None:
        self.report = report
        self.tries: list[int] = [0]
        self.counts: RequestCounts | None = None
        self.notes: Counter[tuple[str, str]] = Counter()
        self.rejects: RejectsFile | None = None
        self.configuration: dict[str, Any] = {}
        self.of: int | None = None
        self.destination: str | None = None
        self.tell: Callable[[dict[str, Any]], None] | None = None
        self._operation = operation
        self._rejects_paths: list[str] = []
        self._shard = shard
        self._log = log
        self._clock = clock
        self._started = self._told_at = self._line_at = clock.monotonic()
        self._timeline = Timeline()
        self._earlier: dict[str, Any] = {}
        self._earlier_counts: dict[Status, int] = dict.fromkeys(Status, 0)

    def begin(self, begun: Checkpoint) -> None:
        """Take over what earlier tries came to."""
        first = begun.first_unfinished
        self.tries = [*begun.tries, first]
        self._earlier = begun.facts
        if not begun.tries:
            return
        self.report.merge(Counts.restored(begun.tally))
        self._earlier_counts = self.report.counts.copy()
        earlier = begun.facts.get("push", {}).get("said", {}).get("rejects_path") or []
        self._rejects_paths = [earlier] if isinstance(earlier, str) else list(earlier)
        if "timeline" in begun.facts:
            self._timeline = Timeline.restored(begun.facts["timeline"])
        self._timeline.begin(self.report.rows, begun.facts.get("retries", 0))
        verb = "was" if self.report.rows == 1 else "were"
        self._log.info("Resumed at row %s: %s %s done by earlier tries", f"{first:,}", users(self.report.rows), verb)

    def begin_rejects(self, path: str, rejects: RejectsFile) -> None:
        """Take in which file the rows that are not accepted go to; an earlier try may have had another."""
        self.rejects = rejects
        if path not in self._rejects_paths:
            self._rejects_paths.append(path)

    @property
    def _rejects_path(self) -> str | list[str] | None:
        paths = self._rejects_paths
        return paths if len(paths) > 1 else paths[0] if paths else None

    def log_start(self, base_url: str, rate: str | None) -> None:
        """Say what is pushed where."""
        operation = self._operation
        pace = f", at most {rate}" if rate else ""
        part = f", shard {self._shard}" if self._shard else ""
        dry = ", dry run: nothing is sent" if self.report.dry_run else ""
        self._log.info("Push to %s: %s at %s%s%s%s", operation.vendor, operation.name, base_url, part, pace, dry)

    def go_on(self) -> None:
        """Note how far the push has come; say it in the log every 10 s, and to whoever watches every 2 s."""
        now = self._clock.monotonic()
        self._note_time()
        if now >= self._line_at + LINE_EVERY:
            self._line_at = now
            self._log_progress()
        if self.tell is not None and now >= self._told_at + TELL_EVERY:
            self._told_at = now
            self.tell(as_report(self.report, self.facts(), self.tries))

    def _log_progress(self) -> None:
        report = self.report
        rate = (report.rows - sum(self._earlier_counts.values())) / max(self._seconds(), 0.001)
        self._log.info(
            "%s done, %s a second, %s failed so far", users(report.rows), f"{rate:,.0f}", f"{report.failed:,}"
        )

    def note_failure(self, error: Exception) -> None:
        """Say that the checkpoint cannot be kept."""
        self._log.warning("The checkpoint cannot be kept (%s); a retry may send rows again", type(error).__name__)

    def note_source(self, finished: int, still_there: int) -> None:
        """Take in how many of the rows that earlier tries finished the source still has."""
        self.report.note_source(finished, still_there)

    def settle(self, *, now: bool) -> bool:
        """Bring the rejects to safety; return whether they are."""
        return self.rejects.settle(now=now) if self.rejects else True

    @property
    def parts(self) -> int:
        """Return how many parts the rejects file has by now."""
        return self.rejects.part if self.rejects else 0

    def facts(self) -> dict[str, Any]:
        """Return what the account of all tries adds up."""
        self._note_time()
        notes: Counter[tuple[str, str]] = Counter()
        for (name, note), count in self.notes.copy().items():  # the thread that maps rows adds to them
            notes[printable(name, LONGEST_NAME), note] += count
        for name, note, count in self._earlier.get("notes", ()):
            notes[name, note] += count
        facts: dict[str, Any] = {
            "requests": self._all("requests"),
            "retries": self._all("retries"),
            "bytes": self._all("bytes"),
            "seconds": round(self._all_seconds(), 3),
            "notes": [[name, note, count] for (name, note), count in notes.most_common(_MOST_NOTES)],
            "timeline": self._timeline.as_dict(),
            "push": {
                "report": self.report.head(),
                "said": {
                    "rejects_path": self._rejects_path,
                    "of": self.of,
                    "destination": self.destination,
                    "configuration": self.configuration,
                    "shard": None if self._shard is None else {"number": self._shard.number, "of": self._shard.of},
                },
            },
        }
        kept: dict[str, Any] = storable(facts)
        return kept

    def close(self, failure: str | None) -> dict[str, Any]:
        """Log how the push ended and return the report.

        :param failure: a sentence on why the task fails, or None.
        """
        facts = self.facts()
        report = as_report(self.report, facts, self.tries, failure)
        self._log.info(
            "%s; %s, %s, %s bytes, %.1f s%s",
            self.report.summary(),
            _counted(facts["requests"], "request"),
            _counted(facts["retries"], "retry", "retries"),
            f"{facts['bytes']:,}",
            facts["seconds"],
            f" (accepted: {self.report.accepted_means})" if self.report.counts[Status.ACCEPTED] else "",
        )
        for line in (
            *self.report.log_lines(),
            *(f"{count:,} x {note} on {name}" for name, note, count in facts["notes"]),
        ):
            self._log.info("%s", line)
        if report["warning"]:
            self._log.warning("%s", report["warning"])
        return report

    def this_try(self) -> dict[str, Any]:
        """Return what this try alone did."""
        counts, earlier = self.counts, self._earlier_counts
        return {
            "vendor": self.report.vendor,
            "operation": self.report.operation,
            "rows": {status.value: count - earlier[status] for status, count in self.report.counts.items()},
            "requests": counts.requests if counts else 0,
            "retries": counts.retries if counts else 0,
            "seconds": self._seconds(),
        }

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started

    def _all(self, what: str) -> int:
        """Return what all tries counted of the requests."""
        count: int = self._earlier.get(what, 0) + (getattr(self.counts, what) if self.counts else 0)
        return count

    def _all_seconds(self) -> float:
        seconds: float = self._earlier.get("seconds", 0.0) + self._seconds()
        return seconds

    def _note_time(self) -> None:
        """Put what was done since the last time on the timeline; rows that were not sent are not done."""
        done = self.report.rows - self.report.counts[Status.UNSENT]
        self._timeline.note(self._all_seconds(), done, self._all("retries"))


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
