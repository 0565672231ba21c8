# SPDX-License-Identifier: Apache-2.0
"""The DAG that deployment faults happen to: two pushes that go on as far as the test lets them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

FOLDER = Path(os.environ["FAULTY_FOLDER"])


class GatedRows:
    """Give users from a number on, as many as the test has let through; say which processes read them."""

    def __init__(self, task: str, first: int) -> None:
        self.task = task
        self.first = first

    def identity(self) -> str:
        return self.task

    def rows(self) -> Iterator[dict[str, Any]]:
        with (FOLDER / f"{self.task}.tries").open("a") as tries:
            tries.write(f"{os.getpid()} {os.getppid()}\n")  # the task's process and its supervisor
        given = gate = 0
        while True:
            has_ended = (FOLDER / "end").exists()  # asked first, for the gate opens for the last time before
            gate = int((FOLDER / "gate").read_text())
            for position in range(given, gate):
                yield {"euid": self.first + position, "points": 1}
            if has_ended:
                return
            given = gate
            time.sleep(0.1)


with DAG("faulty", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
    for task, first in {"increase": 1, "set": 100_001}.items():
        EngageLabSetAttributesOperator(
            task_id=task,
            users=GatedRows(task, first),
            operation=task,
            rejects_path=str(FOLDER / f"{task}.jsonl"),
            rate_limit=100,
            max_failed=1.0,
            retries=20,
            retry_delay=timedelta(0),
        )
