# SPDX-License-Identifier: Apache-2.0
"""Rows counted by verdict: how many of each status, and for what reasons."""

from __future__ import annotations

from collections import Counter
from typing import Any

from airflow_provider_userattrs.push.model.text import printable, storable
from airflow_provider_userattrs.push.model.verdict import FAILED, NOT_APPLIED, Status, Verdict

_MOST_POSITIONS = 5

#: Locations that are listed per reason, such as a file and a line; the end of a location says more than its start.
_MOST_PLACES = 3
_LONGEST_PLACE = 100

LONGEST_NAME = 60

#: Maximum number of distinct attributes per reason.
_MOST_ATTRIBUTES = 50

#: Maximum number of distinct reasons while a push runs; further ones are counted as `OTHER`.
_MOST_TOLD_APART = 200
OTHER = "other"


class Reason:
    """The rows that share one verdict, counted.

    :param verdict: the verdict they share.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.count = 0
        self.positions: list[int] = []
        self.places: list[str] = []
        self.attributes: Counter[str] = Counter()

    def add(self, position: int, verdict: Verdict) -> None:
        """Count a row; its verdict is this reason's, with its own attribute, location and detail."""
        where = verdict.where
        self.count += 1
        if len(self.positions) < _MOST_POSITIONS:
            self.positions.append(position)
        if where and len(self.places) < _MOST_PLACES:
            where = printable(where)
            self.places.append(where if len(where) <= _LONGEST_PLACE else f"...{where[3 - _LONGEST_PLACE :]}")
        self.add_attribute(verdict.attribute)

    def add_attribute(self, attribute: str | None) -> None:
        """Count an attribute that is at fault in a row."""
        if attribute is not None:
            attribute = printable(attribute, LONGEST_NAME)
            if attribute in self.attributes or len(self.attributes) < _MOST_ATTRIBUTES:
                self.attributes[attribute] += 1

    def merge(self, other: Reason) -> None:
        """Add the rows of another reason to this one."""
        self.count += other.count
        self.positions = sorted([*self.positions, *other.positions])[:_MOST_POSITIONS]
        self.places = [*self.places, *other.places][:_MOST_PLACES]
        for attribute, count in other.attributes.items():
            if attribute in self.attributes or len(self.attributes) < _MOST_ATTRIBUTES:
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
        """Count all rows."""
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

    def told_apart(self) -> int:
        """Count the distinct reasons for which rows were not applied."""
        return sum(reason.verdict.status in NOT_APPLIED for reason in self._reasons.values())

    def ranked(self, most: int) -> list[Reason]:
        """Return at most so many reasons, those that need attention first, then the most frequent; no row is lost.

        :param most: how many, over the number of statuses; what comes after is one reason a status.
        """
        ranked = sorted(
            self._reasons.values(),
            key=lambda reason: (reason.verdict.status not in NOT_APPLIED, -reason.count),
        )
        if len(ranked) <= most:
            return ranked
        shown, rest = ranked[: most - len(Status)], ranked[most - len(Status) :]
        lumps: dict[Status, Reason] = {}
        for reason in rest:
            status = reason.verdict.status
            lumps.setdefault(status, Reason(other(status))).merge(reason)
        return [*shown, *lumps.values()]

    def state(self, most: int) -> dict[str, Any]:
        """Return the counts as a small JSON dict, from which `restored` recreates them.

        :param most: how many reasons to tell apart in it.
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
                    "places": reason.places,
                    "see_rejects": reason.verdict.see_rejects,
                    "attributes": dict(reason.attributes.most_common(3)),
                }
                for reason in self.ranked(most)
            ],
        }
        kept: dict[str, Any] = storable(state)
        return kept

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Counts:
        """Return the counts that `state` described."""
        tally = cls()
        for status, count in state["counts"].items():
            tally.counts[Status(status)] = count
        for each in state["reasons"]:
            verdict = Verdict(
                Status(each["status"]),
                each["code"],
                each["meaning"],
                each["remedy"],
                see_rejects=bool(each.get("see_rejects")),
            )
            reason = tally._reasons.setdefault(_key(verdict), Reason(verdict))
            reason.count += each["count"]
            reason.positions = each["positions"]
            reason.places = list(each.get("places", ()))
            reason.attributes = Counter(each["attributes"])
        return tally

    def _reason(self, verdict: Verdict) -> Reason:
        key = _key(verdict)
        reason = self._reasons.get(key)
        if reason is None:
            if len(self._reasons) >= _MOST_TOLD_APART:
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
        "Mend what the reasons above name; the next push names what is left.",
        see_rejects=True,
    )


def _key(verdict: Verdict) -> tuple[Status, str, str]:
    return verdict.status, verdict.code, verdict.meaning
