# SPDX-License-Identifier: Apache-2.0
"""How far a push has come, as a small JSON value, and how a later try resumes from there."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import asdict, dataclass, field, fields, replace
from operator import itemgetter
from typing import Any, Protocol

from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.report.book import Book
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.positions import Positions
from airflow_provider_userattrs.push.resume.unfinished import Unfinished

#: The version of a checkpoint's format.
FORMAT = 3


class Store(Protocol):
    """Where a checkpoint is stored from one try of a task to the next."""

    def read(self) -> dict[str, Any] | None:
        """Return what was written last, or None."""

    def write(self, state: dict[str, Any]) -> None:
        """Store a JSON dict, replacing the one stored before."""

    def delete(self) -> None:
        """Delete what is stored."""


@dataclass(frozen=True)
class Fingerprint:
    """Identifies a push: a checkpoint is valid for the same rows and the same configuration only.

    :param input: a digest of where the rows come from.
    :param configuration: a digest of all that decides what becomes of a row.
    """

    input: str
    configuration: str

    def differs_in(self, other: Fingerprint) -> list[str]:
        """Return what differs from another fingerprint."""
        return [each.name for each in fields(self) if getattr(self, each.name) != getattr(other, each.name)]


@dataclass(frozen=True)
class Checkpoint:
    """How far a push has come.

    :param fingerprint: which push it is.
    :param below: rows below this one are finished, less those in gaps.
    :param gaps: (first, after the last) of each span of rows below that are not.
    :param sent_below: rows below this one may have been sent; without a verdict they are in doubt.
    :param counts: the counts and reasons of the finished rows.
    :param cursor: where the source can resume, and the position of the row that follows; None to read from the start.
    :param keys: of a source that is read by key: which of its rows are unfinished, as a dict of `Unfinished`, or
        as sealed text. The rows read then have the unfinished positions, in their order: their own, unless rows were
        inserted or deleted since; no position means two finished rows.
    :param facts: what else the account of all tries adds up, such as ``requests``.
    :param tries: the first row of each try.
    :param complete: whether nothing is left to do; only a push that must not be repeated keeps it.
    :param round: what changes when a complete push is asked for once more.
    """

    fingerprint: Fingerprint = Fingerprint("", "")
    below: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    sent_below: int = 0
    counts: dict[str, Any] = field(default_factory=lambda: {"counts": {}, "reasons": []})
    cursor: tuple[Any, int] | None = None
    keys: Any = None
    facts: dict[str, Any] = field(default_factory=dict)
    tries: tuple[int, ...] = ()
    complete: bool = False
    round: Any = None

    @property
    def after(self) -> Any:
        """Return the value from which the source resumes; None to read from the start."""
        return self.keys if self.keys is not None else self.cursor and self.cursor[0]

    @property
    def positions(self) -> Positions:
        """Return the positions of the rows that the source then yields."""
        return (
            Positions(self.cursor[1] if self.cursor else 0) if self.keys is None else Positions(self.below, self.gaps)
        )

    @property
    def passed(self) -> int:
        """Return how many rows the source does not yield again."""
        if self.keys is None:
            return self.cursor[1] if self.cursor else 0
        return self.below - sum(end - first for first, end in self.gaps)

    @property
    def has_begun(self) -> bool:
        """Return whether a row is finished, or may have been sent."""
        return bool(self.below or self.has_doubt)

    @property
    def has_doubt(self) -> bool:
        """Return whether an unfinished row may have been sent."""
        return self.sent_below > 0 or (self.keys is not None and self.keys["sent_upto"] is not None)

    def without_doubt(self) -> Checkpoint:
        """Return the checkpoint without rows in doubt."""
        return replace(self, sent_below=0, keys=self.keys and {**self.keys, "sent_upto": None})

    @property
    def first_unfinished(self) -> int:
        """Return the first row that is not finished."""
        return self.gaps[0][0] if self.gaps else self.below

    def begin(self, round: Any = None) -> Checkpoint:
        """Return the checkpoint with one more try, which begins at the first row that is not finished.

        :param round: what changes when a complete push is asked for once more.
        """
        return replace(self, tries=(*self.tries, self.first_unfinished), round=round)

    def open_book(self, *, idempotent: bool) -> Book:
        """Return the book of a try that begins here: it has the rows that are finished.

        :param idempotent: whether a row may be sent twice.
        """
        book = Book(idempotent=idempotent)
        book.restore(self.below, self.gaps, Counts.restored(self.counts))
        return book

    def is_unfinished(self, position: int) -> bool:
        """Return whether a row has no final verdict yet."""
        if position >= self.below:
            return True
        index = bisect_right(self.gaps, position, key=itemgetter(0)) - 1
        return index >= 0 and position < self.gaps[index][1]

    def as_dict(self) -> dict[str, Any]:
        """Return the checkpoint as a JSON dict, under 32 KB."""
        return signed({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Checkpoint:
        """Return the checkpoint that `as_dict` described.

        :raises ValueError: if it is damaged or of another version.
        """
        try:
            if state["format"] != FORMAT:
                raise ValueError("another format")
            check(state)
            known = {each.name: state[each.name] for each in fields(cls)}
            known["fingerprint"] = Fingerprint(**state["fingerprint"])
            known["gaps"] = tuple((int(first), int(end)) for first, end in state["gaps"])
            known["cursor"] = None if state["cursor"] is None else (state["cursor"][0], int(state["cursor"][1]))
            if isinstance(state["keys"], dict):  # else there are none, or they are sealed
                Unfinished.from_dict(state["keys"])
            known["tries"] = tuple(state["tries"])
            return cls(**known)
        except (LookupError, TypeError, ValueError) as error:
            raise ValueError("the last try's checkpoint is damaged, or of another version") from error


def signed(state: dict[str, Any]) -> dict[str, Any]:
    """Return a checkpoint's JSON dict with a digest of its content."""
    return {**state, "digest": _digest(state)}


def check(state: dict[str, Any]) -> None:
    """Check a checkpoint's digest.

    :raises ValueError: if it is damaged.
    """
    if state["digest"] != _digest(state):
        raise ValueError("damaged")


def _digest(state: dict[str, Any]) -> str:
    content = {name: value for name, value in state.items() if name != "digest"}
    return digest([json.dumps(content, sort_keys=True)])  # of its JSON, which is all that a store keeps of it
