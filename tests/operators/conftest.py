# SPDX-License-Identifier: Apache-2.0
"""Pushes on real Airflow."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from operators.base_push import ONE_TRY


@pytest.fixture
def push_with_retries(push: Callable[..., Any]) -> Callable[..., Any]:
    """Push to EngageLab with two retries."""
    return lambda rows, **parameters: push(rows, **{**ONE_TRY, **parameters})


@pytest.fixture
def any_euid(control: Any) -> Any:
    """Have EngageLab know every user."""
    control.switch(engagelab__any_user=True)
    return control


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, control: Any) -> Callable[[int], None]:
    """Fill a table of users, who are all known to EngageLab but those over 900."""
    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def fill(users: int) -> None:
        control.seed("engagelab", list(range(1, 901)))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE users (euid INTEGER, plan TEXT, day TEXT)")
            rows = [(euid, "gold", "today") for euid in range(1, users + 1)]
            connection.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)

    return fill


_nights = count(1)


@pytest.fixture
def night(airflow: Any, any_euid: Any, clock: Any, tmp_path: Path) -> Callable[..., Any]:
    """Push what changed as one task of one DAG does, a day after the last time."""
    from airflow_provider_userattrs.changes import ChangedOnly
    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    dag_id = f"nightly_{next(_nights)}"

    def push(
        users: Any,
        operator: Any = EngageLabSetAttributesOperator,
        *,
        only: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        clock.advance(86_400)
        changed_only = ChangedOnly(str(tmp_path / "known"), **only or {})
        return airflow.run(
            lambda: operator(task_id="push", users=users, changed_only=changed_only, **parameters), dag_id=dag_id
        )

    return push
