# SPDX-License-Identifier: Apache-2.0
"""What the seven operators share: parameters, the push, and the account of it in log, XCom and verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowNotFoundException, BaseOperator

from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.rows import Rows
from airflow_provider_userattrs.push.clock import Clock
from airflow_provider_userattrs.push.delivery import Delivery
from airflow_provider_userattrs.push.endpoint import Answer, Endpoint
from airflow_provider_userattrs.push.errors import InvalidRow, RefusedConfiguration, TooManyFailed
from airflow_provider_userattrs.push.ledger import Ledger
from airflow_provider_userattrs.push.mapping import Constant, Mapping
from airflow_provider_userattrs.push.outcome import Outcome, Status, Verdict
from airflow_provider_userattrs.push.report import Report, users
from airflow_provider_userattrs.push.update import UserUpdate
from airflow_provider_userattrs.push.values import time_zone

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.hooks.base import VendorHook

DRY_RUN = Verdict(Status.SKIPPED, "dry-run", "dry run, not sent", "Push with dry_run=False.")

#: A task that ends with one of these fails for good: a retry would end the same way.
_FOR_GOOD = (RefusedConfiguration, TooManyFailed, AirflowNotFoundException)


class UserPushOperator(BaseOperator):
    """Push users to a vendor and give a true account of every row.

    The task's XCom is the report, also when it fails; see docs for its fields.

    :param users: the rows: an upstream task's XCom (a list of dicts), a plain list, or a source object.
    :param nulls: what a NULL means: ``"skip"`` the attribute, or ``"unset"`` it at the vendor.
    :param max_failed: how many rows (int) or what share of them (float, 0.0 to 1.0) may end ``rejected``, ``invalid``,
        ``partial`` or ``unknown`` before the task fails; None: only a push in which nothing was accepted fails.
    :param rejects_path: an object-storage path for the rows not accepted, one JSON line each with the reason; it
        holds personal data.
    :param rate_limit: the cap per second in the vendor's unit; None for the connection's, then the documented one.
    :param concurrency: requests in flight at most.
    :param timezone: where naive datetimes are from, and in which zoneless forms are written; an IANA name.
    :param dry_run: do everything but send.
    :raises ValueError: when the DAG is parsed, if a parameter cannot work.
    """

    ui_color = "#e6f0ea"

    #: The parameter that says what is set or unset.
    columns_field = "attributes"

    def __init__(
        self,
        *,
        users: Any,
        nulls: str = "skip",
        max_failed: int | float | None = None,
        rejects_path: str | None = None,
        rate_limit: float | None = None,
        concurrency: int = 16,
        timezone: str = "UTC",
        dry_run: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        parameters.check_users(users)
        parameters.check_choice("nulls", nulls, ("skip", "unset"))
        parameters.check_max_failed(max_failed)
        parameters.check_rate_limit(rate_limit)
        parameters.check_concurrency(concurrency)
        parameters.check_flag("dry_run", dry_run)
        if rejects_path is not None:
            parameters.check_path("rejects_path", rejects_path)
        time_zone(timezone)
        self.users = Rows(users)
        self.nulls = nulls
        self.max_failed = max_failed
        self.rejects_path = rejects_path
        self.rate_limit = rate_limit
        self.concurrency = concurrency
        self.timezone = timezone
        # Not dry_run: Airflow's operators have a method of that name.
        self.is_dry_run = dry_run

    # What a vendor's operator says.

    def make_hook(self) -> VendorHook:
        """Return the hook; it is imported here and not on top, for DAG files are parsed again and again."""
        raise NotImplementedError

    def make_endpoint(self) -> Endpoint:
        """Return the operation."""
        raise NotImplementedError

    def make_mapping(self, columns: Any) -> Mapping:
        """Return the mapping from rows to updates.

        :param columns: the parameter that says what is set or unset, rendered.
        :raises InvalidRow: if a name or a constant breaks one of the vendor's rules.
        """
        raise NotImplementedError

    # What all of them do.

    def check_mapping(self) -> None:
        """Make the mapping once at parse, unless it is known only when the task runs.

        :raises ValueError: if a name or a constant breaks one of the vendor's rules.
        """
        columns = getattr(self, self.columns_field)
        if parameters.is_known(columns):
            try:
                self.make_mapping(columns)
            except InvalidRow as invalid:
                raise ValueError(f"{self.columns_field}: {_explain(invalid.verdict)}") from None

    def execute(self, context: Context) -> dict[str, Any]:
        """Push the users and return the report."""
        push = _Push(self, context)
        report = push.run()
        error = push.error
        if error is None:
            return report
        context["ti"].xcom_push(key="return_value", value=report)
        if isinstance(error, InvalidRow):
            raise AirflowFailException(f"{self.columns_field}: {_explain(error.verdict)}") from None
        if isinstance(error, _FOR_GOOD):
            raise AirflowFailException(str(error)) from None
        raise error


class _Push:
    """Run one push and keep its account.

    :param operator: whose push it is.
    :param context: the task's context.
    """

    def __init__(self, operator: UserPushOperator, context: Context) -> None:
        self.error: BaseException | None = None
        self._operator = operator
        self._context = context
        self._log = operator.log
        self._clock = Clock()
        self._started = self._clock.monotonic()
        self._endpoint = operator.make_endpoint()
        endpoint = self._endpoint
        self._report = Report(endpoint.vendor, endpoint.operation, endpoint.accepted_means, dry_run=operator.is_dry_run)
        self._mapping: Mapping | None = None
        self._delivery: Delivery | None = None

    def run(self) -> dict[str, Any]:
        """Deliver the rows, log the account and return the report; `error` is what the task is to raise."""
        stopped: BaseException | None
        try:
            stopped = self._deliver()
        except BaseException as error:  # a timeout of Airflow's is one; the account is due all the same
            stopped = error
        self.error = self._report.conclude(stopped, self._operator.max_failed)
        return self._account()

    def _deliver(self) -> Exception | None:
        operator = self._operator
        self._mapping = operator.make_mapping(self._render_constants())
        with ExitStack() as stack:
            hook = stack.enter_context(closing(operator.make_hook()))
            rate = operator.rate_limit or hook.settings.rate_limit or self._endpoint.max_rate
            reject = None
            if operator.rejects_path:
                from airflow_provider_userattrs.sources.rejects import RejectsWriter

                writer = RejectsWriter(operator.rejects_path, idempotent=self._endpoint.idempotent)
                reject = stack.enter_context(closing(writer)).write
            ledger = Ledger(self._report, progress=self._log_progress, reject=reject, clock=self._clock)
            endpoint, send = self._endpoint, hook.sender(self._endpoint)
            if operator.is_dry_run:
                endpoint, send, rate = replace(endpoint, read=_read_dry), _send_nothing, None
            self._delivery = Delivery(
                endpoint, send, ledger.record, rate=rate, concurrency=operator.concurrency, clock=self._clock
            )
            self._log.info(
                "Push to %s: %s at %s%s%s",
                endpoint.vendor,
                endpoint.operation,
                hook.transport.base_url,
                f", at most {rate:,.4g} {endpoint.rate_unit} a second" if rate else "",
                ", dry run: nothing is sent" if operator.is_dry_run else "",
            )
            return self._delivery.run(self._updates())

    def _updates(self) -> Iterator[UserUpdate | Outcome]:
        mapping = self._mapping
        assert mapping is not None
        return (mapping(position, row) for position, row in enumerate(self._operator.users))

    def _render_constants(self) -> Any:
        """Return what is set or unset, with the templates of constants rendered."""
        operator = self._operator
        columns = getattr(operator, operator.columns_field)
        if not isinstance(columns, dict):
            return columns
        return {
            name: Constant(operator.render_template(source.value, self._context))
            if isinstance(source, Constant)
            else source
            for name, source in columns.items()
        }

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started

    def _log_progress(self) -> None:
        report = self._report
        rate = report.rows / max(self._seconds(), 0.001)
        self._log.info(
            "%s done, %s a second, %s failed so far", users(report.rows), f"{rate:,.0f}", f"{report.failed:,}"
        )

    def _account(self) -> dict[str, Any]:
        delivery = self._delivery
        requests, retries, sent = (delivery.requests, delivery.retries, delivery.bytes) if delivery else (0, 0, 0)
        notes = self._mapping.notes if self._mapping else {}
        report = self._report.as_dict(
            notes,
            requests=requests,
            retries=retries,
            bytes=sent,
            seconds=round(self._seconds(), 3),
            resumed_from=None,
            rejects_path=self._operator.rejects_path,
        )
        self._log.info(
            "%s; %s requests, %s retries, %s bytes, %.1f s (accepted: %s)",
            self._report.summary(),
            f"{requests:,}",
            f"{retries:,}",
            f"{sent:,}",
            self._seconds(),
            self._report.accepted_means,
        )
        for line in (*self._report.log_lines(), *_note_lines(notes)):
            self._log.info("%s", line)
        if report["warning"]:
            self._log.warning("%s", report["warning"])
        return report


def _read_dry(_: Answer, count: int) -> list[Verdict]:
    return [DRY_RUN] * count


def _send_nothing(_: bytes) -> Answer:
    return Answer(0, {}, b"")


def _explain(verdict: Verdict) -> str:
    name = f"{verdict.attribute!r}: " if verdict.attribute is not None else ""
    return f"{name}{verdict.meaning}. {verdict.remedy}"


def _note_lines(notes: Any) -> list[str]:
    return [f"{count:,} x {note} on {name[:60]}" for (name, note), count in notes.items()]
