# SPDX-License-Identifier: Apache-2.0
"""The last push of the same task: each push keeps its figures as an XCom, where the task's next run finds them.

An XCom of an earlier run is what every Airflow lets a task read: 2.11 from its database, 3.0 and later from the API
server. "Earlier" is by logical date. Databases disagree on whether a date comes before none, so runs without a logical
date, as assets trigger them, have a key of their own, and are compared with one another by when they were pushed.

A push counts as the last one if its source was read to the end:

=================================================  ===============================================================
it counts                                          it does not
=================================================  ===============================================================
accepted, with a warning, or over ``max_failed``   it stopped before the end: refused, interrupted, vendor away
scheduled, by hand, or a backfill of an earlier    a dry run, one with ``limit``, or one whose upstream tasks
date                                               were skipped
=================================================  ===============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status
from airflow_provider_userattrs.push.report.merge import is_report
from airflow_provider_userattrs.task.keys import LAST_PUSH_KEY
from airflow_provider_userattrs.task.log import Log

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import PushReport

#: What is kept of a report, besides its reasons.
_FIELDS = (
    "format",
    "vendor",
    "operation",
    "shard",
    "dry_run",
    "stopped",
    "rows",
    *(status.value for status in Status),
    "requests",
    "seconds",
)

#: What is kept of the reasons of rows that were not applied.
_REASON_FIELDS = ("status", "code", "meaning", "count", "attributes")

_NOT_APPLIED = frozenset(status.value for status in NOT_APPLIED)


class Kept(NamedTuple):
    """A push as it is kept.

    :param run_id: its DAG run.
    :param source_rows: how many rows its source had; None if it read only the new ones and counted none.
    :param report: of its report, what a later push is compared with.
    """

    run_id: str
    source_rows: int | None
    report: Mapping[str, Any]


class LastPush:
    """Finds the last push of a task instance, and keeps this one for the next.

    A task may make several pushes, one after the other: the second is compared with the second of the last run.

    :param context: the task's context.
    :param log: the task's log.
    """

    def __init__(self, context: Any, log: Log) -> None:
        number = context["userattrs_pushes"] = context.get("userattrs_pushes", 0) + 1
        run = context.get("dag_run")
        self._has_date = bool(getattr(run, "logical_date", None))
        self._key = f"{LAST_PUSH_KEY}{'' if self._has_date else '_undated'}{'' if number == 1 else f'_{number}'}"
        #: Whether there are runs, and XComs may be kept.
        self._is_possible = run is not None and getattr(context.get("task"), "do_xcom_push", True)
        self._ti = context["ti"]
        self._log = log

    def find(self, vendor: str, operation: str, shard: Mapping[str, int] | None = None) -> Kept | None:
        """Return the last push; None if there is none, or it cannot be compared.

        It cannot if it was another operation or another shard, or if another version of this package kept it.

        :param vendor: to whom this push goes.
        :param operation: what it does.
        :param shard: which shard this is, as its report says it, or None.
        """
        if not self._is_possible:
            return None
        ti = self._ti
        index = -1 if ti.map_index is None else ti.map_index
        try:
            # Airflow 3 logs an error for an XCom that does not exist, which would be in the log of each first run.
            if AIRFLOW_V_3_0_PLUS and self._has_date and ti.get_previous_dagrun() is None:
                return None
            found = ti.xcom_pull(task_ids=ti.task_id, key=self._key, map_indexes=index, include_prior_dates=True)
        except Exception as error:  # a custom XCom backend has exceptions of its own
            self._log.warning("The last push cannot be read (%s), so this one is not compared", type(error).__name__)
            return None
        kept = _kept(found)
        if kept is None or kept.run_id == ti.run_id:
            return None
        kind = tuple(kept.report.get(field) for field in ("vendor", "operation", "shard"))
        return kept if kind == (vendor, operation, shard) else None

    def keep(self, report: PushReport) -> None:
        """Keep a push for the next to be compared with.

        :param report: its report.
        """
        if not self._is_possible:
            return
        kept = Kept(self._ti.run_id, source_rows(report), _shortened(report))
        try:
            self._ti.xcom_push(key=self._key, value=kept._asdict())
        except Exception as error:
            self._log.warning("The next push cannot be compared with this one (%s)", type(error).__name__)


def source_rows(report: Mapping[str, Any]) -> int | None:
    """Return how many rows a push's source had; None if that is not known, because only its new rows were read.

    :param report: the push's report.
    """
    if (counted := report.get("source_rows")) is not None:
        return int(counted)
    return None if "window" in report.get("changed_only", {}) else int(report["rows"])


def _shortened(report: Mapping[str, Any]) -> dict[str, Any]:
    reasons = [
        {name: reason[name] for name in _REASON_FIELDS}
        for reason in report["reasons"]
        if reason["status"] in _NOT_APPLIED
    ]
    return {**{name: report[name] for name in _FIELDS if name in report}, "reasons": reasons}


def _kept(value: Any) -> Kept | None:
    """Return what was kept; None if it is something else, or of another version of this package."""
    if not isinstance(value, Mapping) or not set(Kept._fields) <= value.keys():
        return None
    kept = Kept(**{name: value[name] for name in Kept._fields})
    return kept if is_report(kept.report) and isinstance(kept.source_rows, (int, type(None))) else None
