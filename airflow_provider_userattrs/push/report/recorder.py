# SPDX-License-Identifier: Apache-2.0
"""The book a push keeps: every finished row is counted, and written down where the author asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_APPLIED, Outcome, Verdict
from airflow_provider_userattrs.push.report.report import Report

#: Seconds between two words on how far the push has come.
PROGRESS_EVERY = 0.25


class Recorder:
    """Record finished rows.

    :param report: counts them.
    :param progress: told now and then that the push goes on, at most every 0.25 s.
    :param reject: takes each row that was not accepted, or None.
    :param clock: tells the time.
    """

    def __init__(
        self,
        report: Report,
        *,
        progress: Callable[[], None],
        reject: Callable[[Outcome], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._report = report
        self._progress = progress
        self._reject = reject
        self._clock = clock or Clock()
        self._next_progress = self._clock.monotonic() + PROGRESS_EVERY

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Count rows by their final verdicts.

        :raises Exception: what ``reject`` raises, once; the rows are counted nevertheless, and later ones too.
        """
        if verdicts.count(ACCEPTED) == len(verdicts):
            self._report.add_accepted(len(verdicts))
        else:
            for row, verdict in zip(rows, verdicts, strict=True):
                self._report.add(row.position, verdict)
            self._write(rows, verdicts)
        if self._clock.monotonic() >= self._next_progress:
            self._next_progress = self._clock.monotonic() + PROGRESS_EVERY
            self._progress()

    def _write(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        reject, self._reject = self._reject, None  # given back below, unless it fails
        if reject is None:
            return
        for row, verdict in zip(rows, verdicts, strict=True):
            if verdict.status in NOT_APPLIED:
                reject(Outcome(row.position, verdict, row.row, row.user))
        self._reject = reject
