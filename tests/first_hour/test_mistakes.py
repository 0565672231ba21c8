# SPDX-License-Identifier: Apache-2.0
"""Mistakes that everybody makes in the first hour, on real Airflow: the task fails, and says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_a_hook_called_with_the_wrong_shape(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    from airflow.providers.common.compat.sdk import task

    @task
    def push() -> None:
        from airflow_provider_userattrs.hooks import KahunaHook

        KahunaHook().set_attributes([{"username": "ada", "plan": "gold"}])  # type: ignore[dict-item]

    run = airflow.run(push)
    assert run.state == "failed"
    assert str(run.error) == (
        "users[0] has no 'target'; call "
        'set_attributes([{"target": {"username": "ada"}, "attributes": {"plan": "gold"}}])'
    )
    assert control.journal() == []
