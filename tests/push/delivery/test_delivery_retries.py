# SPDX-License-Identifier: Apache-2.0
"""A failure that may pass: the users it concerns are sent again, a few times, with growing pauses."""

from __future__ import annotations

from email.utils import formatdate
from itertools import pairwise
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import ATTEMPTS, in_turn, operation

from airflow_provider_userattrs.push.model.operation import Response


class TestPassingFailures:
    @pytest.mark.parametrize(
        ("failure", "status"),
        [("refused", "unsent"), ("busy", "unsent"), ("doubt", "unknown"), ("dropped", "unknown"), ("lost", "unknown")],
    )
    def test_are_sent_five_times_then_the_verdict_is_final(
        self, push: Any, rows: Any, failure: str, status: str
    ) -> None:
        done = push(rows(20), in_turn(failure), concurrency=1)
        assert done.vendor.sent(0) == [failure] * ATTEMPTS
        assert done.book.verdicts[0].status == status
        assert done.statuses[1:] == ["accepted"] * 19
        assert done.delivery.traffic.retries == ATTEMPTS - 1
        assert done.delivery.traffic.requests == 19 + ATTEMPTS

    @pytest.mark.parametrize("failure", ["refused", "busy", "doubt", "dropped"])
    @pytest.mark.parametrize("times", [1, 4])
    def test_that_pass_end_well(self, push: Any, rows: Any, failure: str, times: int) -> None:
        done = push(rows(1), in_turn(*[failure] * times, "ok"))
        assert (done.statuses, done.stopped) == (["accepted"], None)
        assert done.delivery.traffic.retries == times

    def test_are_tried_again_for_their_own_users_alone(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> list[str]:
            return [{1: "busy", 3: "no"}.get(position, "ok") if turn == 0 else "ok" for position in positions]

        def by_size(positions: list[int], turn: int) -> list[str]:
            return judge(positions, 0 if len(positions) == 4 else 1)

        done = push(rows(4), by_size, target=operation(4))
        assert [positions for _, positions, _ in done.vendor.requests] == [[0, 1, 2, 3], [1]]
        assert done.statuses == ["accepted", "accepted", "accepted", "rejected"]

    def test_wait_longer_each_time_and_never_in_step(self, push: Any, rows: Any) -> None:
        gaps = []
        for _ in range(20):
            times = push(rows(1), "doubt").vendor.times()
            gaps.append([after - before for before, after in pairwise(times)])
        for waits in gaps:
            assert all(longest / 2 <= wait <= longest for wait, longest in zip(waits, (1, 2, 4, 8), strict=True))
        assert len({waits[0] for waits in gaps}) > 10

    @pytest.mark.parametrize(
        ("headers", "least"),
        [
            pytest.param({"retry-after": "120"}, 120, id="seconds"),
            pytest.param(
                {"retry-after": formatdate(10_200, usegmt=True), "date": formatdate(10_080, usegmt=True)},
                120,
                id="date-by-the-vendor's-clock",
            ),
            pytest.param({"x-ratelimit-reset": "45"}, 45, id="reset"),
        ],
    )
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_vendor_that_asks_to_wait_is_obeyed(
        self, push: Any, rows: Any, status: int, headers: dict[str, str], least: float
    ) -> None:
        busy = Response(status, headers, orjson.dumps(["busy"]))
        done = push(rows(10), in_turn(busy, "ok"), concurrency=1)
        assert done.statuses == ["accepted"] * 10
        assert done.vendor.times()[0] == 0
        assert all(moment >= least for moment in done.vendor.times()[1:])
        assert done.stopped is None

    def test_a_quota_used_up_is_waited_for(self, push: Any, rows: Any) -> None:
        used_up = Response(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, orjson.dumps(["ok"]))
        done = push(rows(5), in_turn(used_up, first=2), concurrency=1)
        assert done.statuses == ["accepted"] * 5
        assert [moment >= 30 for moment in done.vendor.times()] == [False, False, False, True, True]
