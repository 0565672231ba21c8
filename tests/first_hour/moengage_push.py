# SPDX-License-Identifier: Apache-2.0
"""What tests of a first push to MoEngage share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow_names import AirflowFailException

from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator


@pytest.fixture(name="push")
def push_to_moengage(push: Callable[..., Any]) -> Callable[..., Any]:
    """Push to MoEngage, with retries that must not be needed."""
    return lambda rows, **parameters: push(rows, MoEngageSetAttributesOperator, **{"retries": 2, **parameters})


def refused(run: Any) -> str:
    """Check that the task failed at its first try and sent nothing, and return the sentence."""
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert run.report["requests"] == 0
    assert str(run.error) == run.report["failure"]
    return str(run.error)
