# SPDX-License-Identifier: Apache-2.0
"""From verdicts to the report of a push: counts, reasons with remedies, and how the push ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import NoRows, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.model.phrases import counted, listed, shortened
from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.model.verdict import FAILED, NOT_APPLIED, Status
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN, NOT_REACHED, UNCHANGED
from airflow_provider_userattrs.push.report.counts import MAX_NAME_LENGTH, Counts, Reason

#: The version of the report's format.
FORMAT = 1

_MAX_REASONS = 20
_MAX_NAMED = 5
_MAX_ATTRIBUTES = 5
_MAX_NAMES_LENGTH = 100  # characters of the attributes that a sentence names
_MAX_NOTES = 20
_MAX_TEXT_LENGTH = 200
_IN_FILE = " The rejects file says of each row what was wrong."
_SET_FILE = " With rejects_path set, a file says of each row what was wrong."
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
        self._of: int | None = None
        self._changes: list[str] = []
        self._warns_of_nobody = False

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
            self._of = of
            if of > self.rows:
                self.add_many(at, NOT_REACHED, of - self.rows)

    def stop_point(self) -> str | None:
        """Return how far a push that stopped before its rows ended had come, as a clause, or None."""
        at, of = self.stopped_at, self._of
        if at is None or (at == 0 and of is None):
            return None
        if of is None:
            return f"stopped at row {at:,}; the rows after it are not counted"
        return f"stopped at row {at:,} of {of:,}" if at else f"stopped before the first of {counted(of, 'row')}"

    def reasons(self) -> list[Reason]:
        """Return at most 20 reasons, those that need attention first, then the most frequent; no row is lost."""
        return self.ranked(_MAX_REASONS)

    def warning(self) -> str | None:
        """Return one sentence on what was not applied and why, and on where the push stopped; or None."""
        stop_point = self.stop_point()
        first = [self._unsent()] if self.dry_run else []
        if self._warns_of_nobody:
            first.append(f'{self._nobody()}; on_empty="ok" if that is expected, "fail" if the task is to fail then')
        if not self.not_applied:
            words = [f"The push to {self.vendor} {stop_point}"] if stop_point else []
            return "; ".join([*first, *words, *self._changes]) or None
        reasons = [reason for reason in self.reasons() if reason.verdict.status in NOT_APPLIED]
        named = ", ".join(f"{_in_words(reason)}{_on(reason.attributes)}" for reason in reasons[:_MAX_NAMED])
        more = self.distinct_reasons() - _MAX_NAMED
        rest = f", and {counted(more, 'more reason')}" if more > 0 else ""
        verb = "was not" if self.not_applied == 1 else "were not"
        if self.dry_run:
            verb = "would not be"
        elif self.counts[Status.UNKNOWN] or self.counts[Status.PARTIAL]:  # these may have been, without a confirmation
            verb += " confirmed as"
        sentence = f"{self.not_applied:,} of {users(self.rows)} {verb} updated at {self.vendor}: {named}{rest}"
        return "; ".join([*first, sentence, *([stop_point] if stop_point else []), *self._changes])

    def note_source(self, finished: int, still_there: int) -> None:
        """Record how many of the rows that earlier tries finished are still in the source, and warn if some are not.

        Only numbers are known: one that left and one that came in look like none.

        :param finished: how many they finished.
        :param still_there: how many rows there are now where those were.
        """
        if still_there < finished:
            at_least = "at least " if still_there else ""
            self._changes = [
                f"{at_least}{finished - still_there:,} of the {users(finished)} done by earlier tries left the source"
            ]
        elif still_there > finished:
            self._changes = [
                f"at least {users(still_there - finished)} came into the source among those done by earlier tries and "
                "were not read: push once more to reach them"
            ]

    def conclude(
        self,
        stopped: BaseException | None,
        max_failed: int | float | None,
        on_empty: str = "ok",
        failed_before: int = 0,
    ) -> BaseException | None:
        """Return the error that the task raises, or None if it succeeded.

        :param stopped: why the push stopped before its end, or None.
        :param max_failed: how many rows (int) or what share of them (float) may fail; None for any but all.
        :param on_empty: what it means that there were no rows: ``"warn"``, ``"fail"`` or ``"ok"``.
        :param failed_before: how many of the rows that failed are known to fail since an earlier push: these alone
            make no failure of a push in which nothing else was to be sent.
        """
        if stopped is not None:
            return stopped
        if not self.rows and on_empty == "fail":
            return NoRows(f'{self._nobody()} (on_empty="fail")')
        self._warns_of_nobody = not self.rows and on_empty == "warn"
        unsent = self.counts[Status.UNSENT]
        if unsent:
            return RetryLater(
                f"{unsent:,} of {users(self.rows)} could not be sent to {self.vendor} for now: "
                f"{self._first(frozenset({Status.UNSENT}))}"
            )
        passed = self.count(DRY_RUN) if self.dry_run else self.counts[Status.ACCEPTED]
        if self.failed > failed_before and not passed:
            return TooManyFailed(f"{self._none_passed()}: {self._first(FAILED)}")
        if max_failed is not None:
            # A share is compared as a share: 0.29 * 100 is less than 29.
            weight = self.failed / self.rows if isinstance(max_failed, float) and self.rows else self.failed
            if weight > max_failed:
                return TooManyFailed(
                    f"{self.failed:,} of {users(self.rows)} failed at {self.vendor}; max_failed allows "
                    f"{_allowed(max_failed)}: {self._first(FAILED)}"
                )
        return None

    def _unsent(self) -> str:
        return f"Dry run: would send {self.count(DRY_RUN):,} of {users(self.rows)} to {self.vendor}, and sent none"

    def _nobody(self) -> str:
        return f"No users were pushed to {self.vendor}, because there were no rows"

    def _first(self, statuses: frozenset[Status]) -> str:
        """Return the most frequent reason of some statuses with its remedy, for a sentence."""
        reason = next(reason for reason in self.reasons() if reason.verdict.status in statuses)
        words, remedy = f"{_in_words(reason)}{_on(reason.attributes)}", reason.verdict.remedy.rstrip(".")
        return f"{words}. {remedy}" if words.endswith(")") else f"{words} ({remedy})"

    def _none_passed(self) -> str:
        if self.dry_run or self.counts[Status.INVALID] == self.failed:
            return f"{self.vendor} {'would be' if self.dry_run else 'was'} sent none of {users(self.rows)}"
        unchanged = self.count(UNCHANGED)
        others = f"; {unchanged:,} are unchanged" if unchanged else ""
        return f"{self.vendor} accepted none of {users(self.rows - unchanged)}{others}"

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
            "warning": self.warning(),
            "stopped": self.is_stopped,
            "stopped_at": self.stopped_at,
            **facts,
        }
        report = storable(report)
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

    def label(self) -> str:
        """Return the result in a few words."""
        if self.not_applied:
            if self.dry_run:
                return f"{self.not_applied:,} would not be {self.done}"
            doubtful = self.counts[Status.UNKNOWN] or self.counts[Status.PARTIAL]
            return f"{self.not_applied:,} not {'confirmed' if doubtful else self.done}"
        passed = self.count(DRY_RUN) if self.dry_run else 0
        unchanged = self.count(UNCHANGED)
        counts = {
            "to send": passed,
            self.done: self.counts[Status.ACCEPTED],
            "unchanged": unchanged,
            "skipped": self.counts[Status.SKIPPED] - passed - unchanged,
        }
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no users"

    def log_lines(self) -> list[str]:
        """Return each reason with its count, meaning and remedy, a line each."""
        return [
            f"{_in_words(reason)} [{reason.verdict.status}]{_on(reason.attributes)}{_at(reason)}: "
            f"{self._remedy(reason)}"
            for reason in self.reasons()
        ]

    def _remedy(self, reason: Reason) -> str:
        """Return the remedy, and the rejects file if it has details."""
        more = ""
        if reason.verdict.see_rejects and reason.verdict.status in NOT_APPLIED:
            more = _IN_FILE if self.keeps_rejects else _SET_FILE
        return f"{reason.verdict.remedy[: _MAX_TEXT_LENGTH - len(more)]}{more}"

    def _as_dict(self, reason: Reason) -> dict[str, Any]:
        """Return a reason as a JSON dict."""
        verdict = reason.verdict
        return {
            "status": verdict.status.value,
            "code": verdict.code,
            "meaning": verdict.meaning[:_MAX_TEXT_LENGTH],
            "remedy": self._remedy(reason),
            "count": reason.count,
            "positions": reason.positions,
            "locations": reason.locations,
            "attributes": dict(reason.attributes.most_common(_MAX_ATTRIBUTES)),
        }

    def summary(self) -> str:
        """Return the counts on one line."""
        counts = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count)
        return (
            f"{users(self.rows)}: {counts or ('stopped before any was read' if self.is_stopped else 'nothing to do')}"
        )


def users(count: int) -> str:
    """Return a number of users in words."""
    return counted(count, "user")


def _allowed(max_failed: float) -> str:
    """Return how many rows may fail, in words that distinguish 1 from 1.0."""
    if isinstance(max_failed, float):
        return f"{max_failed * 100:.4g}% of the rows"
    return "1 row (1.0 would be all rows)" if max_failed == 1 else counted(max_failed, "row")


def _on(attributes: Counter[str]) -> str:
    return f" on {listed([name for name, _ in attributes.most_common()], _MAX_NAMES_LENGTH)}" if attributes else ""


def _at(reason: Reason) -> str:
    """Return the locations of a reason's first rows, for a sentence."""
    more = "; ..." if len(reason.locations) < reason.count else ""
    return f" ({'; '.join(reason.locations)}{more})" if reason.locations else ""


def _in_words(reason: Reason) -> str:
    """Return a reason, for a sentence."""
    # Rows are counted by their first fault; others are named without a count.
    return f"{f'{reason.count:,} x' if reason.count else 'also'} {reason.verdict.in_words}"
