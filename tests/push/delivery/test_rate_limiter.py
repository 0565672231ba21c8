# SPDX-License-Identifier: Apache-2.0
"""No sliding window over the cap, nothing early after a hold, and what an answer asks to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter, asked_to_wait, back_off
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Answer, rate_in_words

NOW = 1_700_000_000.0
TINY = 1e-6


class StandingClock(Clock):
    """Show the same time always."""

    def time(self) -> float:
        return NOW


STANDING = StandingClock()


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
    @settings(max_examples=150, deadline=None)
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

        class Stalled(fake_clock):  # type: ignore[misc, valid-type]
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

    def test_a_hold_is_kept_without_a_cap_too(self, clock: Any) -> None:
        rate_limiter = RateLimiter(None, clock, Event())
        rate_limiter.hold(7)
        assert rate_limiter.held_for() == 7
        assert rate_limiter.wait(1)
        assert clock.monotonic() == 7
        assert rate_limiter.held_for() == 0

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


def http_date(seconds_from_now: float) -> str:
    return formatdate(NOW + seconds_from_now, usegmt=True)


class TestAskedToWait:
    @pytest.mark.parametrize(
        ("status", "headers", "expected"),
        [
            pytest.param(429, {"retry-after": "30"}, 30, id="seconds"),
            pytest.param(503, {"retry-after": "30"}, 30, id="seconds-with-503"),
            pytest.param(429, {"retry-after": " 30 "}, 30, id="seconds-with-blanks"),
            pytest.param(429, {"retry-after": "5, 600"}, 600, id="the-longest-of-a-list"),
            pytest.param(429, {"retry-after": "600,5"}, 600, id="the-longest-of-a-list-comes-first"),
            pytest.param(429, {"retry-after": f"5, {http_date(90)}"}, 90, id="a-date-in-a-list"),
            pytest.param(429, {"retry-after": f"{http_date(90)}, {http_date(70)}, 5"}, 90, id="dates-in-a-list"),
            pytest.param(429, {"retry-after": "5, soon"}, 5, id="rubbish-in-a-list"),
            pytest.param(429, {"retry-after": "86400"}, 86_400, id="a-day"),
            pytest.param(429, {"retry-after": "86401"}, 86_400, id="more-than-a-day"),
            pytest.param(429, {"retry-after": "99999999999"}, 86_400, id="three-thousand-years"),
            pytest.param(
                429,
                {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": "Thu, 01 Jan 1970 00:00:00 GMT"},
                86_400,
                id="date-of-9999-by-a-clock-of-1970",
            ),
            pytest.param(429, {"x-ratelimit-reset": "99999999999"}, 86_400, id="reset-in-three-thousand-years"),
            pytest.param(429, {"retry-after": http_date(90)}, 90, id="date"),
            pytest.param(429, {"retry-after": http_date(90), "date": http_date(30)}, 60, id="date-by-vendor's-clock"),
            pytest.param(
                429, {"retry-after": http_date(-7_110), "date": http_date(-7_200)}, 90, id="date-our-clock-is-fast"
            ),
            pytest.param(
                429, {"retry-after": http_date(7_290), "date": http_date(7_200)}, 90, id="date-our-clock-is-slow"
            ),
            pytest.param(429, {"retry-after": http_date(90), "date": "lunchtime"}, 90, id="date-beside-rubbish-date"),
            pytest.param(429, {"retry-after": http_date(-90)}, 0, id="date-gone-by"),
            pytest.param(429, {"x-ratelimit-reset": "42"}, 42, id="reset-seconds"),
            pytest.param(429, {"x-ratelimit-reset": "3600"}, 3_600, id="reset-longest-that-is-seconds"),
            pytest.param(429, {"x-ratelimit-reset": "3601"}, 0, id="reset-epoch-long-ago"),
            pytest.param(429, {"x-ratelimit-reset": str(int(NOW) + 42)}, 42, id="reset-epoch"),
            pytest.param(
                429, {"x-ratelimit-reset": str(int(NOW) + 42), "date": http_date(30)}, 12, id="reset-epoch-by-vendor"
            ),
            pytest.param(429, {"retry-after": "5", "x-ratelimit-reset": "42"}, 42, id="the-longer-of-two"),
            pytest.param(429, {"retry-after": "50", "x-ratelimit-reset": "42"}, 50, id="the-longer-of-two-other"),
            pytest.param(429, {"retry-after": "soon", "x-ratelimit-reset": "42"}, 42, id="rubbish-beside-reset"),
            pytest.param(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"}, 17, id="none-remaining"),
            pytest.param(
                200,
                {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 17)},
                17,
                id="none-remaining-epoch",
            ),
            pytest.param(200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "17"}, None, id="some-remaining"),
            pytest.param(200, {"x-ratelimit-remaining": "0"}, None, id="none-remaining-no-reset"),
            pytest.param(200, {"retry-after": "30"}, None, id="not-with-200"),
            pytest.param(200, {"x-ratelimit-reset": "30"}, None, id="reset-alone-with-200"),
            pytest.param(429, {}, None, id="nothing-said"),
            pytest.param(429, {"retry-after": "soon"}, None, id="rubbish"),
            pytest.param(429, {"retry-after": ""}, None, id="empty"),
            pytest.param(429, {"retry-after": "-5"}, None, id="negative"),
            pytest.param(429, {"x-ratelimit-reset": "-5"}, None, id="reset-negative"),
            pytest.param(429, {"x-ratelimit-reset": "4.5"}, None, id="reset-fraction"),
        ],
    )
    def test_table(self, status: int, headers: dict[str, str], expected: float | None) -> None:
        assert asked_to_wait(Answer(status, headers, b""), STANDING) == expected

    @settings(max_examples=300, deadline=None)
    @given(
        status=st.sampled_from([200, 429, 503]),
        headers=st.fixed_dictionaries(
            {},
            optional={
                name: st.one_of(
                    st.text(max_size=40),
                    st.text("0123456789", max_size=40),
                    st.text("MonJan 0123456789:,GMT+-()", max_size=40),
                )
                for name in ("retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset")
            },
        ),
    )
    def test_no_header_makes_it_raise_or_go_back_in_time(self, status: int, headers: dict[str, str]) -> None:
        wait = asked_to_wait(Answer(status, headers, b""), STANDING)
        assert wait is None or 0 <= wait <= 86_400

    def test_an_endless_number_is_no_exception(self) -> None:
        wait = asked_to_wait(Answer(429, {"x-ratelimit-reset": "9" * 5_000}, b""), STANDING)
        assert wait is None or wait >= 0

    def test_dates_in_the_obsolete_form_are_gmt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "JST-9")
        time.tzset()
        try:
            text = time.asctime(time.gmtime(NOW + 90))
            assert asked_to_wait(Answer(429, {"retry-after": text}, b""), STANDING) == 90
        finally:
            monkeypatch.undo()
            time.tzset()


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
    assert rate_in_words(rate) == words
