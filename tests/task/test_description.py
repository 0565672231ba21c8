# SPDX-License-Identifier: Apache-2.0
"""What the report says of the push itself: how it was set, and how it went over time; no secret, constant or row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from versions import has, needs

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.keys import PROGRESS_KEY

pytestmark = pytest.mark.usefixtures("connections", "clock")


def test_how_a_push_was_set(airflow: Any, sandbox: Any, control: Any, no_secret: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push",
            users=[{"username": "ada", "mail": "ada@example.com", "plan": "gold"}],
            target={"username": "username", "email": "mail"},
            attributes={"Plan": "plan", "plan": "plan", "sha": Hashed("mail"), "by": Constant("nobody's business")},
            nulls="unset",
            max_failed=0.05,
            rate_limit=50,
        )
    )
    assert run.report["configuration"] == {
        "kahuna_conn_id": "kahuna_default",
        "environment": "production",
        "host": sandbox.base_url("kahuna"),
        "users": "1 row",
        "target": ["username", "email ← mail"],
        "on_bad_value": "row",
        "oversize": "refuse",
        "attributes": ["Plan ← plan", "plan", "sha ← mail, hashed", "by ← a constant"],
        "rate_limit": "50 requests a second",
        "nulls": "unset",
        "max_failed": 0.05,
        "on_empty": "warn",
        "concurrency": 16,
        "timezone": "UTC",
        "on_unknown": "report",
        "allow_restart": False,
    }
    assert run.report["done"] == "updated"
    assert "business" not in json.dumps(run.report)
    no_secret(json.dumps(run.report))


def test_what_is_documented_as_queued_is_called_so(airflow: Any) -> None:
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada", "a": 1}]))
    assert run.report["done"] == "queued"
    assert run.report["configuration"]["attributes"] == "every other column"
    assert run.report["configuration"]["rate_limit"] == "166.7 users a second"


@pytest.mark.parametrize(
    ("parameters", "result"),
    [
        ({}, "every other column but id"),
        ({"rename": {"id": "number"}}, "every other column"),
        ({"exclude": ["id"]}, "every other column"),
        ({"customer_id": "id"}, "every other column"),
        ({"attributes": {"number": "id"}}, ["number ← id"]),
    ],
    ids=["key", "renamed", "excluded", "user", "listed"],
)
def test_what_is_not_sent_unasked_is_said(
    airflow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any], result: Any
) -> None:
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute("CREATE TABLE users AS SELECT 7 AS id, 'ada' AS customer_id, 'gold' AS plan")
    monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
    users = SqlRows("SELECT * FROM users", conn_id="w", key="id")
    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=users, **parameters))
    assert run.report["configuration"]["attributes"] == result


@pytest.mark.parametrize("letter", ["a", "統", "🦔"])
def test_it_stays_small_whatever_the_names(airflow: Any, control: Any, letter: str) -> None:
    control.switch(engagelab__any_user=True)
    names = [f"{letter * 100}{number}" for number in range(500)]
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(task_id="push", users=[{"euid": 1, names[0]: 1}], attributes=names)
    )
    shown = run.report["configuration"]["attributes"]
    assert len(json.dumps(shown)) < 1_000
    assert shown[-1] == f"and {500 - len(shown) + 1} more"


def test_the_timeline_covers_all_tries(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push",
            users=[{"euid": number, "a": 1} for number in range(1, 41)],
            rate_limit=10,
            concurrency=1,
            checkpoint_path=str(tmp_path),
            retries=1,
            retry_delay=timedelta(0),
        )
    )
    report = run.report
    assert (report["resumed_from"], report["of"], report["accepted"]) == (20, 40, 40)
    assert sum(report["timeline"]["rows"]) == 40
    assert sum(report["timeline"]["retries"]) == report["retries"]
    assert len(report["timeline"]["rows"]) == int(report["seconds"] / report["timeline"]["interval_seconds"]) + 1


@needs("Push report tab")
@pytest.mark.parametrize("own_folder", [False, True], ids=["the checkpoint says it", "no checkpoint Airflow knows"])
def test_a_running_task_reports_progress_at_most_every_2_seconds(
    airflow: Any,
    control: Any,
    clock: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own_folder: bool,
) -> None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    result: list[tuple[float, dict[str, Any]]] = []
    push: Callable[..., None] = RuntimeTaskInstance.xcom_push

    def watched(self: Any, key: str, value: Any) -> None:
        if key == PROGRESS_KEY:
            result.append((clock.monotonic(), json.loads(json.dumps(value))))
        push(self, key, value)

    monkeypatch.setattr(RuntimeTaskInstance, "xcom_push", watched)
    control.switch(engagelab__any_user=True)
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push",
            users=[{"euid": number, "a": 1} for number in range(1, 31)],
            rate_limit=2,
            concurrency=1,
            checkpoint_path=str(tmp_path) if own_folder else None,
        )
    )
    assert run.state == "success"
    assert bool(result) is (own_folder or not has("task state store"))
    assert all(later - earlier >= 2 for (earlier, _), (later, _) in pairwise(result))
    for _, report in result:
        assert report["of"] == 30
        assert 0 < report["rows"] <= 30
        assert len(json.dumps(report)) < 16 * 1024
    (instance,) = run.dag_run.get_task_instances()
    assert instance.xcom_pull(task_ids="push", key=PROGRESS_KEY) is None, "it goes when the report has come"


@needs("Push report tab")
def test_progress_that_cannot_be_stored_does_no_harm(
    airflow: Any, control: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    push: Callable[..., None] = RuntimeTaskInstance.xcom_push

    def broken(self: Any, key: str, value: Any) -> None:
        if key == PROGRESS_KEY:
            raise ConnectionError("a secret")
        push(self, key, value)

    monkeypatch.setattr(RuntimeTaskInstance, "xcom_push", broken)
    control.switch(engagelab__any_user=True)
    rows = [{"euid": number, "a": 1} for number in range(1, 31)]
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push", users=rows, rate_limit=2, checkpoint_path=str(tmp_path), concurrency=1
        )
    )
    assert (run.state, run.report["accepted"]) == ("success", 30)
    (line,) = [text for text in run.log.texts if "progress cannot be stored" in text]
    assert line == "The progress cannot be stored for the Push report tab (ConnectionError)"
