# SPDX-License-Identifier: Apache-2.0
"""A request that is refused as a whole is split until the guilty rows are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict


class TestSplitting:
    @staticmethod
    def judge(guilty: set[int]) -> Callable[[list[int], int], str]:
        return lambda positions, turn: "ok" if guilty.isdisjoint(positions) else "split"

    @settings(max_examples=80)
    @given(
        count=st.integers(1, 60),
        max_users=st.integers(1, 40),
        guilty=st.sets(st.integers(0, 59), max_size=10),
        concurrency=st.integers(1, 4),
    )
    def test_finds_exactly_the_guilty_rows(
        self, push: Any, rows: Any, count: int, max_users: int, guilty: set[int], concurrency: int
    ) -> None:
        done = push(rows(count), self.judge(guilty), target=operation(max_users), concurrency=concurrency)
        assert done.statuses == ["rejected" if position in guilty else "accepted" for position in range(count)]
        assert done.stopped is None
        assert done.vendor.applied == Counter(position for position in range(count) if position not in guilty)
        assert all(len(done.vendor.sent(position)) <= max_users.bit_length() + 1 for position in range(count))

    def test_one_bad_row_of_a_hundred_takes_few_requests(self, push: Any, rows: Any) -> None:
        done = push(rows(100), self.judge({42}), target=operation(100))
        assert done.statuses.count("rejected") == 1
        assert done.delivery.traffic.requests <= 2 * 7 + 1

    def test_what_is_left_of_a_split_at_a_stop_is_unsent(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return "split" if len(positions) == 8 else "keys"

        done = push(rows(8), judge, target=operation(8), concurrency=1)
        assert done.statuses == ["unsent"] * 8

    @pytest.mark.parametrize("concurrency", [1, 16])
    def test_a_vendor_that_refuses_all_rows_alike_is_not_asked_about_each(
        self, push: Any, rows: Any, concurrency: int
    ) -> None:
        done = push(rows(2_000), "split", target=operation(100), concurrency=concurrency)
        sent = [position for position in range(2_000) if done.vendor.sent(position)]
        assert len([position for position in sent if done.vendor.sent(position).count("split") > 1]) >= 200
        assert all(done.book.verdicts[position] is WORDS["split"] for position in sent)
        assert done.statuses.count("unsent") == 2_000 - len(sent)
        assert done.delivery.traffic.requests < 2 * 200 + 10 * concurrency * 4, "some 4,000 without"
        assert isinstance(done.stopped, RefusedConfiguration)
        assert WORDS["split"].meaning in str(done.stopped)
        assert WORDS["split"].remedy in str(done.stopped)

    @pytest.mark.parametrize("guilty", [199, 150])
    def test_many_guilty_rows_at_the_front_are_not_all_rows(self, push: Any, rows: Any, guilty: int) -> None:
        done = push(rows(600), self.judge(set(range(guilty))), target=operation(100), concurrency=1)
        assert done.stopped is None
        assert done.statuses == ["rejected"] * guilty + ["accepted"] * (600 - guilty)

    @pytest.mark.parametrize("innocent", [0, 57, 250])
    def test_one_row_that_is_taken_shows_that_the_vendor_takes_rows(self, push: Any, rows: Any, innocent: int) -> None:
        count = 500 if innocent < 200 else 252
        done = push(rows(count), self.judge(set(range(count)) - {innocent}), target=operation(100), concurrency=1)
        taken = done.vendor.applied[innocent]
        assert done.statuses[innocent] == ("accepted" if taken else "unsent")
        assert innocent >= 200 or (done.stopped is None and taken)

    def test_two_reasons_are_none_for_all(self, push: Any, rows: Any) -> None:
        other = Verdict(Status.REJECTED, "413", "too large", "Send less.", Action.SPLIT)

        def judge(positions: list[int], turn: int) -> str:
            return "split" if positions[0] % 2 else "large"

        WORDS["large"] = other
        try:
            done = push(rows(300), judge, target=operation(100), concurrency=1)
        finally:
            del WORDS["large"]
        assert done.stopped is None
        assert done.statuses == ["rejected"] * 300

    def test_where_a_request_is_one_row_there_is_no_search_to_stop(self, push: Any, rows: Any) -> None:
        done = push(rows(300), "split", target=operation(1))
        assert done.stopped is None
        assert done.statuses == ["rejected"] * 300

    def test_doubt_outlives_a_split(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return {(4, 0): "lost", (4, 1): "split"}.get((len(positions), turn), "ok" if positions[0] == 0 else "busy")

        done = push(rows(4), judge, target=operation(4), concurrency=1)
        assert done.statuses == ["accepted", "accepted", "unknown", "unknown"]
