# SPDX-License-Identifier: Apache-2.0
"""Rows that are accepted, empty input, text of any script, and several rows of one user."""

from __future__ import annotations

from typing import Any

import pytest

UNICODE = ["健太 🎉", "Ünï\u0301cödé", "שרה", "\u200b\u202e", "a\x00b\x1fc", '"\\/{{ ds }}', "\u2028\u2029", "﷽" * 50]


# Everything as it should be


def test_empty_input(case: Any, bench: Any) -> None:
    pushed = bench.push(case, [])
    bench.judge(case, [], pushed)
    assert (pushed.error, pushed.requests) == (None, 0)
    assert bench.control.journal() == []


@pytest.mark.parametrize("concurrency", [1, 8])
def test_all_accepted(case: Any, bench: Any, concurrency: int) -> None:
    count = 250 if case.batch > 1 else 25
    bench.prepare(case, count)
    rows = case.rows(count)
    pushed = bench.push(case, rows, concurrency=concurrency)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": count}
    assert pushed.requests == len(bench.control.journal()) == -(-count // case.batch)
    for user in range(count):
        assert bench.user(case, user)["updates"] == 1


@pytest.mark.only("set", "contacts", "add")
def test_unicode(case: Any, bench: Any) -> None:
    bench.prepare(case, len(UNICODE))
    rows = case.rows(len(UNICODE))
    column = case.column
    for row, text in zip(rows, UNICODE, strict=True):
        row[column] = [text] if case.operation == "add" else text
    pushed = bench.push(case, rows)
    assert pushed.counts == {"accepted": len(rows)}
    assert [bench.stored(case, user)[column] for user in range(len(rows))] == [row[column] for row in rows]


@pytest.mark.only("text keys")
def test_unicode_in_what_names_the_user(case: Any, bench: Any) -> None:
    names = [f"{text}!" for text in UNICODE if "\x00" not in text]
    bench.control.seed(case.vendor.name, case.vendor.seeds(names))
    pushed = bench.push(case, [{**case.row(0), case.vendor.user_column: name} for name in names])
    assert pushed.counts == {"accepted": len(names)}
    users = bench.control.users(case.vendor.name)
    assert {key: user["updates"] for key, user in users.items()} == dict.fromkeys(names, 1)


@pytest.mark.only("set")
def test_columns_to_exclude_and_to_rename_and_a_value_to_leave_out(case: Any, bench: Any) -> None:
    bench.prepare(case, 3)
    rows = [{**row, "note": "internal", "blob": b"\x00"} for row in case.rows(3)]
    parameters = {"exclude": ["note"], "rename": {"extra": "tier"}, "on_bad_value": "attribute"}
    pushed = bench.push(case, rows, parameters=parameters)
    assert pushed.counts == {"accepted": 3}
    assert [note["attribute"] for note in pushed.report["notes"]] == ["blob"]
    for user in range(3):
        stored = bench.stored(case, user)
        assert (stored[case.column], stored["tier"]) == (rows[user][case.column], "x")
        assert not {"note", "blob", "extra"}.intersection(stored)


# One user twice


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_same_user_twice(case: Any, bench: Any, concurrency: int) -> None:
    bench.prepare(case, 3)
    rows = [case.row(user, 3 * turn + user) for turn in range(10) for user in range(3)]
    pushed = bench.push(case, rows, concurrency=concurrency)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 30}
    for user in range(3):
        assert bench.user(case, user)["updates"] == 10
        if case.overwrites:
            assert bench.stored(case, user)[case.column] == f"value{27 + user}"
        if case.operation == "increase":
            assert bench.stored(case, user)["points"] == sum(3 * turn + user + 1 for turn in range(10))


@pytest.mark.parametrize(
    "then", [{"status": 429}, {"status": 503}, {"close": True}, {"close": True, "apply": "before"}]
)
def test_a_later_row_never_overtakes_one_that_is_tried_again(case: Any, bench: Any, then: dict[str, Any]) -> None:
    bench.prepare(case, 2)
    bench.fault(case, then, {"users": [case.key(0)], "times": 2})
    rows = [case.row(user, 2 * turn + user) for turn in range(5) for user in range(2)]
    pushed = bench.push(case, rows, concurrency=16)
    bench.judge(case, rows, pushed)
    if case.idempotent:
        assert pushed.counts == {"accepted": 10}


def test_later_rows_of_a_user_are_held_back_after_an_unsent_one(case: Any, bench: Any) -> None:
    """Sent later, it would undo what the row behind it did."""
    bench.prepare(case, 2)
    bench.fault(case, case.vendor.busy, {"users": [case.key(0)], "times": 5})
    rows = [case.row(0, 0), case.row(1, 1), case.row(0, 2), case.row(1, 3)]
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.at("unsent") == [0, 2]
    assert pushed.at("accepted") == [1, 3]
    assert bench.user(case, 0)["updates"] == 0
