# SPDX-License-Identifier: Apache-2.0
"""Which rows are finished: a watermark with gaps, and counts of the finished rows by verdict."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
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
    :param counts: counts them.
    :param first: the keys at its beginning; none where rows have no keys, or none that this try read.
    :param last: the keys at its end; likewise.
    """

    __slots__ = ("counts", "end", "first", "last", "start")

    def __init__(self, start: int, end: int, counts: Counts | None = None, first: Edge = (), last: Edge = ()) -> None:
        self.start = start
        self.end = end
        self.counts = Counts() if counts is None else counts
        self.first = first
        self.last = last

    def extend(self, end: int, first: Edge, last: Edge) -> None:
        """Add the rows that follow, up to ``end``.

        :param first: the keys at their beginning.
        :param last: the keys at their end.
        """
        alike = _may_meet(self.last, first)
        if alike and len(self.first) == self.end - self.start:
            self.first += first
        self.last = self.last + last if alike and len(last) == end - self.end else last
        self.end = end

    def extend_front(self, start: int, first: Edge, last: Edge) -> None:
        """Add the rows before, from ``start`` on."""
        alike = _may_meet(last, self.first)
        if alike and len(self.last) == self.end - self.start:
            self.last = last + self.last
        self.first = first + self.first if alike and len(first) == self.start - start else first
        self.start = start


def _may_meet(before: Edge, after: Edge) -> bool:
    """Return whether the database may take the keys on both sides for the same."""
    return bool(before and after) and may_be_equal(before[-1], after[0])


class Cut(NamedTuple):
    """How far a push has come.

    :param below: the watermark: rows below it are finished, less those in gaps.
    :param gaps: (first, after the last) of each span of unfinished rows below it.
    :param key_gaps: the same, and what is after the watermark, by key; none if this try finished no row with a key.
    :param counts: what became of the finished rows.
    """

    below: int
    gaps: list[tuple[int, int]]
    key_gaps: list[Gap]
    counts: Counts


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

    def restore(self, below: int, gaps: Sequence[Sequence[int]], counts: Counts) -> None:
        """Begin with the rows that earlier tries finished.

        :param below: finished are the rows below this one, less those in gaps.
        :param gaps: (first, after the last) of each span of unfinished rows, in their order.
        :param counts: what became of the finished rows.
        """
        edges = [0, *(edge for gap in gaps for edge in gap), below]
        self._starts = edges[0::2]
        self._spans = [Span(start, end) for start, end in zip(self._starts, edges[1::2], strict=True)]
        self._spans[0].counts = counts

    def finish(self, start: int, end: int) -> Counts:
        """Mark the rows from ``start`` up to ``end`` as finished; return the counts they belong in."""
        counts = self._join(start, end)
        self._keys.drop(range(start, end))
        return counts

    def counts(self) -> Counts:
        """Count the finished rows by verdict."""
        counts = Counts()
        for span in self._spans:
            counts.merge(span.counts)
        return counts

    def cut(self, key_bytes: int = MAX_KEY_BYTES) -> Cut:
        """Return how far the push has come.

        Unfinished leading rows are a gap too.

        :param key_bytes: how much room there is for keys.
        """
        spans = self._spans
        most = 1
        for before, after in pairwise(spans[: MAX_GAPS + 1]):
            key_bytes -= size_of(before.last) + size_of(after.first)
            if key_bytes < 0 and after.first:
                break
            most += 1
        named = spans[:most]
        counts = Counts()
        for span in named:
            counts.merge(span.counts)
        between = list(pairwise(named))
        gaps = [(before.end, after.start) for before, after in between]
        key_gaps = [Gap(before.last, after.first) for before, after in between]
        last = named[-1].last
        return Cut(named[-1].end, gaps, [*key_gaps, Gap(last, ())] if last else [], counts)

    @property
    def end(self) -> int:
        """Return the position after the last finished row."""
        return self._spans[-1].end

    @property
    def end_key(self) -> object:
        """Return the key of the last finished row; None if this try finished none that has one."""
        last = self._spans[-1].last
        return last[-1] if last else None

    def _join(self, start: int, end: int) -> Counts:
        """Add rows to the spans they touch; return the counts of the resulting span."""
        starts, spans = self._starts, self._spans
        index = bisect_right(starts, start) - 1
        before = spans[index]
        after = spans[index + 1] if index + 1 < len(starts) and starts[index + 1] == end else None
        first, last = self._keys.edges(start, end)
        if before.end == start:
            before.extend(end, first, last)
            if after is not None:
                before.extend(after.end, after.first, after.last)
                before.counts.merge(after.counts)
                del starts[index + 1], spans[index + 1]
            return before.counts
        if after is not None:
            after.extend_front(start, first, last)
            starts[index + 1] = start
            return after.counts
        span = Span(start, end, first=first, last=last)
        starts.insert(index + 1, start)
        spans.insert(index + 1, span)
        return span.counts
