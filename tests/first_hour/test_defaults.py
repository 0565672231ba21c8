# SPDX-License-Identifier: Apache-2.0
"""Mistakes that nearly everybody makes once, on real Airflow: what a push does about them unasked, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator, PushTotalOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")


def rows(good: int, bad: int = 0) -> list[dict[str, Any]]:
    """Give rows for EngageLab, some of them with an id that is no number."""
    return [{"euid": f"x{number}" if number < bad else number, "plan": "gold"} for number in range(good + bad)]


def warnings(run: Any) -> list[str]:
    return [line.text for line in run.log.ours if line.level == "warning"]


# Most rows failed


def test_a_push_in_which_most_rows_failed_is_red(push: Callable[..., Any]) -> None:
    run = push(rows(1, bad=999), retries=2)
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == run.report["failure"]
    assert run.report["failure"] == (
        "999 of 1,000 users failed at EngageLab; max_failed allows 50% of the rows: 999 x EUID is not a 64-bit integer"
    )
    assert run.report["configuration"]["max_failed"] == 0.5


@pytest.mark.parametrize(("good", "bad", "state"), [(1, 1, "success"), (1, 2, "failed"), (50, 50, "success")])
def test_half_of_the_rows_may_fail(push: Callable[..., Any], good: int, bad: int, state: str) -> None:
    run = push(rows(good, bad))
    assert run.state == state
    assert run.report["warning"]


def test_a_dry_run_fails_by_it_too(push: Callable[..., Any]) -> None:
    run = push(rows(1, bad=2), dry_run=True)
    assert run.state == "failed"
    assert "max_failed allows 50% of the rows" in run.report["failure"]


def test_one_row_and_all_rows(push: Callable[..., Any]) -> None:
    assert push(rows(1, bad=2), max_failed=1.0).state == "success"
    run = push(rows(1, bad=2), max_failed=1)
    assert run.state == "failed"
    assert "max_failed allows 1 row (1.0 would be all rows)" in run.report["failure"]


def test_none_lets_all_but_one_fail(push: Callable[..., Any]) -> None:
    assert push(rows(1, bad=99), max_failed=None).state == "success"


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("given", "state"), [("5%", "failed"), ("{{ params.most }}", "failed"), ("{{ 10 }}%", "success")]
)
def test_a_share_as_people_write_it(airflow: Any, control: Any, native: bool, given: str, state: str) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        EngageLabSetAttributesOperator(
            task_id="push", users=rows(90, bad=10), max_failed=given, params={"most": "9.9 %"}
        )

    run = airflow.run(build, render_template_as_native_obj=native)
    assert run.state == state
    if state == "failed":
        allowed = "5%" if given == "5%" else "9.9%"
        assert f"10 of 100 users failed at EngageLab; max_failed allows {allowed} of the rows" in run.report["failure"]


def test_the_total_decides_for_all_shards(airflow: Any, control: Any) -> None:
    """A shard in which most rows failed is red, and named; the total is green where most rows of all did not."""
    control.switch(engagelab__any_user=True)

    def build() -> None:
        push = EngageLabSetAttributesOperator.partial(task_id="push").expand(users=[rows(1, bad=3), rows(96)])
        PushTotalOperator(task_id="total", reports=push.output)

    run = airflow.run(build)
    assert [run.states["push", 0], run.states["push", 1]] == ["failed", "success"]
    assert run.states["total"] == "success"
    assert "1 shard failed by itself: a shard: 3 of 4 users failed" in run.reports["total"]["warning"]


def test_a_total_of_which_most_rows_failed_is_red(airflow: Any, control: Any) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        push = EngageLabSetAttributesOperator.partial(task_id="push", max_failed=1.0).expand(
            users=[rows(1, bad=3), rows(1, bad=3)]
        )
        PushTotalOperator(task_id="total", reports=push.output)

    run = airflow.run(build)
    assert run.states["total"] == "failed"
    assert "6 of 8 users failed at EngageLab; max_failed allows 50% of the rows" in run.reports["total"]["failure"]
