# SPDX-License-Identifier: Apache-2.0
"""What the seven operators share: the parameters, the push, and its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators import column_parameters, combinations, guards, object_parameters, parameters
from airflow_provider_userattrs.operators.callbacks import Callbacks, check_callbacks
from airflow_provider_userattrs.operators.columns import ColumnsOperator
from airflow_provider_userattrs.operators.links import PushReportLink
from airflow_provider_userattrs.operators.rule import Rule
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.shard import Shard
from airflow_provider_userattrs.push_log import PushLog
from airflow_provider_userattrs.task.failure import WrongParameter, to_raise
from airflow_provider_userattrs.task.lineage import add_counts, leave_out_events, lineage

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_userattrs.hooks.base import VendorHook
    from airflow_provider_userattrs.report import PushReport
    from airflow_provider_userattrs.task.spec import PushSpec
    from airflow_provider_userattrs.task.user_cache import CacheSpec


class UserPushOperator(ColumnsOperator):
    """Push users to a vendor and report what became of every row.

    The task's XCom is the report, also when the task fails; its type is ``PushReport``.

    :param users: the rows: an upstream task's XCom (a list of dicts, a path or what `hand_over` returns, or several), a
        plain list, a source object, or the path of a file.
    :param where: the column that must be true for a row to be sent, such as ``"consented"``; a row in which it is false
        or NULL is ``skipped``, and one in which it is neither true nor false is ``invalid``. It is no attribute unless
        it is listed. None sends all rows.
    :param duplicates: what becomes of a user who stands twice among the rows: ``"all"`` sends all of their rows, in
        order; ``"last"`` their last one alone, where attributes are set or unset; ``"error"`` sends nobody and fails.
        For the last two all rows are held in memory before the first is sent, 500,000 at most, unless `SqlRows` reads
        by the user's column.
    :param nulls: what a NULL means: ``"skip"`` the attribute, or ``"unset"`` it at the vendor.
    :param expect_rows: how many rows the source must have at least and may have at most, such as ``(1_000, None)``,
        where None is no bound. With any other number the task fails before anything is sent or removed. The rows are
        counted first, which runs a query once more as ``SELECT COUNT(*)`` and reads files of text once more; those
        that ``where`` filters out and those that ``since`` leaves out count too. A shard's are its own.
    :param max_change: the share of the last push's rows (a float over 0.0, or text such as ``"50%"``) or the number of
        rows (an int) by which the source must differ for the task to fail before anything is sent or removed: with
        ``0.5``, one that is empty, halved, or half as large again. None compares nothing. The first push of a task
        passes.
    :param max_failed: what share of the rows (a float from 0.0 to 1.0, or text such as ``"5%"``) or how many of them
        (an int) may end ``rejected``, ``invalid``, ``partial`` or ``unknown`` before the task fails: ``1`` is one row,
        ``1.0`` is all of them. None: only a push in which nothing was accepted fails.
    :param on_empty: what a push without a single row is, or with none that ``where`` lets through: ``"warn"`` for a
        success with a warning, ``"fail"`` for a failure, ``"ok"`` for a success. A shard without rows is a success; the
        total decides for all of them.
    :param limit: how many rows are read, from the first on, by all tries and shards together; None for all of them.
        Nobody is taken for removed then, and a `Watermark` stays where it is if rows are left.
    :param rejects_path: an object-storage path (text, a `pathlib.Path` or an ObjectStoragePath) for the rows not
        accepted, one JSON line each with the reason; each push has a file of its own next to that name, which the
        report gives. It holds personal data.
    :param rate_limit: the cap per second in the vendor's unit; None for the connection's, then the documented one.
    :param concurrency: requests in flight at most.
    :param timezone: the time zone of naive datetimes, and of times sent without one; an IANA name.
    :param dry_run: whether to do everything but send.
    :param sample: how many requests of a dry run are shown as they would be sent, from the first on, 20 at most: in the
        log, the report and its page, with the kinds of values in place of the values.
    :param sample_values: whether the log has their values too; the report never has.
    :param checkpoint_path: a folder on object storage, such a path too, for the checkpoint with which a retry resumes
        where the last try stopped; None for Airflow's own task state store (3.3 and later), or no checkpoint.
    :param on_unknown: what to do with rows that a killed try may have sent, if the operation is not idempotent:
        ``"report"`` them as ``unknown``, or ``"resend"`` them.
    :param shard: which shard of a split push this is, as `shards` returns it; it gets its share of the cap.
    :param changed_only: `ChangedOnly`, to send only users whose update differs from the one accepted last; None to
        send all. For operations that set or unset.
    :param log_to: `PushLog`, to log in a database which rows were not accepted, and since when each user fails; None
        to log nothing there.
    :param on_attention: called with the context and the report when the push succeeds with a warning, and not in a dry
        run: a function, a notifier, or a list of them. An error of it is logged and changes nothing. A failed push
        calls ``on_failure_callback``, as any task does.
    :param allow_restart: whether a retry may send such rows again if no checkpoint can be kept.
    :raises ValueError: when the DAG is parsed, if a parameter is invalid.
    """

    template_fields: Sequence[str] = (
        "users",
        "expect_rows",
        "max_change",
        "max_failed",
        "rate_limit",
        "concurrency",
        "timezone",
        "is_dry_run",
        "sample",
        "limit",
        "shard",
        "rejects_path",
        "checkpoint_path",
    )
    ui_color = "#e6f0ea"
    operator_extra_links = (PushReportLink(),)

    upstream_fields: ClassVar[tuple[str, ...]] = ("users",)
    renamed_fields: ClassVar[dict[str, str]] = {"dry_run": "is_dry_run"}  # Airflow's operators have a method dry_run
    checks: ClassVar[dict[str, parameters.Check]] = {
        "users": parameters.check_users,
        "where": column_parameters.check_where,
        "duplicates": parameters.choice("all", "last", "error"),
        "nulls": parameters.choice("skip", "unset"),
        "expect_rows": guards.check_expect_rows,
        "max_change": guards.check_max_change,
        "max_failed": parameters.check_max_failed,
        "on_empty": parameters.ON_EMPTY,
        "limit": parameters.check_limit,
        "sample": parameters.check_sample,
        "sample_values": parameters.check_flag,
        "rate_limit": parameters.check_rate_limit,
        "concurrency": parameters.check_concurrency,
        "timezone": parameters.check_time_zone,
        "dry_run": parameters.check_flag,
        "rejects_path": parameters.check_path,
        "checkpoint_path": parameters.check_path,
        "on_unknown": parameters.choice("report", "resend"),
        "allow_restart": parameters.check_flag,
        "shard": parameters.check_shard,
        "changed_only": object_parameters.check_changed_only,
        "log_to": object_parameters.check_log_to,
        "on_attention": check_callbacks,
    }
    rules: ClassVar[tuple[Rule, ...]] = combinations.RULES

    _report: PushReport | None = None

    #: How many of the accepted users are read back; a vendor's operators may have it as a parameter.
    verify: int = 0

    def __init__(
        self,
        *,
        users: Any,
        where: str | None = None,
        duplicates: str = "all",
        nulls: str = "skip",
        expect_rows: Sequence[Any] | str | None = None,
        max_change: int | float | str | None = None,
        max_failed: int | float | str | None = 0.5,
        on_empty: str = "warn",
        limit: int | None = None,
        rejects_path: str | os.PathLike[str] | ObjectStoragePath | None = None,
        rate_limit: float | None = None,
        concurrency: int = 16,
        timezone: str = "UTC",
        dry_run: bool = False,
        sample: int = 0,
        sample_values: bool = False,
        checkpoint_path: str | os.PathLike[str] | ObjectStoragePath | None = None,
        on_unknown: str = "report",
        allow_restart: bool = False,
        shard: Any = None,
        changed_only: ChangedOnly | None = None,
        log_to: PushLog | None = None,
        on_attention: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.users = users
        self.where = where
        self.duplicates = duplicates
        self.nulls = nulls
        self.expect_rows = expect_rows
        self.max_change = max_change
        self.max_failed = max_failed
        self.on_empty = on_empty
        self.limit = limit
        self.rejects_path: Any = rejects_path
        self.rate_limit = rate_limit
        self.concurrency = concurrency
        self.timezone = timezone
        self.is_dry_run = dry_run
        self.sample = sample
        self.sample_values = sample_values
        self.checkpoint_path: Any = checkpoint_path
        self.on_unknown = on_unknown
        self.allow_restart = allow_restart
        self.shard = shard
        self.changed_only = changed_only
        self.log_to = log_to
        self.on_attention = on_attention

    def __setattr__(self, key: str, value: Any) -> None:
        """Set a field; a subclass may set each parameter by its name, as late as in `execute`.

        :raises WrongParameter: if ``users`` cannot be a source of rows; the others are checked when the task runs.
        """
        if key == "users" and not isinstance(value, Rows):
            self.check_parameters({"users": value})
            value = Rows(value)
        elif key == "shard" and isinstance(value, dict):
            with suppress(TypeError):  # it has other keys, and is refused when it is checked
                value = Shard(**value)
        super().__setattr__(key, value)

    def make_hook(self) -> VendorHook:
        """Return the hook; a vendor's operators define it, and import it here: DAG files are parsed again and again."""
        raise NotImplementedError

    def make_user_cache(self) -> CacheSpec | None:
        """Return where looked-up users are kept; None if none are looked up, or they are not kept."""
        return None

    def make_spec(self, context: Context) -> PushSpec:
        """Return the specification of the push, from the rendered parameters.

        :param context: the task's context.
        """
        from airflow_provider_userattrs.operators.spec import spec_of  # not at the top, as in `execute`

        return spec_of(self, context)

    @property
    def is_one_of_many(self) -> bool:
        """Return whether other shards push other rows."""
        return self.shard is not None and self.shard.of > 1

    def check_rendered(self) -> RefusedConfiguration | None:
        """Convert and check the parameters as rendered by Airflow or set since; return the first error, or None."""
        refused = super().check_rendered()
        try:
            self.users.check()
        except (WrongParameter, RefusedConfiguration) as error:
            refused = refused or RefusedConfiguration(str(error))
        return refused

    def execute(self, context: Context) -> PushReport:
        """Push the users and return the report."""
        # Not at the top: DAG files are parsed again and again, and parsing needs none of this.
        from airflow_provider_userattrs.task.attention import call_on_attention, note_report
        from airflow_provider_userattrs.task.shutdown import Interruption

        with Interruption(Rows.rows) as interruption:
            from airflow_provider_userattrs.task.run import Run  # takes a moment, during which a signal may arrive

            run = Run(self.make_spec(context), context, interruption)
            if skipped := self.users.skipped:
                self.log.info("No users from %s, which was skipped", skipped)
            report = self._report = run.run()
            error = run.error
            note_report(context, report)
            if error is not None:
                context["ti"].xcom_push(key="return_value", value=report)
        if error is None:
            if report["dry_run"]:
                leave_out_events(context["ti"])
            else:
                add_counts(self.outlets, context["outlet_events"], report)
            call_on_attention(Callbacks(self.on_attention), context, report, self.log)
            return report
        failure = report["failure"] or str(error)
        raise interruption.forward(failure) or to_raise(error, failure)

    def get_openlineage_facets_on_complete(self, _: Any) -> OperatorLineage[Any, Any]:
        """Return the push's lineage for OpenLineage, however the push ended."""
        return lineage(self._report)
