# SPDX-License-Identifier: Apache-2.0
"""One try of a task: rows through mapping and delivery, with checkpoint, rejects and account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, SourceInterrupted
from airflow_provider_userattrs.push.model.operation import Answer
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import DRY_RUN, Outcome, Status, Verdict
from airflow_provider_userattrs.push.report.recorder import Recorder
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.checkpointer import IN_DOUBT, Checkpointer
from airflow_provider_userattrs.sources.templates import keep_text
from airflow_provider_userattrs.task import metrics
from airflow_provider_userattrs.task.account import Account
from airflow_provider_userattrs.task.column_check import check_columns
from airflow_provider_userattrs.task.description import describe
from airflow_provider_userattrs.task.digest import digest
from airflow_provider_userattrs.task.failure import in_words
from airflow_provider_userattrs.task.garbage import kept_off_the_heap
from airflow_provider_userattrs.task.progress import ProgressXCom
from airflow_provider_userattrs.task.resume import Resume, pending
from airflow_provider_userattrs.task.seal import Seal
from airflow_provider_userattrs.task.shutdown import Interruption
from airflow_provider_userattrs.task.stores import Slots

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.hooks.base import VendorHook
    from airflow_provider_userattrs.operators.base import UserPushOperator
    from airflow_provider_userattrs.sources.rejects_writer import RejectsWriter


class Run:
    """Run one try of a push and keep its account.

    :param operator: whose push it is, rendered.
    :param context: the task's context.
    :param interruption: hears the signals that end it; None if it is to hear none.
    """

    def __init__(self, operator: UserPushOperator, context: Context, interruption: Interruption | None = None) -> None:
        self.error: BaseException | None = None
        self._operator = operator
        self._refused = operator.settle()
        self._context = context
        self._interruption = interruption or Interruption(type(operator.users).rows)
        self._clock = Clock()
        self._operation = operator.make_operation()
        operation = self._operation
        report = Report(
            operation.vendor,
            operation.name,
            operation.accepted_means,
            done=operation.done,
            dry_run=operator.is_dry_run,
            keeps_rejects=operator.rejects_path is not None,
        )
        self._account = Account(report, operation, operator.shard, operator.log, self._clock)
        self._checkpointer: Checkpointer | None = None
        self._shows_checkpoint = False
        self._delivery: Delivery | None = None
        self._has_begun = False

    def run(self) -> dict[str, Any]:
        """Deliver the rows, log the account and return the report; `error` is what the task is to raise."""
        stopped: BaseException | None
        try:
            stopped = self._deliver()
            self._interruption.close()
        except SourceInterrupted:
            stopped = self._interruption.why
        except BaseException as error:  # whatever it is, the account is due all the same
            stopped = error
        self._interruption.close()
        report = self._account.report
        if stopped is not None:
            report.stop(self._stopped_at(), self._account.of if self._has_begun else None)
        self.error = report.conclude(stopped, self._operator.max_failed)
        if self._checkpointer is not None:
            complete = stopped is None and not report.counts[Status.UNSENT]
            self._checkpointer.close(complete=complete, max_tries=self._max_tries)
        shard = self._operator.shard
        # For the author's map_index_template: Airflow renders it once more after the task.
        cast("dict[str, Any]", self._context)["push_label"] = f"{shard}: {report.label()}" if shard else report.label()
        if not self._operator.is_dry_run:
            with suppress(Exception):  # whatever a backend of metrics may raise is no harm to the push
                metrics.count(**self._account.this_try())
        failure = None if self.error is None else in_words(self.error, self._operator.columns_field, report.where())
        return self._account.close(failure)

    def _stopped_at(self) -> int | None:
        """Return the first row that was not read, or None if all were."""
        if self._delivery is None:
            return 0
        at = self._delivery.stopped_at
        return None if at is None else max(at, self._account.tries[-1])

    @property
    def _max_tries(self) -> int | None:
        most: int | None = getattr(self._context["ti"], "max_tries", None)
        return most

    def _deliver(self) -> Exception | None:
        operator, operation = self._operator, self._operation
        self._interruption.prepare()
        if self._refused is not None:
            raise self._refused
        mapper = operator.make_mapper(self._render_constants())
        account = self._account
        account.notes = mapper.notes
        with ExitStack() as stack:
            hook = stack.enter_context(closing(operator.make_hook()))
            cap = operator.rate_limit or hook.settings.rate_limit or operation.max_rate
            rate = operator.shard.share(cap) if operator.shard and cap else cap
            send = hook.sender(operation)
            pace = f"{rate:,.4g} {operation.rate_unit} a second" if rate else None
            account.configuration = describe(operator, hook, pace)
            account.of = operator.users.count()
            account.destination = hook.destination
            if operator.is_dry_run:
                operation, send, rate, pace = replace(operation, read=_read_dry), _send_nothing, None, None
                begun = Checkpoint(Fingerprint("", ""))
            else:
                begun = self._begin(hook)
            self._has_begun = True
            if begun.complete:
                operator.log.info("The push was complete before; nothing is sent again")
                return None
            if not self._shows_checkpoint:
                progress = stack.enter_context(closing(ProgressXCom(self._context["ti"], operator.log)))
                account.tell = progress.write
            writer = self._open_rejects(stack, begun)
            recorder = Recorder(
                account.report,
                progress=account.go_on,
                reject=writer.write if writer else None,
                clock=self._clock,
            )
            record, announce = self._recorded(recorder)
            delivery = self._delivery = Delivery(
                operation,
                send,
                record,
                rate=rate,
                concurrency=operator.concurrency,
                clock=self._clock,
                announce=announce,
                abort=hook.abort,
            )
            account.counts = delivery
            account.log_start(hook.transport.base_url, pace)
            with self._interruption.delivering(delivery.interrupt), kept_off_the_heap():
                return delivery.run(self._updates(mapper, begun))

    def _begin(self, hook: VendorHook) -> Checkpoint:
        """Return where this try begins."""
        operator = self._operator
        if operator.checkpoint_path and operator.users.reads(f"{operator.checkpoint_path.rstrip('/')}/checkpoint.json"):
            raise RefusedConfiguration("checkpoint_path is a folder whose files the rows are read from; give another")
        resume = Resume(
            idempotent=self._operation.idempotent,
            retries=bool(self._max_tries if self._max_tries is not None else operator.retries),
            allow_restart=operator.allow_restart,
            max_tries=self._max_tries,
            seal=Seal(hook.settings.password),
            log=operator.log,
        )
        slots = Slots(self._context, operator.checkpoint_path, idempotent=self._operation.idempotent)
        rows = operator.users.digest()
        if crowded := operator.users.crowded_xcom():
            operator.log.info("%s", crowded)
        if rows is None:
            resume.without_store(operator.users.check_resume() or "The source has no identity() to tell its rows by")
        elif not slots:
            resume.without_store("No place for a checkpoint", "set checkpoint_path to a folder on object storage")
        if rows is None or not slots:
            return Checkpoint(Fingerprint("", ""))
        settings = hook.settings
        where = [hook.transport.base_url, settings.login, settings.choice]
        store, begun = resume.begin(slots, Fingerprint(rows, digest([operator.configuration(), where])))
        self._account.begin(begun)
        begun = replace(begun, tries=tuple(self._account.tries), parts=begun.parts + 1)
        if operator.on_unknown == "resend":
            begun = begun.without_doubt()
        self._checkpointer = Checkpointer(
            store, begun, self._account, idempotent=self._operation.idempotent, clock=self._clock
        )
        self._shows_checkpoint = slots.in_state_store
        return begun

    def _open_rejects(self, stack: ExitStack, begun: Checkpoint) -> RejectsWriter | None:
        rejects_path = self._operator.rejects_path
        if rejects_path is None:
            return None
        from airflow_provider_userattrs.sources.rejects_names import Owner
        from airflow_provider_userattrs.sources.rejects_writer import RejectsWriter, file_for

        ti = self._context["ti"]
        used: list[str] = cast("dict[str, Any]", self._context).setdefault("userattrs_rejects", [])
        used.append(rejects_path)  # a task may push more than once
        index = -1 if ti.map_index is None else ti.map_index
        owner = Owner(ti.dag_id, ti.task_id, ti.run_id, index, used.count(rejects_path))
        path = file_for(rejects_path, owner)
        for each in (rejects_path, path):
            if self._operator.users.reads(each):
                raise RefusedConfiguration(
                    "rejects_path is, or would be, one of the files the rows are read from; write to another folder"
                )
        writer = RejectsWriter(path, idempotent=self._operation.idempotent, owner=owner, begun=begun, clock=self._clock)
        self._account.begin_rejects(path, writer)
        return stack.enter_context(closing(writer))

    def _recorded(self, recorder: Recorder) -> tuple[Callable[..., None], Callable[..., None] | None]:
        """Return what takes finished rows, and what hears of batches before they are sent."""
        checkpointer = self._checkpointer
        if checkpointer is None:
            return recorder.record, None

        def record(rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
            try:
                recorder.record(rows, verdicts)
            finally:
                checkpointer.record(rows, verdicts)

        return record, None if self._operation.idempotent else checkpointer.announce

    def _updates(self, mapper: Mapper, begun: Checkpoint) -> Iterator[UserUpdate | Outcome]:
        users = self._operator.users
        named = self._operator.named_columns(mapper, required=not users.are_alike)
        rows = check_columns(users.rows(begun.after), named, alike=users.are_alike)
        checkpointer = self._checkpointer
        if checkpointer is None or self._operation.idempotent or not begun.has_doubt:
            return pending(rows, begun, checkpointer, mapper)

        def doubting(position: int, row: Any) -> UserUpdate | Outcome:
            update = mapper(position, row)
            if checkpointer.is_in_doubt(position) and isinstance(update, UserUpdate):
                return Outcome(position, IN_DOUBT, row, update.user)
            return update

        return pending(rows, begun, checkpointer, doubting)

    def _render_constants(self) -> Any:
        """Return what is set or unset, with the templates of constants rendered."""
        operator = self._operator
        columns = getattr(operator, operator.columns_field)
        if not isinstance(columns, dict):
            return columns

        def render(value: Any) -> Any:
            return keep_text(value, operator.render_template(value, self._context))

        return {
            name: Constant(render(source.value))
            if isinstance(source, Constant)
            else Hashed(render(source.column))
            if isinstance(source, Hashed)
            else source
            for name, source in columns.items()
        }


def _read_dry(_: Answer, users: Sequence[Any]) -> list[Verdict]:
    return [DRY_RUN] * len(users)


def _send_nothing(body: bytes, *, leave: object = None) -> Answer:
    return Answer(0, {}, b"")
