# SPDX-License-Identifier: Apache-2.0
"""The DAG of the kill test: pushes whose task is killed before a row that is drawn by chance, on its first tries."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

#: task -> {"column": ..., "rows": how many, "ends": [[signal, before which row], ...]}
PLAN = json.loads(os.environ["KILLED_TASKS"])
MARKS = Path(os.environ["KILLED_TASKS_FOLDER"])

OPERATORS = {
    "increase": (EngageLabSetAttributesOperator, {"operation": "increase"}),
    "set": (EngageLabSetAttributesOperator, {}),
    "kahuna": (KahunaSetAttributesOperator, {"target": ["username"]}),
    "moengage": (MoEngageSetAttributesOperator, {"rate_limit": 400}),
}


class MortalRows:
    """Give a task's rows; end the task's process where the plan says so, once for each line of it."""

    def __init__(self, task: str) -> None:
        self.task = task

    def identity(self):
        return self.task

    def rows(self):
        plan = PLAN[self.task]
        mark = MARKS / self.task
        done = len(mark.read_text()) if mark.exists() else 0
        number, at = plan["ends"][done] if done < len(plan["ends"]) else (0, -1)
        for position in range(plan["rows"]):
            if position == at:
                with mark.open("a") as marks:
                    marks.write("x")
                os.kill(os.getpid(), signal.Signals(number))
            yield {plan["column"]: plan["keys"].format(plan["first"] + position), "points": 1}


with DAG("killed_tasks", schedule="@once", start_date=datetime(2026, 1, 1), catchup=False):
    for task in PLAN:
        operator, parameters = OPERATORS[task.partition("-")[0]]
        operator(
            task_id=task,
            users=MortalRows(task),
            rejects_path=str(MARKS / f"{task}.jsonl"),
            retries=8,
            retry_delay=timedelta(0),
            **parameters,
        )
