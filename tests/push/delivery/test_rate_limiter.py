# SPDX-License-Identifier: Apache-2.0
"""No sliding window over the cap, nothing early after a hold, and no back-off that meets another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter, back_off
from airflow_provider_userattrs.push.model.operation import format_rate

TINY = 1e-6


def act(rate_limiter: RateLimiter, clock: Any, scripts: list[list[tuple[str, float]]]) -> tuple[list[Any], list[Any]]:
    """Let one thread act out each script; return the departures (moment, units) and the holds (from, until)."""
    lock, never = Lock(), Event()
    departures: list[tuple[float, float]] = []
    holds: list[tuple[float, float]] = []

    def play(script: list[tuple[str, float]]) -> None:
        try:
            for action, amount in script:
                if action == "think":
                    clock.sleep(amount, never)
                    continue
                if action == "hold":
                    with lock:
                        holds.append((clock.monotonic(), clock.monotonic() + amount))
                    rate_limiter.hold(amount)
                    continue
                assert rate_limiter.wait(int(amount)) is True
                with lock:
                    departures.append((clock.monotonic(), amount))
        finally:
            clock.leave()

    with ThreadPoolExecutor(len(scripts)) as threads:
        for future in [threads.submit(play, script) for script in scripts]:
            future.result()
    return sorted(departures), holds


quarters = st.integers(0, 20).map(lambda number: number / 4)
actions = st.one_of(
    st.tuples(st.just("go"), st.integers(1, 5).map(float)),
    st.tuples(st.just("think"), quarters),
    st.tuples(st.just("hold"), quarters),
)


class TestPacer:
    @settings(max_examples=150)
    @given(
        rate=st.sampled_from([0.5, 1, 3, 10, 10_000 / 60]),
        scripts=st.lists(st.lists(actions, max_size=8), min_size=1, max_size=4),
    )
    def test_no_window_is_over_the_cap_and_nothing_is_early(
        self, shared_clock: Callable[[int], Any], rate: float, scripts: list[list[tuple[str, float]]]
    ) -> None:
        clock = shared_clock(len(scripts))
        departures, holds = act(RateLimiter(rate, clock, Event()), clock, scripts)
        assert len(departures) == sum(action == "go" for script in scripts for action, _ in script)
        for first in range(len(departures)):
            units = 0.0
            for last in range(first + 1, len(departures)):
                units += departures[last - 1][1]
                window = departures[last][0] - departures[first][0]
                assert units <= rate * window + TINY, "over the cap in a sliding window"
        for start, until in holds:
            assert not [moment for moment, _ in departures if start + TINY < moment < until - TINY]

    @pytest.mark.parametrize("threads", [1, 4, 16])
    @pytest.mark.parametrize("rate", [0.5, 10, 10_000 / 60])
    def test_no_slot_is_lost_while_requests_wait(
        self, shared_clock: Callable[[int], Any], rate: float, threads: int
    ) -> None:
        clock = shared_clock(threads)
        departures, _ = act(RateLimiter(rate, clock, Event()), clock, [[("go", 1.0)] * 5] * threads)
        assert [moment for moment, _ in departures] == pytest.approx([slot / rate for slot in range(5 * threads)])

    def test_idle_time_is_not_saved_up_for_a_burst(self, clock: Any) -> None:
        rate_limiter = RateLimiter(2, clock, Event())
        clock.advance(1_000)
        gone = [clock.monotonic() for _ in range(4) if rate_limiter.wait(1)]
        assert gone == [1_000, 1_000.5, 1_001, 1_001.5]

    def test_threads_that_wake_late_together_do_not_go_together(self, fake_clock: type[Any]) -> None:
        both = Barrier(2)

        class Stalled(fake_clock):  # type: ignore[misc]
            stalls = 2

            def sleep(self, seconds: float, wake: Event) -> None:
                with self._lock:
                    stalled, self.stalls = self.stalls > 0, self.stalls - 1
                if not stalled:
                    super().sleep(seconds, wake)
                elif both.wait() == 0:
                    self.advance(60.0)
                    both.wait()
                else:
                    both.wait()

        clock = Stalled()
        rate_limiter = RateLimiter(1, clock, Event())
        assert rate_limiter.wait(1)
        moments: list[float] = []

        def go() -> None:
            assert rate_limiter.wait(1)
            moments.append(clock.monotonic())

        threads = [Thread(target=go) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(moments) == 2
        assert max(moments) == 61.0, "both slots were long past; all the same one second lies between them"

    def test_units_count_against_the_cap(self, clock: Any) -> None:
        rate_limiter = RateLimiter(10, clock, Event())
        gone = [clock.monotonic() for units in (5, 1, 1) if rate_limiter.wait(units)]
        assert gone == pytest.approx([0.0, 0.5, 0.6])

    def test_without_a_cap_nothing_waits(self, clock: Any) -> None:
        rate_limiter = RateLimiter(None, clock, Event())
        assert all(rate_limiter.wait(100) for _ in range(50))
        assert clock.monotonic() == 0

    def test_without_a_cap_a_refusal_halves_the_pace_of_the_last_seconds(self, clock: Any) -> None:
        limiter = RateLimiter(None, clock, Event())
        limiter.wait(10)
        clock.advance(3_600)
        for _ in range(100):
            limiter.wait(1)
            clock.advance(0.01)
        limiter.slow_down()
        limiter.wait(1)
        before = clock.monotonic()
        limiter.wait(1)
        assert clock.monotonic() - before == pytest.approx(1 / 25, rel=0.1), "100 in two seconds, and half of that"

    def test_a_hold_is_kept_without_a_cap_too(self, clock: Any) -> None:
        rate_limiter = RateLimiter(None, clock, Event())
        rate_limiter.hold(7)
        assert rate_limiter.held_for() == 7
        assert rate_limiter.wait(1)
        assert clock.monotonic() == 7
        assert rate_limiter.held_for() == 0

    def test_without_a_cap_nothing_waits_longer_than_a_hold(self, clock: Any) -> None:
        limiter = RateLimiter(None, clock, Event())
        for _ in range(5):
            limiter.hold(3.0)
            began = clock.monotonic()
            assert all(limiter.wait(1) for _ in range(4))
            assert clock.monotonic() - began == pytest.approx(3.0)

    def test_a_shorter_hold_does_not_end_a_longer_one(self, clock: Any) -> None:
        rate_limiter = RateLimiter(None, clock, Event())
        rate_limiter.hold(10)
        rate_limiter.hold(3)
        clock.advance(4)
        assert rate_limiter.held_for() == 6

    def test_a_hold_that_comes_while_waiting_voids_the_slot(self, fake_clock: Callable[[], Any]) -> None:
        clock = fake_clock()
        rate_limiter = RateLimiter(1, clock, Event())
        sleep = clock.sleep

        def sleep_and_be_held(seconds: float, wake: Event) -> None:
            clock.sleep = sleep
            rate_limiter.hold(10)
            sleep(seconds, wake)

        assert rate_limiter.wait(1)
        clock.sleep = sleep_and_be_held
        assert rate_limiter.wait(1)
        assert clock.monotonic() >= 10

    def test_waking_ends_the_wait_without_a_slot(self, fake_clock: Callable[[], Any]) -> None:
        clock, wake = fake_clock(), Event()
        rate_limiter = RateLimiter(1, clock, wake)
        assert rate_limiter.wait(1)
        clock.sleep = lambda seconds, wake: wake.set()
        assert rate_limiter.wait(1) is False
        assert rate_limiter.wait(1) is False
        assert clock.monotonic() == 0


class TestRequestsOfManyUnits:
    """Few of them fit into a second, so that the cap is kept in any minute."""

    @settings(max_examples=100)
    @given(
        rate=st.sampled_from([62.5, 1_000.0]),
        sizes=st.lists(st.integers(1, 100), min_size=30, max_size=120),
        pause=st.sampled_from([0.0, 0.0, 7.0]),
    )
    def test_no_minute_is_over_the_cap_and_few_are_far_under(
        self, fake_clock: Any, rate: float, sizes: list[int], pause: float
    ) -> None:
        clock = fake_clock()
        rate_limiter = RateLimiter(rate, clock, Event(), per_minute=True)
        units = [round(size / 100 * rate * 6) or 1 for size in sizes]
        sent: list[tuple[float, int]] = []
        for number in units:
            assert rate_limiter.wait(number)
            sent.append((clock.monotonic(), number))
            clock.advance(pause * (len(sent) % 10 == 0))
        for first, (start, _) in enumerate(sent):
            minute = sum(number for moment, number in sent[first:] if moment < start + 60 - TINY)
            assert minute <= rate * 60 + TINY, "over the cap in a sliding minute"
        if not pause:
            assert sent[-1][0] <= sum(units) / rate / 0.9, "far under the cap while requests wait"

    def test_a_full_batch_leaves_every_interval(self, clock: Any) -> None:
        rate_limiter = RateLimiter(1_000, clock, Event(), per_minute=True)
        gone = [clock.monotonic() for _ in range(3) if rate_limiter.wait(450)]
        assert gone == pytest.approx([0.0, 0.45, 0.9])


class TestBackOff:
    @given(attempt=st.integers(1, 50))
    def test_doubles_up_to_a_minute_and_is_spread(self, attempt: int) -> None:
        longest = min(60.0, 2.0 ** (attempt - 1))
        assert longest / 2 <= back_off(attempt) <= longest

    def test_is_never_longer_than_a_minute(self) -> None:
        waits = [back_off(30) for _ in range(2_000)]
        assert max(waits) <= 60
        assert min(waits) >= 30

    def test_two_threads_do_not_meet(self) -> None:
        assert len({back_off(3) for _ in range(50)}) > 40


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (100_000, "100,000"),
        (100_000.0, "100,000"),
        (1_234.5, "1,234"),
        (166.666_67, "166.7"),
        (2.5, "2.5"),
        (80, "80"),
        (1, "1"),
        (0.01, "0.01"),
        (1 / 3, "0.3333"),
        (0.000_12, "0.00012"),
    ],
)
def test_a_rate_in_words(rate: float, words: str) -> None:
    assert format_rate(rate) == words


def test_what_was_sent_is_remembered_for_a_second(clock: Any) -> None:
    rate_limiter = RateLimiter(1e6, clock, Event())
    for _ in range(100):
        clock.advance(0.1)
        assert rate_limiter.wait(1)
    assert len(rate_limiter._sent or ()) <= 11
