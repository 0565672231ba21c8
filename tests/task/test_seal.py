# SPDX-License-Identifier: Apache-2.0
"""Keys that may name a person are kept sealed in the checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from task.tries import points, push_once
from versions import needs

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def by_mail(sqlite: Callable[..., None], control: Any) -> SqlRows:
    """Give 40 users, each by an e-mail address."""
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE users (mail TEXT, euid INTEGER, points INTEGER)")
    sqlite(*(f"INSERT INTO users VALUES ('ada{n:03}@example.com', {n}, 1)" for n in range(1, 41)))
    return SqlRows("SELECT * FROM users", conn_id="warehouse", key="mail")


def push_by_mail(path: Path, users: SqlRows, operation: str) -> Any:
    return push_once(path, users=users, operation=operation, attributes=["points"], concurrency=1)


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_key_that_may_name_a_person_is_kept_sealed(
    control: Any, by_mail: SqlRows, tmp_path: Path, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    folder = tmp_path / "checkpoints"
    assert push_by_mail(folder, by_mail, operation).report["accepted"] == 20
    [file] = folder.iterdir()
    kept = json.loads(file.read_text())
    assert isinstance(kept["keys"], str)
    assert "example" not in file.read_text()
    assert "@" not in file.read_text()
    resumed = push_by_mail(folder, by_mail, operation)
    assert (resumed.report["accepted"], resumed.report["resumed_from"]) == (40, 20)
    assert set(points(control).values()) == {1}
    assert "@example" not in json.dumps(resumed.report) + "".join(capsys.readouterr())


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_changed_secret_starts_at_the_first_row_or_is_refused(
    control: Any, connect: Any, by_mail: SqlRows, tmp_path: Path, operation: str, log: Any
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    push_by_mail(tmp_path / "checkpoints", by_mail, operation)
    before = len(control.journal())
    connect("engagelab", password="another-secret")
    run = push_by_mail(tmp_path / "checkpoints", by_mail, operation)
    if operation == "increase":
        assert isinstance(run.error, RefusedConfiguration)
        assert "secret changed since the last try" in str(run.error)
        assert len(control.journal()) == before
    else:
        assert any("the connection's secret changed since the last try" in text for text in log.texts)
        assert run.report["resumed_from"] is None


def test_ids_and_times_stay_readable(control: Any, sqlite: Callable[..., None], tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE users (euid INTEGER, points INTEGER)", "INSERT INTO users VALUES (5, 1), (6, 1)")
    users = SqlRows("SELECT * FROM users", conn_id="warehouse", key="euid")
    push_once(tmp_path / "checkpoints", users=users, operation="increase")
    [file] = (tmp_path / "checkpoints").iterdir()
    assert json.loads(file.read_text())["keys"] == {"type": "int", "tries": [[[[6], []]]], "sent_upto": None}


@needs("task state store")
def test_a_task_state_store_holds_no_key_in_plain_text(
    push_tries: Callable[..., Any], control: Any, by_mail: SqlRows
) -> None:
    from airflow.models.task_state_store import TaskStateStoreModel
    from airflow.utils.session import create_session

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    run = push_tries(by_mail, operation="increase", attributes=["points"], retries=0)
    assert run.state == "failed"
    with create_session() as session:
        kept = [row.value for row in session.query(TaskStateStoreModel).all()]
    assert kept
    assert not any("@example.com" in value for value in kept)
