# SPDX-License-Identifier: Apache-2.0
"""Failures that pass, lost responses, and what is never sent twice."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RetryLater

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


@pytest.mark.usefixtures("held_times_out")
@pytest.mark.parametrize("then", LOST.values(), ids=LOST)
def test_a_response_that_gets_lost(case: Any, bench: Any, then: dict[str, Any]) -> None:
    bench.prepare(case, 4)
    bench.fault(case, then, {"users": [case.key(2)], "times": 1})
    rows = case.rows(4)
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    if case.idempotent:
        assert pushed.counts == {"accepted": 4}
        assert pushed.report["retries"] == 1
    else:
        assert pushed.counts == {"accepted": 3, "unknown": 1}
        assert pushed.report["retries"] == 0
        applied = rows[2][case.column] if then["apply"] == "before" else None
        assert bench.stored(case, 2).get(case.column) == applied


@pytest.mark.parametrize("apply", ["before", "never"])
def test_no_response_at_any_attempt(case: Any, bench: Any, apply: str) -> None:
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
def test_a_refusal_ends_the_doubt(case: Any, bench: Any) -> None:
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
def test_an_unavailable_vendor(case: Any, bench: Any, then: dict[str, Any]) -> None:
    count = 20 if case.batch == 1 else 250
    bench.fault(case, then)
    rows = case.rows(count)
    pushed = bench.push(case, rows, concurrency=2)
    bench.judge(case, rows, pushed)
    assert isinstance(pushed.error, RetryLater) or not case.idempotent or case.batch > 1
    assert pushed.report["unknown"] + pushed.report["unsent"] == count


# Never twice


@pytest.mark.usefixtures("held_times_out")
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
    pushed = bench.push(case, rows)
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
