# SPDX-License-Identifier: Apache-2.0
"""Requests that the vendor refuses: wrong credentials, and too many at once."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

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


def test_429_with_the_vendors_own_way_to_ask_to_wait(case: Any, bench: Any, wait: Any) -> None:
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
