# SPDX-License-Identifier: Apache-2.0
"""From verdicts to the account of a push: counts, reasons with remedies, and how the push ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from airflow_provider_userattrs.push.errors import RetryLater, TooManyFailed
from airflow_provider_userattrs.push.outcome import FAILED, NOT_APPLIED, Status, Verdict

#: The version of the report's form.
FORMAT = 1

_MOST_REASONS = 20
_MOST_POSITIONS = 5
_MOST_ATTRIBUTES = 5
_MOST_NOTES = 20
_LONGEST_NAME = 60
_MOST_BYTES = 15_000  # of a report; it is an XCom, and promised to be under 16 KB

#: Distinct reasons that are told apart while a push runs; what comes after them is counted as `_OTHER`.
_MOST_TOLD_APART = 200
_OTHER = "other"


class Reason:
    """Count the rows that share one verdict.

    :param verdict: the verdict they share.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.count = 0
        self.positions: list[int] = []
        self.attributes: Counter[str] = Counter()

    def add(self, position: int, attribute: str | None) -> None:
        """Count a row."""
        self.count += 1
        if len(self.positions) < _MOST_POSITIONS:
            self.positions.append(position)
        if attribute is not None and (attribute in self.attributes or len(self.attributes) < 50):
            self.attributes[attribute] += 1

    def merge(self, other: Reason) -> None:
        """Count the rows of another reason as rows of this one."""
        self.count += other.count
        self.positions = sorted([*self.positions, *other.positions])[:_MOST_POSITIONS]
        self.attributes.update(other.attributes)

    def as_dict(self) -> dict[str, Any]:
        """Return the reason as the report holds it."""
        verdict = self.verdict
        return {
            "status": verdict.status.value,
            "code": verdict.code,
            "meaning": verdict.meaning,
            "remedy": verdict.remedy,
            "count": self.count,
            "positions": self.positions,
            "attributes": {
                name[:_LONGEST_NAME]: count for name, count in self.attributes.most_common(_MOST_ATTRIBUTES)
            },
        }

    def __str__(self) -> str:
        """Give the reason as it stands in a sentence."""
        code = self.verdict.code
        shown = f" ({code})" if code.lstrip("-").isdecimal() else ""
        return f"{self.count:,} x {self.verdict.meaning}{shown}"


class Report:
    """Keep the account of one push; every row is counted exactly once.

    :param vendor: the vendor's name.
    :param operation: what is done, such as ``"set attributes"``.
    :param accepted_means: how strong an ``accepted`` is, as half a sentence.
    :param dry_run: whether nothing is sent.
    """

    def __init__(self, vendor: str, operation: str, accepted_means: str, *, dry_run: bool = False) -> None:
        self.vendor = vendor
        self.operation = operation
        self.accepted_means = accepted_means
        self.dry_run = dry_run
        self.counts: dict[Status, int] = dict.fromkeys(Status, 0)
        self._reasons: dict[tuple[Status, str, str], Reason] = {}

    def add(self, position: int, verdict: Verdict) -> None:
        """Count one row."""
        self.counts[verdict.status] += 1
        if verdict.status is Status.ACCEPTED:
            return
        key: tuple[Status, str, str] = (verdict.status, verdict.code, verdict.meaning)
        reason = self._reasons.get(key)
        if reason is None:
            if len(self._reasons) >= _MOST_TOLD_APART:
                verdict = _other(verdict.status)
                key = (verdict.status, verdict.code, verdict.meaning)
            reason = self._reasons.setdefault(key, Reason(verdict))
        reason.add(position, verdict.attribute)

    def add_accepted(self, count: int) -> None:
        """Count so many accepted rows."""
        self.counts[Status.ACCEPTED] += count

    @property
    def rows(self) -> int:
        """Count all rows."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Count the rows that weigh against ``max_failed``."""
        return sum(self.counts[status] for status in FAILED)

    @property
    def not_applied(self) -> int:
        """Count the rows that someone has to look after."""
        return sum(self.counts[status] for status in NOT_APPLIED)

    def reasons(self) -> list[Reason]:
        """Return at most 20 reasons, what needs attention first, then the most frequent; the counts stay whole."""
        ranked = sorted(
            self._reasons.values(),
            key=lambda reason: (reason.verdict.status not in NOT_APPLIED, -reason.count),
        )
        shown, rest = ranked[: _MOST_REASONS - len(Status)], ranked[_MOST_REASONS - len(Status) :]
        if len(ranked) <= _MOST_REASONS:
            return ranked
        lumps: dict[Status, Reason] = {}
        for reason in rest:
            status = reason.verdict.status
            lumps.setdefault(status, Reason(_other(status))).merge(reason)
        return [*shown, *lumps.values()]

    def warning(self) -> str | None:
        """Return one sentence on what was not applied and why, or None."""
        if not self.not_applied:
            return None
        reasons = [reason for reason in self.reasons() if reason.verdict.status in NOT_APPLIED]
        named = ", ".join(map(str, reasons[:_MOST_POSITIONS]))
        more = len(reasons) - _MOST_POSITIONS
        rest = f", and {more} more reasons" if more > 0 else ""
        verb = "was" if self.not_applied == 1 else "were"
        verb = "would not be" if self.dry_run else f"{verb} not"
        return f"{self.not_applied:,} of {users(self.rows)} {verb} updated at {self.vendor}: {named}{rest}"

    def conclude(self, stopped: BaseException | None, max_failed: int | float | None) -> BaseException | None:
        """Return what the task is to raise, or None if it succeeded.

        :param stopped: why the push stopped before its end, or None.
        :param max_failed: how many rows (int) or what share of them (float) may fail; None for any but all.
        """
        if stopped is not None:
            return stopped
        unsent = self.counts[Status.UNSENT]
        if unsent:
            return RetryLater(f"{unsent:,} of {users(self.rows)} could not be sent to {self.vendor} for now")
        if max_failed is not None:
            limit = max_failed * self.rows if isinstance(max_failed, float) else max_failed
            if self.failed > limit:
                allowed = f"{max_failed:.2%}" if isinstance(max_failed, float) else f"{max_failed:,}"
                return TooManyFailed(
                    f"{self.failed:,} of {users(self.rows)} failed at {self.vendor}; max_failed allows {allowed}"
                )
        passed = self.counts[Status.SKIPPED] if self.dry_run else self.counts[Status.ACCEPTED]
        if self.failed and not passed:
            return TooManyFailed(f"{self.vendor} accepted none of {users(self.rows)}")
        return None

    def as_dict(self, notes: Mapping[tuple[str, str], int], **facts: Any) -> dict[str, Any]:
        """Return the report as a small JSON dict, under 16 KB whatever the number of rows.

        :param notes: (attribute, what was done to its values) -> how many.
        :param facts: what else the report says, such as ``requests`` and ``seconds``.
        """
        report = {
            "format": FORMAT,
            "vendor": self.vendor,
            "operation": self.operation,
            "accepted_means": self.accepted_means,
            "dry_run": self.dry_run,
            "rows": self.rows,
            **{status.value: self.counts[status] for status in Status},
            "reasons": [reason.as_dict() for reason in self.reasons()],
            "notes": [
                {"attribute": name[:_LONGEST_NAME], "note": note, "count": count}
                for (name, note), count in sorted(notes.items(), key=lambda item: -item[1])[:_MOST_NOTES]
            ],
            "warning": self.warning(),
            **facts,
        }
        if len(json.dumps(report)) > _MOST_BYTES:  # names in scripts that JSON escapes take six bytes a letter
            report["notes"] = []
            for reason in report["reasons"]:
                reason["attributes"] = {}
        return report

    def log_lines(self) -> list[str]:
        """Return each reason with its count, meaning and remedy, a line each."""
        return [
            f"{reason} [{reason.verdict.status}]{_on(reason.attributes)}: {reason.verdict.remedy}"
            for reason in self.reasons()
        ]

    def summary(self) -> str:
        """Return the counts on one line."""
        counts = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count)
        return f"{users(self.rows)}: {counts or 'nothing to do'}"


def users(count: int) -> str:
    """Return a number of users in words."""
    return f"{count:,} user{'' if count == 1 else 's'}"


def _on(attributes: Counter[str]) -> str:
    names = ", ".join(name[:_LONGEST_NAME] for name, _ in attributes.most_common(_MOST_ATTRIBUTES))
    return f" on {names}" if names else ""


def _other(status: Status) -> Verdict:
    return Verdict(status, _OTHER, "other reasons", "See the rejects file for each row's own reason.")
