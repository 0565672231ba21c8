# SPDX-License-Identifier: Apache-2.0
"""Pushes of several tries on real Airflow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator


@pytest.fixture
def push_tries(airflow: Any, control: Any, kept: dict[str, Any]) -> Callable[..., Any]:
    """Push rows to EngageLab, with three retries and a checkpoint."""
    control.switch(engagelab__any_user=True)
    control.switch(history=True)

    def run(rows: Any, **parameters: Any) -> Any:
        parameters = {"retries": 3, "retry_delay": timedelta(0), "concurrency": 1, **kept, **parameters}
        return airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=rows, **parameters))

    return run
