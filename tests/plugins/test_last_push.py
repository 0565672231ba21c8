# SPDX-License-Identifier: Apache-2.0
"""The Push report page compares a push with the last one of its task, on the nights of a real Airflow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cases import good
from versions import needs

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

pytestmark = [needs("Push report tab"), pytest.mark.usefixtures("connections", "clock")]

FIRST_NIGHT = datetime(2026, 3, 1, 2, tzinfo=timezone.utc)


@pytest.fixture
def nights(airflow: Any, control: Any) -> Callable[..., list[Any]]:
    """Push the rows of several nights with one DAG, the last of them last."""
    control.switch(engagelab__any_user=True)

    def nights(*rows: Any, operator: Callable[[Any], Any] | None = None, **parameters: Any) -> list[Any]:
        now: list[Any] = []

        def build() -> None:
            if operator:
                operator(now)
            else:
                EngageLabSetAttributesOperator(task_id="push", users=Tonight(now), max_failed=1.0, **parameters)

        dag = airflow.dag(build)
        runs = []
        for number, each in enumerate(rows):
            now[:] = each
            runs.append(airflow.test(dag, logical_date=FIRST_NIGHT + timedelta(days=number)))
        return runs

    return nights


class Tonight:
    """The rows that were put there last."""

    def __init__(self, now: list[Any]) -> None:
        self.now = now

    def rows(self) -> Any:
        return iter(list(self.now))

    def count(self) -> int:
        return len(self.now)


BAD, WORSE = {"euid": "x", "a": 1}, {"euid": 3, "a": object()}


def test_users_and_reasons_of_last_night(nights: Callable[..., list[Any]], see: Callable[..., Any]) -> None:
    first, second, third = nights(good(9), [*good(3), BAD], [*good(2), WORSE])
    assert "Compared with the last push" not in see(first).texts
    seen = see(second)
    assert "Compared with the last push Last push This push Users 9 4 Not updated 0 1 Requests" in seen.text
    assert "New: EUID is not a 64-bit integer" in seen.text
    assert "Gone:" not in seen.texts
    seen = see(third)
    assert "Users 4 3 Not updated 1 1" in seen.text
    assert "Gone: EUID is not a 64-bit integer" in seen.text
    assert f"of the run {second.dag_run.run_id} , {second.dag_run.run_after:%Y-%m-%d %H:%M} UTC ." in seen.text
    assert ("href", f"../../../{second.dag_run.run_id.replace(':', '%3A').replace('+', '%2B')}/tasks/push/-1") in (
        seen.attributes
    )


def test_a_later_run_is_not_the_last(nights: Callable[..., list[Any]], see: Callable[..., Any]) -> None:
    _, second, _ = nights(good(1), good(2), good(3))
    assert "Users 1 2" in see(second).text


def test_a_night_without_a_report_is_passed_over(nights: Callable[..., list[Any]], see: Callable[..., Any]) -> None:
    from airflow.models.xcom import XComModel

    first, second, third = nights(good(1), good(2), good(3))
    XComModel.clear(dag_id=second.dag.dag_id, task_id="push", run_id=second.dag_run.run_id)
    assert "Users 1 3" in see(third).text
    XComModel.clear(dag_id=first.dag.dag_id, task_id="push", run_id=first.dag_run.run_id)
    assert "Compared with the last push" not in see(third).texts


@pytest.mark.parametrize(
    "parameters",
    [{"expect_rows": (3, None)}, {"limit": "{{ 2 if logical_date.day == 2 else None }}"}],
    ids=["refused by a guard", "with a limit"],
)
def test_what_says_little_of_its_source_is_passed_over(
    nights: Callable[..., list[Any]], see: Callable[..., Any], parameters: Any
) -> None:
    _, second, third = nights(good(5), good(2), good(4), **parameters)
    assert "Users 5 4 Not updated 0 0" in see(third).text
    assert ("Users 5 2" in see(second).text) is ("expect_rows" in parameters)


def test_mapped_instances_and_their_sum(nights: Callable[..., list[Any]], see: Callable[..., Any]) -> None:
    def mapped(now: list[Any]) -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", max_failed=1.0).expand(users=[Tonight(now), good(2)])

    _, second = nights(good(5), [*good(3), BAD], operator=mapped)
    assert "Users 5 4 Not updated 0 1" in see(second, which=0).text
    assert "Users 2 2 Not updated 0 0" in see(second, which=1).text
    whole = see(second, which="whole")
    assert "Users 7 6 Not updated 0 1" in whole.text
    assert any(name == "href" and value.endswith("/tasks/push/whole") for name, value in whole.attributes)
