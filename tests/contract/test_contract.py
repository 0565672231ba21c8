# SPDX-License-Identifier: Apache-2.0
"""The same cases for each vendor and operation: whatever a vendor does, the verdicts are true."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater

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
    assert [bench.held(case, user)[column] for user in range(len(rows))] == [row[column] for row in rows]


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
        held = bench.held(case, user)
        assert (held[case.column], held["tier"]) == (rows[user][case.column], "x")
        assert not {"note", "blob", "extra"}.intersection(held)


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
            assert bench.held(case, user)[case.column] == f"value{27 + user}"
        if case.operation == "increase":
            assert bench.held(case, user)["points"] == sum(3 * turn + user + 1 for turn in range(10))


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


def test_behind_a_row_that_could_not_be_sent_its_user_is_held_back(case: Any, bench: Any) -> None:
    """Sent later, it would undo what the row behind it did."""
    bench.prepare(case, 2)
    bench.fault(case, case.vendor.busy, {"users": [case.key(0)], "times": 5})
    rows = [case.row(0, 0), case.row(1, 1), case.row(0, 2), case.row(1, 3)]
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.at("unsent") == [0, 2]
    assert pushed.at("accepted") == [1, 3]
    assert bench.user(case, 0)["updates"] == 0


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


# Answers that are none

NO_ANSWERS = {
    "nothing": "",
    "broken JSON": '{"code": 0, "message": "succ',
    "HTML": "<html><body><h1>It works!</h1></body></html>",
    "a number": "0",
    "null": "null",
    "true": "true",
    "a text": '"success"',
    "an empty object": "{}",
    "an empty list": "[]",
    "a nested list": '[[{"success": true}]]',
    "not quite success": '{"code": "0", "message": "success", "status": "succeeded", "success": true}',
    "a code that is true": '{"code": false, "message": "success", "status": true}',
    "a list of something": '[{"success": "true"}]',
    "much nested": "[" * 5_000 + "]" * 5_000,
}


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_is_none_is_unknown(case: Any, bench: Any, body: str) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"body": body, "apply": "before"}, {"users": [case.key(1)]})
    rows = [case.row(user, user) for user in (0, 1, 2)]
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.error is None
    assert 1 in pushed.at("unknown")
    assert pushed.counts == ({"unknown": 3} if case.batch > 1 else {"accepted": 2, "unknown": 1})


@pytest.mark.parametrize("status", [202, 400, 502])
def test_a_good_answer_under_a_status_that_is_none_is_no_success(case: Any, bench: Any, status: int) -> None:
    """It may be a cache's, or a proxy's."""
    bench.prepare(case, 1)
    _, body = case.vendor.answer({case.key(0): True})
    bench.fault(case, {"status": status, "body": body.decode()})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == {"unknown": 1}


@pytest.mark.only("many a request")
@pytest.mark.parametrize("missing", [1, 2, 9, 10])
def test_an_answer_that_leaves_users_out_is_unknown_for_the_whole_batch(case: Any, bench: Any, missing: int) -> None:
    bench.prepare(case, case.batch + 10)
    bench.fault(case, {"short_array": missing}, {"users": [case.key(5)]})
    rows = case.rows(case.batch + 10)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.at("unknown") == list(range(case.batch))
    assert pushed.counts == {"unknown": case.batch, "accepted": 10}


@pytest.mark.only("many a request")
def test_an_answer_on_more_users_than_were_sent_is_unknown_too(case: Any, bench: Any) -> None:
    bench.prepare(case, 2)
    _, body = case.vendor.answer({case.key(user): True for user in range(3)})
    bench.fault(case, {"status": case.vendor.ok, "body": body.decode()})
    pushed = bench.push(case, case.rows(2))
    assert pushed.counts == {"unknown": 2}


@pytest.mark.only("many a request")
def test_whoever_is_to_wait_is_tried_again_alone(case: Any, bench: Any) -> None:
    bench.prepare(case, 3)
    bench.fault(case, case.vendor.busy, {"users": [case.key(1)], "times": 2})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 3}
    assert [entry["rows"] for entry in bench.control.journal()] == [3, 1, 1]


@pytest.mark.parametrize("status", [200, 502, 503, 504])
def test_a_gateways_page(case: Any, bench: Any, status: int) -> None:
    bench.prepare(case, 3)
    then = {"status": status, "body": "<html>gateway</html>", "content_type": "text/html"}
    bench.fault(case, then, {"next": 1})
    rows = case.rows(3)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    again = status >= 500 and case.idempotent
    in_doubt = 0 if again else min(case.batch, 3)
    assert pushed.report["unknown"] == in_doubt
    assert pushed.report["accepted"] == 3 - in_doubt


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_stops_the_push(case: Any, bench: Any, status: int) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"status": status, "location": "http://127.0.0.1:1/elsewhere"})
    rows = case.rows(3)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "accepted" not in pushed.counts


# Refused


def test_wrong_credentials(case: Any, bench: Any) -> None:
    bench.prepare(case, 40)
    rows = case.rows(40)
    pushed = bench.push(case, rows, concurrency=1, password="wrong")
    bench.judge(case, rows, pushed)
    assert isinstance(pushed.error, RefusedConfiguration)
    assert "wrong" not in str(pushed.error)
    assert pushed.counts == {"unsent": 40}
    assert pushed.requests <= 2


@pytest.mark.parametrize("body", [None, "", "<html>401</html>", "[]", '{"message": "no"}'])
def test_401_whatever_its_body(case: Any, bench: Any, body: str | None) -> None:
    bench.prepare(case, 3)
    then: dict[str, Any] = {"status": 401} if body is None else {"status": 401, "body": body}
    bench.fault(case, then)
    rows = case.rows(3)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert isinstance(pushed.error, RefusedConfiguration)
    assert pushed.counts == {"unsent": 3}


# Asked to wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (lambda: {}, (0.5, 2)),
        (lambda: {"Retry-After": "90"}, (90, 95)),
        (lambda: {"Retry-After": formatdate(time.time() + 100, usegmt=True)}, (95, 105)),
        (lambda: {"Retry-After": formatdate(time.time() - 100, usegmt=True)}, (0.5, 2)),
        (lambda: {"Retry-After": "soon"}, (0.5, 2)),
        (lambda: {"x-ratelimit-reset": "40"}, (40, 45)),
        (lambda: {"x-ratelimit-reset": str(int(time.time()) + 50)}, (45, 55)),
        (lambda: {"Retry-After": "20", "x-ratelimit-reset": "40"}, (40, 45)),
    ],
    ids=["nothing", "seconds", "date", "past date", "a word", "seconds left", "epoch", "both"],
)
def test_429_then_success(case: Any, bench: Any, headers: Any, seconds: tuple[float, float]) -> None:
    bench.prepare(case, 5)
    bench.fault(case, {"status": 429, "headers": headers()}, {"next": 1})
    rows = case.rows(5)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 5}
    least, most = seconds
    assert least <= pushed.waited <= most
    assert pushed.report["retries"] == 1


def test_429_with_what_the_vendor_alone_says(case: Any, bench: Any, wait: Any) -> None:
    bench.prepare(case, 5)
    _, headers, seconds = wait
    bench.fault(case, {"status": 429, "headers": headers}, {"next": 1})
    pushed = bench.push(case, case.rows(5), concurrency=1)
    assert pushed.counts == {"accepted": 5}
    assert seconds <= pushed.waited <= seconds + 5


def test_429_to_the_end(case: Any, bench: Any) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"status": 429})
    rows = case.rows(3)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unsent": 3}
    requests = -(-3 // case.batch)
    assert 5 + 2 * (requests - 1) <= len(bench.control.journal()) <= 5 * requests


# Passing failures


@pytest.mark.parametrize("times", [1, 4, 5])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_then_success(case: Any, bench: Any, status: int, times: int) -> None:
    bench.prepare(case, 1)
    bench.fault(case, {"status": status}, {"next": times})
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    tried = min(times + 1, 5) if case.idempotent else 1
    assert len(bench.control.journal()) == tried
    assert pushed.counts == ({"accepted": 1} if tried > times else {"unknown": 1})


LOST = {
    "timeout before": {"hold": True, "apply": "never"},
    "timeout after": {"hold": True, "apply": "before"},
    "closed before": {"close": True, "apply": "never"},
    "closed after": {"close": True, "apply": "before"},
}


@pytest.mark.parametrize("then", LOST.values(), ids=LOST)
def test_an_answer_that_gets_lost(case: Any, bench: Any, then: dict[str, Any]) -> None:
    bench.prepare(case, 4)
    bench.fault(case, then, {"users": [case.key(2)], "times": 1})
    rows = case.rows(4)
    pushed = bench.push(case, rows, concurrency=1, timeout=[1, 0.5])
    bench.judge(case, rows, pushed)
    if case.idempotent:
        assert pushed.counts == {"accepted": 4}
        assert pushed.report["retries"] == 1
    else:
        assert pushed.counts == {"accepted": 3, "unknown": 1}
        assert pushed.report["retries"] == 0
        applied = 3 if then["apply"] == "before" else 0
        assert bench.held(case, 2).get("points", 0) == applied


@pytest.mark.parametrize("apply", ["before", "never"])
def test_no_answer_to_the_end(case: Any, bench: Any, apply: str) -> None:
    bench.prepare(case, 1)
    bench.fault(case, {"close": True, "apply": apply})
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unknown": 1}
    assert len(bench.control.journal()) == (5 if case.idempotent else 1)


def test_in_doubt_stays_in_doubt(case: Any, bench: Any) -> None:
    """What may have been applied at the first try is not called unsent after the second."""
    bench.prepare(case, 1)
    bench.fault(case, {"close": True, "apply": "before"}, {"next": 1})
    bench.fault(case, {"status": 429})
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unknown": 1}


@pytest.mark.parametrize("then", [{"status": 401}, {"status": 302, "location": "/"}])
def test_in_doubt_stays_in_doubt_when_the_push_stops(case: Any, bench: Any, then: dict[str, Any]) -> None:
    bench.prepare(case, 1)
    bench.fault(case, {"close": True, "apply": "before"}, {"next": 1})
    bench.fault(case, then)
    rows = case.rows(1)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unknown": 1}


@pytest.mark.only("set")
def test_the_vendors_no_ends_the_doubt(case: Any, bench: Any) -> None:
    """A no is the vendor's word on the user, whatever became of the first try; it is worth more than "unknown"."""
    bench.prepare(case, 1)
    bench.fault(case, {"close": True, "apply": "before"}, {"next": 1})
    bench.fault(case, {"status": 400})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == {"rejected": 1}


def test_no_connection(case: Any, bench: Any) -> None:
    rows = case.rows(3)
    pushed = bench.push(case, rows, host="http://127.0.0.1:1")
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"unsent": 3}


@pytest.mark.parametrize("then", [{"status": 503}, {"close": True}, {"status": 429}], ids=str)
def test_a_vendor_that_is_away(case: Any, bench: Any, then: dict[str, Any]) -> None:
    count = 20 if case.batch == 1 else 250
    bench.fault(case, then)
    rows = case.rows(count)
    pushed = bench.push(case, rows, concurrency=2)
    bench.judge(case, rows, pushed)
    assert isinstance(pushed.error, RetryLater) or not case.idempotent or case.batch > 1
    assert pushed.report["unknown"] + pushed.report["unsent"] == count


# Never twice


@pytest.mark.only("increase")
@pytest.mark.parametrize(
    "then",
    [
        {"close": True, "apply": "before"},
        {"close": True},
        {"hold": True, "apply": "before"},
        {"hold": True},
        {"status": 500, "apply": "before"},
        {"status": 502, "apply": "before"},
        {"status": 503, "apply": "before"},
        {"status": 408, "apply": "before"},
        {"code": -1, "apply": "before"},
        {"body": "", "apply": "before"},
        {"body": "<html>", "apply": "before"},
        {"status": 500, "body": '{"code": -1', "apply": "before"},
    ],
    ids=str,
)
def test_increase_is_never_sent_again_after_an_ambiguous_end(case: Any, bench: Any, then: dict[str, Any]) -> None:
    bench.prepare(case, 4)
    bench.fault(case, then, {"users": [case.key(1), case.key(3)]})
    rows = case.rows(4)
    pushed = bench.push(case, rows, timeout=[1, 0.5])
    bench.judge(case, rows, pushed)
    assert pushed.at("unknown") == [1, 3]
    assert len(bench.control.journal()) == 4


@pytest.mark.only("increase")
@pytest.mark.parametrize("status", [429, 423, 425])
def test_increase_is_sent_again_when_nothing_was_applied(case: Any, bench: Any, status: int) -> None:
    bench.prepare(case, 2)
    bench.fault(case, {"status": status}, {"next": 3})
    rows = case.rows(2)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.counts == {"accepted": 2}


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
    assert bench.held(case, 1).get("color") is None


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
def test_a_batch_refused_whole_is_split_to_the_guilty(case: Any, bench: Any, guilty: list[int]) -> None:
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
