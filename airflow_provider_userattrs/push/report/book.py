# SPDX-License-Identifier: Apache-2.0
"""The book of a push: the final verdict on each row, recorded once; report and checkpoint are made from it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import positions_of
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Outcome, Status, Verdict
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.key_log import KeyLog
from airflow_provider_userattrs.push.report.watermark import Watermark


class Book:
    """The final verdict on each row.

    Finished rows are counted in the spans of the watermark, the others apart from it: those left ``unsent``, and, if
    they may be sent twice, those that failed for a transient cause. A later try sends both again.

    :param idempotent: whether a row may be sent twice.
    """

    def __init__(self, *, idempotent: bool = True) -> None:
        self.keys = KeyLog()
        #: The rows recorded.
        self.rows = 0
        self.watermark = Watermark(self.keys)
        self._idempotent = idempotent
        self._unfinished = Counts()

    def restore(self, below: int, gaps: Sequence[tuple[int, int]], counts: Counts) -> None:
        """Begin with the rows that earlier tries finished.

        :param below: the rows below this one are finished, less those in gaps.
        :param gaps: (first, after the last) of each span of unfinished rows, in their order.
        :param counts: what became of the finished rows.
        """
        self.watermark.restore(below, gaps, counts)
        self.rows = counts.rows

    def record(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        """Record rows with their final verdicts.

        :param rows: the rows, ascending.
        :param verdicts: one for each.
        """
        count = len(rows)
        if not count:
            return
        self.rows += count
        first, last = rows[0].position, rows[-1].position
        if last - first == count - 1:
            self._record_run(first, verdicts)
            return
        start = 0
        positions = positions_of(rows)
        for end in [index for index, (before, after) in enumerate(pairwise(positions), 1) if after - before != 1]:
            self._record_run(positions[start], verdicts[start:end])
            start = end
        self._record_run(positions[start], verdicts[start:])

    @property
    def done(self) -> int:
        """Count the rows that are not left ``unsent``."""
        return self.rows - self._unfinished.counts[Status.UNSENT]

    def counts(self) -> Counts:
        """Count all rows by verdict."""
        counts = self.watermark.counts()
        counts.merge(self._unfinished)
        return counts

    def _record_run(self, first: int, verdicts: Sequence[Verdict]) -> None:
        """Record consecutive rows; those that were accepted, as most are, take no time each."""
        end = first + len(verdicts)
        others: list[tuple[int, Verdict]] = []
        if verdicts.count(ACCEPTED) != len(verdicts):
            for position, verdict in [pair for pair in enumerate(verdicts, first) if pair[1] is not ACCEPTED]:
                if self._is_finished(verdict):
                    others.append((position, verdict))
                    continue
                self._finish(first, position, others)
                self._unfinished.add(position, verdict)
                self.keys.drop((position,))
                first, others = position + 1, []
        self._finish(first, end, others)

    def _finish(self, first: int, end: int, other: Sequence[tuple[int, Verdict]]) -> None:
        """Record consecutive rows, most of which were accepted."""
        if end > first:
            counts = self.watermark.finish(first, end)
            counts.add_accepted(end - first - len(other))
            for position, verdict in other:
                counts.add(position, verdict)

    def _is_finished(self, verdict: Verdict) -> bool:
        if verdict.status is Status.UNSENT:
            return False
        # Of a request refused as a whole, what is left to be sent by itself may be in doubt.
        is_left = verdict.status is Status.UNKNOWN and verdict.action is Action.SPLIT
        return not (self._idempotent and (verdict.action is Action.RETRY or is_left))
