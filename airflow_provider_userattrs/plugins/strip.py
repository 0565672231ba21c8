# SPDX-License-Identifier: Apache-2.0
"""The lines below a strip of pushes, in SVG units: one push is one unit wide, the oldest at the left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

#: How many pushes a strip shows.
RUNS = 30

#: The height of a line, and the room that it keeps above and below.
HEIGHT = 24
_MARGIN = 2


@dataclass(frozen=True)
class Line:
    """One figure of each push, as a line with gaps where it is not known.

    :param path: the path, as SVG has it.
    :param most: the highest figure.
    """

    path: str
    most: float


def line(figures: Sequence[float | None], *, is_logarithmic: bool = False) -> Line | None:
    """Return the line of some figures, or None if none is known.

    :param figures: at most `RUNS` of them, the newest last; None where it is not known.
    :param is_logarithmic: whether the line rises with the logarithm of a figure.
    """
    known = [figure for figure in figures if figure is not None]
    if not known:
        return None
    most = max(known)
    height = (lambda figure: math.log1p(figure)) if is_logarithmic else float
    path = ""
    for is_known, group in groupby(enumerate(figures), key=lambda each: each[1] is not None):
        if not is_known:
            continue
        points = []
        for index, figure in group:
            share = height(figure or 0) / height(most) if most else 0.0
            points.append(f"{index + 0.5:g} {HEIGHT - _MARGIN - (HEIGHT - 2 * _MARGIN) * share:.1f}")
        # A single push between two gaps is a dash.
        path += f"M{'L'.join(points)}" + ("h.3" if len(points) == 1 else "")
    return Line(path, most)
