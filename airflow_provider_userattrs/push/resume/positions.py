# SPDX-License-Identifier: Apache-2.0
"""The positions of the rows that a source yields in a later try."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import overload


class Positions:
    """Ascending positions without end: those in some gaps, and all from one on.

    :param below: the position from which on all follow.
    :param gaps: (first, after the last) of each span before it, in their order.
    """

    __slots__ = ("_ends", "_spans", "in_gaps", "shift")

    def __init__(self, below: int, gaps: Sequence[tuple[int, int]] = ()) -> None:
        self._spans = [*(range(first, end) for first, end in gaps), range(below, sys.maxsize)]
        self._ends = list(accumulate(map(len, self._spans)))
        #: How many are in gaps, and how far the numbers of the others are from their positions.
        self.in_gaps = self._ends[-2] if gaps else 0
        self.shift = below - self.in_gaps

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        """Return the position of a row, or those of rows that follow each other.

        :param index: the number of the row among those that the source yields, from 0, or a slice from one to another.
        """
        start = index.start if isinstance(index, slice) else index
        at = bisect_right(self._ends, start)
        span = self._spans[at]
        before = self._ends[at] - len(span)
        if not isinstance(index, slice):
            return span[start - before]
        positions: Sequence[int] = span[start - before : index.stop - before]
        if index.stop > self._ends[at]:
            return [*positions, *self[self._ends[at] : index.stop]]
        return positions
