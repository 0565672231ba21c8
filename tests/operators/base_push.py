# SPDX-License-Identifier: Apache-2.0
"""Rows that are not sent, and what a failed task looks like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow_names import AirflowFailException

pytestmark = pytest.mark.usefixtures("connections", "clock")

ONE_TRY: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(0)}


def invalid(count: int) -> list[dict[str, Any]]:
    return [{"euid": f"x{number}", "a": 1} for number in range(count)]


def skipped(count: int) -> list[dict[str, Any]]:
    return [{"euid": 900_000 + number, "a": None} for number in range(count)]


def failed_for_good(run: Any) -> str:
    """Check that the task failed at its first try, and give the sentence."""
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    return str(run.error)
