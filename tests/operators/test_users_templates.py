# SPDX-License-Identifier: Apache-2.0
"""Which of the parameters are templates; rows never are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow_names import AirflowFailException
from operators.engagelab_push import Given, properties, push, upstream

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.engagelab import EngageLabSetContactsOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")

TEMPLATES = ["{{ ds }}", "{{ var.value.key }}", "{% for x in y %}", "{{", "{# a comment #}", "{{ 1 / 0 }}", "a.sql"]


# Rows are data, never templates


@pytest.mark.parametrize("through", ["upstream", "list", "source"])
def test_values_that_look_like_templates_arrive_as_they_are(airflow: Any, any_euid: Any, through: str) -> None:
    rows = [{"euid": number, "a": text, text or "b": number} for number, text in enumerate(TEMPLATES, 1)]
    users: Callable[[], Any] = {
        "upstream": lambda: upstream(rows),
        "list": lambda: rows,
        "source": lambda: Given(*rows),
    }[through]
    run = airflow.run(lambda: push(users()))
    assert run.counts == {"accepted": len(rows)}
    assert properties(any_euid) == {str(number): {"a": text, text: number} for number, text in enumerate(TEMPLATES, 1)}


def test_users_that_look_like_templates_arrive_as_they_are(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": text} for text in TEMPLATES])
    rows = [{"username": text, "a": text} for text in TEMPLATES]
    run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=upstream(rows), target=["username"]))
    assert run.counts == {"accepted": len(TEMPLATES)}
    assert {key: user["attributes"]["a"] for key, user in control.users("kahuna").items()} == dict(
        zip(TEMPLATES, TEMPLATES, strict=True)
    )


def test_contacts_that_look_like_templates_arrive_as_they_are(airflow: Any, any_euid: Any) -> None:
    rows = [{"euid": 1, "email": "{{ ds }}"}]
    airflow.run(lambda: EngageLabSetContactsOperator(task_id="push", users=rows, contacts=["email"], check=False))
    assert any_euid.user("engagelab", 1)["contacts"] == {"email": "{{ ds }}"}


# What is a template


def test_constants_are_rendered(airflow: Any, control: Any) -> None:
    attributes = {"by": Constant("{{ dag.dag_id }}"), "list": Constant(["{{ task.task_id }}"]), "n": Constant(5)}
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada"}], attributes=attributes)
    )
    assert control.user("moengage", "ada")["attributes"] == {"by": run.dag.dag_id, "list": ["push"], "n": 5}


def test_a_constant_that_renders_to_something_wrong_fails_by_name(airflow: Any, control: Any) -> None:
    attributes = {"last_seen": Constant("{{ dag.dag_id }}")}
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada"}], attributes=attributes)
    )
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert "last_seen" in str(run.error)
    assert control.journal() == []


def test_columns_user_and_connection_are_templates(
    airflow: Any, any_euid: Any, connections: Callable[..., None]
) -> None:
    connections("engagelab", conn_id="engagelab_push")
    run = airflow.run(
        lambda: push(
            [{"push_id": 1, "push_name": "ada"}],
            attributes=["{{ task.task_id }}_name"],
            euid="{{ task.task_id }}_id",
            engagelab_conn_id="engagelab_{{ task.task_id }}",
        )
    )
    assert run.state == "success"
    assert properties(any_euid) == {"1": {"push_name": "ada"}}


def test_a_target_is_a_template(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    for target in (["{{ params.credential }}"], {"username": "{{ params.credential }}"}):
        run = airflow.run(
            lambda target=target: KahunaSetAttributesOperator(
                task_id="push", users=[{"username": "ada", "a": 1}], target=target, params={"credential": "username"}
            )
        )
        assert run.counts == {"accepted": 1}


def test_a_list_of_columns_may_come_from_a_template(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(
        lambda: push([{"euid": 1, "a": 1, "b": 2}], attributes="{{ params.columns }}", params={"columns": ["b"]}),
        render_template_as_native_obj=True,
    )
    assert run.state == "success"
    assert properties(any_euid) == {"1": {"b": 2}}


def test_columns_that_render_to_a_text_fail_by_name(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(
        lambda: push([{"euid": 1, "a": 1, "b": 2}], attributes="{{ params.columns }}", params={"columns": "ab"})
    )
    assert run.state == "failed"
    assert "attributes" in str(run.error)
    assert any_euid.journal() == []


def test_names_to_unset_that_render_to_a_text_fail_by_name(airflow: Any, control: Any) -> None:
    airflow.run(
        lambda: MoEngageSetAttributesOperator(
            task_id="push", users=[{"customer_id": "ada", "vip_since": 1, "income": 2, "plan": 3}]
        )
    )
    run = airflow.run(
        lambda: MoEngageUnsetAttributesOperator(
            task_id="push",
            users=[{"customer_id": "ada"}],
            attributes="{{ params.prefix }}",
            match="prefix",
            params={"prefix": "vip_"},
        )
    )
    assert run.state == "failed"
    assert control.user("moengage", "ada")["attributes"] == {"vip_since": 1, "income": 2, "plan": 3}
