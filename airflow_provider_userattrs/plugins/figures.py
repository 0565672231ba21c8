# SPDX-License-Identifier: Apache-2.0
"""The page's two pictures and its estimate, in numbers: the bar of verdicts, and how fast the push went."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_userattrs.plugins.reading import Reading
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.timeline import Timeline

#: The bar's order and what each status means.
MEANINGS = {
    Status.ACCEPTED: "the vendor said yes",
    Status.PARTIAL: "the vendor said it applied a part",
    Status.REJECTED: "the vendor said no: mend the data, push it again",
    Status.INVALID: "not sent, breaks a rule of the vendor: mend the data, push it again",
    Status.UNKNOWN: "sent, and no verdict came back: check at the vendor",
    Status.UNSENT: "not applied for certain: retry the task, or push it again",
    Status.SKIPPED: "not sent, on purpose",
}

#: Per cent of the bar that a status has at least, so that one row in a million can be seen.
_NARROWEST = 0.8

#: The chart, in its own units: throughput above, retries below, a line between.
WIDTH, HEIGHT, FLOOR = 720, 130, 100
_GAP = 1.0
_LOWEST = 1.5

#: Stretches of the timeline from which the present rate is told.
_RECENT = 8


@dataclass(frozen=True)
class Part:
    """Describe one status in the bar; places are per cent of its width."""

    status: str
    count: int
    meaning: str
    x: float
    width: float


def bar(counts: dict[Status, int]) -> list[Part]:
    """Return the parts of the bar, for each status that has rows."""
    shares = {status: counts[status] for status in MEANINGS if counts[status]}
    rows = sum(shares.values())
    widths = {status: max(100 * count / rows, _NARROWEST) for status, count in shares.items()}
    scale = 100 / sum(widths.values()) if widths else 0.0
    parts, x = [], 0.0
    for status, width in widths.items():
        parts.append(Part(status.value, shares[status], MEANINGS[status], round(x * scale, 3), round(width * scale, 3)))
        x += width
    return parts


@dataclass(frozen=True)
class Box:
    """Place one rectangle of the chart."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Describe the chart.

    :param rows: throughput, a box a stretch.
    :param retries: requests tried again, a box for each stretch that has some.
    :param peak: the highest throughput, users a second.
    :param mean: the mean throughput, users a second.
    """

    rows: tuple[Box, ...]
    retries: tuple[Box, ...]
    peak: float
    mean: float


def chart(timeline: Timeline, seconds: float) -> Chart | None:
    """Return the chart of a push; None if it was too quick for one.

    :param timeline: what was done when.
    :param seconds: how long the push took.
    """
    lengths = [timeline.stretch] * len(timeline.rows)
    rows, retries = timeline.rows.copy(), timeline.retries.copy()
    if lengths:
        last = seconds - timeline.stretch * (len(lengths) - 1)
        lengths[-1] = min(max(last, 0.0), timeline.stretch)
        if lengths[-1] < timeline.stretch / 2:  # too short to tell a rate by: it goes with the one before
            lengths[-2:], rows[-2:], retries[-2:] = [sum(lengths[-2:])], [sum(rows[-2:])], [sum(retries[-2:])]
    if len(lengths) < 2:
        return None
    rates = [count / length for count, length in zip(rows, lengths, strict=True)]
    peak, most = max(rates), max(retries)
    scale = WIDTH / sum(lengths)
    above, below, x = [], [], 0.0
    for rate, again, length in zip(rates, retries, lengths, strict=True):
        width = max(length * scale - _GAP, _LOWEST)
        if rate:
            height = max(FLOOR * rate / peak, _LOWEST)
            above.append(Box(*(round(value, 1) for value in (x, FLOOR - height, width, height))))
        if again:
            height = max((HEIGHT - FLOOR - 4) * again / most, 3.0)
            below.append(Box(*(round(value, 1) for value in (x, FLOOR + 4, width, height))))
        x += length * scale
    return Chart(tuple(above), tuple(below), peak, sum(rows) / sum(lengths))


@dataclass(frozen=True)
class Progress:
    """Tell how far a running push is.

    :param done: rows done.
    :param of: of how many, or None.
    :param rate: rows a second, of late.
    :param left: seconds until the end by that rate, or None.
    """

    done: int
    of: int | None
    rate: float
    left: float | None


def progress(reading: Reading) -> Progress:
    """Return how far a running push is, as far as it is known."""
    timeline = reading.timeline
    rate = reading.rows / reading.seconds if reading.seconds else 0.0
    if timeline and len(timeline.rows) > 2:  # the last stretch has only begun
        recent = timeline.rows[-_RECENT - 1 : -1]
        rate = sum(recent) / (len(recent) * timeline.stretch)
    left = None if reading.of is None or not rate else max(reading.of - reading.rows, 0) / rate
    return Progress(reading.rows, reading.of, rate, left)
