# SPDX-License-Identifier: Apache-2.0
"""What differs between a push and the last one of the same task, from their reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from airflow_provider_userattrs.push.model.phrases import counted, listed
from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status, in_words
from airflow_provider_userattrs.push.report.counts import OTHER
from airflow_provider_userattrs.push.report.merge import is_report
from airflow_provider_userattrs.push.report.report import MAX_ATTRIBUTES

_Number = TypeVar("_Number", int, float)

_MAX_LENGTH = 200  # characters of the reasons in a sentence


@dataclass(frozen=True)
class Pair(Generic[_Number]):
    """A number in the last report, and in this one."""

    last: _Number
    now: _Number


@dataclass(frozen=True)
class NamedReason:
    """A reason as it is recognised in another report.

    :param attributes: the attributes that differ; none if the whole reason does, and names none.
    """

    status: Status
    code: str
    meaning: str
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in words, for a sentence."""
        words = in_words(self.code, self.meaning)
        return f"{words} on {', '.join(self.attributes)}" if self.attributes else words


_STATUSES = {status.value: status for status in NOT_APPLIED}

_Reasons = dict[tuple[Status, str], NamedReason]


@dataclass(frozen=True)
class Difference:
    """What differs between two reports.

    :param rows: the rows read.
    :param not_applied: the rows that need attention.
    :param seconds: how long the push took; None if one of the reports does not say.
    :param requests: the requests sent; None if one of the reports does not say.
    :param new: reasons that the last report does not have.
    :param gone: reasons of the last report that this one does not have.
    :param is_dry_run: whether both were dry runs.
    :param last_stopped: whether the last push stopped before its end.
    """

    rows: Pair[int]
    not_applied: Pair[int]
    seconds: Pair[float] | None
    requests: Pair[int] | None
    new: tuple[NamedReason, ...]
    gone: tuple[NamedReason, ...]
    is_dry_run: bool
    last_stopped: bool


def compare(report: Any, last: Any) -> Difference | None:
    """Compare a report with that of the last push of the same task; None if they cannot be compared.

    Reports are those of pushes, of shards or of totals, also of earlier versions, whose missing fields count as 0.

    :param report: the report.
    :param last: the report of the last push.
    """
    if not (is_report(report) and is_report(last)) or _kind(report) != _kind(last):
        return None
    now, before = _named(report), _named(last)
    return Difference(
        Pair(_count(last, "rows"), _count(report, "rows")),
        Pair(_not_applied(last), _not_applied(report)),
        _pair(_number(last, "seconds"), _number(report, "seconds")),
        _pair(_whole(last, "requests"), _whole(report, "requests")),
        new=tuple(_only_in(now, before)),
        # A push that stopped has not met all that may be wrong.
        gone=() if report.get("stopped") else tuple(_only_in(before, now)),
        is_dry_run=bool(report.get("dry_run")),
        last_stopped=bool(last.get("stopped")),
    )


def sentences_on_difference(difference: Difference) -> list[str]:
    """Return what differs, in one to three sentences for the log and the page; each without its full stop."""
    rows, not_applied = difference.rows, difference.not_applied
    failed = "would not be updated" if difference.is_dry_run else "not updated"
    figures = [
        f"{counted(rows.now, 'user')} ({rows.last:,} then)",
        f"{not_applied.now:,} {failed} ({not_applied.last:,} then)",
    ]
    if requests := difference.requests:
        figures.append(f"{counted(requests.now, 'request')} ({requests.last:,} then)")
    if seconds := difference.seconds:
        figures.append(f"{seconds.now:,.1f} s ({seconds.last:,.1f} s then)")
    stopped = "; the last push stopped before its end" if difference.last_stopped else ""
    sentences = [f"Compared with the last push: {', '.join(figures)}{stopped}"]
    for title, reasons in (("New", difference.new), ("Gone", difference.gone)):
        if reasons:
            sentences.append(f"{title} since the last push: {listed(reasons, _MAX_LENGTH, _MAX_LENGTH)}")
    return sentences


def _only_in(reasons: _Reasons, others: _Reasons) -> Iterator[NamedReason]:
    """Yield the reasons, or the attributes of a reason, that the other report certainly does not have."""
    for key, reason in reasons.items():
        other = others.get(key)
        if other is None:
            # What a report has no room for is summed up, and may be there.
            if reason.code != OTHER and (reason.status, OTHER) not in others:
                yield reason
        elif 0 < len(other.attributes) < MAX_ATTRIBUTES:  # else there may be others, or none is known
            attributes = tuple(name for name in reason.attributes if name not in other.attributes)
            if attributes:
                yield NamedReason(reason.status, reason.code, reason.meaning, attributes)


def named_reasons(report: Mapping[str, Any]) -> dict[tuple[Status, str], tuple[NamedReason, int]]:
    """Return the reasons that need attention, by status and code, with the number of their rows.

    A code with several meanings is one reason, and what is damaged is left out.

    :param report: a report of any version.
    """
    named: dict[tuple[Status, str], tuple[NamedReason, int]] = {}
    reasons = report["reasons"]
    for reason in reasons if isinstance(reasons, list) else ():
        status = _STATUSES.get(str(reason.get("status"))) if isinstance(reason, Mapping) else None
        if status is None:
            continue
        code, attributes = printable(str(reason.get("code", ""))), reason.get("attributes")
        names = tuple(printable(str(name)) for name in attributes) if isinstance(attributes, Mapping) else ()
        known, count = named.get((status, code)) or (
            NamedReason(status, code, printable(str(reason.get("meaning") or code))),
            0,
        )
        known = replace(known, attributes=tuple(dict.fromkeys((*known.attributes, *names))))
        named[status, code] = known, count + _count(reason, "count")
    return named


def _named(report: Mapping[str, Any]) -> _Reasons:
    return {key: reason for key, (reason, _) in named_reasons(report).items()}


def _kind(report: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what two reports have in common if they are of the same push, on different nights."""
    fields = tuple(report.get(field) for field in ("format", "vendor", "operation", "shard"))
    return *fields, bool(report.get("dry_run"))


def _not_applied(report: Mapping[str, Any]) -> int:
    return sum(_count(report, status.value) for status in NOT_APPLIED)


def _count(report: Mapping[str, Any], field: str) -> int:
    return _whole(report, field) or 0


def _whole(report: Mapping[str, Any], field: str) -> int | None:
    number = report.get(field)
    return number if isinstance(number, int) and 0 <= number < 10**15 else None


def _number(report: Mapping[str, Any], field: str) -> float | None:
    number = report.get(field)
    return float(number) if isinstance(number, (int, float)) and 0 <= number < 1e12 else None


def _pair(last: _Number | None, now: _Number | None) -> Pair[_Number] | None:
    return None if last is None or now is None else Pair(last, now)
