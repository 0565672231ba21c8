# SPDX-License-Identifier: Apache-2.0
"""Rows counted by verdict: how many of each status, and for what reasons."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
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
        #: Position and location of its first rows, of those that have one.
        self._located: list[tuple[int, str]] = []
        self.attributes: Counter[str] = Counter()

    def add(self, position: int, verdict: Verdict) -> None:
        """Count a row; its verdict is this reason's, with its own attribute, location and detail."""
        self.count += 1
        if len(self.positions) < _MAX_POSITIONS or position < self.positions[-1]:  # verdicts come in any order
            insort(self.positions, position)
            del self.positions[_MAX_POSITIONS:]
        if verdict.location and (len(self._located) < _MAX_LOCATIONS or position < self._located[-1][0]):
            self._locate([(position, _shortened(printable(verdict.location)))])
        self.add_attribute(verdict.attribute)

    @property
    def locations(self) -> list[str]:
        """Return the locations of its first rows, of those that have one."""
        return [location for _, location in self._located]

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
        self._locate(other._located)
        for attribute, count in other.attributes.items():
            if attribute in self.attributes or len(self.attributes) < _MAX_ATTRIBUTES:
                self.attributes[attribute] += count

    def state(self) -> dict[str, Any]:
        """Return the reason as a small JSON dict, from which `restored` recreates it."""
        verdict = self.verdict
        return {
            "status": verdict.status.value,
            "code": verdict.code,
            "meaning": verdict.meaning[:200],
            "remedy": verdict.remedy[:200],
            "count": self.count,
            "positions": self.positions,
            "locations": self.locations,
            "located": [position for position, _ in self._located],
            "see_rejects": verdict.see_rejects,
            "attributes": dict(self.attributes.most_common(3)),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Reason:
        """Return the reason that `state` described, or a report, which does not say what the locations' rows are."""
        reason = cls(
            Verdict(
                Status(state["status"]),
                state["code"],
                state["meaning"],
                state["remedy"],
                see_rejects=bool(state.get("see_rejects")),
            )
        )
        reason.count = state["count"]
        reason.positions = list(state["positions"])
        locations = state.get("locations", ())
        reason._located = list(zip(state.get("located", [0] * len(locations)), locations, strict=True))
        reason.attributes = Counter(state["attributes"])
        return reason

    def _locate(self, located: Sequence[tuple[int, str]]) -> None:
        self._located = sorted([*self._located, *located], key=itemgetter(0))[:_MAX_LOCATIONS]


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
            "reasons": [reason.state() for reason in self.ranked(limit)],
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
            reason = Reason.restored(each)
            counts._reasons.setdefault(_key(reason.verdict), Reason(reason.verdict)).merge(reason)
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
