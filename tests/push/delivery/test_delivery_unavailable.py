# SPDX-License-Identifier: Apache-2.0
"""A vendor that is away, or asks for a long wait, is left alone until a later try of the task."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import in_turn

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.operation import Response


class Patient:
    """Let short sleeps pass at once; let a long one end only when the sleeper is woken."""

    def __init__(self, clock: Any, longest: float) -> None:
        self.clock = clock
        self.longest = longest
        self.monotonic, self.time = clock.monotonic, clock.time

    def sleep(self, seconds: float, wake: Event) -> None:
        if seconds <= self.longest:
            self.clock.sleep(seconds, wake)
        else:
            assert wake.wait(60), "asleep for so long, and nobody wakes the sleeper"


class TestVendorAway:
    @pytest.mark.parametrize(
        ("failure", "first"), [("refused", "unsent"), ("busy", "unsent"), ("doubt", "unknown"), ("dropped", "unknown")]
    )
    def test_a_run_of_passing_failures_stops_the_push(self, push: Any, rows: Any, failure: str, first: str) -> None:
        done = push(rows(2_000), failure, rate=5, concurrency=2)
        assert isinstance(done.stopped, RetryLater)
        assert "Vendor" in str(done.stopped)
        assert len(done.statuses) == 2_000
        assert done.statuses[0] == first
        assert done.statuses[-1] == "unsent"
        assert set(done.statuses) <= {first, "unsent"}
        assert done.delivery.traffic.requests < 1_000

    def test_failures_here_and_there_do_not(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return "doubt" if turn == 0 and positions[0] % 3 == 0 else "ok"

        done = push(rows(300), judge, rate=5, concurrency=2)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 300

    def test_one_row_that_always_fails_does_not(self, push: Any, rows: Any) -> None:
        done = push(rows(300), in_turn("doubt", first=7), rate=5, concurrency=2)
        assert done.stopped is None
        assert Counter(done.statuses) == {"accepted": 299, "unknown": 1}

    @pytest.mark.parametrize(
        "headers",
        [
            {"retry-after": "301"},
            {"retry-after": "86400"},
            {"x-ratelimit-reset": "3600"},
            {"retry-after": "99999999999"},
        ],
        ids=str,
    )
    def test_a_wait_over_five_minutes_stops_the_push(
        self, push: Any, rows: Any, fake_clock: Any, headers: dict[str, str]
    ) -> None:
        busy = Response(429, headers, orjson.dumps(["busy"]))
        done = push(rows(50), busy, concurrency=1, clock=Patient(fake_clock(), 300))
        assert isinstance(done.stopped, RetryLater)
        assert done.stopped.retry_after == pytest.approx(min(86_400, float(next(iter(headers.values())))))
        assert done.statuses == ["unsent"] * 50
        assert done.delivery.traffic.requests == 1

    def test_a_wait_of_five_minutes_is_waited_for(self, push: Any, rows: Any) -> None:
        busy = Response(429, {"retry-after": "300"}, orjson.dumps(["busy"]))
        done = push(rows(5), in_turn(busy, "ok"), concurrency=1)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 5

    def test_rows_under_way_stay_few_while_the_vendor_is_away(self, push: Any, rows: Any) -> None:
        done = push(rows(3_000), "refused", concurrency=4)
        assert done.book.outstanding < 1_000

    def test_an_unavailable_vendor_gets_no_further_requests(self, push: Any, rows: Any) -> None:
        done = push(rows(3_000), "refused", concurrency=4)
        assert isinstance(done.stopped, RetryLater)
        assert done.delivery.traffic.requests < 3_000
