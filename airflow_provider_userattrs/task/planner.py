# SPDX-License-Identifier: Apache-2.0
"""From an operator's parameters to the plan of a push: rate, where to begin, progress, rejects file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, UnexpectedRows
from airflow_provider_userattrs.push.model.operation import format_rate
from airflow_provider_userattrs.push.model.verdicts import IN_DOUBT
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.rejects.gathered import GatheredRejects
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.report.sampled_requests import SampledRequests
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push_log import PushLog
from airflow_provider_userattrs.sources.rejects_names import Owner
from airflow_provider_userattrs.task.changed_only import open_comparison
from airflow_provider_userattrs.task.description import describe
from airflow_provider_userattrs.task.last_push import Kept, LastPush
from airflow_provider_userattrs.task.log import TaskLog
from airflow_provider_userattrs.task.progress import ProgressXCom
from airflow_provider_userattrs.task.push_log.try_log import TryLog
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter, file_for
from airflow_provider_userattrs.task.resume import Resume
from airflow_provider_userattrs.task.seal import Seal
from airflow_provider_userattrs.task.spec import PushSpec
from airflow_provider_userattrs.task.stores import Slots
from airflow_provider_userattrs.task.user_cache import open_user_cache

_IN_DOUBT = replace(IN_DOUBT, remedy=f'{IN_DOUBT.remedy}; on_unknown="resend" would send them again.')


class Planner:
    """Plans the push of one try.

    If that fails, `plan` holds what was planned so far, so that there is a push to report on.

    :param spec: what is to be pushed and how.
    :param context: the task's context.
    :param log: the task's log.
    :param last_push: finds the last push of the same task.
    :param clock: the source of time.
    :param is_stopping: returns whether the task was told to stop.
    """

    def __init__(
        self,
        spec: PushSpec,
        context: dict[str, Any],
        log: TaskLog,
        last_push: LastPush,
        clock: Clock,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.plan = PushPlan(
            spec.operation,
            concurrency=spec.concurrency,
            dry_run=spec.dry_run,
            max_failed=spec.max_failed,
            on_empty=spec.on_empty,
            in_doubt=_IN_DOUBT,
            details=Details(shard=spec.shard),
            on_progress=log.log_progress,
            on_checkpoint_failure=log.checkpoint_failed,
            clock=clock,
            started=clock.monotonic(),
        )
        #: How users who stand twice are found, in words, or None.
        self._duplicates: str | None = None
        #: The cap in words, or None.
        self.pace: str | None = None
        #: The log of this try in a database, or None.
        self.push_log: TryLog | None = None
        #: The last push of the same task, once it was looked for; None if there is none.
        self.last: Kept | None = None
        self._last_push = last_push
        self._spec = spec
        self._context = context
        self._ti: Any = context["ti"]
        self._log = log
        self._is_stopping = is_stopping

    def prepare(self, stack: ExitStack) -> VendorHook:
        """Complete the plan and return the hook.

        :param stack: closes what is opened.
        :raises RefusedConfiguration: if a parameter or the connection cannot work.
        """
        spec = self._spec
        if spec.refused is not None:
            raise spec.refused
        self._add(mapper=spec.make_mapper())
        self._single_out()
        self._set_limit()
        hook = stack.enter_context(closing(spec.make_hook()))
        self._add(abort=hook.abort)
        self._set_pace(hook)
        if spec.sample and spec.dry_run:
            url, headers = hook.transport.described(hook.path_of(spec.operation))
            self._add(sample=SampledRequests(spec.sample, url, headers))
        shows_checkpoint = not spec.dry_run and self._begin(hook)
        self._add(checkpoint=self.plan.checkpoint or Checkpoint())
        if spec.guard.max_change is not None or not (spec.dry_run or spec.limit):
            self.last = self._last_push.find(
                spec.operation.vendor, spec.operation.name, None if spec.shard is None else spec.shard.as_dict()
            )
        if not self.is_complete:
            self._guard()
            if spec.user_cache is not None and spec.operation.lookup is not None:
                cache = open_user_cache(
                    spec.user_cache, spec.operation.lookup, self.plan, hook, spec.shard, self._log.users_not_kept
                )
                self._add(known_users=cache)
            if spec.changed_only is not None:
                self._compare(spec.changed_only, hook)
            if not shows_checkpoint:
                self._show_progress(stack)
            self._open_rejects(stack)
        if spec.log_to is not None and not spec.dry_run:
            self._open_log(spec.log_to, hook)
        return hook

    @property
    def is_complete(self) -> bool:
        """Return whether an earlier try completed the push."""
        return self.plan.checkpoint is not None and self.plan.checkpoint.complete

    def _add(self, **decided: Any) -> None:
        self.plan = replace(self.plan, **decided)

    def _single_out(self) -> None:
        """Decide how users who stand twice are found.

        :raises RefusedConfiguration: if one may stand in two shards.
        """
        mode, users, mapper = self._spec.duplicates, self._spec.users, self.plan.mapper
        columns = () if mapper is None else mapper.user_columns
        if mode == "all":
            return
        if columns == (users.read_by,):
            self._duplicates = f"{mode}, read by {users.read_by}, of which each value comes once"
            return
        shard = self._spec.shard
        if shard is not None and shard.of > 1 and users.hashed_by not in columns:
            raise RefusedConfiguration(
                f'duplicates="{mode}" needs all rows of a user in one shard; split with '
                f"shards(SqlRows(..., key={columns[0] if columns else '...'!r}), n), or push without shards"
            )
        self._spec.log.info('duplicates="%s": all rows are read and held in memory before the first is sent', mode)
        self._duplicates = f"{mode}, of all rows in memory"
        self._add(duplicates=mode)

    def _set_limit(self) -> None:
        """Decide how many rows are read; shards share them."""
        limit, shard, users = self._spec.limit, self._spec.shard, self._spec.users
        if limit is None:
            return
        limit = limit if shard is None else shard.part(limit)
        users.read_first(limit)
        self._add(limit=limit)

    def _set_pace(self, hook: VendorHook) -> None:
        spec, operation = self._spec, self._spec.operation
        cap = spec.rate_limit or hook.settings.rate_limit or operation.max_rate
        rate = spec.shard.share(cap) if spec.shard and cap else cap
        pace = _in_words(rate, operation.rate_unit) if rate else None
        self.pace = None if spec.dry_run else pace
        left_out = () if self.plan.mapper is None else self.plan.mapper.left_out
        shown = {**spec.parameters, "duplicates": self._duplicates}
        count, limit = spec.users.count(), self.plan.limit
        details = replace(
            self.plan.details,
            of=count if count is None or limit is None else min(count, limit),
            destination=hook.destination,
            configuration=describe(shown, spec.columns_field, hook, pace, left_out),
        )
        self._add(rate=rate, details=details)

    def _begin(self, hook: VendorHook) -> bool:
        """Decide where this try begins; return whether Airflow's task state store has its progress."""
        spec, users = self._spec, self._spec.users
        checkpoint_path, idempotent = spec.checkpoint_path, spec.operation.idempotent
        if checkpoint_path and users.reads(f"{checkpoint_path.rstrip('/')}/checkpoint.json"):
            raise RefusedConfiguration("checkpoint_path is a folder that the rows are read from; give another")
        max_tries: int | None = getattr(self._ti, "max_tries", None)
        resume = Resume(
            idempotent=idempotent,
            retries=bool(max_tries if max_tries is not None else spec.retries),
            allow_restart=spec.allow_restart,
            max_tries=max_tries,
            seal=Seal(hook.settings.password),
            log=spec.log,
        )
        slots = Slots(self._context, checkpoint_path, idempotent=idempotent)
        if warning := users.large_xcom_warning():
            spec.log.info("%s", warning)
        if (why := users.check_resume()) is not None:
            resume.without_store(why)
            return False
        if not slots:
            why = "Airflow before 3.3 stores no checkpoint"
            resume.without_store(why, "set checkpoint_path to a folder on object storage")
            return False
        rows = users.digest()
        if rows is None:
            resume.without_store("The source has no identity() to tell its rows by")
            return False
        settings = hook.settings
        where = [hook.transport.base_url, settings.login, settings.choice, *sorted(settings.own.items())]
        decisive = [spec.identity, where, *([] if spec.limit is None else [spec.limit])]
        store, checkpoint = resume.begin(slots, Fingerprint(rows, digest(decisive)))
        if checkpoint.tries:
            self._log.resume(checkpoint)
        checkpoint = checkpoint.begin(max_tries)
        self._add(store=store, checkpoint=checkpoint.without_doubt() if spec.on_unknown == "resend" else checkpoint)
        return slots.in_state_store

    def _guard(self) -> None:
        """Judge the number of rows, unless an earlier try of the push has begun.

        :raises UnexpectedRows: if it is not what the author expects.
        """
        spec, checkpoint = self._spec, self.plan.checkpoint or Checkpoint()
        guard, counted = spec.guard, checkpoint.facts.get("source_rows")
        if not guard or spec.users.are_skipped:
            return
        if counted is not None or checkpoint.has_begun:
            self._add(details=replace(self.plan.details, source_rows=counted))
            return
        rows = spec.users.source_count()
        self._log.count_rows(rows, guard, self.last)
        problem = guard.judge(rows, self.last.source_rows if self.last else None)
        self._add(details=replace(self.plan.details, source_rows=rows, unexpected_rows=problem))
        if problem and not spec.dry_run:
            raise UnexpectedRows(f"Nothing was sent to {spec.operation.vendor}: {problem}", rows)

    def _compare(self, changed_only: ChangedOnly, hook: VendorHook) -> None:
        """Have only what changed sent."""
        comparison = open_comparison(
            changed_only, self._spec, self.plan, hook, self._ti, on_failure=self._log.changes_not_kept
        )
        self._log.compare(comparison)
        self._add(comparison=comparison)
        if comparison.is_windowed and self.plan.on_empty == "warn":
            self._add(on_empty="ok")  # nothing new is nothing odd

    def _show_progress(self, stack: ExitStack) -> None:
        log = self._log
        xcom = stack.enter_context(closing(ProgressXCom(self._ti, self._spec.log, self.plan.clock)))

        def on_progress(account: Account) -> None:
            log.log_progress(account)
            xcom.write(account)

        self._add(on_progress=on_progress)

    def _open_rejects(self, stack: ExitStack) -> None:
        spec, ti = self._spec, self._ti
        if spec.rejects_path is None:
            return
        used: list[str] = self._context.setdefault("userattrs_rejects", [])
        used.append(spec.rejects_path)  # a task may run several pushes
        index = -1 if ti.map_index is None else ti.map_index
        owner = Owner(ti.dag_id, ti.task_id, ti.run_id, index, used.count(spec.rejects_path))
        path = file_for(spec.rejects_path, owner)
        if spec.users.reads(spec.rejects_path) or spec.users.reads(path):
            raise RefusedConfiguration(
                "rejects_path is, or would be, one of the files that the rows are read from; use another folder"
            )
        writer = RejectsWriter(
            path,
            idempotent=spec.operation.idempotent,
            owner=owner,
            checkpoint=self.plan.checkpoint,
            clock=self.plan.clock,
        )
        rejects = GatheredRejects(writer, self.plan.clock)
        stack.enter_context(closing(rejects))
        self._add(rejects=rejects, details=replace(self.plan.details, rejects_path=path))

    def _open_log(self, log_to: PushLog, hook: VendorHook) -> None:
        log = TryLog(log_to, self.plan, self._context, hook.settings.password, self._is_stopping)
        self.push_log = log
        log.begin()
        self._add(on_verdicts=(*self.plan.on_verdicts, log.record), on_removed=log.record_removed)


def _in_words(rate: float, unit: str) -> str:
    return f"{format_rate(rate)} {unit.removesuffix('s') if rate == 1 else unit} a second"
