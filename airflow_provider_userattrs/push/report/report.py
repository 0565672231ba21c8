# SPDX-License-Identifier: Apache-2.0
"""From verdicts to the report of a push: counts, reasons with remedies, and how the push ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import NoRows, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.model.phrases import shortened
from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.model.verdict import FAILED, Status
from airflow_provider_userattrs.push.model.verdicts import (
    DRY_RUN,
    FILTERED,
    NOT_REACHED,
    SUPERSEDED,
    UNEXPECTED_ROWS,
)
from airflow_provider_userattrs.push.report import sentences
from airflow_provider_userattrs.push.report.counts import MAX_NAME_LENGTH, Counts, Reason

#: The version of the report's format.
FORMAT = 1

_MAX_REASONS = 20

#: Maximum number of attributes of a reason; further ones are left out.
MAX_ATTRIBUTES = 5

_MAX_NOTES = 20
_MAX_SENTENCE_LENGTH = 400  # characters, where names leave no room for more
_MAX_BYTES = 15_000  # of a report as JSON, promised to be under 16 KB


class Report(Counts):
    """The report of one push.

    :param vendor: the vendor's name.
    :param operation: what is done, such as ``"set attributes"``.
    :param accepted_means: how strong an ``accepted`` is, as half a sentence.
    :param done: the same in one word, such as ``"updated"``.
    :param dry_run: whether nothing is sent.
    :param keeps_rejects: whether the rows that are not accepted are written to a file; a remedy may refer to it.
    """

    def __init__(
        self,
        vendor: str,
        operation: str,
        accepted_means: str,
        *,
        done: str = "updated",
        dry_run: bool = False,
        keeps_rejects: bool = False,
    ) -> None:
        super().__init__()
        self.vendor = vendor
        self.operation = operation
        self.accepted_means = accepted_means
        self.done = done
        self.dry_run = dry_run
        self.keeps_rejects = keeps_rejects
        #: Whether the push ended before all of its rows were read and sent.
        self.is_stopped = False
        #: The position of the first row that was not read, if the push stopped before.
        self.stopped_at: int | None = None
        #: How many rows there were to read, if that is known of a push that stopped.
        self.of: int | None = None
        #: How many rows earlier tries finished, and how many there are now where those were.
        self.source_change: tuple[int, int] | None = None
        #: Whether there were no rows, and the author wants to be warned of that.
        self.warns_of_nobody = False
        #: A clause on columns that the author named and no row had, or None.
        self.missing_columns: str | None = None
        #: That rows were left because only the first were to be read, as a clause; or None.
        self.warning_on_limit: str | None = None
        #: What a push would have been refused for, in a dry run, as a clause; or None.
        self.unexpected_rows: str | None = None
        #: What to know of users who left the query and were not unset, as a sentence; or None.
        self.warning_on_removed: str | None = None

    def head(self) -> dict[str, Any]:
        """Return the arguments to recreate the report."""
        return {
            "vendor": self.vendor,
            "operation": self.operation,
            "accepted_means": self.accepted_means,
            "done": self.done,
            "dry_run": self.dry_run,
            "keeps_rejects": self.keeps_rejects,
        }

    def stop(self, at: int | None, of: int | None) -> None:
        """Record that the push stopped; rows that were not read are ``unsent``, if their number is known.

        :param at: the first row that was not read, or None if all were.
        :param of: how many rows there are, or None if that is not known.
        """
        self.is_stopped = True
        self.stopped_at = at
        if at is not None and of is not None and of >= max(at, self.rows):
            self.of = of
            if of > self.rows:
                self.add_many(at, NOT_REACHED, of - self.rows)

    def refuse(self, rows: int) -> None:
        """Record that the push stopped before its first row, because of the number of rows.

        :param rows: how many there are.
        """
        self.is_stopped = True
        if rows:
            self.add_many(0, UNEXPECTED_ROWS, rows)

    def reasons(self) -> list[Reason]:
        """Return at most 20 reasons, those that need attention first, then the most frequent; no row is lost."""
        return self.ranked(_MAX_REASONS)

    @property
    def is_doubtful(self) -> bool:
        """Tell whether rows that were not confirmed may have been applied."""
        return bool(self.counts[Status.UNKNOWN] or self.counts[Status.PARTIAL])

    def note_source(self, finished: int, still_there: int) -> None:
        """Record how many of the rows that earlier tries finished are still in the source, and warn if some are not.

        Only numbers are known: one that left and one that came in look like none.

        :param finished: how many they finished.
        :param still_there: how many rows there are now where those were.
        """
        self.source_change = finished, still_there

    def conclude(
        self,
        stopped: BaseException | None,
        max_failed: int | float | None,
        on_empty: str = "ok",
        failed_before: int = 0,
        failed_again: int = 0,
    ) -> BaseException | None:
        """Return the error that the task raises, or None if it succeeded.

        :param stopped: why the push stopped before its end, or None.
        :param max_failed: how many rows (int) or what share of them (float) may fail; None for any but all.
        :param on_empty: what it means that there were no rows, or that all were filtered out: ``"warn"``, ``"fail"`` or
            ``"ok"``.
        :param failed_before: how many of the rows that failed are known to fail since an earlier push: these alone
            make no failure of a push in which nothing else was to be sent.
        :param failed_again: how many of them were read only because they had failed; ``max_failed`` is about the
            others.
        """
        if stopped is not None:
            return stopped
        filtered = self.count(FILTERED)
        has_nobody = self.rows == (filtered and filtered + self.count(SUPERSEDED))
        if has_nobody and on_empty == "fail":
            return NoRows(f'{sentences.nobody(self)} (on_empty="fail")')
        self.warns_of_nobody = has_nobody and on_empty == "warn"
        unsent = self.counts[Status.UNSENT]
        if unsent:
            return RetryLater(
                f"{unsent:,} of {sentences.users(self.rows)} could not be sent to {self.vendor} for now: "
                f"{sentences.first_reason(self, frozenset({Status.UNSENT}))}"
            )
        passed = self.count(DRY_RUN) if self.dry_run else self.counts[Status.ACCEPTED]
        if self.failed > failed_before and not passed:
            return TooManyFailed(f"{sentences.none_passed(self)}: {sentences.first_reason(self, FAILED)}")
        if max_failed is not None:
            # A share is compared as a share: 0.29 * 100 is less than 29.
            failed, rows = self.failed - failed_again, self.rows - failed_again
            weight = failed / rows if isinstance(max_failed, float) and rows else failed
            if weight > max_failed:
                return TooManyFailed(
                    f"{self.failed:,} of {sentences.users(self.rows)} failed at {self.vendor}; max_failed allows "
                    f"{sentences.allowed(max_failed)}: {sentences.first_reason(self, FAILED)}"
                )
        return None

    def as_dict(self, notes: Mapping[tuple[str, str], int], **facts: Any) -> dict[str, Any]:
        """Return the report as a small JSON dict, under 16 KB whatever the number of rows.

        :param notes: (attribute, what was done to its values) -> how many.
        :param facts: what else the report says, such as ``requests`` and ``seconds``.
        """
        head = self.head()
        del head["keeps_rejects"]  # rejects_path says so
        report: dict[str, Any] = {
            "format": FORMAT,
            **head,
            "rows": self.rows,
            **{status.value: self.counts[status] for status in Status},
            "reasons": [self._as_dict(reason) for reason in self.reasons()],
            "notes": [
                {"attribute": printable(name, MAX_NAME_LENGTH), "note": note, "count": count}
                for (name, note), count in sorted(notes.items(), key=lambda item: -item[1])[:_MAX_NOTES]
            ],
            "warning": sentences.warning(self),
            "stopped": self.is_stopped,
            "stopped_at": self.stopped_at,
            **facts,
        }
        report = storable(report)
        if len(json.dumps(report)) > _MAX_BYTES and report.get("sample"):
            report["sample"]["requests"] = []  # the log has them
        if len(json.dumps(report)) > _MAX_BYTES:  # names in scripts that JSON escapes take six bytes a letter
            report["notes"] = []
            for reason in report["reasons"]:
                reason["attributes"], reason["locations"] = {}, []
        if len(json.dumps(report)) > _MAX_BYTES:
            report["configuration"] = {}
        for sentence in ("warning", "failure"):
            if len(json.dumps(report)) > _MAX_BYTES and report.get(sentence):
                report[sentence] = shortened(report[sentence], _MAX_SENTENCE_LENGTH)
        return report

    def _as_dict(self, reason: Reason) -> dict[str, Any]:
        """Return a reason as a JSON dict."""
        verdict = reason.verdict
        return {
            "status": verdict.status.value,
            "code": verdict.code,
            "meaning": verdict.meaning[: sentences.MAX_TEXT_LENGTH],
            "remedy": sentences.remedy(reason, keeps_rejects=self.keeps_rejects),
            "count": reason.count,
            "positions": reason.positions,
            "locations": reason.locations,
            "attributes": dict(reason.attributes.most_common(MAX_ATTRIBUTES)),
        }
