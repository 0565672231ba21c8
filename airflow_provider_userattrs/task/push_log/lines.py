# SPDX-License-Identifier: Apache-2.0
"""From final verdicts to lines of a log: which rows have one, and whose users' last verdict changes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

from airflow_provider_userattrs.push.changes.table import Table
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_APPLIED, Outcome, Status, Verdict
from airflow_provider_userattrs.push_log import DIGITS, user_text

#: Bytes of a user's digest that are a key in the table of those who fail.
_WORD = 8

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
        if self._logs_all:
            self._put([self._made(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)])
        elif self._failing is not None or verdicts.count(ACCEPTED) != len(verdicts):
            lines = self._worth_logging(rows, verdicts)
            if lines:
                self._put(lines)

    def record_removed(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Log users who left the query, with the final verdicts on their removal.

        :param rows: what was sent of them.
        :param verdicts: one for each.
        """
        lines = []
        for row, verdict in zip(rows, verdicts, strict=True):
            is_gone = verdict.status is Status.REJECTED and verdict.code in self._gone
            line = self._made(row, _REMOVED if verdict is ACCEPTED else verdict)
            lines.append(line._replace(position=None, fails=line.fails and not is_gone))
        self._put(lines)

    def close(self) -> None:
        """Free the memory."""
        if self._failing is not None:
            self._failing.close()
            self._failing = None

    def _worth_logging(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> list[Line]:
        """Return lines on the rows that were not applied, and on those that were and whose users have failed before."""
        digest = self._digest
        digests = [digest(user if type(user := row.user) is str else user_text(user)) for row in rows]
        words = array("Q", b"".join([each[:_WORD] for each in digests]))
        known = [0] * len(words) if self._failing is None else self._failing.look_up(words)
        if not any(known) and verdicts.count(ACCEPTED) == len(verdicts):
            return []
        lines = []
        failing = {word for word, is_known in zip(words, known, strict=True) if is_known}
        for row, verdict, word in zip(rows, verdicts, words, strict=True):
            if verdict.status in NOT_APPLIED:
                failing.add(word)
                lines.append(self._made(row, verdict))
            elif word in failing and verdict.status is Status.ACCEPTED:
                failing.discard(word)
                lines.append(self._made(row, verdict, is_row=False))
        return lines

    def _made(self, row: UserUpdate | Outcome, verdict: Verdict, *, is_row: bool = True) -> Line:
        user = digest = fails = None
        if row.user is not None:
            user = user_text(row.user)
            digest = self._digest(user).hex()[:DIGITS]
            if verdict.status is not Status.SKIPPED:
                fails = verdict.status in NOT_APPLIED
                self._note(digest, fails=fails)
        return Line(row.position, digest, user, verdict, self._time(), is_row, fails)

    def _digest(self, text: str) -> bytes:
        """Return what `digest_of` cuts off, without digesting the key again."""
        sha = self._sha.copy()
        try:
            sha.update(text.encode())
        except UnicodeEncodeError:  # half a surrogate pair; to allow it for all takes longer
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
    (word,) = array("Q", bytes.fromhex(digest[: 2 * _WORD]))
    return word or 1
