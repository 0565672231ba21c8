# SPDX-License-Identifier: Apache-2.0
"""What became of a row.

========  ==================================================================================
status    meaning
========  ==================================================================================
accepted  the vendor accepted the row
partial   the vendor reported that it applied part of the row
rejected  the vendor refused the row
invalid   not sent: the row breaks a documented rule of the vendor
skipped   not sent, on purpose
unknown   sent, and no verdict came back
unsent    certainly not applied: never sent, or refused for a transient cause
========  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.model.row import MalformedRow, Row


class Status(str, Enum):
    """What became of a row."""

    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REJECTED = "rejected"
    INVALID = "invalid"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    UNSENT = "unsent"

    __hash__ = str.__hash__

    def __str__(self) -> str:
        """Return the value, on every Python."""
        return self.value


#: The statuses that count against ``max_failed``.
FAILED = frozenset({Status.PARTIAL, Status.REJECTED, Status.INVALID, Status.UNKNOWN})

#: The statuses of the rows that go to the rejects file.
NOT_APPLIED = FAILED | {Status.UNSENT}


class Action(Enum):
    """What the delivery does next with the rows of a verdict."""

    KEEP = "the verdict is final"
    RETRY = "the cause is transient: retry; after the last attempt the verdict is final"
    SPLIT = "the request was refused whole: send its halves; for a single row the verdict is final"
    STOP = "every further request would end the same way: stop the push"


def in_words(code: str, meaning: str) -> str:
    """Return what a code means, with the code if that is a number, which is the vendor's."""
    return f"{meaning} ({code})" if code.lstrip("-").isdecimal() else meaning


@dataclass(frozen=True)
class Verdict:
    """The verdict on a row: a line of a vendor's table, or a rule that the row breaks.

    :param status: what became of the row. With ``Action.RETRY`` and ``Action.SPLIT``, ``unknown`` means that something
        may have been applied, any other that nothing was so far.
    :param code: the vendor's code, or the name of the rule, as short text.
    :param meaning: what it means, in a few words and without any row's data.
    :param remedy: one sentence on what to do about it.
    :param action: what the delivery does next.
    :param attribute: the attribute that breaks the rule, if one does.
    :param others: the verdicts on the row's other attributes that cannot be sent.
    :param detail: the vendor's own message. It may repeat a user's data, so it goes to the rejects file only, and
        a verdict that is logged does not show it.
    :param request_id: the vendor's id of the request, by which its support finds it; empty if it gives none.
    :param see_rejects: whether the cause differs by row, and is in the rejects file only, such as in ``detail``.
    :param location: the location of the row, such as a file and a line.
    """

    status: Status
    code: str = ""
    meaning: str = ""
    remedy: str = ""
    action: Action = Action.KEEP
    attribute: str | None = None
    detail: str = field(default="", repr=False)
    request_id: str = ""
    location: str = ""
    see_rejects: bool = False
    others: tuple[Verdict, ...] = ()

    @property
    def in_words(self) -> str:
        """The meaning, with the code if that is a number, which is the vendor's."""
        return in_words(self.code, self.meaning)

    def on(self, attribute: str) -> Verdict:
        """Return this verdict, for an attribute."""
        return replace(self, attribute=attribute)

    def at(self, location: str) -> Verdict:
        """Return this verdict, for the row at a location."""
        return replace(self, location=location)

    def saying(self, detail: object, request_id: str = "") -> Verdict:
        """Return this verdict with the vendor's own message, cut to 500 characters, and its id of the request."""
        return replace(self, detail=str(detail)[:500], request_id=request_id) if detail or request_id else self


ACCEPTED = Verdict(Status.ACCEPTED)


@dataclass(frozen=True)
class Found(Verdict):
    """The verdict on an id that was looked up, with the user that it names.

    :param user: the user, as the vendor's other operations name it.
    """

    user: Any = field(default=None, repr=False)


class Outcome:
    """A row and its verdict.

    :param position: the row's number among the rows read, from 0.
    :param verdict: the verdict.
    :param row: the row as it was read.
    :param user: the user as the request names it; None if it is not known.
    :param keys: what identifies the user; none if that is not known.
    """

    __slots__ = ("keys", "position", "row", "user", "verdict")

    def __init__(
        self,
        position: int,
        verdict: Verdict,
        row: Row | MalformedRow,
        user: object = None,
        keys: tuple[Hashable, ...] = (),
    ) -> None:
        self.position = position
        self.verdict = verdict
        self.row = row
        self.user = user
        self.keys = keys


#: Stands in place of a row while the next one waits for its user to be looked up.
NOT_YET = Outcome(-1, Verdict(Status.UNSENT), {})
