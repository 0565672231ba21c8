# SPDX-License-Identifier: Apache-2.0
"""What Airflow's database holds of a task's instances, and of the pushes they made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import Text, cast, func, select

from airflow_provider_userattrs.push.resume.checkpoint import KEY
from airflow_provider_userattrs.push.resume.snapshot import PROGRESS_KEY

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_REPORT_KEY = "return_value"

#: Characters an XCom may have to be looked at: a report has under 16,384, and other tasks' XComs may be large.
_LONGEST = 40_000


@dataclass
class Instance:
    """Hold one task instance.

    :param map_index: its place in a mapped task, or -1.
    :param label: how Airflow labels it in a mapped task.
    :param state: its state; None before it is scheduled.
    :param operator: the operator's class.
    :param try_number: its current try, from 1.
    :param began_at: when that began.
    :param report: its return value, if that is small enough to be a report.
    :param progress: what a running push last said of itself in an XCom.
    :param checkpoint: what a push last kept in the task state store.
    :param told_at: when the last two were written.
    """

    map_index: int
    label: str | None
    state: str | None
    operator: str | None
    try_number: int
    began_at: datetime | None
    report: Any = None
    progress: Any = None
    checkpoint: Any = None
    told_at: datetime | None = None


def find(session: Session, dag_id: str, run_id: str, task_id: str, map_index: int | None = None) -> list[Instance]:
    """Return a task's instances in their order, with what is known of their pushes.

    :param session: of Airflow's database.
    :param map_index: None for all instances.
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
        TaskInstance.start_date,
    )
    rows = session.execute(select(*columns).where(*of_the_task(TaskInstance)).order_by(TaskInstance.map_index))
    found = {row[0]: Instance(*row) for row in rows}
    small = func.length(cast(XComModel.value, Text)) < _LONGEST
    keys = XComModel.key.in_([_REPORT_KEY, PROGRESS_KEY])
    _add_xcoms(found, session.scalars(select(XComModel).where(*of_the_task(XComModel), keys, small)))
    _add_checkpoints(found, session, of_the_task)
    return list(found.values())


def _add_xcoms(found: dict[int, Instance], xcoms: Iterable[Any]) -> None:
    for xcom in xcoms:
        instance, value = found[xcom.map_index], XComModel.deserialize_value(xcom)
        if xcom.key == _REPORT_KEY:
            instance.report = value
        else:
            instance.progress, instance.told_at = value, xcom.timestamp


def _add_checkpoints(found: dict[int, Instance], session: Session, of_the_task: Callable[[Any], list[Any]]) -> None:
    try:
        from airflow.models.task_state_store import TaskStateStoreModel
    except ImportError:  # before Airflow 3.3
        return
    # A task may make several pushes; what it says of the one it told of last is shown.
    is_ours = TaskStateStoreModel.key.startswith(KEY, autoescape=True)
    for row in session.scalars(
        select(TaskStateStoreModel)
        .where(*of_the_task(TaskStateStoreModel), is_ours)
        .order_by(TaskStateStoreModel.updated_at)
    ):
        instance = found.get(row.map_index)
        if instance is not None:
            instance.checkpoint, instance.told_at = json.loads(row.value), row.updated_at
