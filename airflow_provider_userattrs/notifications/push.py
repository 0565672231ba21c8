# SPDX-License-Identifier: Apache-2.0
"""A message about a push, for the log; base class of notifiers that send it somewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_userattrs._airflow import BaseNotifier
from airflow_provider_userattrs.operators.links import PushReportLink, link_to
from airflow_provider_userattrs.push.report.attention import Message, message_on
from airflow_provider_userattrs.push.report.merge import is_report
from airflow_provider_userattrs.task.keys import REPORT_IN_CONTEXT

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

__all__ = ["PushNotifier"]

_FAILED = ("failed", "up_for_retry")


class PushNotifier(BaseNotifier):
    """Log what a push came to: one sentence, the first three reasons, and the link to its report.

    Give it to an operator as ``on_failure_callback`` and ``on_attention``. As ``on_success_callback`` it logs nothing
    where nothing needs attention. Of a task that pushes nothing, as in a DAG's ``default_args``, it logs no more than
    that it failed. A subclass that overrides `send` sends the message somewhere else. No message has a row's data.
    """

    def __init__(self) -> None:
        super().__init__()

    def notify(self, context: Context) -> None:
        """Send the message on a task's push, if there is something to say.

        :param context: the task's context.
        """
        given = cast("Any", context)
        ti = given["ti"]
        index = "" if ti.map_index is None or ti.map_index < 0 else f"[{ti.map_index}]"
        name = f"{ti.dag_id}.{ti.task_id}{index}, run {ti.run_id}"
        report, has_failed = _report(given), _has_failed(given)
        message: Message | None = None
        if report is not None or _is_push(given.get("task")):
            url = _absolute(PushReportLink().get_link(given.get("task"), ti_key=ti))
            message = message_on(report, name, url, has_failed=has_failed)
        elif has_failed:
            url = _absolute(link_to(ti, "" if AIRFLOW_V_3_0_PLUS else "logs"))
            message = Message(f"{name}: the task failed", "The log says why", (), url, page="Log")
        if message is not None:
            self.send(message)

    def send(self, message: Message) -> None:
        """Send a message; this one logs it.

        :param message: its ``title``, ``sentence``, ``reasons`` and ``url``, and what ``page`` that is; ``lines()``
            returns it as plain text.
        """
        self.log.warning("%s", "\n".join(message.lines()))


def _has_failed(context: Any) -> bool:
    """Return whether the task failed, or will be tried again; Airflow 3.0 has no exception in the context."""
    return context.get("exception") is not None or getattr(context["ti"], "state", None) in _FAILED


def _report(context: Any) -> Any:
    """Return the report of a task's push, or None."""
    report, ti = context.get(REPORT_IN_CONTEXT), context["ti"]
    if report is None:
        with suppress(Exception):  # where no XCom can be read, there is a message all the same
            index = -1 if ti.map_index is None else ti.map_index
            report = ti.xcom_pull(task_ids=ti.task_id, map_indexes=index)
    return report if is_report(report) else None


def _is_push(task: Any) -> bool:
    """Return whether a task is one of our operators, mapped or not, as far as that is known."""
    from airflow_provider_userattrs.operators.checked import CheckedOperator  # not at the top: DAGs are parsed often

    kind = getattr(task, "operator_class", type(task))
    return task is None or (isinstance(kind, type) and issubclass(kind, CheckedOperator))


def _absolute(link: str) -> str:
    """Return a link with Airflow's own address before it, if Airflow knows that."""
    if not AIRFLOW_V_3_0_PLUS:
        return link
    from airflow.configuration import conf

    base_url = conf.get("api", "base_url", fallback="")
    return urljoin(f"{base_url.rstrip('/')}/", link) if base_url else link
