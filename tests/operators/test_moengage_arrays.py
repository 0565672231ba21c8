# SPDX-License-Identifier: Apache-2.0
"""operation="add" and "remove" on real Airflow: what arrays hold then, and that nothing is added twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.task.failure import WrongParameter

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def push(airflow: Any) -> Callable[..., Any]:
    def push(rows: Any, operation: str, **parameters: Any) -> Any:
        return airflow.run(
            lambda: MoEngageSetAttributesOperator(task_id="push", users=rows, operation=operation, **parameters)
        )

    return push


@pytest.mark.parametrize("bulk", [False, True])
def test_add_and_remove(push: Callable[..., Any], control: Any, bulk: bool) -> None:
    rows = [{"customer_id": "ada", "tags": tags} for tags in (["a", "b"], "c", [], ["a"])]
    run = push(rows, "add", bulk=bulk)
    assert run.counts == {"accepted": 3, "skipped": 1}
    assert run.report["operation"] == "add attributes"
    assert control.user("moengage", "ada")["attributes"] == {"tags": ["a", "b", "c", "a"]}
    assert push([{"customer_id": "ada", "tags": ["a", "x"]}], "remove", bulk=bulk).counts == {"accepted": 1}
    assert control.user("moengage", "ada")["attributes"] == {"tags": ["b", "c"]}


def test_a_constant_is_added_for_each(push: Callable[..., Any], control: Any) -> None:
    push([{"customer_id": "ada"}, {"customer_id": "bob"}], "add", attributes={"waves": Constant(["spring"])})
    assert {user["attributes"]["waves"][0] for user in control.users("moengage").values()} == {"spring"}


@pytest.mark.parametrize("bulk", [False, True])
def test_what_may_have_been_added_is_not_added_again(push: Callable[..., Any], control: Any, bulk: bool) -> None:
    control.fault("moengage", {"close": True, "apply": "before"}, {"next": 1})
    run = push([{"customer_id": "ada", "tags": "a"}], "add", bulk=bulk)
    assert run.counts == {"unknown": 1}
    assert control.user("moengage", "ada")["attributes"] == {"tags": ["a"]}


@pytest.mark.parametrize("applied", [False, True])
def test_a_bulk_request_that_was_refused_is_in_doubt_as_a_whole(
    push: Callable[..., Any], control: Any, applied: bool
) -> None:
    then = {"code": "MissingAttributeError", "apply": "before" if applied else "never"}
    control.fault("moengage", then, {"next": 1})
    rows = [{"customer_id": f"user{number}", "tags": "a"} for number in range(20)]
    run = push(rows, "add", bulk=True)
    assert run.counts == {"unknown": 20}
    assert len(control.journal()) == 1
    [reason] = run.report["reasons"]
    assert "is not said" in reason["meaning"]


def test_a_busy_vendor_is_asked_again(push: Callable[..., Any], control: Any) -> None:
    control.fault("moengage", {"status": 429}, {"next": 2})
    assert push([{"customer_id": "ada", "tags": "a"}], "add", bulk=True).counts == {"accepted": 1}
    assert control.user("moengage", "ada")["attributes"] == {"tags": ["a"]}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"operation": "increase"}, "operation is"),
        ({"operation": "add", "nulls": "unset"}, "only changes arrays"),
        ({"operation": "add", "attributes": ["email"]}, "no array"),
        ({"operation": "remove", "attributes": {"platforms": "x"}}, "no array"),
    ],
    ids=["another operation", "nulls", "a standard attribute", "platforms"],
)
def test_what_cannot_work_fails_when_the_dag_is_parsed(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongParameter, match=words):
        MoEngageSetAttributesOperator(task_id="push", users=[], **parameters)
