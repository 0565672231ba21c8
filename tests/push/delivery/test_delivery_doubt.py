# SPDX-License-Identifier: Apache-2.0
"""Rows that may have been applied: never called unsent, and never repeated where that would do harm."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import ATTEMPTS, in_turn, operation

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Response


class TestDoubt:
    @pytest.mark.parametrize("failure", ["doubt", "lost", "dropped", "short", "garbage"])
    def test_what_must_not_be_repeated_is_not(self, push: Any, rows: Any, failure: str) -> None:
        done = push(rows(8), in_turn(failure), target=operation(idempotent=False), concurrency=2)
        assert done.vendor.sent(0) == [failure]
        assert done.statuses == ["unknown"] + ["accepted"] * 7

    @pytest.mark.parametrize("failure", ["refused", "busy"])
    def test_what_was_not_applied_for_certain_is_repeated(self, push: Any, rows: Any, failure: str) -> None:
        done = push(rows(8), in_turn(failure, failure, "ok"), target=operation(idempotent=False), concurrency=2)
        assert done.vendor.sent(0) == [failure, failure, "ok"]
        assert done.statuses == ["accepted"] * 8
        assert set(done.vendor.applied.values()) == {1}

    def test_doubt_after_a_refusal_is_not_repeated(self, push: Any, rows: Any) -> None:
        done = push(rows(1), in_turn("refused", "lost", "ok"), target=operation(idempotent=False))
        assert done.vendor.sent(0) == ["refused", "lost"]
        assert done.statuses == ["unknown"]

    @pytest.mark.parametrize("doubt", ["lost", "dropped", "doubt"])
    @pytest.mark.parametrize("then", ["refused", "busy", "keys", "stop"])
    def test_once_unknown_a_row_is_never_called_unsent(self, push: Any, rows: Any, doubt: str, then: str) -> None:
        done = push(rows(1), in_turn(doubt, then))
        assert done.statuses == ["unknown"]
        assert len(done.vendor.sent(0)) == (ATTEMPTS if then in ("refused", "busy") else 2)

    def test_once_unknown_a_row_left_over_at_a_stop_is_unknown(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> Any:
            return "doubt" if positions[0] == 0 else "keys"

        done = push(rows(30), judge, concurrency=1)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert done.statuses == ["unknown"] + ["unsent"] * 29

    def test_a_row_that_was_unknown_may_still_be_accepted_or_rejected(self, push: Any, rows: Any) -> None:
        done = push(
            rows(2), lambda positions, turn: [["lost"], ["ok", "no"]][min(turn, 1)][positions[0] if turn else 0]
        )
        assert done.statuses == ["accepted", "rejected"]

    @pytest.mark.parametrize("max_users", [1, 3])
    @pytest.mark.parametrize("answer", ["short", "garbage"])
    def test_a_response_that_cannot_be_read_is_unknown_for_all(
        self, push: Any, rows: Any, answer: str, max_users: int
    ) -> None:
        done = push(rows(3), answer, target=operation(max_users), concurrency=1)
        assert done.statuses == ["unknown"] * 3
        assert done.stopped is None
        assert all(verdict.meaning and verdict.remedy for verdict in done.book.verdicts.values())

    def test_a_response_with_too_many_elements_is_unknown_for_all(self, push: Any, rows: Any) -> None:
        done = push(rows(3), Response(200, {}, orjson.dumps(["ok"] * 4)), target=operation(3))
        assert done.statuses == ["unknown"] * 3
