# SPDX-License-Identifier: Apache-2.0
"""One try of a task: its push, the signals that end it, and its report."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import SourceInterrupted
from airflow_provider_userattrs.push.push import Push
from airflow_provider_userattrs.push.report import sentences
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.task import metrics
from airflow_provider_userattrs.task.column_check import ColumnCheck
from airflow_provider_userattrs.task.failure import explain_error
from airflow_provider_userattrs.task.garbage import frozen_heap
from airflow_provider_userattrs.task.last_push import LastPush
from airflow_provider_userattrs.task.log import TaskLog
from airflow_provider_userattrs.task.planner import Planner
from airflow_provider_userattrs.task.shutdown import Interruption
from airflow_provider_userattrs.task.spec import PushSpec
from airflow_provider_userattrs.task.verify import Verifier

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.push.mapping.mapper import Mapper
    from airflow_provider_userattrs.report import PushReport


class Run:
    """Runs one try of a push.

    :param spec: what is to be pushed and how.
    :param context: the task's context.
    :param interruption: handles the signals that end it; None for a new one.
    """

    def __init__(self, spec: PushSpec, context: Context, interruption: Interruption | None = None) -> None:
        #: The exception that the task raises, once it has run.
        self.error: BaseException | None = None
        self._spec = spec
        self._context = cast("dict[str, Any]", context)
        self._interruption = interruption or Interruption(type(spec.users).rows)
        clock = Clock()
        self._log = TaskLog(spec.log, clock)
        self._last_push = LastPush(self._context, spec.log)
        interruption = self._interruption
        self._planner = Planner(
            spec, self._context, self._log, self._last_push, clock, lambda: interruption.why is not None
        )
        self._push: Push | None = None
        self._columns: ColumnCheck | None = None

    def run(self) -> PushReport:
        """Push the rows, log how it went and return the report."""
        stopped: BaseException | None
        try:
            with ExitStack() as stack:
                stopped = self._deliver(stack)
            self._interruption.close()
        except SourceInterrupted:
            stopped = self._interruption.why
        except BaseException as error:  # whatever it is, the report is due
            stopped = error
        self._interruption.close()
        push = self._push or Push(self._planner.plan)
        remark = None if self._columns is None else self._columns.remark
        fields = push.close(stopped, lambda error: explain_error(error, self._spec.columns_field), remark)
        self.error = push.error
        report = cast("Report", push.report)
        if (push_log := self._planner.push_log) is not None:
            fields["push_log"] = push_log.close(report, fields, failed=push.error is not None)
        shard, label = self._spec.shard, sentences.label(report)
        # For the author's map_index_template, which Airflow renders again after the task.
        self._context["push_label"] = f"{shard}: {label}" if shard else label
        if not self._spec.dry_run:
            with suppress(Exception):  # an error of a metrics backend must not fail the push
                metrics.count(**push.account.this_try(report))
        self._log.sample(push.plan.sample, self._spec)
        self._log.close(push.account, report, fields, push.error, None if self._spec.limit else self._planner.last)
        if not (report.is_stopped or self._spec.dry_run or self._spec.limit or self._spec.users.are_skipped):
            self._last_push.keep(fields)
        return fields

    def _deliver(self, stack: ExitStack) -> Exception | None:
        spec, planner = self._spec, self._planner
        self._interruption.prepare()
        hook = planner.prepare(stack)
        plan = planner.plan
        verifier = Verifier(spec) if spec.verify and not spec.dry_run else None
        if verifier is not None:
            plan = replace(plan, on_verdicts=(*plan.on_verdicts, verifier.sample.record))
        push = self._push = Push(plan)
        if planner.is_complete:
            spec.log.info("An earlier try completed the push; nothing is sent again")
            return None
        operation, users = spec.operation, spec.users
        self._log.start(plan, hook.transport.base_url, planner.pace)
        columns = self._columns = self._check_columns(cast("Mapper", plan.mapper))
        # A push that stops early leaves rows unread: the source is closed here, in the thread that opened it.
        interrupt = push.interrupt if verifier is None else verifier.stopping(push.interrupt)
        with self._interruption.delivering(interrupt):
            with closing(users.rows(cast("Any", plan.checkpoint).after)) as rows, frozen_heap():
                look_up = None if operation.lookup is None else hook.sender(operation.lookup)
                stopped = push.deliver(columns.check(rows), hook.sender(operation), look_up)
            if verifier is not None and stopped is None:
                verifier.verify(push, hook)
            return stopped

    def _check_columns(self, mapper: Mapper) -> ColumnCheck:
        spec, users = self._spec, self._spec.users
        named = spec.named_columns(mapper)
        return ColumnCheck(
            named,
            alike=users.are_alike,
            declared=users.are_declared,
            columns=users.column_names,
            alternatives=() if users.are_alike else mapper.alternative_columns,
            optional=named.keys() - mapper.required_columns,
        )
