# SPDX-License-Identifier: Apache-2.0
"""The figures of the page, as numbers: the bar of verdicts, the throughput chart and the progress estimate."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_userattrs.plugins.reading import Reading
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.timeline import Timeline

#: The statuses in the order of the bar, and what each means.
MEANINGS = {
    Status.ACCEPTED: "the vendor accepted it",
    Status.PARTIAL: "the vendor applied only part of it",
    Status.REJECTED: "the vendor refused it: fix the data and push it again",
    Status.INVALID: "not sent, it breaks a rule of the vendor: fix the data and push it again",
    Status.UNKNOWN: "sent, but no verdict came back: check at the vendor",
    Status.UNSENT: "certainly not applied: retry the task, or push it again",
    Status.SKIPPED: "not sent, on purpose",
}

#: Minimum width of a segment, in percent of the bar: one row in a million stays visible.
_MIN_SEGMENT = 0.8

#: The chart in SVG units: throughput above `FLOOR`, retries below it.
WIDTH, HEIGHT, FLOOR = 720, 130, 100
_SPACING = 1.0
_MIN_SIZE = 1.5

#: How many intervals of the timeline the current rate is averaged over.
_RECENT = 8


@dataclass(frozen=True)
class Segment:
    """One status in the bar; x and width are percentages of the bar's width."""

    status: str
    count: int
    meaning: str
    x: float
    width: float


def bar(counts: dict[Status, int]) -> list[Segment]:
    """Return the segments of the bar, one for each status that has rows."""
    present = {status: counts[status] for status in MEANINGS if counts[status]}
    rows = sum(present.values())
    widths = {status: max(100 * count / rows, _MIN_SEGMENT) for status, count in present.items()}
    scale = 100 / sum(widths.values()) if widths else 0.0
    segments, x = [], 0.0
    for status, width in widths.items():
        segments.append(
            Segment(status.value, present[status], MEANINGS[status], round(x * scale, 3), round(width * scale, 3))
        )
        x += width
    return segments


@dataclass(frozen=True)
class Box:
    """One rectangle of the chart, in SVG units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """The chart.

    :param rows: throughput, one box for each interval.
    :param retries: retried requests, one box for each interval that has any.
    :param peak: the highest throughput, in users per second.
    :param mean: the mean throughput, in users per second.
    """

    rows: tuple[Box, ...]
    retries: tuple[Box, ...]
    peak: float
    mean: float


def chart(timeline: Timeline, seconds: float) -> Chart | None:
    """Return the chart of a push, or None if the push was too short for one.

    :param timeline: rows done and requests retried, in intervals of equal length.
    :param seconds: how long the push took.
    """
    lengths = [timeline.interval] * len(timeline.rows)
    rows, retries = timeline.rows.copy(), timeline.retries.copy()
    if lengths:
        last = seconds - timeline.interval * (len(lengths) - 1)
        lengths[-1] = min(max(last, 0.0), timeline.interval)
        if lengths[-1] < timeline.interval / 2:  # too short for a meaningful rate: merge it into the one before
            lengths[-2:], rows[-2:], retries[-2:] = [sum(lengths[-2:])], [sum(rows[-2:])], [sum(retries[-2:])]
    if len(lengths) < 2:
        return None
    rates = [count / length for count, length in zip(rows, lengths, strict=True)]
    peak, most = max(rates), max(retries)
    scale = WIDTH / sum(lengths)
    above, below, x = [], [], 0.0
    for rate, retried, length in zip(rates, retries, lengths, strict=True):
        width = max(length * scale - _SPACING, _MIN_SIZE)
        if rate:
            height = max(FLOOR * rate / peak, _MIN_SIZE)
            above.append(Box(*(round(value, 1) for value in (x, FLOOR - height, width, height))))
        if retried:
            height = max((HEIGHT - FLOOR - 4) * retried / most, 3.0)
            below.append(Box(*(round(value, 1) for value in (x, FLOOR + 4, width, height))))
        x += length * scale
    return Chart(tuple(above), tuple(below), peak, sum(rows) / sum(lengths))


@dataclass(frozen=True)
class Progress:
    """How far a running push has come.

    :param done: finished rows.
    :param of: how many rows there are, or None if that is unknown.
    :param rate: rows per second, over the last intervals.
    :param seconds_left: seconds until the end at that rate, or None if that is unknown.
    """

    done: int
    of: int | None
    rate: float
    seconds_left: float | None


def progress(reading: Reading) -> Progress:
    """Return how far a running push has come."""
    timeline = reading.timeline
    rate = reading.rows / reading.seconds if reading.seconds else 0.0
    if timeline and len(timeline.rows) > 2:  # the last interval is still open
        recent = timeline.rows[-_RECENT - 1 : -1]
        rate = sum(recent) / (len(recent) * timeline.interval)
    seconds_left = None if reading.of is None or not rate else max(reading.of - reading.rows, 0) / rate
    return Progress(reading.rows, reading.of, rate, seconds_left)
