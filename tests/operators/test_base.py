# SPDX-License-Identifier: Apache-2.0
"""How a push ends, on real Airflow: success, warning, failure for good, failure that is retried; and its report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cases import good
from operators.base_push import failed_for_good, invalid, skipped

pytestmark = pytest.mark.usefixtures("connections", "clock")


def test_everything_accepted(push_with_retries: Callable[..., Any], counted: Any) -> None:
    run = push_with_retries(good(20))
    assert run.state == "success"
    counted(run.report, 20)
    assert run.counts == {"accepted": 20}
    assert run.report["warning"] is None
    assert run.report["reasons"] == []


def test_everything_skipped_is_a_success(push_with_retries: Callable[..., Any], control: Any, counted: Any) -> None:
    run = push_with_retries(skipped(5), max_failed=0)
    assert run.state == "success"
    counted(run.report, 5)
    assert run.counts == {"skipped": 5}
    assert run.report["warning"] is None
    assert control.journal() == []


def test_some_failed_is_a_warning(push_with_retries: Callable[..., Any], counted: Any) -> None:
    run = push_with_retries(good(3) + invalid(2) + skipped(1))
    assert run.state == "success"
    counted(run.report, 6)
    assert run.report["warning"].startswith("2 of 6 users were not updated at EngageLab: 2 x ")


@pytest.mark.parametrize(
    ("max_failed", "failures", "rows", "state"),
    [
        (None, 99, 100, "success"),
        (0, 0, 100, "success"),
        (0, 1, 100, "failed"),
        (1, 1, 100, "success"),
        (1, 2, 100, "failed"),
        (99, 99, 100, "success"),
        (0.0, 1, 100, "failed"),
        (0.05, 5, 100, "success"),
        (0.05, 6, 100, "failed"),
        (0.5, 50, 100, "success"),
        (0.5, 51, 100, "failed"),
        (1.0, 99, 100, "success"),
        ("5%", 5, 100, "success"),
        ("5%", 6, 100, "failed"),
        ("0.7%", 7, 1_000, "success"),
        (0.1, 1, 10, "success"),
        (0.1, 1, 9, "failed"),
    ],
)
def test_max_failed(
    push_with_retries: Callable[..., Any], counted: Any, max_failed: Any, failures: int, rows: int, state: str
) -> None:
    run = push_with_retries(invalid(failures) + good(rows - failures), max_failed=max_failed)
    counted(run.report, rows)
    assert run.state == state
    if state == "failed":
        sentence = failed_for_good(run)
        assert f"{failures} of {rows} users failed" in sentence
        assert "max_failed" in sentence


@pytest.mark.parametrize(
    ("share", "failures", "rows"),
    [
        (0.29, 29, 100),
        (0.57, 57, 100),
        (0.07, 7, 100),
        (0.3, 3, 10),
    ],
)
def test_a_share_that_is_met_exactly_is_allowed(
    push_with_retries: Callable[..., Any], share: float, failures: int, rows: int
) -> None:
    assert push_with_retries(invalid(failures) + good(rows - failures), max_failed=share).state == "success"


@pytest.mark.parametrize(
    ("status", "counts"),
    [("invalid", True), ("rejected", True), ("partial", True), ("unknown", True), ("skipped", False)],
)
def test_what_counts_against_max_failed(
    push_with_retries: Callable[..., Any], control: Any, status: str, counts: bool
) -> None:
    """Each of these rows ends with one status; one other row is accepted."""
    if status == "rejected":
        control.fault("engagelab", {"code": 55102}, {"users": [7]})
    if status == "partial":
        control.fault("engagelab", {"code": 0}, {"users": [7]})
    if status == "unknown":
        control.fault("engagelab", {"body": "?"}, {"users": [7]})
    row = {"invalid": invalid(1), "skipped": skipped(1)}.get(status) or [{"euid": 7, "a": 1, "b": 2}]
    run = push_with_retries(good(1) + row, max_failed=0)
    assert run.report[status] == 1
    assert run.state == ("failed" if counts else "success")
