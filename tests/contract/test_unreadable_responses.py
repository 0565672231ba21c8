# SPDX-License-Identifier: Apache-2.0
"""Responses that are none: broken, short, long, of a gateway, a redirect."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

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
def test_an_unreadable_response_is_unknown(case: Any, bench: Any, body: str) -> None:
    bench.prepare(case, 3)
    bench.fault(case, {"body": body, "apply": "before"}, {"users": [case.key(1)]})
    rows = [case.row(user, user) for user in (0, 1, 2)]
    pushed = bench.push(case, rows, concurrency=1)
    bench.judge(case, rows, pushed)
    assert pushed.error is None
    assert 1 in pushed.at("unknown")
    assert pushed.counts == ({"unknown": 3} if case.batch > 1 else {"accepted": 2, "unknown": 1})


@pytest.mark.parametrize("status", [202, 400, 502])
def test_a_success_under_an_error_status_is_not_accepted(case: Any, bench: Any, status: int) -> None:
    """It may be a cache's, or a proxy's."""
    bench.prepare(case, 1)
    _, body = case.vendor.response({case.key(0): True})
    bench.fault(case, {"status": status, "body": body.decode()})
    pushed = bench.push(case, case.rows(1))
    assert pushed.counts == {"unknown": 1}


@pytest.mark.only("many a request")
@pytest.mark.parametrize("missing", [1, 2, 9, 10])
def test_a_response_that_leaves_users_out_is_unknown_for_the_whole_batch(case: Any, bench: Any, missing: int) -> None:
    bench.prepare(case, case.batch + 10)
    bench.fault(case, {"short_array": missing}, {"users": [case.key(5)]})
    rows = case.rows(case.batch + 10)
    pushed = bench.push(case, rows)
    bench.judge(case, rows, pushed)
    assert pushed.at("unknown") == list(range(case.batch))
    assert pushed.counts == {"unknown": case.batch, "accepted": 10}


@pytest.mark.only("many a request")
def test_a_response_on_more_users_than_were_sent_is_unknown_too(case: Any, bench: Any) -> None:
    bench.prepare(case, 2)
    _, body = case.vendor.response({case.key(user): True for user in range(3)})
    bench.fault(case, {"status": case.vendor.ok, "body": body.decode()})
    pushed = bench.push(case, case.rows(2))
    assert pushed.counts == {"unknown": 2}


@pytest.mark.only("many a request")
def test_only_users_refused_for_now_are_sent_again(case: Any, bench: Any) -> None:
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
