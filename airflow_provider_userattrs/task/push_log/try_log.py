# SPDX-License-Identifier: Apache-2.0
"""From `PushLog` to the log of one try: what identifies it, and what it has to do from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs import __version__
from airflow_provider_userattrs.push.changes.table import Table
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status
from airflow_provider_userattrs.push.model.verdicts import NOT_REACHED
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push_log import PushLog, digest_of, key_of
from airflow_provider_userattrs.sources.database.connection import hook_of
from airflow_provider_userattrs.task.push_log.database import LogDatabase
from airflow_provider_userattrs.task.push_log.lines import Lines, table_of
from airflow_provider_userattrs.task.push_log.values import moment
from airflow_provider_userattrs.task.push_log.writer import LogWriter

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Logged, PushReport


class TryLog:
    """The log of one try.

    :param push_log: what its author wants, rendered.
    :param plan: the plan, with the checkpoint from which the try resumes.
    :param context: the task's context; it remembers how many pushes this try has logged.
    :param password: of the vendor's connection.
    :param is_stopping: returns whether the task was told to stop.
    :raises RefusedConfiguration: if the connection is not one to an SQL database.
    """

    def __init__(
        self,
        push_log: PushLog,
        plan: PushPlan,
        context: dict[str, Any],
        password: str,
        is_stopping: Callable[[], bool],
    ) -> None:
        try:
            hook = hook_of(push_log.conn_id)
        except RefusedConfiguration as refused:
            raise RefusedConfiguration(f"log_to: {refused}") from None
        key, operation, clock = key_of(password), plan.operation, plan.clock
        self._database = LogDatabase(hook, push_log.schema, _owner(context, plan, key), identify=push_log.identify)
        self._logs_all = push_log.level == "all"
        self._keep: timedelta | None = push_log.keep
        self._failing: Table | None = None
        self._plan = plan
        self._writer = LogWriter(self._database, prepare=self._prepare, tidy=self._tidy, is_stopping=is_stopping)
        self._lines = Lines(
            self._writer.put,
            key=key,
            gone=operation.gone_codes,
            logs_all=self._logs_all,
            time=clock.time,
        )
        #: Takes rows with their final verdicts, and users who left the query with theirs.
        self.record, self.record_removed = self._lines.record, self._lines.record_removed

    def begin(self) -> None:
        """Connect to the database, and read who failed before; wait for it so long and no longer."""
        self._started = self._plan.clock.time()
        self._writer.start()
        if self._writer.is_ready:
            self._lines.know(self._failing)

    def close(self, report: Report, fields: PushReport, *, failed: bool) -> Logged:
        """Write what is left and how the try ended; return what the report says of it.

        :param report: the report of all tries.
        :param fields: the same as a dict.
        :param failed: whether the try failed.
        """
        self._writer.close(self._end(fields, failed=failed), self._expected(report))
        self._lines.close()
        writer = self._writer
        return {"written": writer.written, "lost": writer.lost, "why": writer.why}

    def _prepare(self) -> None:
        self._database.begin(self._started, _unfinished(self._plan))
        self._failing = table_of(self._database.failing())

    def _tidy(self) -> None:
        if self._keep is not None:
            self._database.forget(self._started - self._keep.total_seconds())

    def _expected(self, report: Report) -> int:
        """Return how many rows should have a line: those that were not reached have none."""
        statuses = Status if self._logs_all else NOT_APPLIED
        return sum(report.counts[status] for status in statuses) - report.count(NOT_REACHED)

    def _end(self, report: PushReport, *, failed: bool) -> dict[str, Any]:
        fields: dict[str, Any] = dict(report)
        return {
            "state": "failed" if failed else "success",
            "ended_at": moment(self._plan.clock.time()),
            "rows_read": fields["rows"],
            **{f"rows_{status.value}": fields[status.value] for status in Status},
            "resumed_from": fields["resumed_from"],
            **{name: fields[name] for name in ("requests", "retries", "warning", "failure")},
        }


def _unfinished(plan: PushPlan) -> Sequence[tuple[int, int | None]]:
    """Return the spans of rows that this try pushes, the last without an end; none if there are none."""
    checkpoint = plan.checkpoint
    if checkpoint is None:
        return ((0, None),)
    if checkpoint.complete:
        return ()
    return (*checkpoint.gaps, (checkpoint.below, None))


def _owner(context: dict[str, Any], plan: PushPlan, key: str) -> dict[str, Any]:
    """Return the columns that say which try of which push it is."""
    ti: Any = context["ti"]
    map_index = -1 if ti.map_index is None else ti.map_index
    number = context["userattrs_push_logs"] = context.get("userattrs_push_logs", 0) + 1  # a task may push several times
    shard = plan.details.shard
    return {
        "push_id": digest([ti.dag_id, ti.run_id, ti.task_id, map_index, number]),
        "try_number": ti.try_number,
        "dag_id": ti.dag_id,
        "task_id": ti.task_id,
        "run_id": ti.run_id,
        "map_index": map_index,
        "shard_number": None if shard is None else shard.number,
        "shard_of": None if shard is None else shard.of,
        "vendor": plan.operation.vendor,
        "operation": plan.operation.name,
        "destination": plan.details.destination,
        "key_check": digest_of("", key)[:8],
        "package_version": __version__,
    }
