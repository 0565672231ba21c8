# SPDX-License-Identifier: Apache-2.0
"""Several pushes of one task: each resumes where it stopped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_names import get_current_context, task
from task.tries import points, push_once, rows

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

pytestmark = pytest.mark.usefixtures("connections", "clock")


def test_several_pushes_of_one_task_are_several_pushes(control: Any, airflow: Any, kept: dict[str, Any]) -> None:
    control.switch(engagelab__any_user=True)
    accepted = []
    increase = {"task_id": "a", "operation": "increase", **kept}

    def build() -> None:
        @task(retries=1, retry_delay=timedelta(0))
        def push() -> None:
            context = get_current_context()
            first = EngageLabSetAttributesOperator(users=rows(20), **increase)
            second = EngageLabSetAttributesOperator(task_id="a", users=rows(30), attributes={"plan": "points"}, **kept)
            third = EngageLabSetAttributesOperator(users=rows(50)[20:], **increase)
            accepted.append([each.execute(context)["accepted"] for each in (first, second, third, first)])
            if len(accepted) == 1:
                raise OSError("once more")

        push()

    run = airflow.run(build)
    assert run.state == "success"
    assert accepted == [[20, 30, 30, 20]] * 2
    values = points(control)
    assert [values[str(euid)] for euid in (1, 20, 21, 50)] == [2, 2, 1, 1], "the first one was asked for twice"


def test_pushes_of_one_task_resume_each_where_it_stopped(control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    context = {"ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)}
    increase = {"operation": "increase", "concurrency": 1}
    assert push_once(tmp_path, context, users=rows(20), **increase).report["requests"] == 20
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 11, "to": 11})
    stopped = push_once(tmp_path, context, users=rows(50)[20:], **increase)
    assert stopped.report["accepted"] == 10
    del context["userattrs_checkpoints"]  # the next try
    assert push_once(tmp_path, context, users=rows(20), **increase).report["requests"] == 20
    resumed = push_once(tmp_path, context, users=rows(50)[20:], **increase)
    assert (resumed.report["accepted"], resumed.report["resumed_from"]) == (30, 10)
    assert set(points(control).values()) == {1}


def test_a_push_that_changed_after_it_was_complete_is_refused(control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    push_once(tmp_path, users=rows(20), operation="increase")
    changed = push_once(tmp_path, users=rows(21), operation="increase")
    assert isinstance(changed.error, RefusedConfiguration)
    assert "input changed since the last try" in str(changed.error)
    assert set(points(control).values()) == {1}
