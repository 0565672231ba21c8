# SPDX-License-Identifier: Apache-2.0
"""The example DAGs as Airflow parses them, and the users that they push."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.example_dags import EXAMPLES, fill


@pytest.fixture
def examples(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Parse the folder as Airflow does."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 2
        from airflow.models.dagbag import DagBag  # type: ignore[no-redef]

    monkeypatch.syspath_prepend(str(EXAMPLES))
    return DagBag(dag_folder=str(EXAMPLES))


@pytest.fixture
def made_up(examples: Any) -> list[dict[str, Any]]:
    import made_up_users  # type: ignore[import-not-found]

    users: list[dict[str, Any]] = made_up_users.read_users()
    return users


@pytest.fixture
def night(
    connect: Callable[..., None],
    control: Any,
    made_up: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """Have the vendors know their users, as the demo has it; return the folder for rejects."""
    for vendor in ("engagelab", "kahuna", "moengage"):
        connect(vendor, extra={"rate_limit": 100_000})
    control.switch(history=False)
    euids = [int(user["euid"]) for user in made_up if user["euid"].isdecimal()]
    known = [{"username": user["username"]} for user in made_up if not user["username"].startswith("ghost")]
    control.seed("engagelab", euids[12:])
    control.seed("kahuna", known)
    monkeypatch.setenv("AIRFLOW_VAR_REJECTS_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_VAR_CHECKPOINTS_FOLDER", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("AIRFLOW_VAR_KNOWN_FOLDER", str(tmp_path / "known"))
    fill(tmp_path, monkeypatch)
    return tmp_path
