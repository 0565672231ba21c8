# SPDX-License-Identifier: Apache-2.0
"""The total of a push that is split into shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow_provider_userattrs._airflow import AirflowFailException, AirflowSkipException
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.callbacks import Callbacks, check_callbacks
from airflow_provider_userattrs.operators.checked import CheckedOperator
from airflow_provider_userattrs.operators.links import PushReportLink
from airflow_provider_userattrs.operators.task_states import states
from airflow_provider_userattrs.push.model.phrases import counted

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.report import PushReport

__all__ = ["PushTotalOperator"]


class PushTotalOperator(CheckedOperator):
    """Add up the reports of a mapped push, and fail or succeed for all of it.

    It runs once all shards have ended, successfully or not, and its XCom is a report like theirs. It fails if a single
    push would: over ``max_failed``, with nothing accepted, with rows left unsent. It also fails if a shard has no
    report, or stopped before its end; the message names the shard, the reason and the row. A shard that failed by its
    own ``max_failed`` is mentioned in the warning, while the total's ``max_failed`` decides. The total is skipped if
    the push was skipped or mapped over nothing.

    :param reports: the output of the mapped operator.
    :param max_failed: what share of the rows of all shards (a float from 0.0 to 1.0, or text such as ``"5%"``) or how
        many of them (an int) may fail; None: only a push in which nothing was accepted fails.
    :param on_empty: what it is if no shard had a row: ``"warn"`` for a success with a warning, ``"fail"`` for a
        failure, ``"ok"`` for a success.
    :param on_attention: called with the context and the report when the total succeeds with a warning: a function, a
        notifier, or a list of them. An error of it is logged and changes nothing.
    :raises ValueError: when the DAG is parsed, if a parameter is invalid.
    """

    template_fields: Sequence[str] = ("reports", "max_failed")
    upstream_fields: ClassVar[tuple[str, ...]] = ("reports",)
    checks: ClassVar[dict[str, parameters.Check]] = {
        "reports": parameters.check_reports,
        "max_failed": parameters.check_max_failed,
        "on_empty": parameters.ON_EMPTY,
        "on_attention": check_callbacks,
    }
    ui_color = "#e6f0ea"
    operator_extra_links = (PushReportLink(),)

    def __init__(
        self,
        *,
        reports: Any,
        max_failed: int | float | str | None = 0.5,
        on_empty: str = "warn",
        on_attention: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.check_parameters({"reports": reports})
        self.reports = reports
        self.max_failed = max_failed
        self.on_empty = on_empty
        self.on_attention = on_attention
        self._reference = reports  # the reports themselves do not say which shard's is missing
        self.check_given()

    def execute(self, context: Context) -> PushReport:
        """Add up the reports and return the total."""
        from airflow_provider_userattrs.push.report import sentences
        from airflow_provider_userattrs.push.report.merge import Total, is_report
        from airflow_provider_userattrs.task.attention import call_on_attention, note_report
        from airflow_provider_userattrs.task.last_push import LastPush
        from airflow_provider_userattrs.task.log import notes_on, sentences_on_last

        refused = self.check_rendered()
        if refused is not None:
            raise AirflowFailException(str(refused))
        given = self.reports if isinstance(self.reports, Sequence) else [self.reports]
        reports = [report for report in given if is_report(report)]
        tasks = states(self._reference, context)
        if not reports and set(tasks.values()) == {"skipped"}:
            skipped = ", ".join(dict.fromkeys(task for task, _ in tasks))
            raise AirflowSkipException(f"There is nothing to add up: {skipped} was skipped")
        missing = _missing(tasks, len(reports), context["ti"])
        try:
            total = Total(reports, missing)
        except ValueError as unfit:
            if missing and not reports:
                raise AirflowFailException(f"There is nothing to add up: {unfit}") from None
            raise AirflowFailException(f"reports: {unfit}; give the output of the mapped push") from None
        error = total.conclude(cast("float | None", self.max_failed), self.on_empty)
        report = total.as_dict(None if error is None else str(error))
        self.log.info("%s, of %s", sentences.summary(total.report), counted(report["shards"]["reported"], "shard"))
        for line in sentences.log_lines(total.report):
            self.log.info("%s", line)
        for note in notes_on(report):
            self.log.info("%s", note)
        last_push = LastPush(context, self.log)
        last = None if report["dry_run"] or "limit" in report else last_push.find(report["vendor"], report["operation"])
        for sentence in sentences_on_last(report, last):
            self.log.info("%s", sentence)
        if report["warning"]:
            self.log.warning("%s", report["warning"])
        if not (report["stopped"] or report["shards"]["missing"] or missing or report["dry_run"] or "limit" in report):
            last_push.keep(report)
        note_report(context, report)
        if error is None:
            call_on_attention(Callbacks(self.on_attention), context, report, self.log)
            return report
        context["ti"].xcom_push(key="return_value", value=report)
        raise AirflowFailException(str(error))


def _missing(tasks: dict[tuple[str, int], str], reports: int, ti: Any) -> list[str]:
    """Return the names of the task instances that were not skipped and have no XCom."""
    expected = {name: state for name, state in tasks.items() if state != "skipped"}
    # As a rule all are there, which saves asking Airflow for one after the other.
    in_question = {name: state for name, state in expected.items() if state != "success" or len(expected) != reports}
    return [
        f"{task}{f'[{index}]' if index >= 0 else ''} ({state})"
        for (task, index), state in in_question.items()
        if ti.xcom_pull(task_ids=task, map_indexes=index) is None
    ]
