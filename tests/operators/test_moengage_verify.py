# SPDX-License-Identifier: Apache-2.0
"""verify=N on real Airflow: what the report, the log and the page say of users that were read back."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator, MoEngageUnsetAttributesOperator
from airflow_provider_userattrs.plugins.story import story_of
from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.task.failure import WrongParameter

pytestmark = pytest.mark.usefixtures("connections", "clock")

EMAIL = "ada@example.com"


@pytest.fixture
def push(airflow: Any) -> Callable[..., Any]:
    def push(rows: Any, **parameters: Any) -> Any:
        parameters = {"verify": 10, **parameters}
        return airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=rows, **parameters))

    return push


def good(users: int) -> list[dict[str, Any]]:
    return [{"customer_id": f"user{number}", "a": number, "note": EMAIL} for number in range(users)]


def verified(run: Any, **counts: int) -> None:
    none = {"equal": 0, "not_yet": 0, "different": 0, "unknown_user": 0, "unread": 0}
    found = {name: value for name, value in run.report["verified"].items() if name != "why"}
    assert found == {**none, **counts, "sampled": sum(counts.values())}
    assert EMAIL not in str(run.report)
    assert "user0" not in str(run.report)


@pytest.mark.parametrize("bulk", [False, True])
def test_users_are_equal(push: Callable[..., Any], bulk: bool) -> None:
    run = push(good(30), bulk=bulk)
    assert run.counts == {"accepted": 30}
    verified(run, equal=10)
    assert run.report["requests"] == (1 if bulk else 30), "the reading is not the push's"
    assert run.report["seconds"] < 30
    sentence = "Of 10 users read back from MoEngage: 10 as sent"
    assert f"verify: {sentence}" in run.log.texts
    task: Any = SimpleNamespace(
        map_index=-1, state="success", report=run.report, label=None, operator=None, try_number=1, updated_at=None
    )
    assert f"{sentence}." in story_of(task).notes


def test_what_is_queued_is_not_yet_stored_and_that_is_no_failure(push: Callable[..., Any], control: Any) -> None:
    control.seed("moengage", ["user0", "user1"])
    control.switch(moengage__queued=True)
    run = push(good(5), max_failed=0)
    assert run.state == "success"
    assert run.report["warning"] is None
    verified(run, not_yet=2, unknown_user=3)


def test_another_value_is_different(push: Callable[..., Any], control: Any) -> None:
    push(good(1), verify=0)
    control.fault("moengage", {"status": 200, "apply": "never"}, {"users": ["user0"], "times": 1})
    run = push([{"customer_id": "user0", "a": 7}])
    verified(run, different=1)


def test_an_account_without_get_user(push: Callable[..., Any], control: Any) -> None:
    control.switch(moengage__get_user=False)
    run = push(good(5))
    assert run.state == "success"
    verified(run, unread=5)
    assert "its support enables it for an account" in run.report["verified"]["why"]
    assert "its support enables it for an account" in "\n".join(run.log.texts)


def test_off_by_default_and_in_a_dry_run_and_where_nothing_was_accepted(push: Callable[..., Any]) -> None:
    assert "verified" not in push(good(2), verify=0).report
    assert "verified" not in push(good(2), dry_run=True).report
    verified(push([{"customer_id": "guest", "a": 1}]))


def test_arrays(push: Callable[..., Any]) -> None:
    verified(push([{"customer_id": "user1", "tags": ["a"]}], operation="add"), equal=1)
    verified(push([{"customer_id": "user1", "tags": ["a"]}], operation="remove"), equal=1)


def unset(airflow: Any, users: int, **parameters: Any) -> Any:
    rows = [{"customer_id": f"user{number}"} for number in range(users)]
    return airflow.run(lambda: MoEngageUnsetAttributesOperator(task_id="push", users=rows, verify=10, **parameters))


@pytest.mark.parametrize("bulk", [False, True])
def test_attributes_that_were_removed_are_gone(
    push: Callable[..., Any], airflow: Any, control: Any, bulk: bool
) -> None:
    push(good(3), verify=0)
    verified(unset(airflow, 3, attributes=["note", "a"], bulk=bulk), equal=3)
    push(good(3), verify=0)
    control.switch(moengage__queued=True)
    verified(unset(airflow, 3, attributes=["note"], bulk=bulk), not_yet=3)


def test_of_a_removed_standard_attribute_that_is_missing_nothing_is_known(
    push: Callable[..., Any], airflow: Any
) -> None:
    push([{"customer_id": "user0", "first_name": "Ada"}], verify=0)
    verified(unset(airflow, 1, attributes=["first_name"]), unread=1)
    verified(push([{"customer_id": "user0", "first_name": None}], nulls="unset"), unread=1)


@pytest.mark.parametrize("given", [{"match": "prefix"}, {"case_sensitive": False}], ids=str)
def test_what_is_removed_by_another_match_cannot_be_asked_for(given: Any) -> None:
    def make(**over: Any) -> Any:
        return MoEngageUnsetAttributesOperator(task_id="push", users=[], **{"attributes": ["a"], **given, **over})

    assert make(verify=0).verify == 0
    with pytest.raises(WrongParameter, match="verify asks for the attributes by their names"):
        make(verify=1)


def test_a_total_adds_it_up(push: Callable[..., Any]) -> None:
    reports = [push(good(3)).report, push(good(4)).report]
    total: Any = Total(reports).as_dict()
    assert (total["verified"]["sampled"], total["verified"]["equal"], total["verified"]["why"]) == (7, 7, None)


@pytest.mark.parametrize("value", [-1, 1_001, True, 1.5, "10"])
def test_another_number_fails_when_the_dag_is_parsed(value: Any) -> None:
    with pytest.raises(WrongParameter, match="verify is"):
        MoEngageSetAttributesOperator(task_id="push", users=[], verify=value)
