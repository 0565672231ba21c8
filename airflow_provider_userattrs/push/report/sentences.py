# SPDX-License-Identifier: Apache-2.0
"""A report in words: its warning, its label, its lines in the log, and the sentences on why a push failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from airflow_provider_userattrs.push.model.phrases import counted, listed
from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN, MISSING_COLUMN, UNCHANGED

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.report.counts import Reason
    from airflow_provider_userattrs.push.report.report import Report
    from airflow_provider_userattrs.report import Limit

#: The maximum length of a meaning and of a remedy.
MAX_TEXT_LENGTH = 200

_MAX_NAMED = 5
_REFUSED = "a push would be refused: "
_BY_EARLIER_TRIES = " done by earlier tries"
_MAX_NAMES_LENGTH = 100  # characters of the attributes that a sentence names
_IN_FILE = " The rejects file says of each row what was wrong."
_SET_FILE = " With rejects_path set, a file says of each row what was wrong."


def warning(report: Report) -> str | None:
    """Return one sentence on what was not applied and why, and on where the push stopped; or None."""
    stopped = stop_point(report)
    first = [_would_send(report)] if report.dry_run else []
    if report.warns_of_nobody:
        why = f"no{nobody(report)[2:]}" if first else nobody(report)
        first.append(f'{why}; on_empty="ok" if that is expected, "fail" if the task is to fail then')
    refused = report.unexpected_rows and f"{_REFUSED}{report.unexpected_rows}"
    further = (
        refused,
        report.warning_on_limit,
        report.missing_columns,
        *_source_change(report),
        report.warning_on_removed,
    )
    changes = [sentence for sentence in further if sentence]
    if not report.not_applied:
        words = [f"The push to {report.vendor} {stopped}"] if stopped else []
        return "; ".join([*first, *words, *changes]) or None
    reasons = [reason for reason in report.reasons() if reason.verdict.status in NOT_APPLIED]
    named = ", ".join(f"{_in_words(reason)}{_on(reason.attributes)}" for reason in reasons[:_MAX_NAMED])
    more = report.distinct_reasons() - _MAX_NAMED
    rest = f", and {counted(more, 'more reason')}" if more > 0 else ""
    verb = "was not" if report.not_applied == 1 else "were not"
    if report.dry_run:
        verb = "would not be"
    elif report.is_doubtful:
        verb += " confirmed as"
    sentence = f"{report.not_applied:,} of {users(report.rows)} {verb} updated at {report.vendor}: {named}{rest}"
    return "; ".join([*first, sentence, *([stopped] if stopped else []), *changes])


def said_by_the_warning_alone(warning: str) -> list[str]:
    """Return the clauses of a warning that neither a count nor a reason nor another field of the report says."""
    clauses = warning.split("; ")
    return [clause for clause in clauses if _REFUSED in clause or _BY_EARLIER_TRIES in clause]


def label(report: Report) -> str:
    """Return the result in a few words."""
    if report.not_applied:
        if report.dry_run:
            return f"{report.not_applied:,} would not be {report.done}"
        return f"{report.not_applied:,} not {'confirmed' if report.is_doubtful else report.done}"
    to_send = report.count(DRY_RUN) if report.dry_run else 0
    unchanged = report.count(UNCHANGED)
    counts = {
        "to send": to_send,
        report.done: report.counts[Status.ACCEPTED],
        "unchanged": unchanged,
        "skipped": report.counts[Status.SKIPPED] - to_send - unchanged,
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "no users"


def summary(report: Report) -> str:
    """Return the counts on one line."""
    counts = ", ".join(f"{count:,} {status}" for status, count in report.counts.items() if count)
    nothing = "stopped before any was read" if report.is_stopped else "nothing to do"
    return f"{users(report.rows)}: {counts or nothing}"


def log_lines(report: Report) -> list[str]:
    """Return each reason with its count, meaning and remedy, a line each."""
    return [
        f"{_in_words(reason)} [{reason.verdict.status}]{_on(reason.attributes)}{_at(reason)}: "
        f"{remedy(reason, keeps_rejects=report.keeps_rejects)}"
        for reason in report.reasons()
    ]


def stop_point(report: Report) -> str | None:
    """Return how far a push that stopped before its rows ended had come, as a clause, or None."""
    at, of = report.stopped_at, report.of
    if at is None or (at == 0 and of is None):
        return None
    if of is None:
        return f"stopped at row {at:,}; the rows after it are not counted"
    return f"stopped at row {at:,} of {of:,}" if at else f"stopped before the first of {counted(of, 'row')}"


def remedy(reason: Reason, *, keeps_rejects: bool) -> str:
    """Return a reason's remedy, and the rejects file if it has details.

    :param reason: the reason.
    :param keeps_rejects: whether there is a rejects file.
    """
    more = ""
    if reason.verdict.see_rejects and reason.verdict.status in NOT_APPLIED:
        more = _IN_FILE if keeps_rejects else _SET_FILE
    return f"{reason.verdict.remedy[: MAX_TEXT_LENGTH - len(more)]}{more}"


def nobody(report: Report) -> str:
    """Return that there was nobody to push."""
    why = f"where filtered out all {report.rows:,}" if report.rows > 1 else "where filtered out the only row"
    return f"No users were pushed to {report.vendor}, because {why if report.rows else 'there were no rows'}"


def none_passed(report: Report) -> str:
    """Return that not one row was accepted, or would be sent."""
    if report.dry_run or report.counts[Status.INVALID] == report.failed:
        return f"{report.vendor} {'would be' if report.dry_run else 'was'} sent none of {users(report.rows)}"
    unchanged = report.count(UNCHANGED)
    others = f"; {counted(unchanged, 'is', 'are')} unchanged" if unchanged else ""
    return f"{report.vendor} accepted none of {users(report.rows - unchanged)}{others}"


def first_reason(report: Report, statuses: frozenset[Status]) -> str:
    """Return the most frequent reason of some statuses with its remedy, for a sentence."""
    reason = next(reason for reason in report.reasons() if reason.verdict.status in statuses)
    if report.missing_columns and reason.verdict.code == MISSING_COLUMN.code:
        return report.missing_columns
    words, advice = f"{_in_words(reason)}{_on(reason.attributes)}", reason.verdict.remedy.rstrip(".")
    return f"{words}. {advice}" if words.endswith(")") else f"{words} ({advice})"


def allowed(max_failed: float) -> str:
    """Return how many rows may fail, in words that distinguish 1 from 1.0."""
    if isinstance(max_failed, float):
        return f"{max_failed * 100:.4g}% of the rows"
    return "1 row (1.0 would be all rows)" if max_failed == 1 else counted(max_failed, "row")


def sentence_on_request(vendor: str, request_id: str) -> str:
    """Return by which id the vendor's support finds the last request that was not plainly accepted."""
    return f"{vendor}'s support finds the last request that it did not accept by its request_id, {request_id}"


def sentence_on_limit(rows: int, limit: Limit) -> str:
    """Return which rows were read, and whether there may be others.

    :param rows: how many were read.
    :param limit: how many could be.
    """
    if not limit["reached"]:
        return f"limit: there were fewer than {counted(limit['rows'], 'row')}, and all were read"
    first = "the first row was" if rows == 1 else f"the first {rows:,} rows were"
    return f"limit: {f'only {first}' if rows else 'no row was'} read; any further ones were left"


def users(count: int) -> str:
    """Return a number of users in words."""
    return counted(count, "user")


def _would_send(report: Report) -> str:
    sent = f"{report.count(DRY_RUN):,} of {users(report.rows)}"
    return f"Dry run: would send {sent} to {report.vendor}, and sent none"


def _source_change(report: Report) -> list[str]:
    """Return a sentence on rows that left the source since earlier tries, or came into it; or none."""
    if report.source_change is None:
        return []
    finished, still_there = report.source_change
    if still_there < finished:
        at_least = "at least " if still_there else ""
        return [f"{at_least}{finished - still_there:,} of the {users(finished)}{_BY_EARLIER_TRIES} left the source"]
    if still_there > finished:
        return [
            f"at least {users(still_there - finished)} came into the source among those{_BY_EARLIER_TRIES} and "
            "were not read: push once more to reach them"
        ]
    return []


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
