# SPDX-License-Identifier: Apache-2.0
"""Where rows come from, on real Airflow: upstream, lists, sources, mapping; and that nobody renders or stores them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import get_ident
from typing import Any
from uuid import uuid4

import pytest
from airflow_names import AirflowFailException, task

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator, EngageLabSetContactsOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")

TEMPLATES = ["{{ ds }}", "{{ var.value.key }}", "{% for x in y %}", "{{", "{# a comment #}", "{{ 1 / 0 }}", "a.sql"]


@pytest.fixture
def anyone(control: Any) -> Any:
    """Have EngageLab know every user."""
    control.switch(engagelab__any_user=True)
    return control


def properties(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


def upstream(rows: Any, name: str = "upstream") -> Any:
    @task(task_id=name)
    def give() -> Any:
        return rows

    return give()


def push(users: Any, **parameters: Any) -> Any:
    return EngageLabSetAttributesOperator(task_id="push", users=users, **parameters)


# Dependencies and what arrives


def test_users_of_an_upstream_task(airflow: Any, anyone: Any) -> None:
    run = airflow.run(lambda: push(upstream([{"euid": 1, "a": 1}, {"euid": 2, "a": "x"}])))
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert run.state == "success"
    assert run.counts == {"accepted": 2}
    assert properties(anyone) == {"1": {"a": 1}, "2": {"a": "x"}}


def test_users_of_an_operators_output(airflow: Any, anyone: Any) -> None:
    def build() -> None:
        @task(multiple_outputs=True)
        def give() -> Any:
            return {"vips": [{"euid": 1, "a": 1}], "rest": [{"euid": 2, "a": 1}]}

        given: Any = give()
        push(given["vips"])

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"give"}
    assert set(properties(anyone)) == {"1"}


def test_users_of_a_mapped_xcom(airflow: Any, anyone: Any) -> None:
    run = airflow.run(lambda: push(upstream([1, 2]).map(lambda euid: {"euid": euid, "a": 1})))
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert set(properties(anyone)) == {"1", "2"}


def test_users_of_two_tasks(airflow: Any, anyone: Any) -> None:
    run = airflow.run(
        lambda: push(upstream([{"euid": 1, "a": 1}], "left").concat(upstream([{"euid": 2, "a": 1}], "right")))
    )
    assert run.dag.get_task("push").upstream_task_ids == {"left", "right"}
    assert set(properties(anyone)) == {"1", "2"}


def test_other_fields_draw_their_dependencies_too(airflow: Any, anyone: Any) -> None:
    def build() -> None:
        push(upstream([{"euid": 1, "a": 1, "b": 2}]), attributes=upstream(["b"], "columns"))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream", "columns"}
    assert properties(anyone) == {"1": {"b": 2}}


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


def test_rows_that_are_no_dicts_are_invalid(airflow: Any, anyone: Any, counted: Any) -> None:
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


def test_rows_without_the_users_column_are_invalid(airflow: Any, anyone: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(upstream([{"euid": 1, "a": 1}, {"a": 1}, {}])))
    counted(run.report, 3)
    assert run.counts == {"accepted": 1, "invalid": 2}
    assert run.report["reasons"][0]["attributes"] == {"euid": 2}


# Mapping


def test_users_of_a_mapped_upstream_task(airflow: Any, anyone: Any, counted: Any) -> None:
    """Each instance hands over a list."""

    def build() -> None:
        @task
        def shard(number: int) -> Any:
            return [{"euid": 10 * number + n, "a": n} for n in range(number)]

        push(shard.expand(number=[1, 2, 3]))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"shard"}
    counted(run.report, 6)
    assert set(properties(anyone)) == {"10", "20", "21", "30", "31", "32"}


def test_a_mapped_upstream_task_that_hands_over_one_user_each(airflow: Any, anyone: Any, counted: Any) -> None:
    def build() -> None:
        @task
        def one(number: int) -> Any:
            return {"euid": number, "a": number}

        push(one.expand(number=[1, 2, 3]))

    counted(airflow.run(build).report, 3)
    assert set(properties(anyone)) == {"1", "2", "3"}


def reports(run: Any) -> list[Any]:
    return [run.reports["push", index] for index in range(sum(1 for key in run.states if key[0] == "push"))]


def test_expand_over_an_upstream_tasks_shards(airflow: Any, anyone: Any, counted: Any) -> None:
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
    assert properties(anyone) == {"1": {"a": 1}, "2": {"a": 1}, "3": {"a": "{{ ds }}"}}


def test_expand_over_literal_lists(airflow: Any, anyone: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", attributes=["a"]).expand(
            users=[[{"euid": 1, "a": "{{ ds }}"}], [{"euid": 2, "a": 2, "b": 3}]]
        )

    run = airflow.run(build)
    assert [report["accepted"] for report in reports(run)] == [1, 1]
    assert properties(anyone) == {"1": {"a": "{{ ds }}"}, "2": {"a": 2}}


def test_expand_over_columns_with_the_same_users(airflow: Any, anyone: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=upstream([{"euid": 1, "a": 1, "b": 2}])).expand(
            attributes=[["a"], {"c": "b"}]
        )

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert [report["rows"] for report in reports(run)] == [1, 1]
    assert properties(anyone) == {"1": {"a": 1, "c": 2}}


def test_expand_kwargs(airflow: Any, anyone: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push").expand_kwargs(
            [{"users": [{"euid": 1, "a": 1}], "max_failed": 0}, {"users": [{"euid": "x", "a": 1}], "max_failed": 0}]
        )

    run = airflow.run(build)
    assert [run.states["push", index] for index in (0, 1)] == ["success", "failed"]


def test_a_mapped_operator_with_a_wrong_value_fails_by_name(airflow: Any, control: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[]).expand(max_failed=[2.5])

    run = airflow.run(build)
    assert run.states["push", 0] == "failed"
    assert "max_failed" in run.log.everything()
    assert control.journal() == []


# Sources


class Given:
    """A source that yields what it is given; an exception in it is raised."""

    template_fields = ("label",)

    def __init__(self, *rows: Any, label: str = "") -> None:
        self.given = rows
        self.label = label

    def rows(self) -> Iterator[Any]:
        for row in self.given:
            if isinstance(row, Exception):
                raise row
            yield {**row, "label": self.label} if self.label else row


def test_a_source_object(airflow: Any, anyone: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(Given({"euid": 1, "a": "{{ ds }}"}, {"euid": 2, "a": 2})))
    counted(run.report, 2)
    assert properties(anyone) == {"1": {"a": "{{ ds }}"}, "2": {"a": 2}}


def test_a_sources_own_template_fields_are_rendered_and_its_rows_are_not(airflow: Any, anyone: Any) -> None:
    source = Given({"euid": 1, "a": "{{ ds }}"}, label="{{ dag.dag_id }}")
    run = airflow.run(lambda: push(source))
    assert properties(anyone) == {"1": {"a": "{{ ds }}", "label": run.dag.dag_id}}
    assert source.label == "{{ dag.dag_id }}", "the DAG's own source was changed"


def test_a_source_that_breaks_leaves_a_true_account(airflow: Any, anyone: Any, counted: Any) -> None:
    rows = [{"euid": number, "a": 1} for number in range(1, 6)]
    run = airflow.run(lambda: push(Given(*rows, OSError("the database went away"))))
    assert run.state == "failed"
    assert isinstance(run.error, OSError), "a source that breaks may work at the next try"
    assert "database went away" in str(run.error)
    counted(run.report, 5)
    assert run.report["accepted"] == len(properties(anyone))
    assert run.report["accepted"] + run.report["unsent"] == 5


def test_a_push_that_stops_early_closes_its_source(airflow: Any, anyone: Any) -> None:
    closed: list[int] = []

    class Open(Given):
        def rows(self) -> Iterator[Any]:
            try:
                yield from super().rows()
            finally:
                closed.append(get_ident())

    unfit = [{"euid": number, "a": object()} for number in range(2_000)]
    run = airflow.run(lambda: push(Open(*unfit)))
    assert run.state == "failed", "none of the first rows can be sent, so that the others are not read"
    assert closed == [get_ident()], "by the thread that opened it, before the report"


def test_a_source_that_breaks_is_tried_again(airflow: Any, anyone: Any) -> None:
    from datetime import timedelta

    class Moody(Given):
        tries = 0

        def rows(self) -> Iterator[Any]:
            Moody.tries += 1
            if Moody.tries == 1:
                raise OSError("not yet")
            yield from super().rows()

    source = Moody({"euid": 1, "a": 1})
    run = airflow.run(lambda: push(source, retries=1, retry_delay=timedelta(0)))
    assert run.state == "success"
    assert run.counts == {"accepted": 1}


# Rows are data, never templates


@pytest.mark.parametrize("through", ["upstream", "list", "source"])
def test_values_that_look_like_templates_arrive_as_they_are(airflow: Any, anyone: Any, through: str) -> None:
    rows = [{"euid": number, "a": text, text or "b": number} for number, text in enumerate(TEMPLATES, 1)]
    users: Callable[[], Any] = {
        "upstream": lambda: upstream(rows),
        "list": lambda: rows,
        "source": lambda: Given(*rows),
    }[through]
    run = airflow.run(lambda: push(users()))
    assert run.counts == {"accepted": len(rows)}
    assert properties(anyone) == {str(number): {"a": text, text: number} for number, text in enumerate(TEMPLATES, 1)}


def test_users_that_look_like_templates_arrive_as_they_are(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": text} for text in TEMPLATES])
    rows = [{"username": text, "a": text} for text in TEMPLATES]
    run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=upstream(rows), target=["username"]))
    assert run.counts == {"accepted": len(TEMPLATES)}
    assert {key: user["attributes"]["a"] for key, user in control.users("kahuna").items()} == dict(
        zip(TEMPLATES, TEMPLATES, strict=True)
    )


def test_contacts_that_look_like_templates_arrive_as_they_are(airflow: Any, anyone: Any) -> None:
    rows = [{"euid": 1, "email": "{{ ds }}"}]
    airflow.run(lambda: EngageLabSetContactsOperator(task_id="push", users=rows, contacts=["email"], check=False))
    assert anyone.user("engagelab", 1)["contacts"] == {"email": "{{ ds }}"}


# What is a template


def test_constants_are_rendered(airflow: Any, control: Any) -> None:
    attributes = {"by": Constant("{{ dag.dag_id }}"), "list": Constant(["{{ task.task_id }}"]), "n": Constant(5)}
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada"}], attributes=attributes)
    )
    assert control.user("moengage", "ada")["attributes"] == {"by": run.dag.dag_id, "list": ["push"], "n": 5}


def test_a_constant_that_renders_to_something_wrong_fails_by_name(airflow: Any, control: Any) -> None:
    attributes = {"last_seen": Constant("{{ dag.dag_id }}")}
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada"}], attributes=attributes)
    )
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert "last_seen" in str(run.error)
    assert control.journal() == []


def test_columns_user_and_connection_are_templates(airflow: Any, anyone: Any, connections: Callable[..., None]) -> None:
    connections("engagelab", conn_id="engagelab_push")
    run = airflow.run(
        lambda: push(
            [{"push_id": 1, "push_name": "ada"}],
            attributes=["{{ task.task_id }}_name"],
            euid="{{ task.task_id }}_id",
            engagelab_conn_id="engagelab_{{ task.task_id }}",
        )
    )
    assert run.state == "success"
    assert properties(anyone) == {"1": {"push_name": "ada"}}


def test_a_target_is_a_template(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    for target in (["{{ params.credential }}"], {"username": "{{ params.credential }}"}):
        run = airflow.run(
            lambda target=target: KahunaSetAttributesOperator(
                task_id="push", users=[{"username": "ada", "a": 1}], target=target, params={"credential": "username"}
            )
        )
        assert run.counts == {"accepted": 1}


def test_a_list_of_columns_may_come_from_a_template(airflow: Any, anyone: Any) -> None:
    run = airflow.run(
        lambda: push([{"euid": 1, "a": 1, "b": 2}], attributes="{{ params.columns }}", params={"columns": ["b"]}),
        render_template_as_native_obj=True,
    )
    assert run.state == "success"
    assert properties(anyone) == {"1": {"b": 2}}


def test_columns_that_render_to_a_text_fail_by_name(airflow: Any, anyone: Any) -> None:
    run = airflow.run(
        lambda: push([{"euid": 1, "a": 1, "b": 2}], attributes="{{ params.columns }}", params={"columns": "ab"})
    )
    assert run.state == "failed"
    assert "attributes" in str(run.error)
    assert anyone.journal() == []


def test_names_to_unset_that_render_to_a_text_fail_by_name(airflow: Any, control: Any) -> None:
    airflow.run(
        lambda: MoEngageSetAttributesOperator(
            task_id="push", users=[{"customer_id": "ada", "vip_since": 1, "income": 2, "plan": 3}]
        )
    )
    run = airflow.run(
        lambda: MoEngageUnsetAttributesOperator(
            task_id="push",
            users=[{"customer_id": "ada"}],
            attributes="{{ params.prefix }}",
            match="prefix",
            params={"prefix": "vip_"},
        )
    )
    assert run.state == "failed"
    assert control.user("moengage", "ada")["attributes"] == {"vip_since": 1, "income": 2, "plan": 3}


# Out of sight


def database() -> closing[sqlite3.Connection]:
    """Open Airflow's database."""
    from airflow.configuration import conf

    return closing(sqlite3.connect(conf.get("database", "sql_alchemy_conn").removeprefix("sqlite:///")))


def stored(canary: str) -> list[str]:
    """Tell which tables of Airflow's database hold a text."""
    with database() as connection:
        return [line[:60] for line in connection.iterdump() if canary in line]


@pytest.fixture
def canary() -> str:
    return f"canary-{uuid4().hex}"


def rows_with(canary: str) -> list[dict[str, Any]]:
    return [{"euid": 1, "a": canary}, {"euid": canary, "a": 1}, {"euid": 2, canary: [canary], "b": b"x"}]


@pytest.mark.parametrize("failing", [False, True], ids=["succeeds", "fails"])
def test_a_literal_list_reaches_neither_database_nor_log(airflow: Any, anyone: Any, canary: str, failing: bool) -> None:
    run = airflow.run(lambda: push(rows_with(canary), attributes=["a"], max_failed=0 if failing else None))
    assert run.state == ("failed" if failing else "success")
    assert stored(canary) == []
    assert canary not in run.log.everything()
    assert canary not in json.dumps(run.report)
    assert run.rendered["push"]["users"] == "3 rows"


def test_rows_of_an_upstream_task_are_stored_by_that_task_alone(airflow: Any, anyone: Any, canary: str) -> None:
    rows = [{"euid": 1, "a": canary}, {"euid": canary, "a": 1}]
    run = airflow.run(lambda: push(upstream(rows), max_failed=0))
    assert run.state == "failed"
    assert all("xcom" in line for line in stored(canary))
    with database() as connection, connection:
        connection.execute("DELETE FROM xcom WHERE dag_id = ? AND task_id = 'upstream'", (run.dag.dag_id,))
    assert stored(canary) == []
    assert run.rendered["push"]["users"] == "2 rows"


def test_a_source_reaches_neither_database_nor_log(airflow: Any, anyone: Any, canary: str) -> None:
    run = airflow.run(lambda: push(Given(*rows_with(canary)), attributes=["a"]))
    assert stored(canary) == []
    assert canary not in run.log.everything()


def test_mapped_rows_are_not_rendered(airflow: Any, anyone: Any, canary: str) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push").expand(users=upstream([[{"euid": 1, "a": canary}]]))

    run = airflow.run(build)
    assert run.reports["push", 0]["accepted"] == 1
    assert canary not in json.dumps(run.rendered["push", 0])
    assert all("xcom" in line for line in stored(canary))


@pytest.mark.xfail(
    strict=True,
    reason="Airflow serializes what is given to partial(); rows in the DAG file reach the metadata database that way",
)
def test_rows_given_to_partial_are_not_stored(airflow: Any, anyone: Any, canary: str) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[{"euid": 1, "a": canary}]).expand(
            attributes=[["a"]]
        )

    airflow.run(build)
    assert stored(canary) == []


def test_before_it_runs_the_task_says_where_its_rows_come_from(airflow: Any) -> None:
    from airflow_names import BaseOperator

    dag = airflow.dag(lambda: push(upstream([])))
    operator: BaseOperator = dag.get_task("push")
    assert str(operator.users) == "rows of upstream"  # type: ignore[attr-defined]
