# SPDX-License-Identifier: Apache-2.0
"""The extra link on every operator, mapped or not, however the task ended."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from versions import needs

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.operators import engagelab, kahuna, moengage
from airflow_provider_userattrs.operators.links import PushReportLink
from airflow_provider_userattrs.operators.total import PushTotalOperator

OPERATORS = [
    value
    for module in (engagelab, kahuna, moengage)
    for name, value in vars(module).items()
    if name.endswith("Operator") and not name.startswith("_") and value.__module__ == module.__name__
]
NAME = f"{PushReportLink.__module__}.PushReportLink"


def test_airflow_knows_it() -> None:
    from airflow.providers_manager import ProvidersManager

    assert get_provider_info()["extra-links"] == [NAME]
    assert NAME in ProvidersManager().extra_links_class_names  # type: ignore[no-untyped-call]


def test_every_operator_has_it() -> None:
    assert len(OPERATORS) == 7
    for operator in (*OPERATORS, PushTotalOperator):
        assert [link.name for link in operator.operator_extra_links] == ["Push report"]


def links(run: Any, map_index: int = -1) -> dict[str, str]:
    """Give a task's links, as Airflow's own API has them."""
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    client = TestClient(create_app("core"), base_url="http://127.0.0.1")
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ada", role="viewer"))
    answer = client.get(
        f"/api/v2/dags/{run.dag.dag_id}/dagRuns/{quote(run.dag_run.run_id)}/taskInstances/push/links",
        params={"map_index": map_index},
        headers={"Authorization": f"Bearer {token}"},
    )
    found: dict[str, str] = answer.json()["extra_links"]
    return found


@needs("Push report tab")
@pytest.mark.usefixtures("connections", "clock")
@pytest.mark.parametrize("max_failed", [1, 0], ids=["success", "failure"])
def test_it_leads_to_the_tab_of_the_task(airflow: Any, control: Any, max_failed: int) -> None:
    control.switch(engagelab__any_user=True)
    rows = [{"euid": 1, "a": 1}, {"euid": "x", "a": 1}]
    run = airflow.run(
        lambda: engagelab.EngageLabSetAttributesOperator(task_id="push", users=rows, max_failed=max_failed)
    )
    here = f"dags/{run.dag.dag_id}/runs/{quote(run.dag_run.run_id, safe='')}/tasks/push"
    assert links(run) == {"Push report": f"{here}/plugin/push-report"}


@needs("Push report tab")
@pytest.mark.usefixtures("connections", "clock")
def test_of_a_mapped_task_it_leads_to_the_very_instance(airflow: Any, control: Any) -> None:
    control.switch(engagelab__any_user=True)
    run = airflow.run(
        lambda: engagelab.EngageLabSetAttributesOperator.partial(task_id="push").expand(
            users=[[{"euid": 1, "a": 1}], [{"euid": 2, "a": 1}]]
        )
    )
    for index in range(2):
        assert links(run, index)["Push report"].endswith(f"/tasks/push/mapped/{index}/plugin/push-report")


def test_before_airflow_3_it_leads_to_the_xcoms(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models.taskinstancekey import TaskInstanceKey

    monkeypatch.setattr("airflow_provider_userattrs.operators.links.AIRFLOW_V_3_0_PLUS", False)
    link = PushReportLink().get_link(None, ti_key=TaskInstanceKey("a", "push", "run+1", 1, 3))
    assert link.endswith("/dags/a/grid?dag_run_id=run%2B1&task_id=push&tab=xcom&map_index=3")
