# SPDX-License-Identifier: Apache-2.0
"""The timeline: nothing lost, nothing counted twice, and always small."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.report.timeline import FIRST_INTERVAL, MAX_INTERVALS, Timeline

steps = st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 10**6), st.integers(0, 50)), max_size=80)


@settings(max_examples=200)
@given(steps=steps)
def test_the_counts_add_up_and_the_intervals_stay_few(steps: list[tuple[float, int, int]]) -> None:
    timeline = Timeline()
    seconds, rows, retries = 0.0, 0, 0
    for waited, done, repeated in steps:
        seconds, rows, retries = seconds + waited, rows + done, retries + repeated
        timeline.note(seconds, rows, retries)
        assert len(timeline.rows) == len(timeline.retries) <= MAX_INTERVALS
        assert sum(timeline.rows) == rows
        assert sum(timeline.retries) == retries
        assert len(timeline.rows) == int(seconds / timeline.interval) + 1
    assert timeline.interval == FIRST_INTERVAL or len(timeline.rows) > MAX_INTERVALS // 2
    assert len(json.dumps(timeline.as_dict())) < 2_000


@settings(max_examples=100)
@given(steps=steps, at=st.integers(0, 80))
def test_a_resumed_try_continues_the_timeline(steps: list[tuple[float, int, int]], at: int) -> None:
    whole, parts = Timeline(), Timeline()
    seconds, rows, retries = 0.0, 0, 0
    for number, (waited, done, repeated) in enumerate(steps):
        if number == at:
            parts = Timeline.restored(json.loads(json.dumps(parts.as_dict())))
            parts.begin(rows, retries)
        seconds, rows, retries = seconds + waited, rows + done, retries + repeated
        whole.note(seconds, rows, retries)
        parts.note(seconds, rows, retries)
    assert parts.as_dict() == whole.as_dict()


def test_a_decreasing_count_is_ignored() -> None:
    timeline = Timeline()
    timeline.note(0.1, 10, 2)
    timeline.note(0.2, 4, 1)
    timeline.note(0.3, 6, 1)
    assert timeline.as_dict() == {"interval_seconds": FIRST_INTERVAL, "rows": [10, 2], "retries": [2, 0]}
