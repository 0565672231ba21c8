# SPDX-License-Identifier: Apache-2.0
"""The single verdict on a push that was split into shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_userattrs._airflow import AirflowFailException, AirflowSkipException, BaseOperator
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.operators.links import PushReportLink
from airflow_provider_userattrs.operators.upstream import states

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_userattrs.report import PushReport

__all__ = ["PushTotalOperator"]


class PushTotalOperator(BaseOperator):
    """Add up the reports of a mapped push and give the one verdict on all of it.

    It runs once all shards have ended, however they did, and its XCom is a report like theirs. It fails where a single
    push would: over ``max_failed``, with nothing accepted, with rows left unsent; and where a shard gave no report, or
    stopped before its end, which it names with the reason and the row. A shard that failed by a ``max_failed`` of its
    own is told in the warning; the total's own limit decides. Where the push was skipped, or was mapped over nothing,
    the total is skipped.

    :param reports: the output of the mapped operator.
    :param max_failed: what share of the rows of all shards (a float from 0.0 to 1.0, or text such as ``"5%"``) or how
        many of them (an int) may fail; None: only a push in which nothing was accepted fails.
    :raises ValueError: when the DAG is parsed, if a parameter cannot work.
    """

    template_fields: Sequence[str] = ("reports", "max_failed")
    checks: ClassVar[dict[str, parameters.Check]] = {
        "reports": parameters.check_reports,
        "max_failed": parameters.check_max_failed,
    }
    ui_color = "#e6f0ea"
    operator_extra_links = (PushReportLink(),)

    def __init__(self, *, reports: Any, max_failed: int | float | str | None = 0.5, **kwargs: Any) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        parameters.check(self.checks, {"reports": reports, "max_failed": max_failed}, self.template_fields)
        self.reports = reports
        self.max_failed = max_failed
        self._behind = reports  # of the reports themselves it cannot be told whose is missing

    def execute(self, context: Context) -> PushReport:
        """Add up the reports and return the total."""
        from airflow_provider_userattrs.push.report.merge import Total, is_report

        max_failed = self.max_failed = parameters.from_text("max_failed", self.max_failed)
        parameters.check_max_failed("max_failed", max_failed)
        given = self.reports if isinstance(self.reports, Sequence) else [self.reports]
        reports = [report for report in given if is_report(report)]
        tasks = states(self._behind, context)
        if not reports and set(tasks.values()) == {"skipped"}:
            skipped = ", ".join(dict.fromkeys(task for task, _ in tasks))
            raise AirflowSkipException(f"There is nothing to add up: {skipped} was skipped")
        silent = _silent(tasks, len(reports), context["ti"])
        try:
            total = Total(reports, silent)
        except ValueError as unfit:
            if silent and not reports:
                raise AirflowFailException(f"There is nothing to add up: {unfit}") from None
            raise AirflowFailException(f"reports: {unfit}; give the output of the mapped push") from None
        error = total.conclude(max_failed)
        report = total.as_dict(None if error is None else str(error))
        self.log.info("%s, of %s", total.report.summary(), _shards(report["shards"]["reported"]))
        for line in total.report.log_lines():
            self.log.info("%s", line)
        if report["warning"]:
            self.log.warning("%s", report["warning"])
        if error is None:
            return report
        context["ti"].xcom_push(key="return_value", value=report)
        raise AirflowFailException(str(error))


def _silent(tasks: dict[tuple[str, int], str], reports: int, ti: Any) -> list[str]:
    """Name the task instances that left no XCom, though they were not skipped."""
    expected = {name: state for name, state in tasks.items() if state != "skipped"}
    # As a rule all are there, and Airflow need not be asked for one after the other.
    in_question = {name: state for name, state in expected.items() if state != "success" or len(expected) != reports}
    return [
        f"{task}{f'[{index}]' if index >= 0 else ''} ({state})"
        for (task, index), state in in_question.items()
        if ti.xcom_pull(task_ids=task, map_indexes=index) is None
    ]


def _shards(count: int) -> str:
    return f"{count:,} shard{'' if count == 1 else 's'}"
