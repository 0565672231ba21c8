# SPDX-License-Identifier: Apache-2.0
"""From final verdicts to lines of a log: which rows have one, and whose users' last verdict changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.changes.table import Table
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_APPLIED, Outcome, Status, Verdict
from airflow_provider_userattrs.push_log import DIGITS, user_text

#: Hexadecimal digits of a user's digest that are a key in the table of those who fail.
_WORD = 16

_REMOVED = replace(ACCEPTED, code="removed", meaning="left the query, and was unset")


class Line(NamedTuple):
    """What is logged of one row.

    :param position: the row's number; None for a user who left the query.
    :param digest: the user's digest; None if the user is not known.
    :param user: the user as text, or None.
    :param verdict: the final verdict.
    :param at: when, in seconds after 1970.
    :param is_row: whether it is among the rows; otherwise it changes the user's last verdict alone.
    :param fails: whether the user fails from now on; None if the verdict says nothing about it.
    """

    position: int | None
    digest: str | None
    user: str | None
    verdict: Verdict
    at: float
    is_row: bool
    fails: bool | None


class Lines:
    """Makes lines of verdicts.

    Rows that were accepted cost nothing, unless all are logged or a user is known to fail: then each is compared with
    those who do.

    :param put: takes lines.
    :param key: the key of users' digests.
    :param gone: the codes of verdicts by which the vendor does not know a user any more.
    :param logs_all: whether all rows are logged.
    :param time: returns the time in seconds after 1970.
    """

    def __init__(
        self,
        put: Callable[[list[Line]], None],
        *,
        key: str,
        gone: Collection[str] = (),
        logs_all: bool = False,
        time: Callable[[], float],
    ) -> None:
        self._put = put
        self._sha = sha256(key.encode())
        self._gone = gone
        self._logs_all = logs_all
        self._time = time
        #: The digests of users whose last verdict was a failure.
        self._failing: Table | None = None

    def know(self, failing: Table | None) -> None:
        """Take notice of users who have failed at last, as `table_of` returns them."""
        self._failing = failing

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Log rows with their final verdicts.

        :param rows: the rows.
        :param verdicts: one for each.
        """
        if self._logs_all or verdicts.count(ACCEPTED) != len(verdicts):
            self._hand_on([self._line(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)])
        elif self._failing is not None:
            self._hand_on(self._recovered(rows, self._failing))

    def record_removed(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Log users who left the query, with the final verdicts on their removal.

        :param rows: what was sent of them.
        :param verdicts: one for each.
        """
        lines: list[Line | None] = []
        for row, verdict in zip(rows, verdicts, strict=True):
            is_gone = verdict.status is Status.REJECTED and verdict.code in self._gone
            line = self._made(row, _REMOVED if verdict is ACCEPTED else verdict, is_row=True)
            lines.append(line._replace(position=None, fails=line.fails and not is_gone))
        self._hand_on(lines)

    def close(self) -> None:
        """Free the memory."""
        if self._failing is not None:
            self._failing.close()
            self._failing = None

    def _hand_on(self, made: Iterable[Line | None]) -> None:
        lines = [line for line in made if line is not None]
        if lines:
            self._put(lines)

    def _line(self, row: UserUpdate | Outcome, verdict: Verdict) -> Line | None:
        """Return the line on a row, or None."""
        if self._logs_all or verdict.status in NOT_APPLIED:
            return self._made(row, verdict, is_row=True)
        if self._failing is None or verdict.status is not Status.ACCEPTED:
            return None
        return next(iter(self._recovered([row], self._failing)), None)

    def _recovered(self, rows: Sequence[UserUpdate | Outcome], failing: Table) -> list[Line]:
        """Return lines on those of the accepted rows whose users have failed before."""
        digest = self._digest
        words = [int.from_bytes(digest(user_text(row.user))[: _WORD // 2], "big") or 1 for row in rows]
        known = failing.look_up(words)
        if not any(known):
            return []
        return [self._made(row, ACCEPTED, is_row=False) for row, value in zip(rows, known, strict=True) if value]

    def _made(self, row: UserUpdate | Outcome, verdict: Verdict, *, is_row: bool) -> Line:
        digest, user = self._named(row.user)
        fails = None
        if digest is not None and verdict.status is not Status.SKIPPED:
            fails = verdict.status in NOT_APPLIED
            self._note(digest, fails=fails)
        return Line(row.position, digest, user, verdict, self._time(), is_row, fails)

    def _named(self, user: Any) -> tuple[str | None, str | None]:
        """Return a user's digest and text."""
        if user is None:
            return None, None
        text = user_text(user)
        return self._digest(text).hex()[:DIGITS], text

    def _digest(self, text: str) -> bytes:
        """Return what `digest_of` cuts off, without beginning anew with the key."""
        sha = self._sha.copy()
        sha.update(text.encode("utf-8", "surrogatepass"))
        return sha.digest()

    def _note(self, digest: str, *, fails: bool) -> None:
        if self._failing is None and fails:
            self._failing = Table()
        if self._failing is not None:
            self._failing.set(_word(digest), int(fails))


def table_of(digests: Iterable[str]) -> Table | None:
    """Return a table of users' digests; None if there are none."""
    table: Table | None = None
    for digest in digests:
        table = Table() if table is None else table
        table.set(_word(digest), 1)
    return table


def _word(digest: str) -> int:
    """Return the key of a digest in a table, which is never 0."""
    return int(digest[:_WORD], 16) or 1
