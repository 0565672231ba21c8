# SPDX-License-Identifier: Apache-2.0
"""Pushes on real Airflow."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
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
