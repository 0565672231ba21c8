# SPDX-License-Identifier: Apache-2.0
"""Which rows are finished: a watermark with holes, and a tally of what became of the rest."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from airflow_provider_userattrs.push.outcome import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.push.tally import Tally

#: Spans of unfinished rows that a checkpoint can name. At more, what lies behind them counts as unfinished too.
MOST_HOLES = 500


class Progress:
    """Keep the finished rows as stretches, each with its own tally.

    A row left ``unsent`` is not finished; nor is one whose cause is passing, where it may be sent twice.

    Stretches that meet become one, so that there are as many as there are gaps: the rows in flight, those that wait
    for their next try, and those that could not be sent.

    :param idempotent: whether a row may be sent twice.
    """

    def __init__(self, *, idempotent: bool) -> None:
        self._idempotent = idempotent
        self._starts = [0]
        self._ends = [0]
        self._tallies = [Tally()]

    def restore(self, below: int, holes: Sequence[Sequence[int]], tally: Tally) -> None:
        """Begin with the rows that earlier tries finished.

        :param below: finished are the rows below this one, less those in holes.
        :param holes: (first, behind the last) of each span of unfinished rows, in their order.
        :param tally: what became of the finished rows.
        """
        edges = [0, *(edge for hole in holes for edge in hole), below]
        self._starts = edges[0::2]
        self._ends = edges[1::2]
        self._tallies = [tally, *(Tally() for _ in holes)]

    def finish(self, positions: Sequence[int], verdicts: Sequence[Verdict]) -> None:
        """Count rows with their verdicts.

        :param positions: the rows' places, ascending.
        :param verdicts: one for each.
        """
        count = len(positions)
        if not count:
            return
        if positions[-1] - positions[0] == count - 1 and verdicts.count(ACCEPTED) == count:
            self._stretch(positions[0], positions[-1] + 1).add_accepted(count)
            return
        for position, verdict in zip(positions, verdicts, strict=True):
            if not self._is_open(verdict):
                self._stretch(position, position + 1).add(position, verdict)

    def _is_open(self, verdict: Verdict) -> bool:
        return verdict.status is Status.UNSENT or (self._idempotent and verdict.action is Action.RETRY)

    def cut(self) -> tuple[int, list[tuple[int, int]], Tally]:
        """Return the watermark, the holes below it, and the tally of the finished rows below it.

        A stretch at the front that has not begun is a hole like any other.
        """
        most = min(len(self._starts), MOST_HOLES + 1)
        holes = [(self._ends[place], self._starts[place + 1]) for place in range(most - 1)]
        tally = Tally()
        for one in self._tallies[:most]:
            tally.merge(one)
        return self._ends[most - 1], holes, tally

    @property
    def gaps(self) -> int:
        """Count the spans of unfinished rows between finished ones."""
        return len(self._starts) - 1

    @property
    def end(self) -> int:
        """Return the position behind the last finished row."""
        return self._ends[-1]

    def _stretch(self, start: int, end: int) -> Tally:
        """Return the tally to count the rows from ``start`` up to ``end`` in."""
        starts, ends, tallies = self._starts, self._ends, self._tallies
        place = bisect_right(starts, start) - 1
        meets_next = place + 1 < len(starts) and starts[place + 1] == end
        if ends[place] == start:
            ends[place] = end
            if meets_next:
                ends[place] = ends.pop(place + 1)
                starts.pop(place + 1)
                tallies[place].merge(tallies.pop(place + 1))
            return tallies[place]
        if meets_next:
            starts[place + 1] = start
            return tallies[place + 1]
        starts.insert(place + 1, start)
        ends.insert(place + 1, end)
        tallies.insert(place + 1, Tally())
        return tallies[place + 1]
