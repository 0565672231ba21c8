# SPDX-License-Identifier: Apache-2.0
"""Real tasks of a real Airflow, killed at random rows; Airflow's own retries take over."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases import STATUSES

pytest.importorskip("airflow.sdk.definitions.retry_policy", reason="task state store: Airflow 3.3 and later")

KILLS = int(os.environ.get("USERATTRS_KILLS", "10"))
SEED = int(os.environ.get("USERATTRS_SEED", "1"))
ROWS = 1_500


def plan(chance: random.Random) -> dict[str, dict[str, Any]]:
    """Draw which tasks there are, and before which rows they are killed."""
    kinds = {
        "increase-1": ("euid", "{}", 1),
        "set-1": ("euid", "{}", 10_001),
        "kahuna-1": ("username", "user{}", 1),
        "moengage-1": ("customer_id", "customer{}", 1),
        "increase-2": ("euid", "{}", 20_001),
    }
    tasks = {
        task: {"column": column, "keys": keys, "first": first, "rows": ROWS, "ends": []}
        for task, (column, keys, first) in kinds.items()
    }
    tasks["kahuna-1"]["rows"] = ROWS * 10
    for number in range(KILLS):
        task = list(tasks.values())[number % len(tasks)]
        end = signal.SIGTERM if number % 5 == 4 else signal.SIGKILL
        task["ends"].append([int(end), chance.randrange(1, task["rows"])])
    return tasks


def test_killed_tasks_go_on_and_tell_the_truth(
    sandbox: Any, control: Any, connect: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    from deployment import Deployment

    tasks = plan(random.Random(SEED))
    control.switch(history=True, engagelab__any_user=True)
    control.seed("kahuna", [{"username": f"user{number}"} for number in range(1, ROWS * 10 + 1)])
    for vendor in ("engagelab", "kahuna", "moengage"):
        connect(vendor)
    marks = tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "home").mkdir()
    environment = {"KILLED_TASKS": json.dumps(tasks), "KILLED_TASKS_FOLDER": str(marks)}
    airflow = Deployment(tmp_path / "home", environment)
    shutil.copy(Path(__file__).parent / "killed_tasks.py", airflow.home / "dags")
    with airflow.running():
        state = airflow.wait_for("killed_tasks", 300)
        reports = airflow.reports("killed_tasks")
    assert state == "success", airflow.logs()
    assert sum(len((marks / task).read_text()) for task in tasks if (marks / task).exists()) == KILLS

    doubtful = sent_again = 0
    for name, task in tasks.items():
        report = reports[name]
        assert report["rows"] == task["rows"] == sum(report[status] for status in STATUSES), name
        vendor = report["vendor"].lower()
        updates = applied(control, vendor, task)
        if name.startswith("increase"):
            assert report["resumed_from"] is not None, f"{name} began anew"
            assert max(updates.values()) == 1, "increased twice"
            assert report["accepted"] <= len(updates) <= report["accepted"] + report["unknown"]
            doubtful += report["unknown"]
        else:
            assert report["accepted"] == task["rows"] == len(updates)
            sent_again += sum(updates.values()) - len(updates)
    rows = sum(task["rows"] for task in tasks.values())
    told = {"real tasks' kills": KILLS, "rows": rows, "in doubt": doubtful, "repeatable updates sent twice": sent_again}
    record_property("chaos", told)


def applied(control: Any, vendor: str, task: dict[str, Any]) -> dict[str, int]:
    """Give how often each of a task's users was updated at the sandbox."""
    keys = {task["keys"].format(task["first"] + position) for position in range(task["rows"])}
    users = control.users(vendor)
    return {key: user["updates"] for key, user in users.items() if key in keys and user["updates"]}
