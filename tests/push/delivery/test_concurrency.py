# SPDX-License-Identifier: Apache-2.0
"""How many requests may be in flight: a few at first, more while all that is waited for is the vendor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.concurrency import INTERVAL, Concurrency


@pytest.fixture
def clock(fake_clock: Any) -> Any:
    """Return a clock on which processor time passes only as told."""

    class Processor(fake_clock):  # type: ignore[misc]
        used = 0.0

        def processor(self) -> float:
            return self.used

        def work(self, seconds: float, share: float) -> None:
            """Let so many seconds pass, of which the processor worked a share."""
            self.advance(seconds)
            self.used += share * seconds

    return Processor()


@pytest.mark.parametrize(("most", "first"), [(1, 1), (2, 2), (16, 2)])
def test_begins_with_two_or_the_ceiling(clock: Any, most: int, first: int) -> None:
    concurrency = Concurrency(most, clock)
    assert concurrency.now == first
    assert concurrency.may_grow == (most > first)


def test_a_step_needs_evidence(clock: Any) -> None:
    concurrency = Concurrency(16, clock)
    clock.advance(INTERVAL / 2)
    assert not concurrency.is_due()
    clock.advance(INTERVAL / 2)
    assert concurrency.is_due()
    concurrency.grow(paced=False)
    assert not concurrency.is_due()


@pytest.mark.parametrize(
    ("share", "now"),
    [
        pytest.param(0.0, 8, id="idle-quadruples"),
        pytest.param(0.24, 8, id="nearly-idle-quadruples"),
        pytest.param(0.5, 4, id="at-work-doubles"),
        pytest.param(0.89, 4, id="nearly-busy-doubles"),
        pytest.param(0.95, 2, id="busy-stays"),
    ],
)
def test_grows_by_what_the_processor_has_to_spare(clock: Any, share: float, now: int) -> None:
    concurrency = Concurrency(16, clock)
    clock.work(1.0, share)
    concurrency.grow(paced=False)
    assert concurrency.now == now


def test_the_load_is_that_since_the_last_step(clock: Any) -> None:
    concurrency = Concurrency(64, clock)
    clock.work(10.0, 1.0)
    concurrency.grow(paced=False)
    clock.work(1.0, 0.0)
    concurrency.grow(paced=False)
    assert concurrency.now == 8


def test_while_requests_wait_for_their_slot_more_of_them_would_only_wait(clock: Any) -> None:
    concurrency = Concurrency(16, clock)
    clock.work(1.0, 0.0)
    concurrency.grow(paced=True)
    assert concurrency.now == 2


def test_a_vendor_faster_than_this_process_finds_more_ready(clock: Any) -> None:
    concurrency = Concurrency(16, clock)
    before = concurrency.window
    for _ in range(20):
        clock.work(1.0, 1.0)
        concurrency.grow(paced=False)
    assert concurrency.now == 2
    assert concurrency.window == before + 128


def test_what_must_not_be_sent_twice_is_not_made_ready_ahead(clock: Any) -> None:
    concurrency = Concurrency(16, clock, may_run_ahead=False)
    before = concurrency.window
    clock.work(1.0, 1.0)
    concurrency.grow(paced=False)
    assert concurrency.window == before


@given(
    most=st.integers(1, 200),
    users=st.integers(1, 1_000),
    steps=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=12),
)
def test_the_ceiling_holds_and_what_is_ready_is_bounded_in_users(
    fake_clock: Any, most: int, users: int, steps: list[tuple[float, bool]]
) -> None:
    clock = fake_clock()
    used = 0.0
    clock.processor = lambda: used
    concurrency = Concurrency(most, clock, users=users)
    for share, paced in steps:
        clock.advance(1.0)
        used += share
        before = concurrency.now
        concurrency.grow(paced=paced)
        assert before <= concurrency.now <= most
        assert concurrency.now < concurrency.window
        ready = concurrency.window - concurrency.now
        assert ready == 1 or (ready - 1) * users <= 800 + 128
