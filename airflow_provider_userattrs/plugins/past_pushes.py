# SPDX-License-Identifier: Apache-2.0
"""Reads the pushes of many runs from Airflow's database, in as many queries for one DAG as for all."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import and_, func, or_, select, tuple_

from airflow_provider_userattrs.get_provider_info import VENDORS
from airflow_provider_userattrs.plugins.digest import PastInstance
from airflow_provider_userattrs.plugins.xcoms import decoded, may_be_report

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: How many of a DAG's newest runs are looked through for tasks that push: the newest may not have come to them yet.
RUNS_FOR_TASKS = 3

#: How many instances of tasks are read at most, unless one run has more: a report has up to 16 KB, and a task up to
#: 1,024 instances in a run.
MAX_INSTANCES = 6_000


def load_pushes(
    session: Session,
    dag_ids: Collection[str],
    first: int,
    last: int,
    tasks: Collection[tuple[str, str]] | None = None,
) -> tuple[list[PastInstance], bool]:
    """Return the instances of tasks that push, and whether there were too many: then the oldest runs are left out.

    Those of a run are all there, or none of them.

    :param session: a session of Airflow's database.
    :param dag_ids: the DAGs to look at.
    :param first: the number of the first run of each DAG, from 1 for its newest.
    :param last: the number of the last run.
    :param tasks: the tasks, as DAG's id and task's id; None for those that have left a report, or have one of our
        operators.
    """
    # The runs first: with their ids at hand, every database looks up their XComs by the primary key.
    numbers = dict(session.execute(_numbers(dag_ids, first, last)).tuples().all())
    numbered = _numbers(dag_ids, first, last).subquery()
    query = (
        select(
            DagRun.id,
            TaskInstance.dag_id,
            TaskInstance.run_id,
            DagRun.run_after,
            TaskInstance.task_id,
            TaskInstance.map_index,
            TaskInstance.state,
            TaskInstance.operator,
            XComModel.value,
        )
        .select_from(DagRun)
        .join(numbered, numbered.c.id == DagRun.id)
        .join(TaskInstance, and_(TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id))
        .outerjoin(
            XComModel,
            and_(
                XComModel.dag_run_id == DagRun.id,
                XComModel.task_id == TaskInstance.task_id,
                XComModel.map_index == TaskInstance.map_index,
                may_be_report(),
            ),
        )
        .where(DagRun.id.in_(list(numbers)))
        .where(_is_push() if tasks is None else tuple_(TaskInstance.dag_id, TaskInstance.task_id).in_(list(tasks)))
        # The newest run of each DAG, then the one before of each: one DAG's many instances leave out no other DAG.
        .order_by(numbered.c.number, DagRun.run_after.desc(), DagRun.id, TaskInstance.task_id, TaskInstance.map_index)
        .limit(MAX_INSTANCES + 1)
    )
    rows = session.execute(query).all()
    is_cut = len(rows) > MAX_INSTANCES
    if is_cut:  # the last run is not whole: it is left out, or read by itself if there is no other
        last = rows[-1].id
        rows = [row for row in rows if row.id != last] or session.execute(
            query.where(DagRun.id == last).limit(None)
        ).all()
    return [
        PastInstance(dag_id, run_id, numbers[run], run_after, task_id, map_index, state, operator, decoded(value))
        for run, dag_id, run_id, run_after, task_id, map_index, state, operator, value in rows
    ], is_cut


def _numbers(dag_ids: Collection[str], first: int, last: int) -> Any:
    """Return the query for the ids of some runs of each DAG, with their numbers, from 1 for the newest."""
    number = func.row_number().over(partition_by=DagRun.dag_id, order_by=(DagRun.run_after.desc(), DagRun.id.desc()))
    runs = select(DagRun.id, number.label("number")).where(DagRun.dag_id.in_(list(dag_ids))).subquery()
    return select(runs).where(runs.c.number.between(first, last))


def has_runs(session: Session, dag_id: str, after: int) -> bool:
    """Return whether a DAG has more runs than so many."""
    return session.scalar(select(DagRun.id).where(DagRun.dag_id == dag_id).offset(after).limit(1)) is not None


def current_dags(session: Session) -> set[str]:
    """Return the DAGs that there are, without those that were removed."""
    return set(session.scalars(select(DagModel.dag_id).where(DagModel.is_stale.is_(False))))


def _is_push() -> Any:
    """Return the condition that a task pushes: by the name of its operator, or by its report."""
    names = [f"{vendor.title}{verb}%Operator" for vendor in VENDORS for verb in ("Set", "Unset")]
    return or_(XComModel.key.is_not(None), TaskInstance.operator == "PushTotalOperator", *map(_named, names))


def _named(pattern: str) -> Any:
    return TaskInstance.operator.like(pattern)
