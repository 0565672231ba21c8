# SPDX-License-Identifier: Apache-2.0
"""Real tasks of a real Airflow, killed at random rows; Airflow's own retries take over."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cases import CASE, CASES, STATUSES, Bench, Case

from airflow_provider_userattrs.push.changes import roster
from airflow_provider_userattrs.push.changes.checked_file import reading
from airflow_provider_userattrs.push.changes.table import Table

pytest.importorskip("airflow.sdk.definitions.retry_policy", reason="task state store: Airflow 3.3 and later")

KILLS = int(os.environ.get("USERATTRS_KILLS", "10"))
SEED = int(os.environ.get("USERATTRS_SEED", "1"))
ROWS = 1_500


#: A task of each operation that sets attributes, and two of each that must send no update twice.
KILLED = [(case, turn) for case in CASES for turn in {"set": (1,), "increase": (1, 2)}.get(case.operation, ())]


def plan(chance: random.Random) -> dict[str, dict[str, Any]]:
    """Draw which tasks there are, and before which rows they are killed."""
    tasks: dict[str, dict[str, Any]] = {}
    taken: Counter[str] = Counter()  # users of each vendor
    for case, turn in KILLED:
        rows = ROWS if case.batch == 1 else ROWS * 10
        tasks[f"{case.name}-{turn}"] = {"case": case.name, "first": taken[case.vendor.name], "rows": rows, "ends": []}
        taken[case.vendor.name] += rows
    for number in range(KILLS):
        task = list(tasks.values())[number % len(tasks)]
        end = signal.SIGTERM if number % 5 == 4 else signal.SIGKILL
        task["ends"].append([int(end), chance.randrange(1, task["rows"])])
    return tasks


def test_killed_tasks_resume_and_report_what_is_true(
    bench: Bench, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    from deployment import Deployment

    tasks = plan(random.Random(SEED))
    for task in tasks.values():
        bench.prepare(CASE[task["case"]], task["first"] + task["rows"])
        bench.connect(CASE[task["case"]].vendor.name)
    marks = tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "home").mkdir()
    environment = {
        "KILLED_TASKS": json.dumps(tasks),
        "KILLED_TASKS_FOLDER": str(marks),
        "AIRFLOW_CONN_KILLED_LOG": json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "log.db")}),
        "KILLED_TASKS_CASES": str(Path(__file__).parents[1]),
    }
    airflow = Deployment(tmp_path / "home", environment)
    shutil.copy(Path(__file__).parent / "killed_tasks.py", airflow.home / "dags")
    with airflow.running():
        state = airflow.wait_for("killed_tasks", 300)
        reports = airflow.reports("killed_tasks")
    assert state == "success", airflow.logs()
    assert sum(len((marks / task).read_text()) for task in tasks if (marks / task).exists()) == KILLS

    doubtful = sent_again = lost = 0
    for name, task in tasks.items():
        report = reports[name]
        assert report["rows"] == task["rows"] == sum(report[status] for status in STATUSES), name
        case = CASE[task["case"]]
        updates = applied(bench, case, task)
        lost += missing_lines(tmp_path / "log.db", name, report)
        if not case.idempotent:
            assert report["resumed_from"] is not None, f"{name} began anew"
            assert max(updates.values()) == 1, "increased twice"
            assert report["accepted"] <= len(updates) <= report["accepted"] + report["unknown"]
            doubtful += report["unknown"]
        else:
            # What the journal of a killed try says was accepted is not sent again.
            assert report["accepted"] + report["skipped"] == task["rows"] == len(updates)
            assert known(marks / "known", f"killed_tasks~{name}.") == task["rows"]
            sent_again += sum(updates.values()) - len(updates)
    rows = sum(task["rows"] for task in tasks.values())
    result = {
        "real tasks' kills": KILLS,
        "rows": rows,
        "in doubt": doubtful,
        "repeatable updates sent twice": sent_again,
        "lines missing in the log": lost,
    }
    record_property("chaos", result)


def missing_lines(log: Path, task: str, report: dict[str, Any]) -> int:
    """Check that the log of a push has each row once and knows what is missing; return how many lines are."""
    with closing(sqlite3.connect(log)) as database:
        ((lines, positions),) = database.execute(
            "SELECT COUNT(*), COUNT(DISTINCT row_position) FROM userattrs_rows WHERE task_id = ?", (task,)
        )
        tries = database.execute(
            "SELECT state, lines_lost FROM userattrs_runs WHERE task_id = ? ORDER BY try_number", (task,)
        ).fetchall()
    assert lines == positions, f"{task}: a row was logged twice"
    failed = sum(report[status] for status in ("partial", "rejected", "invalid", "unknown", "unsent"))
    assert tries[-1] == ("success", failed - lines)
    assert {state for state, _ in tries[:-1]} <= {"killed", "failed"}
    lost: int = report["push_log"]["lost"]
    assert lost == failed - lines
    return lost


def known(folder: Path, start: str) -> int:
    """Return of how many users a task's files say what the vendor holds."""
    (path,) = (path for path in folder.iterdir() if path.name.startswith(start))
    with reading(path.open("rb")) as (head, source):
        table = Table.read(source.read_into, head["cells"])
        assert not any(roster.read(source.read)), "users' ids are kept only to unset who left"
        return len(table)


def applied(bench: Bench, case: Case, task: dict[str, Any]) -> dict[str, int]:
    """Give how often each of a task's users was updated at the sandbox."""
    keys = {str(case.key(task["first"] + position)) for position in range(task["rows"])}
    users = bench.control.users(case.vendor.name)
    return {key: user["updates"] for key, user in users.items() if key in keys and user["updates"]}
