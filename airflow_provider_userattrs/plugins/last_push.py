# SPDX-License-Identifier: Apache-2.0
"""The last push of the same task, as far as it can be compared with this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from sqlalchemy import and_, or_, select

from airflow_provider_userattrs.plugins.xcoms import decoded, may_be_report
from airflow_provider_userattrs.push.model.verdicts import UNEXPECTED_ROWS
from airflow_provider_userattrs.push.report.difference import Difference, compare
from airflow_provider_userattrs.push.report.merge import Total

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_provider_userattrs.plugins.task_instances import Instance

#: How many earlier runs are looked through: some may have pushed nothing, or were dry runs.
_MAX_RUNS = 7


@dataclass(frozen=True)
class LastPush:
    """The last push, and what differs.

    :param run_id: its DAG run.
    :param run_after: when that was to run.
    :param difference: what differs between it and this push.
    """

    run_id: str
    run_after: datetime
    difference: Difference


def find_last_push(
    session: Session, dag_id: str, run_id: str, task_id: str, instances: Sequence[Instance], *, is_whole: bool
) -> LastPush | None:
    """Return the last push that can be compared with this one, or None.

    :param session: a session of Airflow's database.
    :param instances: the instances of the task in this run, with their reports.
    :param is_whole: whether they are added up; else there is one, which is compared with the same instance.
    """
    report = _whole([instance.report for instance in instances])
    if report is None:
        return None
    found = session.execute(_earlier(dag_id, run_id, task_id, None if is_whole else instances[0].map_index))
    for (earlier, run_after), rows in groupby(found, key=lambda row: (row.run_id, row.run_after)):
        last = _whole([decoded(row.value) for row in rows])
        difference = compare(report, last)
        if difference is not None and _is_of_the_whole_source(last, report):
            return LastPush(earlier, run_after, difference)
    return None


def _is_of_the_whole_source(last: Any, report: Any) -> bool:
    """Return whether a report says what became of its source, as this one does.

    One that a guard refused sent nothing, whatever its source had; one with a limit is compared with others alone.
    """
    reasons = last["reasons"] if isinstance(last["reasons"], list) else []
    is_refused = any(isinstance(each, Mapping) and each.get("code") == UNEXPECTED_ROWS.code for each in reasons)
    return not is_refused and bool(last.get("limit")) is bool(report.get("limit"))


def _whole(reports: Sequence[Any]) -> Any:
    """Return the reports of all instances as one, or None if they cannot be added up."""
    if len(reports) == 1:
        return reports[0]
    try:
        return Total(reports).as_dict()
    except ValueError:
        return None


def _earlier(dag_id: str, run_id: str, task_id: str, map_index: int | None) -> Any:
    """Return the query for a task's reports in the runs before one, the latest run first."""
    this = select(DagRun.run_after, DagRun.id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id).subquery()
    runs = (
        select(DagRun.id, DagRun.run_id, DagRun.run_after)
        .join(this, or_(DagRun.run_after < this.c.run_after, _same_time_but_earlier(this)))
        .where(DagRun.dag_id == dag_id)
        .order_by(DagRun.run_after.desc(), DagRun.id.desc())
        .limit(_MAX_RUNS)
        .subquery()
    )
    query = (
        select(runs.c.run_id, runs.c.run_after, XComModel.value)
        .join(XComModel, XComModel.dag_run_id == runs.c.id)
        .where(XComModel.task_id == task_id, may_be_report())
        .order_by(runs.c.run_after.desc(), runs.c.id.desc(), XComModel.map_index)
    )
    return query if map_index is None else query.where(XComModel.map_index == map_index)


def _same_time_but_earlier(this: Any) -> Any:
    return and_(DagRun.run_after == this.c.run_after, DagRun.id < this.c.id)
