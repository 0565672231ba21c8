# SPDX-License-Identifier: Apache-2.0
"""Several tries of one push: its rows, what EngageLab has afterwards, and a try in this process."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.sources.sql import SqlRows


def rows(count: int) -> list[dict[str, Any]]:
    return [{"euid": number, "points": 1} for number in range(1, count + 1)]


def points(control: Any) -> dict[str, int]:
    return {euid: user["properties"]["points"] for euid, user in control.users("engagelab").items()}


def push_once(path: Path, context: Any = None, **parameters: Any) -> Any:
    """Push in this process, as a try of a task does that keeps its checkpoint in a folder; return the run."""
    from airflow_provider_userattrs.task.run import Run

    ti: Any = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
    operator = EngageLabSetAttributesOperator(task_id="t", checkpoint_path=str(path), **parameters)
    given: Any = {"ti": ti} if context is None else context
    run: Any = Run(operator.make_spec(given), given)
    run.report = run.run()
    return run


def warehouse(script: str) -> list[Any]:
    path = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])["host"]
    with closing(sqlite3.connect(path)) as connection, connection:
        return [row for statement in script.split(";") for row in connection.execute(statement).fetchall()]


class Changing(SqlRows):
    """A query whose table changes before it is read again."""

    change = ""

    def rows(self, after: Any = None) -> Iterator[Any]:
        if self.change and Changing.readings:
            warehouse(self.change)
        Changing.readings += 1
        yield from super().rows(after)

    readings = 0
