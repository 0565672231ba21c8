# SPDX-License-Identifier: Apache-2.0
"""Which parameters are templates, what becomes of text that has no template in it, and what is found at parse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from airflow_names import AirflowFailException, task
from versions import AIRFLOW

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator, MoEngageUnsetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.failure import WrongParameter

pytestmark = pytest.mark.usefixtures("connections", "clock", "any_euid")

NATIVE = {"render_template_as_native_obj": True}


def push(users: Any, **parameters: Any) -> Any:
    return EngageLabSetAttributesOperator(task_id="push", users=users, **parameters)


def pushed(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


# Templates of something that is not there


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("name", ["max_failed", "rejects_path", "dry_run", "euid", "engagelab_conn_id", "timezone"])
def test_an_undefined_parameter(airflow: Any, any_euid: Any, native: bool, name: str) -> None:
    """Rendered natively it would be a value of a kind of its own, which is neither true nor false."""
    given: Any = {name: "{{ params.nowhere }}"}
    run = airflow.run(lambda: push([{"euid": 1, "a": 1}], **given), render_template_as_native_obj=native)
    assert run.state == "failed"
    assert "'nowhere'" in str(run.error)
    if native and AIRFLOW.release >= (3, 2):  # an earlier one stumbles over it itself, before the task runs
        assert str(run.error) == (
            "the template '{{ params.nowhere }}' is undefined: 'dict object' has no attribute 'nowhere'"
        )
    assert any_euid.journal() == []


def test_an_undefined_parameter_of_a_query(airflow: Any, any_euid: Any) -> None:
    source = SqlRows("SELECT 1 AS euid", conn_id="warehouse", parameters={"day": "{{ dss }}"})
    run = airflow.run(lambda: push(source), **NATIVE)
    assert str(run.error) == "the template '{{ dss }}' is undefined: 'dss' is undefined"
    assert any_euid.journal() == []


# Text without a template stays text


def test_text_that_looks_like_a_literal_stays_text(
    airflow: Any, any_euid: Any, connections: Callable[..., None]
) -> None:
    connections("engagelab", conn_id="20231023")
    run = airflow.run(
        lambda: push(
            [{"7": 1, "20231023": "x", "None": "y", "1.0": 5}],
            euid="7",
            attributes={
                "day": "20231023",
                "none": "None",
                "True": "1.0",
                "version": Constant("1.0"),
                "list": Constant(["1"]),
            },
            engagelab_conn_id="20231023",
        ),
        **NATIVE,
    )
    assert run.state == "success"
    assert pushed(any_euid) == {"1": {"day": "x", "none": "y", "True": 5, "version": "1.0", "list": ["1"]}}


def test_a_list_of_columns_that_look_like_literals(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push",
            users=[{"1": "ada", "2": "x", "{'a': 1}": "y"}],
            target={"username": "1"},
            attributes=["2", "{'a': 1}"],
        ),
        **NATIVE,
    )
    assert run.counts == {"accepted": 1}
    assert control.user("kahuna", "ada")["attributes"] == {"2": "x", "{'a': 1}": "y"}


def test_templates_beside_such_text_are_rendered(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(
        lambda: push(
            [{"euid": 1, "1": "x", "push": "y"}],
            attributes={"a": "1", "b": "{{ task.task_id }}", "c": Constant("{{ params.n }}")},
            params={"n": 5},
        ),
        **NATIVE,
    )
    assert run.state == "success"
    assert pushed(any_euid) == {"1": {"a": "x", "b": "y", "c": 5}}


def test_mapped_tasks_keep_text_too(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[{"7": 1, "1": "x", "2": "y"}], euid="7").expand(
            attributes=[["1"], ["2"]]
        )

    airflow.run(build, **NATIVE)
    assert pushed(any_euid) == {"1": {"1": "x", "2": "y"}}


def test_the_column_that_is_hashed_is_a_template(airflow: Any, control: Any) -> None:
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(
            task_id="push",
            users=[{"customer_id": "ada", "push_mail": "ada@example.com"}],
            attributes={"hash": Hashed("{{ task.task_id }}_mail")},
        )
    )
    assert run.counts == {"accepted": 1}
    assert len(control.user("moengage", "ada")["attributes"]["hash"]) == 64


# From params


ROWS = [{"euid": number, "a": 1} for number in (1, 2)] + [{"euid": "x", "a": 1}]


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("dry", [False, True])
def test_dry_run_from_params(airflow: Any, control: Any, native: bool, dry: bool) -> None:
    run = airflow.run(
        lambda: push(ROWS[:2], dry_run="{{ params.dry }}", params={"dry": dry}), render_template_as_native_obj=native
    )
    assert run.state == "success"
    assert run.report["dry_run"] is dry
    assert bool(control.journal()) is not dry


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("max_failed", "state"),
    [
        (0, "failed"),
        (1, "success"),
        (0.1, "failed"),
        (0.5, "success"),
        (None, "success"),
        (1.0, "success"),
        ("5%", "failed"),
    ],
)
def test_max_failed_from_params(airflow: Any, native: bool, max_failed: Any, state: str) -> None:
    run = airflow.run(
        lambda: push(ROWS, max_failed="{{ params.most }}", params={"most": max_failed}),
        render_template_as_native_obj=native,
    )
    assert run.state == state
    assert run.counts == {"accepted": 2, "invalid": 1}


def test_the_pace_and_the_time_zone_from_params(airflow: Any, any_euid: Any) -> None:
    from datetime import datetime

    run = airflow.run(
        lambda: push(
            [{"euid": 1, "at": datetime(2026, 1, 1, 12)}],
            rate_limit="{{ params.rate }}",
            concurrency="{{ params.wide }}",
            timezone="{{ params.zone }}",
            params={"rate": 2.5, "wide": 3, "zone": "Asia/Kolkata"},
        )
    )
    assert run.state == "success"
    result = run.report["configuration"]
    assert (result["rate_limit"], result["concurrency"], result["timezone"]) == (
        "2.5 requests a second",
        3,
        "Asia/Kolkata",
    )


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("dry_run", "perhaps", "dry_run is the text 'perhaps'; give True or False"),
        ("max_failed", "half", "max_failed is the text 'half'; give a share of the rows"),
        ("max_failed", "1.5", "max_failed is 1.5; give a share of the rows"),
        ("rate_limit", "0", "rate_limit is 0; give a number over 0"),
        ("concurrency", "1000", "give a number of requests in flight"),
        ("timezone", "Mars/Olympus", "timezone is 'Mars/Olympus'"),
        ("engagelab_conn_id", "", "engagelab_conn_id is empty"),
        ("euid", "", "euid is empty"),
    ],
)
def test_a_template_that_comes_to_something_wrong_fails_for_good_by_name(
    airflow: Any, control: Any, parameter: str, value: str, said: str
) -> None:
    run = airflow.run(
        lambda: push(ROWS, retries=2, params={"value": value}, **{parameter: "{{ params.value }}"}),
    )
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert len(run.log.errors) == 1
    assert said in str(run.error)
    assert run.report["failure"] == str(run.error)
    assert control.journal() == []


def test_the_threshold_of_a_total_from_params(airflow: Any) -> None:
    def build() -> None:
        mapped = EngageLabSetAttributesOperator.partial(task_id="push").expand(users=[ROWS])
        most: Any = "{{ params.most }}"
        PushTotalOperator(task_id="total", reports=mapped.output, max_failed=most, params={"most": 0})

    run = airflow.run(build)
    assert run.states["total"] == "failed"
    assert "max_failed allows 0" in run.reports["total"]["failure"]


# Found at parse


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_failed": 2.5}, "max_failed is 2.5"),
        ({"nulls": "unset"}, "EngageLab cannot set and unset"),
        ({"operation": "upsert"}, "operation is the text 'upsert'"),
        ({"euid": 5}, "euid is 5"),
        ({"attributes": "name"}, "attributes is the text 'name'"),
        ({"dry_run": "yes"}, "dry_run is the text 'yes'"),
        ({"timezone": "Mars/Olympus"}, "is not a time zone"),
        ({"rate_limit": 0}, "rate_limit is 0"),
        ({"shard": {"number": 1}}, "what shards() returns"),
        ({"users": {"euid": 1}}, "users is a dict, one user"),
    ],
)
def test_a_wrong_literal_given_to_partial_is_found_at_parse(airflow: Any, given: Any, said: str) -> None:
    over: dict[str, Any] = {"max_failed": [0, 1]} if "users" in given else {"users": [[], []]}
    with pytest.raises(ValueError, match=next(iter(given))) as refused:
        airflow.dag(lambda: EngageLabSetAttributesOperator.partial(task_id="push", **given).expand(**over))
    assert said in str(refused.value)


def test_what_is_right_in_partial_is_left_alone(airflow: Any, control: Any) -> None:
    def build() -> None:
        MoEngageUnsetAttributesOperator.partial(
            task_id="push", attributes=["a"], dry_run="{{ params.dry }}", params={"dry": True}, retries=0
        ).expand(users=[[{"customer_id": "ada"}]])

    run = airflow.run(build)
    assert run.states["push", 0] == "success"
    assert run.reports["push", 0]["dry_run"] is True
    assert control.journal() == []


def test_a_wrong_value_that_expand_has_of_a_task_fails_for_good(airflow: Any, control: Any) -> None:
    @task
    def choose() -> list[str]:
        return ["upsert"]

    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[], retries=3).expand(operation=choose())

    run = airflow.run(build)
    assert run.states["push", 0] == "failed"
    assert len(run.log.errors) == 1
    assert isinstance(run.log.errors[0], AirflowFailException)
    assert "'upsert'" in str(run.log.errors[0])
    assert control.journal() == []


@pytest.mark.parametrize("literal", [False, True])
def test_expanding_over_users_says_what_to_do(airflow: Any, control: Any, literal: bool) -> None:
    canary = f"canary-{uuid4().hex}"
    rows = [{"euid": 1, "a": canary}, {"euid": 2, "a": canary}]

    @task(show_return_value_in_logs=False)
    def extract() -> Any:
        return rows

    def build() -> None:
        partial = EngageLabSetAttributesOperator.partial(task_id="push", retries=3)
        partial.expand(users=rows if literal else extract())

    if literal:
        with pytest.raises(WrongParameter, match=r"^users\[0\]: users is a dict, .* without \.expand$") as refused:
            airflow.dag(build)
        assert canary not in str(refused.value)
        return
    run = airflow.run(build)
    assert [run.states["push", index] for index in (0, 1)] == ["failed", "failed"]
    assert len(run.log.errors) == 2, "no retry would help"
    assert "give all users to one task without .expand" in str(run.error)
    assert canary not in json.dumps([str(error) for error in run.log.errors])
    assert control.journal() == []


def test_expanding_over_texts_does_not_say_them(airflow: Any) -> None:
    canary = "ada@example.com"

    @task(show_return_value_in_logs=False)
    def extract() -> Any:
        return [canary]

    run = airflow.run(lambda: EngageLabSetAttributesOperator.partial(task_id="push").expand(users=extract()))
    assert run.states["push", 0] == "failed"
    assert "users is a str" in str(run.error)
    assert canary not in run.log.everything()
