# SPDX-License-Identifier: Apache-2.0
"""Rows that are not accepted: some, all, too large, or one among many."""

from __future__ import annotations

from typing import Any

import pytest

# Some failed, all failed


@pytest.mark.only("partial")
def test_some_applied_in_part(case: Any, bench: Any) -> None:
    bench.prepare(case, 9)
    bench.fault(case, case.vendor.partial, {"users": [case.key(user) for user in (2, 5)]})
    rows = case.rows(9)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 7, "partial": 2}
    assert pushed.at("partial") == [2, 5]


def test_some_rejected(case: Any, bench: Any) -> None:
    bench.prepare(case, 9)
    bench.fault(case, case.vendor.refused, {"users": [case.key(user) for user in (0, 4, 7)]})
    rows = case.rows(9)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.error is None
    assert pushed.counts == {"accepted": 6, "rejected": 3}
    assert pushed.at("rejected") == [0, 4, 7]


@pytest.mark.only("known users")
def test_users_that_the_vendor_does_not_know(case: Any, bench: Any) -> None:
    bench.prepare(case, 5)
    rows = case.rows(9)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.at("rejected") == [5, 6, 7, 8]
    assert pushed.codes == {("rejected", case.vendor.unknown_user)}


def test_all_failed_with_a_success_status(case: Any, bench: Any) -> None:
    bench.prepare(case, 9)
    rows = case.rows(9)
    bench.fault(case, case.vendor.all_refused)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"rejected": 9}
    assert {entry["status"] for entry in bench.control.journal()} == {case.vendor.ok}


# Too large


@pytest.mark.only("set")
def test_values_over_the_vendors_limit_are_not_sent(case: Any, bench: Any) -> None:
    bench.prepare(case, 3)
    rows = case.rows(3)
    rows[1]["color"] = "x" * ((case.vendor.longest_value or 3_000) + 1)
    pushed = bench.push(case, rows)
    if case.vendor.longest_value is None:
        assert pushed.counts == {"accepted": 3}
        return
    assert pushed.at("invalid") == [1]
    assert bench.stored(case, 1).get("color") is None


@pytest.mark.parametrize("when", ["one", "all"])
def test_413(case: Any, bench: Any, when: str) -> None:
    bench.prepare(case, 8)
    bench.fault(case, {"status": 413}, {"users": [case.key(3)]} if when == "one" else None)
    rows = case.rows(8)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.at("rejected") == ([3] if when == "one" else list(range(8)))


# One bad user does not fail the others


@pytest.mark.only("set")
@pytest.mark.only("many a request")
@pytest.mark.parametrize("guilty", [[0], [99], [50], [0, 99], [3, 4], list(range(0, 100, 7)), list(range(100))])
def test_a_refused_batch_is_split_down_to_the_bad_users(case: Any, bench: Any, guilty: list[int]) -> None:
    bench.prepare(case, 100)
    bench.fault(case, {"status": 400}, {"users": [case.key(user) for user in guilty]})
    rows = case.rows(100)
    pushed = bench.push(case, rows, concurrency=8)
    bench.judge(case, rows, pushed)
    assert pushed.at("rejected") == guilty
    assert pushed.report["accepted"] == 100 - len(guilty)
    for user in range(100):
        updates = bench.user(case, user)["updates"]
        assert updates == (0 if user in guilty else 1), "applied twice, or not at all"
    if len(guilty) == 1:
        assert pushed.requests <= 15, "more than a search by halves takes"
