# SPDX-License-Identifier: Apache-2.0
"""bulk=True on real Airflow, beside what else an operator can do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.task.failure import WrongParameter

pytestmark = pytest.mark.usefixtures("connections", "clock")

_dags = count(1)


@pytest.fixture
def push(airflow: Any) -> Callable[..., Any]:
    dag_id = f"bulk_{next(_dags)}"

    def push(rows: Any, operator: Any = MoEngageSetAttributesOperator, **parameters: Any) -> Any:
        parameters = {"bulk": True, **parameters}
        return airflow.run(lambda: operator(task_id="push", users=rows, **parameters), dag_id=dag_id)

    return push


def good(users: int, value: Any = 1) -> list[dict[str, Any]]:
    return [{"customer_id": f"user{number}", "a": value} for number in range(users)]


def test_a_push(push: Callable[..., Any], control: Any) -> None:
    run = push([*good(500), {"customer_id": "guest", "a": 1}])
    assert run.counts == {"accepted": 500, "invalid": 1}
    assert run.report["requests"] == len(control.journal()) == 1
    assert run.report["configuration"]["bulk"] is True
    assert len(control.users("moengage")) == 500
    assert "1,000 users a second" in "\n".join(run.log.texts)


def test_nulls_unset_and_unknown_users_skipped(push: Callable[..., Any], control: Any) -> None:
    control.seed("moengage", ["user0"])
    push(good(1))
    rows = [{"customer_id": f"user{number}", "a": None, "b": 2} for number in range(2)]
    run = push(rows, nulls="unset", update_existing_only=True)
    assert run.counts == {"accepted": 2}
    assert "does not know is ignored without a word" in run.report["accepted_means"]
    assert {name: user["attributes"] for name, user in control.users("moengage").items()} == {"user0": {"b": 2}}


def test_unset(push: Callable[..., Any], control: Any) -> None:
    push(good(3))
    run = push(good(3), MoEngageUnsetAttributesOperator, attributes=["a"])
    assert run.counts == {"accepted": 3}
    assert [user["attributes"] for user in control.users("moengage").values()] == [{}, {}, {}]


def test_only_what_changed_whether_or_not_in_bulk(push: Callable[..., Any], tmp_path: Any) -> None:
    known = ChangedOnly(str(tmp_path / "known"))
    assert push(good(20), changed_only=known, bulk=False).counts == {"accepted": 20}
    again = push([*good(19), *good(20, 2)[19:]], changed_only=known)
    assert again.counts == {"accepted": 1, "skipped": 19}
    assert push([*good(19), *good(20, 2)[19:]], changed_only=known).report["requests"] == 0


def test_a_dry_run_sends_nothing(push: Callable[..., Any], control: Any) -> None:
    assert push(good(20), dry_run=True).counts == {"skipped": 20}
    assert control.journal() == []


def test_what_was_refused_is_in_the_rejects_file_with_the_request_s_id(
    push: Callable[..., Any], control: Any, tmp_path: Any
) -> None:
    control.fault("moengage", {"code": "MissingAttributeError"}, {"users": ["user7"], "times": None})
    run = push(good(20), rejects_path=str(tmp_path / "rejects.jsonl"), max_failed=1)
    assert run.counts == {"accepted": 19, "rejected": 1}
    assert run.state == "success"
    [file] = tmp_path.glob("rejects*.jsonl")
    [line] = [line for line in file.read_text().splitlines() if '"position"' in line]
    assert '"user": "user7"' in line.replace('":"', '": "')
    assert "request_id" in line


def test_a_shard_takes_its_share_of_the_cap(push: Callable[..., Any]) -> None:
    run = push(good(20), shard=Shard(number=1, of=4, at_once=4))
    assert run.counts == {"accepted": 20}
    assert "243 users a second" in "\n".join(run.log.texts)


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_another_value_fails_when_the_dag_is_parsed(value: Any) -> None:
    with pytest.raises(WrongParameter, match="bulk is"):
        MoEngageSetAttributesOperator(task_id="push", users=[], bulk=value)
