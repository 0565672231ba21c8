# SPDX-License-Identifier: Apache-2.0
"""One user's rows are applied in their order, whatever is retried beside them."""

from __future__ import annotations

from typing import Any

import pytest
from push.delivery.fake_vendor import in_turn, operation

from airflow_provider_userattrs.push.model.row import UserUpdate


class TestOrder:
    @pytest.mark.parametrize("failure", ["doubt", "refused", "busy", "lost"])
    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_one_user_s_rows_are_applied_in_their_order_whatever_is_retried(
        self, push: Any, rows: Any, failure: str, concurrency: int
    ) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return failure if turn < positions[0] % 3 else "ok"

        done = push(rows("abacabadaab" * 5), judge, concurrency=concurrency, target=operation(1))
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 55
        assert done.vendor.early == [], "a row was sent before an earlier one of its user had its verdict"

    def test_a_batch_never_holds_one_user_twice(self, push: Any, rows: Any) -> None:
        done = push(rows("aabbaabc"), "ok", target=operation(10), concurrency=4)
        users = [["aabbaabc"[position] for position in positions] for _, positions, _ in done.vendor.requests]
        assert all(len(batch) == len(set(batch)) for batch in users)
        assert done.statuses == ["accepted"] * 8

    def test_a_later_row_does_not_overtake_an_unsent_one(self, push: Any, rows: Any) -> None:
        done = push(rows("abcabcab"), in_turn("refused"), concurrency=1)
        assert done.statuses == ["unsent" if user == "a" else "accepted" for user in "abcabcab"]
        assert done.codes[3] == done.codes[6] == "held-back"
        assert done.vendor.turns.keys() == {0, 1, 2, 4, 5, 7}

    @pytest.mark.parametrize("verdict", ["no", "part"])
    def test_a_later_row_follows_one_that_was_refused(self, push: Any, rows: Any, verdict: str) -> None:
        done = push(rows("aa"), in_turn(verdict))
        assert done.statuses[1] == "accepted"

    def test_users_of_several_keys_wait_for_each_of_them(self, push: Any) -> None:
        def row(position: int, *keys: str) -> UserUpdate:
            return UserUpdate(position, position, keys, {"x": 1}, (), {})

        several = [row(0, "mail", "name"), row(1, "mail"), row(2, "name"), row(3, "name", "mail"), row(4, "other")]
        done = push(several, "ok", target=operation(10), concurrency=4)
        index = {position: number for number, (_, batch, _) in enumerate(done.vendor.requests) for position in batch}
        assert index[0] < index[1] < index[3]
        assert index[0] < index[2] < index[3]
        assert index[4] == 0
