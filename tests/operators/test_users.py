# SPDX-License-Identifier: Apache-2.0
"""Where rows come from, on real Airflow: upstream, lists, sources, mapping; and that nobody renders or stores them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow_names import AirflowFailException, task
from operators.engagelab_push import properties, push, upstream

from airflow_provider_userattrs import FileRows, Rejects, SqlRows, shards
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")


# Dependencies and what arrives


def test_users_of_an_upstream_task(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(lambda: push(upstream([{"euid": 1, "a": 1}, {"euid": 2, "a": "x"}])))
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert run.state == "success"
    assert run.counts == {"accepted": 2}
    assert properties(any_euid) == {"1": {"a": 1}, "2": {"a": "x"}}


def test_users_of_an_operators_output(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        @task(multiple_outputs=True)
        def give() -> Any:
            return {"vips": [{"euid": 1, "a": 1}], "rest": [{"euid": 2, "a": 1}]}

        given: Any = give()
        push(given["vips"])

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"give"}
    assert set(properties(any_euid)) == {"1"}


def test_users_of_a_mapped_xcom(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(lambda: push(upstream([1, 2]).map(lambda euid: {"euid": euid, "a": 1})))
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert set(properties(any_euid)) == {"1", "2"}


def test_users_of_two_tasks(airflow: Any, any_euid: Any) -> None:
    run = airflow.run(
        lambda: push(upstream([{"euid": 1, "a": 1}], "left").concat(upstream([{"euid": 2, "a": 1}], "right")))
    )
    assert run.dag.get_task("push").upstream_task_ids == {"left", "right"}
    assert set(properties(any_euid)) == {"1", "2"}


def test_other_fields_add_dependencies_too(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        push(upstream([{"euid": 1, "a": 1, "b": 2}]), attributes=upstream(["b"], "columns"))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream", "columns"}
    assert properties(any_euid) == {"1": {"b": 2}}


@pytest.mark.parametrize("rows", [[], ()])
def test_no_users_is_a_success_with_a_warning(airflow: Any, control: Any, rows: Any, counted: Any) -> None:
    for users in (rows, None):
        run = airflow.run(lambda users=users: push(upstream([]) if users is None else users))
        assert run.state == "success"
        counted(run.report, 0)
        assert run.report["warning"].startswith("No users were pushed to EngageLab, because there were no rows")
        assert any("0 users" in text and "nothing to do" in text for text in run.log.texts)
    assert control.journal() == []


@pytest.mark.parametrize(
    ("users", "kind"),
    [
        (None, "None: upstream returned nothing"),
        ("ada", "a str"),
        ({"euid": 1}, "a dict"),
        (5, "an int"),
        (True, "a bool"),
    ],
)
def test_upstream_returned_something_else(airflow: Any, control: Any, users: Any, kind: str) -> None:
    run = airflow.run(lambda: push(upstream(users), retries=3))
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert len(run.log.errors) == 1, "a retry would fail the same way"
    assert f"users is {kind}" in str(run.error)
    assert run.report["failure"] == str(run.error)
    assert "list with a dict for each user" in str(run.error)
    assert control.journal() == []


def test_upstream_returned_a_query(airflow: Any, control: Any) -> None:
    run = airflow.run(lambda: push(upstream("\n  SELECT euid, plan FROM users"), retries=3))
    assert str(run.error) == "users is a query as text; return hand_over(SqlRows(query, conn_id=...))"


@pytest.mark.parametrize("source", [SqlRows, FileRows, Rejects])
def test_a_class_in_place_of_a_source(source: Any) -> None:
    with pytest.raises(ValueError, match=rf"^users is the class (\w+); call it, as in {source.__name__}\(...\)$"):
        push(source)


def test_a_list_of_sources_that_are_not_handed_over() -> None:
    with pytest.raises(ValueError, match=r"^users is a list with a source in it; write hand_over\(source\) for each"):
        push([SqlRows("SELECT 1 AS euid", conn_id="a"), FileRows("/data/b.csv")])


def test_shards_in_place_of_users(airflow: Any, control: Any) -> None:
    sentence = "users is what shards() returns; give it to .partial(...).expand_kwargs(...), which maps a task over it"
    given = shards(SqlRows("SELECT 1 AS euid", conn_id="a", key="euid"), 2, by="hash")
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        push(given)
    run = airflow.run(lambda: push(upstream(given)))
    assert run.state == "failed"
    assert str(run.error) == sentence
    assert control.journal() == []


def test_rows_that_are_no_dicts_are_invalid(airflow: Any, any_euid: Any, counted: Any) -> None:
    rows = [{"euid": 1, "a": 1}, None, "ada", 5, {"euid": 2, "a": 2}]
    run = airflow.run(lambda: push(upstream(rows)))
    counted(run.report, 5)
    assert run.counts == {"accepted": 2, "invalid": 3}
    reasons = [(each["code"], each["meaning"].split(",")[0], each["positions"]) for each in run.report["reasons"]]
    assert sorted(reasons) == [
        ("row-type", "row is None", [1]),
        ("row-type", "row is a str", [2]),
        ("row-type", "row is an int", [3]),
    ]


def test_rows_without_the_users_column_are_invalid(airflow: Any, any_euid: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(upstream([{"euid": 1, "a": 1}, {"a": 1}, {}])))
    counted(run.report, 3)
    assert run.counts == {"accepted": 1, "invalid": 2}
    assert run.report["reasons"][0]["attributes"] == {"euid": 2}


# Mapping


def test_users_of_a_mapped_upstream_task(airflow: Any, any_euid: Any, counted: Any) -> None:
    """Each instance hands over a list."""

    def build() -> None:
        @task
        def shard(number: int) -> Any:
            return [{"euid": 10 * number + n, "a": n} for n in range(number)]

        push(shard.expand(number=[1, 2, 3]))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"shard"}
    counted(run.report, 6)
    assert set(properties(any_euid)) == {"10", "20", "21", "30", "31", "32"}


def test_a_mapped_upstream_task_that_returns_one_user_each(airflow: Any, any_euid: Any, counted: Any) -> None:
    def build() -> None:
        @task
        def one(number: int) -> Any:
            return {"euid": number, "a": number}

        push(one.expand(number=[1, 2, 3]))

    counted(airflow.run(build).report, 3)
    assert set(properties(any_euid)) == {"1", "2", "3"}


def reports(run: Any) -> list[Any]:
    return [run.reports["push", index] for index in range(sum(1 for key in run.states if key[0] == "push"))]


def test_expand_over_an_upstream_tasks_shards(airflow: Any, any_euid: Any, counted: Any) -> None:
    shards: list[list[Any]] = [
        [{"euid": 1, "a": 1}],
        [{"euid": 2, "a": 1}, {"euid": 3, "a": "{{ ds }}"}],
        [],
    ]

    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push").expand(users=upstream(shards))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    for report, shard in zip(reports(run), shards, strict=True):
        counted(report, len(shard))
        assert report["accepted"] == len(shard)
    assert properties(any_euid) == {"1": {"a": 1}, "2": {"a": 1}, "3": {"a": "{{ ds }}"}}


def test_expand_over_literal_lists(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", attributes=["a"]).expand(
            users=[[{"euid": 1, "a": "{{ ds }}"}], [{"euid": 2, "a": 2, "b": 3}]]
        )

    run = airflow.run(build)
    assert [report["accepted"] for report in reports(run)] == [1, 1]
    assert properties(any_euid) == {"1": {"a": "{{ ds }}"}, "2": {"a": 2}}


def test_expand_over_columns_with_the_same_users(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=upstream([{"euid": 1, "a": 1, "b": 2}])).expand(
            attributes=[["a"], {"c": "b"}]
        )

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert [report["rows"] for report in reports(run)] == [1, 1]
    assert properties(any_euid) == {"1": {"a": 1, "c": 2}}


def test_expand_kwargs(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push").expand_kwargs(
            [{"users": [{"euid": 1, "a": 1}], "max_failed": 0}, {"users": [{"euid": "x", "a": 1}], "max_failed": 0}]
        )

    run = airflow.run(build)
    assert [run.states["push", index] for index in (0, 1)] == ["success", "failed"]


def test_a_mapped_operator_with_a_wrong_value_fails_by_name(airflow: Any, control: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[]).expand(max_failed=upstream([2.5]))

    run = airflow.run(build)
    assert run.states["push", 0] == "failed"
    assert "max_failed" in run.log.everything()
    assert control.journal() == []
