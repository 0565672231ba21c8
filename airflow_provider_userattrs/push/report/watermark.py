# SPDX-License-Identifier: Apache-2.0
"""Which rows are finished: a watermark with gaps, and counts of the finished rows by verdict."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from airflow_provider_userattrs.push.model.keys import Edge, Gap, may_be_equal, size_of
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.key_log import KeyLog

#: Maximum number of gaps in a checkpoint. If there are more, all rows after them count as unfinished.
MAX_GAPS = 500

#: Maximum size of the keys in a checkpoint, in bytes; likewise.
MAX_KEY_BYTES = 14_000


class Span:
    """Consecutive finished rows.

    :param start: the position of the first.
    :param end: the position after the last.
    :param own: how many of them this try finished, the others being those of earlier tries.
    :param first: the keys of the first of its own; none where rows have no keys.
    :param last: the keys of the last of its own; likewise.
    """

    __slots__ = ("counts", "end", "first", "last", "own", "start")

    def __init__(self, start: int, end: int, own: int = 0, first: Edge = (), last: Edge = ()) -> None:
        self.start = start
        self.end = end
        self.own = own
        #: Counts its own.
        self.counts = Counts()
        self.first = first
        self.last = last

    def extend(self, end: int, own: int, first: Edge, last: Edge) -> None:
        """Add the rows that follow, up to ``end``.

        :param own: how many of them this try finished.
        :param first: the keys of the first of its own.
        :param last: the keys of the last of its own.
        """
        if first:
            alike = _may_meet(self.last, first)
            if len(self.first) == self.own and (alike or not self.own):
                self.first += first
            self.last = self.last + last if alike and len(last) == own else last
        self.own += own
        self.end = end

    def extend_front(self, start: int, first: Edge, last: Edge) -> None:
        """Add the rows before, from ``start`` on, all of which this try finished."""
        own = self.start - start
        if first:
            alike = _may_meet(last, self.first)
            if len(self.last) == self.own and (alike or not self.own):
                self.last = last + self.last
            self.first = first + self.first if alike and len(first) == own else first
        self.own += own
        self.start = start


def _may_meet(before: Edge, after: Edge) -> bool:
    """Return whether the database may take the keys on both sides for the same."""
    return bool(before and after) and may_be_equal(before[-1], after[0])


class Cut(NamedTuple):
    """How far a push has come.

    :param below: the watermark: rows below it are finished, less those in gaps.
    :param gaps: (first, after the last) of each span of unfinished rows below it.
    :param key_gaps: where the rows are that this try did not finish, by key; none if it finished no row with a key.
    :param counts: what became of the finished rows.
    :param is_whole: whether all finished rows are named; else some of this try's count as unfinished.
    """

    below: int
    gaps: list[tuple[int, int]]
    key_gaps: list[Gap]
    counts: Counts
    is_whole: bool


class Watermark:
    """The finished rows as spans, each with its own counts.

    Spans that meet become one, so that there are as many as there are gaps: the rows in flight, those that wait
    for their next try, and those that could not be sent.

    :param keys: knows the keys of rows without a verdict, where rows have keys.
    """

    def __init__(self, keys: KeyLog | None = None) -> None:
        self._keys = keys or KeyLog()
        self._starts = [0]
        self._spans = [Span(0, 0)]
        #: What earlier tries finished: up to where, the gaps before that, and what became of the rows.
        self._earlier_below = 0
        self._earlier_gaps: list[tuple[int, int]] = []
        self._earlier_counts = Counts()

    def restore(self, below: int, gaps: Sequence[Sequence[int]], counts: Counts) -> None:
        """Begin with the rows that earlier tries finished.

        :param below: finished are the rows below this one, less those in gaps.
        :param gaps: (first, after the last) of each span of unfinished rows, in their order.
        :param counts: what became of the finished rows.
        """
        edges = [0, *(edge for gap in gaps for edge in gap), below]
        self._starts = edges[0::2]
        self._spans = [Span(start, end) for start, end in zip(self._starts, edges[1::2], strict=True)]
        self._earlier_below = below
        self._earlier_gaps = [(first, end) for first, end in gaps]
        self._earlier_counts = counts

    def finish(self, start: int, end: int) -> Counts:
        """Mark the rows from ``start`` up to ``end`` as finished; return the counts they belong in."""
        counts = self._join(start, end)
        self._keys.drop(range(start, end))
        return counts

    def counts(self) -> Counts:
        """Count the finished rows by verdict."""
        return self._counts(self._spans)

    def cut(self, key_bytes: int = MAX_KEY_BYTES) -> Cut:
        """Return how far the push has come.

        Unfinished leading rows are a gap too. What earlier tries finished stays finished, whatever there is room for.

        :param key_bytes: how much room there is for keys.
        """
        named = self._spans[: self._most(key_bytes)]
        end = named[-1].end
        gaps = [(before.end, after.start) for before, after in pairwise(named)]
        if end < self._earlier_below:
            gaps += [(max(first, end), after) for first, after in self._earlier_gaps[self._gaps_before(end) :]]
        own = [span for span in named if span.first]
        key_gaps = [Gap(before.last, after.first) for before, after in pairwise(own)]
        if own and own[0] is not named[0]:
            key_gaps.insert(0, Gap((), own[0].first))
        if own:
            key_gaps.append(Gap(own[-1].last, ()))
        is_whole = len(named) == len(self._spans)
        return Cut(max(end, self._earlier_below), gaps, key_gaps, self._counts(named), is_whole)

    def _most(self, key_bytes: int) -> int:
        """Return how many spans there is room for."""
        most, last = 1, self._spans[0].last
        for number, span in enumerate(self._spans[1 : MAX_GAPS + 1], 2):
            if span.first:
                key_bytes -= size_of(last) + size_of(span.first)
                if key_bytes < 0:
                    break
                last = span.last
            if number - 1 + len(self._earlier_gaps) - self._gaps_before(span.end) <= MAX_GAPS:
                most = number
        return most

    def _gaps_before(self, position: int) -> int:
        """Return how many gaps of earlier tries are before a position."""
        return bisect_right(self._earlier_gaps, position, key=itemgetter(1))

    def _counts(self, spans: Sequence[Span]) -> Counts:
        counts = Counts()
        counts.merge(self._earlier_counts)
        for span in spans:
            counts.merge(span.counts)
        return counts

    @property
    def end(self) -> int:
        """Return the position after the last finished row."""
        return self._spans[-1].end

    @property
    def end_key(self) -> object:
        """Return the key of the last finished row; None if this try finished none that has one."""
        return next((span.last[-1] for span in reversed(self._spans) if span.last), None)

    def _join(self, start: int, end: int) -> Counts:
        """Add rows to the spans they touch; return the counts of the resulting span."""
        starts, spans = self._starts, self._spans
        index = bisect_right(starts, start) - 1
        before = spans[index]
        after = spans[index + 1] if index + 1 < len(starts) and starts[index + 1] == end else None
        first, last = self._keys.edges(start, end)
        if before.end == start:
            before.extend(end, end - start, first, last)
            if after is not None:
                before.extend(after.end, after.own, after.first, after.last)
                before.counts.merge(after.counts)
                del starts[index + 1], spans[index + 1]
            return before.counts
        if after is not None:
            after.extend_front(start, first, last)
            starts[index + 1] = start
            return after.counts
        span = Span(start, end, end - start, first, last)
        starts.insert(index + 1, start)
        spans.insert(index + 1, span)
        return span.counts
