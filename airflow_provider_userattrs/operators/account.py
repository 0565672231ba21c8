# SPDX-License-Identifier: Apache-2.0
"""The account a task gives of its push: lines in the log while it runs and at the end, and the report."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

from airflow_provider_userattrs.push.checkpoint import Checkpoint
from airflow_provider_userattrs.push.clock import Clock
from airflow_provider_userattrs.push.endpoint import Endpoint
from airflow_provider_userattrs.push.report import Report, users
from airflow_provider_userattrs.push.shard import Shard
from airflow_provider_userattrs.push.tally import Tally

_MOST_NOTES = 20


class Log(Protocol):
    """Describe what is asked of the task's log."""

    def info(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Say something."""

    def warning(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Say something that calls for attention."""


class Counts(Protocol):
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
    :param endpoint: the operation.
    :param rejects_path: where the rows that were not accepted are written, or None.
    :param shard: which part of a split push this is, or None.
    :param log: the task's log.
    :param clock: tells the time.
    """

    def __init__(
        self, report: Report, endpoint: Endpoint, rejects_path: str | None, shard: Shard | None, log: Log, clock: Clock
    ) -> None:
        self.report = report
        self.resumed_from: int | None = None
        self.tries: list[int] = [0]
        self.counts: Counts | None = None
        self.notes: Counter[tuple[str, str]] = Counter()
        self.rejects: RejectsFile | None = None
        self._endpoint = endpoint
        self._rejects_path = rejects_path
        self._shard = shard
        self._log = log
        self._clock = clock
        self._started = clock.monotonic()
        self._earlier: dict[str, Any] = {}
        self._earlier_rows = 0

    def begin(self, begun: Checkpoint) -> None:
        """Take over what earlier tries came to."""
        first = begun.first_unfinished
        self.tries = [*begun.tries, first]
        self._earlier = begun.facts
        if not begun.tries:
            return
        self.report.merge(Tally.restored(begun.tally))
        self._earlier_rows = self.report.rows
        self.resumed_from = first
        self._log.info("Resumed at row %s: %s were done by earlier tries", f"{first:,}", users(self._earlier_rows))

    def log_start(self, base_url: str, rate: float | None) -> None:
        """Say what is pushed where."""
        endpoint = self._endpoint
        pace = f", at most {rate:,.4g} {endpoint.rate_unit} a second" if rate else ""
        part = f", shard {self._shard}" if self._shard else ""
        dry = ", dry run: nothing is sent" if self.report.dry_run else ""
        self._log.info("Push to %s: %s at %s%s%s%s", endpoint.vendor, endpoint.operation, base_url, part, pace, dry)

    def log_progress(self) -> None:
        """Say how far the push has come."""
        report = self.report
        rate = (report.rows - self._earlier_rows) / max(self._seconds(), 0.001)
        self._log.info(
            "%s done, %s a second, %s failed so far", users(report.rows), f"{rate:,.0f}", f"{report.failed:,}"
        )

    def note_failure(self, error: Exception) -> None:
        """Say that the checkpoint cannot be kept."""
        self._log.warning("The checkpoint cannot be kept (%s); a retry may send rows again", type(error).__name__)

    def settle(self, *, now: bool) -> bool:
        """Bring the rejects to safety; return whether they are."""
        return self.rejects.settle(now=now) if self.rejects else True

    @property
    def parts(self) -> int:
        """Return how many parts the rejects file has by now."""
        return self.rejects.part if self.rejects else 0

    def facts(self) -> dict[str, Any]:
        """Return what the account of all tries adds up."""
        counts, earlier = self.counts, self._earlier
        notes = self.notes.copy()
        for name, note, count in earlier.get("notes", ()):
            notes[name, note] += count
        return {
            "requests": earlier.get("requests", 0) + (counts.requests if counts else 0),
            "retries": earlier.get("retries", 0) + (counts.retries if counts else 0),
            "bytes": earlier.get("bytes", 0) + (counts.bytes if counts else 0),
            "seconds": round(earlier.get("seconds", 0.0) + self._seconds(), 3),
            "notes": [[name[:60], note, count] for (name, note), count in notes.most_common(_MOST_NOTES)],
        }

    def close(self) -> dict[str, Any]:
        """Log how the push ended and return the report."""
        facts = self.facts()
        notes = {(name, note): count for name, note, count in facts.pop("notes")}
        report = self.report.as_dict(
            notes,
            **facts,
            resumed_from=self.resumed_from,
            tries=self.tries[-20:],
            rejects_path=self._rejects_path,
            shard=None if self._shard is None else {"number": self._shard.number, "of": self._shard.of},
        )
        self._log.info(
            "%s; %s, %s, %s bytes, %.1f s (accepted: %s)",
            self.report.summary(),
            _counted(facts["requests"], "request"),
            _counted(facts["retries"], "retry", "retries"),
            f"{facts['bytes']:,}",
            facts["seconds"],
            self.report.accepted_means,
        )
        for line in (
            *self.report.log_lines(),
            *(f"{count:,} x {note} on {name}" for (name, note), count in notes.items()),
        ):
            self._log.info("%s", line)
        if report["warning"]:
            self._log.warning("%s", report["warning"])
        return report

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
