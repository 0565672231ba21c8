# SPDX-License-Identifier: Apache-2.0
"""What a task logs about its push: at the start, every 10 s, and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, UnexpectedRows
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.model.verdicts import NOT_REACHED
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.report import sentences
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.changes import (
    sentence_on_removed,
    sentence_on_sent,
    sentence_on_window,
    sentences_after,
    warning_on_removed,
)
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.difference import compare, sentences_on_difference
from airflow_provider_userattrs.push.report.lookups import sentence_on_lookups
from airflow_provider_userattrs.push.report.push_log import sentence_on_push_log
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.verified import sentence_on_verified
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.row_guard import RowGuard

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests
    from airflow_provider_userattrs.report import PushReport
    from airflow_provider_userattrs.task.last_push import Kept
    from airflow_provider_userattrs.task.spec import PushSpec

#: Seconds between two lines of progress.
LOG_EVERY = 10.0


#: Characters of a request's body that are logged.
_MAX_BODY_LENGTH = 20_000


class Log(Protocol):
    """The task's log."""

    def info(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Log at level INFO."""

    def warning(self, event: Any, *args: Any, **kw: Any) -> Any:
        """Log at level WARNING."""


class TaskLog:
    """Logs how a push goes.

    :param log: the task's log.
    :param clock: the source of time.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._line_at = clock.monotonic()

    def start(self, plan: PushPlan, base_url: str, rate: str | None) -> None:
        """Log what is pushed where.

        :param plan: what is done.
        :param base_url: where requests go.
        :param rate: the cap in words, or None.
        """
        operation, shard, limit = plan.operation, plan.details.shard, plan.limit
        words = (
            (shard, f"shard {shard}"),
            (rate, f"at most {rate}"),
            (limit is not None, f"the first {'row' if limit == 1 else f'{limit or 0:,} rows'} at most (limit)"),
            (plan.dry_run, "dry run: nothing is sent"),
        )
        rest = "".join(f", {what}" for applies, what in words if applies)
        self._log.info("Push to %s: %s at %s%s", operation.vendor, operation.name, base_url, rest)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Log where a try resumes a push."""
        first, done = checkpoint.first_unfinished, Counts.restored(checkpoint.counts).rows
        verb = "was" if done == 1 else "were"
        self._log.info("Resumed at row %s: %s %s done by earlier tries", f"{first:,}", sentences.users(done), verb)

    def log_progress(self, account: Account) -> None:
        """Log how far the push has come, every 10 s."""
        now = self._clock.monotonic()
        if now < self._line_at + LOG_EVERY:
            return
        self._line_at = now
        counts = account.book.counts()
        unsent = counts.counts[Status.UNSENT]  # of this try: those of earlier ones are not counted
        rate = (account.rows - unsent) / max(account.seconds, 0.001)
        done = sentences.users(counts.rows - unsent)
        self._log.info("%s done, %s a second, %s failed so far", done, f"{rate:,.0f}", f"{counts.failed:,}")

    def compare(self, comparison: Comparison) -> None:
        """Log with how much the rows are compared."""
        changes = comparison.as_dict()
        for sentence in (sentence_on_sent(changes), sentence_on_window(changes)):
            if sentence:
                self._log.info("changed_only: %s", sentence)

    def changes_not_kept(self, error: Exception) -> None:
        """Log that it cannot be kept what was accepted."""
        self._log.warning(
            "changed_only: what was accepted cannot be kept (%s), so the next push sends these users again; fix the "
            "storage of its path",
            type(error).__name__,
        )

    def users_not_kept(self, error: Exception) -> None:
        """Log that it cannot be kept which users were looked up."""
        self._log.warning(
            "The users that were looked up cannot be kept (%s), so the next push looks them up again; fix the storage "
            "of the cache",
            type(error).__name__,
        )

    def checkpoint_failed(self, error: Exception) -> None:
        """Log that the checkpoint cannot be stored."""
        self._log.warning(
            "The checkpoint cannot be stored (%s), so a retry may send rows again; fix the storage of checkpoint_path, "
            "or without one Airflow's API server",
            type(error).__name__,
        )

    def sample(self, sample: SampledRequests | None, spec: PushSpec) -> None:
        """Log the first requests of a dry run, a record each.

        :param sample: the requests; None if none were kept.
        :param spec: says whether their values are to be logged.
        """
        if spec.sample and not spec.dry_run:
            self._log.info("sample: this is no dry run, so its requests are not shown")
        if sample is None:
            return
        headers = "".join(f"{name}: {value}\n" for name, value in sample.headers.items())
        for number, each in enumerate(sample.requests, 1):
            body = (each.body if spec.sample_values else each.masked).decode()
            more = f"\n... ({len(body):,} characters in all)" if len(body) > _MAX_BODY_LENGTH else ""
            self._log.info(
                "sample: request %d, with %s\nPOST %s\n%sContent-Length: %d\n\n%s%s",
                number,
                sentences.users(each.users),
                sample.url,
                headers,
                len(each.body),
                body[:_MAX_BODY_LENGTH],
                more,
            )
        if not sample.requests:
            self._log.info("sample: there is no request to show")

    def count_rows(self, rows: int, guard: RowGuard, last: Kept | None) -> None:
        """Log how many rows the source has.

        :param rows: how many.
        :param guard: what is expected.
        :param last: the last push, or None.
        """
        self._log.info("The source has %s", counted(rows, "row"))
        if guard.max_change is None or (last is not None and last.source_rows is not None):
            return
        why = "no last push of this task is known" if last is None else "the last push read new rows only"
        self._log.info("max_change is not judged: %s", why)

    def close(
        self,
        account: Account,
        report: Report,
        fields: PushReport,
        error: BaseException | None,
        last: Kept | None = None,
    ) -> None:
        """Log how the push ended.

        :param account: its account.
        :param report: its report.
        :param fields: the same as a dict.
        :param error: why it failed, or None.
        :param last: the last push of the same task, or None.
        """
        is_refused = isinstance(error, (RefusedConfiguration, UnexpectedRows))
        untouched = report.counts[Status.UNSENT] if is_refused else report.count(NOT_REACHED)
        if error is not None and untouched == report.rows:
            return  # no row was read or sent: Airflow logs the error next
        self._log.info(
            "%s; %s, %s, %s, %s s%s",
            sentences.summary(report),
            counted(fields["requests"], "request") + (" not sent" if fields["dry_run"] else ""),
            counted(fields["retries"], "retry", "retries"),
            counted(fields["bytes"], "byte"),
            f"{fields['seconds']:,.1f}",
            f" (accepted: {report.accepted_means})" if report.counts[Status.ACCEPTED] else "",
        )
        for line in (
            *sentences.log_lines(report),
            *(f"{count:,} x {note} on {name}" for name, note, count in account.notes()),
        ):
            self._log.info("%s", line)
        for note in notes_on(fields):
            self._log.info("%s", note)
        if push_log := fields.get("push_log"):
            write = self._log.info if push_log["why"] is None else self._log.warning
            write("%s", sentence_on_push_log(push_log))
        if verified := fields.get("verified"):
            self._log.info("verify: %s", sentence_on_verified(report.vendor, verified))
        if request_id := fields.get("request_id"):
            self._log.info("%s", sentences.sentence_on_request(report.vendor, request_id))
        for sentence in sentences_on_last(fields, last):
            self._log.info("%s", sentence)
        if fields["warning"]:
            self._log.warning("%s", fields["warning"])


def sentences_on_last(report: PushReport, last: Kept | None) -> list[str]:
    """Return what differs from the last push, in sentences; none if there is nothing to compare with."""
    difference = None if last is None else compare(report, last.report)
    return [] if difference is None else sentences_on_difference(difference)


def notes_on(report: PushReport) -> list[str]:
    """Return sentences on what is odd about the rows and needs nobody's attention."""
    changes = report.get("changed_only")
    duplicates = note_on_duplicates(report)
    notes = [duplicates] if duplicates else []
    if (limit := report.get("limit")) and not (limit["reached"] or report["stopped"]):
        notes.append(sentences.sentence_on_limit(report["rows"], limit))
    if lookups := report.get("lookups"):
        notes.append(sentence_on_lookups(lookups, report["vendor"], dry_run=report["dry_run"]))
    if changes:
        notes += sentences_after(changes)
        removed = sentence_on_removed(changes, dry_run=report["dry_run"])
        if removed and not warning_on_removed(changes):  # else the warning has it
            notes.append(removed)
    return notes


def note_on_duplicates(report: PushReport) -> str | None:
    """Return a sentence on rows that name a user again, or None if none is known."""
    count = report["duplicates"]
    if not count:
        return None
    rows = "1 row names a user" if count == 1 else f"{count:,} rows name users"
    return f"At least {rows} that another row names too; check the query's joins if that is unexpected"
