# SPDX-License-Identifier: Apache-2.0
"""The pictures: nothing sticks out, nothing is left out, and what is small can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.plugins.figures import FLOOR, HEIGHT, WIDTH, bar, chart, progress
from airflow_provider_userattrs.plugins.reading import Reading, read
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.timeline import Timeline

counts = st.fixed_dictionaries({status: st.just(0) | st.integers(0, 10**7) for status in Status})


@given(counts=counts)
def test_every_status_that_has_rows_has_its_part(counts: dict[Status, int]) -> None:
    parts = bar(counts)
    assert {part.status: part.count for part in parts} == {str(status): n for status, n in counts.items() if n}
    assert all(part.width > 0.7 for part in parts)
    edges = [0.0]
    for part in parts:
        assert part.x == pytest.approx(edges[-1], abs=0.01)
        edges.append(part.x + part.width)
    assert not parts or edges[-1] == pytest.approx(100, abs=0.01)


def timeline(steps: list[tuple[float, int, int]]) -> tuple[Timeline, float]:
    made, seconds, rows, retries = Timeline(), 0.0, 0, 0
    for waited, done, again in steps:
        seconds, rows, retries = seconds + waited, rows + done, retries + again
        made.note(seconds, rows, retries)
    return made, seconds


@given(steps=st.lists(st.tuples(st.floats(0.001, 1e4), st.integers(0, 10**6), st.integers(0, 99)), max_size=70))
def test_the_chart_stays_in_its_frame_and_shows_every_interval(steps: list[tuple[float, int, int]]) -> None:
    made, seconds = timeline(steps)
    drawn = chart(made, seconds)
    if drawn is None:
        assert len(made.rows) <= 2
        return
    for box in (*drawn.rows, *drawn.retries):
        assert box.x >= -0.1
        assert box.x + box.width <= WIDTH + 2
        assert box.y >= -0.1
        assert box.y + box.height <= HEIGHT + 0.1
    assert all(box.y + box.height == pytest.approx(FLOOR, abs=0.2) for box in drawn.rows)
    assert bool(drawn.rows) == any(made.rows)
    assert bool(drawn.retries) == any(made.retries)
    assert drawn.peak * 1.001 >= drawn.mean == pytest.approx(sum(made.rows) / seconds, rel=0.01)


def test_an_unfinished_last_interval_makes_no_peak() -> None:
    made = Timeline.restored({"interval_seconds": 1.0, "rows": [100, 100, 9], "retries": [0, 0, 1]})
    drawn = chart(made, 2.01)
    assert drawn is not None
    assert drawn.peak < 110
    assert len(drawn.rows) == 2
    assert len(drawn.retries) == 1


@pytest.mark.parametrize("rows", [[], [5], [5, 1]])
def test_a_quick_push_has_no_chart(rows: list[int]) -> None:
    made = Timeline.restored({"interval_seconds": 1.0, "rows": rows, "retries": [0] * len(rows)})
    assert chart(made, len(rows) * 1.0 - 0.9) is None


def reading(rows: int, of: int | None, seconds: float, intervals: list[int] | None = None) -> Reading:
    report = Report("Kahuna", "set attributes", "Kahuna confirmed each user")
    report.add_accepted(rows)
    state = {"interval_seconds": 1.0, "rows": intervals, "retries": [0] * len(intervals)} if intervals else None
    facts = {"requests": 1, "retries": 0, "seconds": seconds, "of": of, "timeline": state}
    return read(report.as_dict({}, **facts))


@pytest.mark.parametrize(
    ("rows", "of", "seconds", "intervals", "rate", "left"),
    [
        (0, None, 0.0, None, 0, None),
        (0, 100, 0.0, None, 0, None),
        (50, 100, 5.0, None, 10, 5),
        (50, None, 5.0, None, 10, None),
        (120, 220, 12.0, [1] * 3 + [10] * 8 + [37], 10, 10),
        (100, 90, 10.0, None, 10, 0),
    ],
    ids=["nothing yet", "nothing of many", "half", "of nobody knows", "of late, not at first", "more than announced"],
)
def test_progress(
    rows: int, of: int | None, seconds: float, intervals: list[int] | None, rate: float, left: float | None
) -> None:
    result = progress(reading(rows, of, seconds, intervals))
    assert (result.done, result.of, result.rate, result.seconds_left) == (rows, of, rate, left)
