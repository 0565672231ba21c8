# SPDX-License-Identifier: Apache-2.0
"""Runs of the past, written to Airflow's database as Airflow itself leaves them: too many to be run one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.report.account import as_dict
from airflow_provider_userattrs.push.report.report import Report

A_DAY = timedelta(days=1)
FIRST_NIGHT = datetime(2026, 3, 1, 2, tzinfo=timezone.utc)

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check the credentials.")
TOO_LONG = Verdict(Status.INVALID, "value-too-long", "value over 2,048 bytes", "Shorten it.", attribute="city")
UNCHANGED = Verdict(Status.SKIPPED, "unchanged", "nothing changed", "Nothing to do.")


def report_of(
    accepted: int,
    *others: tuple[int, Verdict],
    vendor: str = "Kahuna",
    seconds: float = 10.0,
    requests: int = 20,
    dry_run: bool = False,
    failure: str | None = None,
) -> dict[str, Any]:
    """Return the report of so many rows, with all that a report has."""
    report = Report(vendor, "set attributes", f"{vendor} confirmed each user", dry_run=dry_run)
    report.add_accepted(accepted)
    for count, verdict in others:
        report.add_many(report.rows, verdict, count)
    facts = {
        "requests": requests,
        "retries": 0,
        "bytes": 1_000,
        "seconds": seconds,
        "notes": [],
        "timeline": {"interval_seconds": seconds / 60, "rows": [accepted // 60] * 60, "retries": [0] * 60},
        "push": {
            "report": report.head(),
            "details": {
                "rejects_path": None,
                "of": None,
                "configuration": {"kahuna_conn_id": "kahuna_default", "attributes": ["plan", "city", "points"] * 5},
            },
        },
    }
    return dict(as_dict(report, facts, (0,), failure))


@dataclass
class Pushed:
    """An instance of a task in one run.

    :param report: its return value, or None for none.
    """

    report: Any = None
    state: str | None = "success"
    operator: str = "KahunaSetAttributesOperator"
    task_id: str = "push"
    map_index: int = -1


def store_runs(
    session: Any,
    dag_id: str,
    runs: Sequence[Sequence[Pushed]],
    *,
    is_stale: bool = False,
    every: timedelta = A_DAY,
) -> list[str]:
    """Write the runs of a DAG, the oldest first; return their ids.

    :param runs: the instances of each run.
    :param every: the time between two of them.
    """
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from sqlalchemy import insert, select

    if session.get(DagModel, dag_id) is None:
        dag: Any = DagModel
        session.add(dag(dag_id=dag_id, bundle_name="dags-folder", is_stale=is_stale, is_paused=True))
        session.flush()
    times = [FIRST_NIGHT + number * every for number in range(len(runs))]
    ids = [f"scheduled__{time.isoformat()}" for time in times]
    common = {"run_type": "scheduled", "state": "success"}
    session.execute(
        insert(DagRun.__table__),
        [
            {"dag_id": dag_id, "run_id": run_id, "run_after": time, "logical_date": time, **common}
            for run_id, time in zip(ids, times, strict=True)
        ],
    )
    numbers = dict(session.execute(select(DagRun.run_id, DagRun.id).where(DagRun.dag_id == dag_id)).all())
    instances = [(run_id, each) for run_id, of_run in zip(ids, runs, strict=True) for each in of_run]
    if instances:
        session.execute(
            insert(TaskInstance.__table__),
            [
                {
                    "dag_id": dag_id,
                    "run_id": run_id,
                    "task_id": each.task_id,
                    "map_index": each.map_index,
                    "state": each.state,
                    "operator": each.operator,
                    "pool": "default_pool",
                    "try_number": 1,
                }
                for run_id, each in instances
            ],
        )
    if xcoms := [(run_id, each) for run_id, each in instances if each.report is not None]:
        session.execute(
            insert(XComModel.__table__),
            [
                {
                    "dag_run_id": numbers[run_id],
                    "dag_id": dag_id,
                    "run_id": run_id,
                    "task_id": each.task_id,
                    "map_index": each.map_index,
                    "key": "return_value",
                    # As the task's supervisor hands it over.
                    "value": json.dumps(each.report),
                }
                for run_id, each in xcoms
            ],
        )
    session.flush()
    return ids


def forget_runs(session: Any) -> None:
    """Remove all DAGs with their runs, for a test that counts them."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from sqlalchemy import delete

    for model in (XComModel, TaskInstance, DagRun, DagModel):
        session.execute(delete(model))
