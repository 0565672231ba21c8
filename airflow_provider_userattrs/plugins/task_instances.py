# SPDX-License-Identifier: Apache-2.0
"""Reads a task's instances, and the reports of their pushes, from Airflow's database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select

from airflow_provider_userattrs.plugins.xcoms import REPORT_KEY, is_small
from airflow_provider_userattrs.task.keys import CHECKPOINT_KEY, PROGRESS_KEY

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass
class Instance:
    """One task instance.

    :param map_index: its index in a mapped task, or -1.
    :param label: Airflow's label for it in a mapped task.
    :param state: its state; None before it is scheduled.
    :param operator: the name of the operator's class.
    :param try_number: its current try, from 1.
    :param report: its return value, if that is small enough to be a report.
    :param progress: the last snapshot that a running push wrote to an XCom.
    :param checkpoint: the last checkpoint that a push wrote to the task state store.
    :param updated_at: when the latest of these two was written.
    """

    map_index: int
    label: str | None
    state: str | None
    operator: str | None
    try_number: int
    report: Any = None
    progress: Any = None
    checkpoint: Any = None
    updated_at: datetime | None = None


def load_instances(
    session: Session, dag_id: str, run_id: str, task_id: str, map_index: int | None = None
) -> list[Instance]:
    """Return a task's instances by map index, with the reports of their pushes.

    :param session: a session of Airflow's database.
    :param map_index: the instance to return; None for all of them.
    """

    def of_the_task(model: Any) -> list[Any]:
        where = [model.dag_id == dag_id, model.run_id == run_id, model.task_id == task_id]
        return where if map_index is None else [*where, model.map_index == map_index]

    columns: tuple[Any, ...] = (
        TaskInstance.map_index,
        TaskInstance.rendered_map_index,
        TaskInstance.state,
        TaskInstance.operator,
        TaskInstance.try_number,
    )
    rows = session.execute(select(*columns).where(*of_the_task(TaskInstance)).order_by(TaskInstance.map_index))
    instances = {row[0]: Instance(*row) for row in rows}
    is_ours = XComModel.key.in_([REPORT_KEY, PROGRESS_KEY])
    _add_xcoms(instances, session.scalars(select(XComModel).where(*of_the_task(XComModel), is_ours, is_small())))
    _add_checkpoints(instances, session, of_the_task)
    return list(instances.values())


def _add_xcoms(instances: dict[int, Instance], xcoms: Iterable[Any]) -> None:
    for xcom in xcoms:
        instance, value = instances[xcom.map_index], XComModel.deserialize_value(xcom)
        if xcom.key == REPORT_KEY:
            instance.report = value
        else:
            instance.progress, instance.updated_at = value, xcom.timestamp


def _add_checkpoints(instances: dict[int, Instance], session: Session, of_the_task: Callable[[Any], list[Any]]) -> None:
    try:
        from airflow.models.task_state_store import TaskStateStoreModel
    except ImportError:  # before Airflow 3.3
        return
    # A task may make several pushes; the page shows the one whose checkpoint was written last.
    is_ours = TaskStateStoreModel.key.startswith(CHECKPOINT_KEY, autoescape=True)
    for row in session.scalars(
        select(TaskStateStoreModel)
        .where(*of_the_task(TaskStateStoreModel), is_ours)
        .order_by(TaskStateStoreModel.updated_at)
    ):
        instance = instances.get(row.map_index)
        if instance is not None:
            instance.checkpoint, instance.updated_at = json.loads(row.value), row.updated_at
