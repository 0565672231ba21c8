# SPDX-License-Identifier: Apache-2.0
"""Rows counted by verdict: how many of each status, and for what reasons."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from typing import Any

from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.model.verdict import FAILED, NOT_APPLIED, Status, Verdict

_MAX_POSITIONS = 5

#: Maximum number of locations per reason, and of characters in one; of a longer one the end is kept.
_MAX_LOCATIONS = 3
_MAX_LOCATION_LENGTH = 100

MAX_NAME_LENGTH = 60

#: Maximum number of distinct attributes per reason.
_MAX_ATTRIBUTES = 50

#: Maximum number of distinct reasons while a push runs; further ones are counted as `OTHER`.
_MAX_DISTINCT_REASONS = 200
OTHER = "other"


class Reason:
    """The rows that share one verdict, counted.

    :param verdict: the verdict they share.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.count = 0
        self.positions: list[int] = []
        self.locations: list[str] = []
        self.attributes: Counter[str] = Counter()

    def add(self, position: int, verdict: Verdict) -> None:
        """Count a row; its verdict is this reason's, with its own attribute, location and detail."""
        location = verdict.location
        self.count += 1
        if len(self.positions) < _MAX_POSITIONS or position < self.positions[-1]:  # verdicts come in any order
            insort(self.positions, position)
            del self.positions[_MAX_POSITIONS:]
        if location and len(self.locations) < _MAX_LOCATIONS:
            self.locations.append(_shortened(printable(location)))
        self.add_attribute(verdict.attribute)

    def add_attribute(self, attribute: str | None) -> None:
        """Count an attribute that is at fault in a row."""
        if attribute is not None:
            attribute = printable(attribute, MAX_NAME_LENGTH)
            if attribute in self.attributes or len(self.attributes) < _MAX_ATTRIBUTES:
                self.attributes[attribute] += 1

    def merge(self, other: Reason) -> None:
        """Add the rows of another reason to this one."""
        self.count += other.count
        self.positions = sorted([*self.positions, *other.positions])[:_MAX_POSITIONS]
        self.locations = [*self.locations, *other.locations][:_MAX_LOCATIONS]
        for attribute, count in other.attributes.items():
            if attribute in self.attributes or len(self.attributes) < _MAX_ATTRIBUTES:
                self.attributes[attribute] += count


class Counts:
    """Rows counted by verdict, each exactly once."""

    def __init__(self) -> None:
        self.counts: dict[Status, int] = dict.fromkeys(Status, 0)
        self._reasons: dict[tuple[Status, str, str], Reason] = {}

    def add(self, position: int, verdict: Verdict) -> None:
        """Count one row."""
        self.counts[verdict.status] += 1
        if verdict.status is not Status.ACCEPTED:
            self._reason(verdict).add(position, verdict)
            for other in verdict.others:  # the row is counted once; the attributes at fault in it are all named
                self._reason(other).add_attribute(other.attribute)

    def add_accepted(self, count: int) -> None:
        """Count so many accepted rows."""
        self.counts[Status.ACCEPTED] += count

    def add_many(self, first: int, verdict: Verdict, count: int) -> None:
        """Count so many rows with one verdict, of which only the first is named."""
        self.counts[verdict.status] += count
        reason = self._reason(verdict)
        reason.add(first, verdict)
        reason.count += count - 1

    def merge(self, other: Counts) -> None:
        """Add the rows of other counts."""
        for status, count in other.counts.items():
            self.counts[status] += count
        for reason in other._reasons.values():
            self._reason(reason.verdict).merge(reason)

    @property
    def rows(self) -> int:
        """Return the number of all rows."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Return the number of rows that count against ``max_failed``."""
        return sum(self.counts[status] for status in FAILED)

    @property
    def not_applied(self) -> int:
        """Return the number of rows that need attention."""
        return sum(self.counts[status] for status in NOT_APPLIED)

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have this verdict."""
        reason = self._reasons.get(_key(verdict))
        return reason.count if reason else 0

    def distinct_reasons(self) -> int:
        """Return the number of distinct reasons for which rows were not applied."""
        return sum(reason.verdict.status in NOT_APPLIED for reason in self._reasons.values())

    def ranked(self, limit: int) -> list[Reason]:
        """Return at most so many reasons, those that need attention first, then the most frequent; no row is lost.

        :param limit: how many, more than there are statuses; the further ones are summed up by status.
        """
        ranked = sorted(
            self._reasons.values(),
            key=lambda reason: (reason.verdict.status not in NOT_APPLIED, -reason.count),
        )
        if len(ranked) <= limit:
            return ranked
        shown, rest = ranked[: limit - len(Status)], ranked[limit - len(Status) :]
        summed_up: dict[Status, Reason] = {}
        for reason in rest:
            status = reason.verdict.status
            summed_up.setdefault(status, Reason(other(status))).merge(reason)
        return [*shown, *summed_up.values()]

    def state(self, limit: int) -> dict[str, Any]:
        """Return the counts as a small JSON dict, from which `restored` recreates them.

        :param limit: how many distinct reasons it has at most.
        """
        state: dict[str, Any] = {
            "counts": {status.value: count for status, count in self.counts.items() if count},
            "reasons": [
                {
                    "status": reason.verdict.status.value,
                    "code": reason.verdict.code,
                    "meaning": reason.verdict.meaning[:200],
                    "remedy": reason.verdict.remedy[:200],
                    "count": reason.count,
                    "positions": reason.positions,
                    "locations": reason.locations,
                    "see_rejects": reason.verdict.see_rejects,
                    "attributes": dict(reason.attributes.most_common(3)),
                }
                for reason in self.ranked(limit)
            ],
        }
        clean: dict[str, Any] = storable(state)
        return clean

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Counts:
        """Return the counts that `state` described."""
        counts = cls()
        for status, count in state["counts"].items():
            counts.counts[Status(status)] = count
        for each in state["reasons"]:
            verdict = Verdict(
                Status(each["status"]),
                each["code"],
                each["meaning"],
                each["remedy"],
                see_rejects=bool(each.get("see_rejects")),
            )
            reason = counts._reasons.setdefault(_key(verdict), Reason(verdict))
            reason.count += each["count"]
            reason.positions = each["positions"]
            reason.locations = list(each.get("locations", ()))
            reason.attributes = Counter(each["attributes"])
        return counts

    def _reason(self, verdict: Verdict) -> Reason:
        key = _key(verdict)
        reason = self._reasons.get(key)
        if reason is None:
            if len(self._reasons) >= _MAX_DISTINCT_REASONS:
                verdict = other(verdict.status)
                key = _key(verdict)
            reason = self._reasons.setdefault(key, Reason(verdict))
        return reason


def other(status: Status) -> Verdict:
    """Return the verdict that stands for the further reasons of a status."""
    return Verdict(
        status,
        OTHER,
        "other reasons",
        "Fix what the reasons above name; the next push names what is left.",
        see_rejects=True,
    )


def _shortened(location: str) -> str:
    return location if len(location) <= _MAX_LOCATION_LENGTH else f"...{location[3 - _MAX_LOCATION_LENGTH :]}"


def _key(verdict: Verdict) -> tuple[Status, str, str]:
    return verdict.status, verdict.code, verdict.meaning
