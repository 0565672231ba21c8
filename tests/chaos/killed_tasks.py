# SPDX-License-Identifier: Apache-2.0
"""The DAG of the kill test: pushes whose task is killed before a row that is drawn by chance, on its first tries."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

#: task -> {"case": its name, "first": number of its first user, "rows": how many, "ends": [[signal, row], ...]}
PLAN = json.loads(os.environ["KILLED_TASKS"])
MARKS = Path(os.environ["KILLED_TASKS_FOLDER"])
sys.path.append(os.environ["KILLED_TASKS_CASES"])

from cases import CASE  # noqa: E402
from fourth_vendor.provider_row import ROW  # noqa: E402

from airflow_provider_userattrs import ChangedOnly, PushLog, get_provider_info  # noqa: E402

get_provider_info.VENDORS = (*get_provider_info.VENDORS, ROW)


class MortalRows:
    """Give a task's rows; end the task's process where the plan says so, once for each line of it."""

    def __init__(self, task: str) -> None:
        self.task = task

    def identity(self) -> str:
        return self.task

    def rows(self) -> Iterator[dict[str, Any]]:
        plan = PLAN[self.task]
        mark = MARKS / self.task
        done = len(mark.read_text()) if mark.exists() else 0
        number, at = plan["ends"][done] if done < len(plan["ends"]) else (0, -1)
        for position in range(plan["rows"]):
            if position == at:
                with mark.open("a") as marks:
                    marks.write("x")
                os.kill(os.getpid(), signal.Signals(number))
            yield CASE[plan["case"]].row(plan["first"] + position)


with DAG("killed_tasks", schedule="@once", start_date=datetime(2026, 1, 1), catchup=False):
    for task, plan in PLAN.items():
        case = CASE[plan["case"]]
        case.operator(
            task_id=task,
            users=MortalRows(task),
            rejects_path=str(MARKS / f"{task}.jsonl"),
            rate_limit=10_000,
            retries=8,
            max_failed=None,  # on a busy machine a kill leaves more than half of the rows in doubt
            retry_delay=timedelta(0),
            changed_only=ChangedOnly(str(MARKS / "known")) if case.overwrites else None,
            log_to=PushLog("killed_log"),
            **case.parameters,
        )
