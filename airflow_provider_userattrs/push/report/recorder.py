# SPDX-License-Identifier: Apache-2.0
"""Records finished rows in the book, and writes those not accepted to the rejects if the author asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_APPLIED, Outcome, Verdict
from airflow_provider_userattrs.push.report.book import Book

#: Seconds between two calls of ``progress``.
PROGRESS_EVERY = 0.25


class Recorder:
    """Records finished rows.

    :param book: takes their verdicts.
    :param progress: called while the push runs, at most every 0.25 s.
    :param reject: takes rows that were not accepted, or None.
    :param clock: the source of time.
    """

    def __init__(
        self,
        book: Book,
        *,
        progress: Callable[[], None],
        reject: Callable[[Sequence[Outcome]], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._book = book
        self._progress = progress
        self._reject = reject
        self._clock = clock or Clock()
        self._next_progress = self._clock.monotonic() + PROGRESS_EVERY

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Record rows with their final verdicts.

        :param rows: the rows, ascending.
        :param verdicts: one for each.
        :raises Exception: what ``reject`` raises, once; the rows are recorded nevertheless, and later ones too.
        """
        self._book.record(rows, verdicts)
        if self._reject is not None and verdicts.count(ACCEPTED) != len(verdicts):
            self._write(self._reject, rows, verdicts)
        if self._clock.monotonic() >= self._next_progress:
            self._next_progress = self._clock.monotonic() + PROGRESS_EVERY
            self._progress()

    def _write(
        self,
        reject: Callable[[Sequence[Outcome]], None],
        rows: Sequence[UserUpdate | Outcome],
        verdicts: Sequence[Verdict],
    ) -> None:
        rejected = [
            Outcome(row.position, verdict, row.row, row.user)
            for row, verdict in zip(rows, verdicts, strict=True)
            if verdict is not ACCEPTED and verdict.status in NOT_APPLIED
        ]
        if rejected:
            self._reject = None  # given back below, unless it fails
            reject(rejected)
            self._reject = reject
