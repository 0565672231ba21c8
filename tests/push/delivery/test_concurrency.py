# SPDX-License-Identifier: Apache-2.0
"""How many batches may be under way: few at first, soon all that is allowed, and never more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.concurrency import INTERVAL, Concurrency


@pytest.fixture
def clock(fake_clock: Any) -> Any:
    return fake_clock()


@pytest.mark.parametrize(("most", "first"), [(1, 1), (2, 2), (16, 2)])
def test_begins_with_two_or_the_ceiling(clock: Any, most: int, first: int) -> None:
    concurrency = Concurrency(most, clock)
    assert concurrency.now == first
    assert concurrency.may_grow == (most > first)


def test_a_step_takes_its_time(clock: Any) -> None:
    concurrency = Concurrency(100, clock)
    clock.advance(INTERVAL / 2)
    concurrency.grow()
    assert concurrency.now == 2
    clock.advance(INTERVAL / 2)
    concurrency.grow()
    concurrency.grow()
    assert concurrency.now == 8


def test_sixteen_are_reached_with_the_second_step(clock: Any) -> None:
    concurrency = Concurrency(16, clock)
    for _ in range(2):
        clock.advance(INTERVAL)
        concurrency.grow()
    assert (concurrency.now, concurrency.may_grow, concurrency.window) == (16, False, 48)


def test_what_is_announced_before_it_is_sent_is_not_made_ready(clock: Any) -> None:
    concurrency = Concurrency(16, clock, has_ready=False)
    assert concurrency.window == concurrency.now == 2


@given(most=st.integers(1, 200), users=st.integers(1, 1_000), steps=st.lists(st.floats(0, 0.1), max_size=12))
def test_the_ceiling_holds_and_what_is_ready_is_bounded_in_users(
    fake_clock: Any, most: int, users: int, steps: list[float]
) -> None:
    clock = fake_clock()
    concurrency = Concurrency(most, clock, users=users)
    for seconds in steps:
        clock.advance(seconds)
        before = concurrency.now
        concurrency.grow()
        assert before <= concurrency.now <= most
        ready = concurrency.window - concurrency.now
        assert ready == 1 or 1 < ready * users <= 800
