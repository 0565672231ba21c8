# SPDX-License-Identifier: Apache-2.0
"""What upstream tasks hand over as users, in the ways Airflow has: references, templates, mapping, skips."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import pytest
from airflow_names import AirflowFailException, AirflowSkipException, XComArg, task, task_group

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock", "any_euid")

PULL = "{{ ti.xcom_pull(task_ids='upstream') }}"


@pytest.fixture
def canary() -> str:
    return f"canary-{uuid4().hex}"


def upstream(rows: Any, name: str = "upstream", **options: Any) -> Any:
    @task(task_id=name, **{"show_return_value_in_logs": False, **options})
    def give() -> Any:
        if isinstance(rows, Exception):
            raise rows
        return rows

    return give()


def push(users: Any, **parameters: Any) -> Any:
    return EngageLabSetAttributesOperator(task_id="push", users=users, **parameters)


def pushed(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


def reports(run: Any, task_id: str = "push") -> list[Any]:
    return [
        run.reports[key] for key in sorted(key for key in run.states if isinstance(key, tuple) and key[0] == task_id)
    ]


# Templates


def test_a_template_that_is_rendered_natively_is_taken(airflow: Any, any_euid: Any, counted: Any) -> None:
    def build() -> None:
        upstream([{"euid": 1, "a": "{{ ds }}"}, {"euid": 2, "a": "1.0"}]) >> push(PULL)

    run = airflow.run(build, render_template_as_native_obj=True)
    counted(run.report, 2)
    assert pushed(any_euid) == {"1": {"a": "{{ ds }}"}, "2": {"a": "1.0"}}
    assert run.rendered["push"]["users"] == "2 rows"


def test_a_template_that_comes_to_text_is_refused_in_one_line_without_the_rows(
    airflow: Any, control: Any, canary: str
) -> None:
    def build() -> None:
        upstream([{"euid": 1, "a": canary}]) >> push(PULL, retries=2)

    run = airflow.run(build)
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert len(run.log.errors) == 1, "a retry would fail the same way"
    assert "users is a template" in str(run.error)
    assert "users=extract()" in str(run.error)
    assert "\n" not in str(run.error)
    assert run.report["failure"] == str(run.error)
    assert canary not in run.log.everything()
    assert canary not in json.dumps([run.report, run.rendered["push"]])
    assert control.journal() == []


def test_a_template_that_comes_to_a_path_is_the_path(airflow: Any, any_euid: Any, tmp_path: Any) -> None:
    (tmp_path / "push.jsonl").write_text('{"euid": 1, "a": 1}\n')
    for native in (False, True):
        run = airflow.run(
            lambda: push(f"{tmp_path}/{{{{ task.task_id }}}}.jsonl"), render_template_as_native_obj=native
        )
        assert run.counts == {"accepted": 1}


@pytest.mark.parametrize("native", [False, True])
def test_a_template_that_comes_to_nothing_is_refused_by_name(airflow: Any, control: Any, native: bool) -> None:
    run = airflow.run(lambda: upstream(None) >> push(PULL), render_template_as_native_obj=native)
    assert run.state == "failed"
    assert str(run.error).startswith("users is ")
    assert control.journal() == []


# References


@pytest.mark.parametrize(
    ("operator", "vendor", "user", "as_id"),
    [
        (EngageLabSetAttributesOperator, "engagelab", "euid", int),
        (MoEngageSetAttributesOperator, "moengage", "customer_id", str),
    ],
)
def test_an_argument_of_a_mapped_task_group_is_taken_wherever_a_template_is(
    airflow: Any,
    control: Any,
    connections: Callable[..., None],
    operator: Any,
    vendor: str,
    user: str,
    as_id: Any,
) -> None:
    connections(vendor, conn_id="another")

    def build() -> None:
        @task_group
        def each(users: Any, who: Any, connection: Any, columns: Any, cap: Any, shard: Any) -> None:
            operator(
                task_id="push",
                users=users,
                attributes=columns,
                rate_limit=cap,
                shard=shard,
                **{user: who, f"{vendor}_conn_id": connection},
            )

        shards = [{"number": number, "of": 2, "at_once": 2} for number in (1, 2)]
        each.expand_kwargs(
            [
                {"users": [{"x": as_id(11), "a": 1, "b": 2}], "who": "x", "connection": "another", "columns": ["a"],
                 "cap": 10, "shard": shards[0]},
                {"users": [{"y": as_id(12), "a": 1}, {"y": as_id(13), "a": 4}], "who": "y",
                 "connection": f"{vendor}_default", "columns": {"c": "a"}, "cap": None, "shard": shards[1]},
            ]
        )  # fmt: skip

    run = airflow.run(build)
    assert [report["accepted"] for report in reports(run, "each.push")] == [1, 2]
    found = {key: found.get("properties", found.get("attributes")) for key, found in control.users(vendor).items()}
    assert found == {"11": {"a": 1}, "12": {"c": 1}, "13": {"c": 4}}
    assert [report["configuration"][f"{vendor}_conn_id"] for report in reports(run, "each.push")] == [
        "another",
        f"{vendor}_default",
    ]


def test_a_mapped_task_groups_argument_is_a_target(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}, {"email": "bob@example.com"}])

    def build() -> None:
        @task_group
        def each(users: Any, target: Any) -> None:
            KahunaSetAttributesOperator(task_id="push", users=users, target=target)

        each.expand_kwargs(
            [
                {"users": [{"username": "ada", "a": 1}], "target": ["username"]},
                {"users": [{"mail": "bob@example.com", "a": 1}], "target": {"email": "mail"}},
            ]
        )

    assert [report["accepted"] for report in reports(airflow.run(build), "each.push")] == [1, 1]


def test_upstream_of_the_same_mapped_group_gives_its_own_instances_rows(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        @task
        def extract(number: int) -> Any:
            return [{"euid": number, "a": 1}, [number, 1]]

        @task_group
        def each(number: Any) -> None:
            EngageLabSetAttributesOperator(task_id="push", users=extract(number))

        each.expand(number=[1, 2, 3])

    run = airflow.run(build)
    assert [(report["rows"], report["accepted"]) for report in reports(run, "each.push")] == [(2, 1)] * 3
    assert set(pushed(any_euid)) == {"1", "2", "3"}


def test_upstream_in_a_mapped_group_gives_the_rows_of_all_instances(airflow: Any, any_euid: Any, counted: Any) -> None:
    def build() -> None:
        @task
        def extract(number: int) -> Any:
            return [{"euid": 10 * number, "a": 1}, {"euid": 10 * number + 1, "a": 1}]

        @task_group
        def each(number: Any) -> Any:
            return extract(number)

        push(each.expand(number=[1, 2]))

    counted(airflow.run(build).report, 4)
    assert set(pushed(any_euid)) == {"10", "11", "20", "21"}


def test_what_airflow_makes_of_references_is_taken(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        ids, plans = upstream([1, 2], "ids"), upstream(["gold", "blue"], "plans")
        push(ids.zip(plans).map(lambda both: {"euid": both[0], "plan": both[1]}))

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"ids", "plans"}
    assert pushed(any_euid) == {"1": {"plan": "gold"}, "2": {"plan": "blue"}}


def test_references_within_lists_and_dicts_are_taken(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        push([{"euid": 1, "a": 1, "b": 2}], attributes={"c": upstream("b")})

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream"}
    assert pushed(any_euid) == {"1": {"c": 2}}


def test_a_reference_given_to_partial_is_taken(airflow: Any, any_euid: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(
            task_id="push", users=upstream([{"x": 1, "a": 1, "b": 2}]), euid=upstream("x", "who")
        ).expand(attributes=[["a"], ["b"]])

    run = airflow.run(build)
    assert run.dag.get_task("push").upstream_task_ids == {"upstream", "who"}
    assert pushed(any_euid) == {"1": {"a": 1, "b": 2}}


@pytest.mark.parametrize("build", ["given", "partial"])
def test_upstream_that_keeps_no_output_is_an_error_of_the_dag(airflow: Any, build: str) -> None:
    def of_nothing() -> None:
        @task(do_xcom_push=False)
        def upstream() -> Any:
            return [{"euid": 1, "plan": "gold"}]

        if build == "given":
            EngageLabSetAttributesOperator(task_id="push", users=upstream())
        else:
            EngageLabSetAttributesOperator.partial(task_id="push", users=upstream()).expand(attributes=[["plan"]])

    with pytest.raises(ValueError, match=r"^users is the output of upstream, which keeps none; leave out its do_xcom"):
        airflow.run(of_nothing)


def test_a_key_that_upstream_pushes_itself_is_kept(airflow: Any, any_euid: Any, counted: Any) -> None:
    def by_key() -> None:
        @task(do_xcom_push=False)
        def upstream(ti: Any = None) -> None:
            ti.xcom_push(key="rows", value=[{"euid": 1, "plan": "gold"}])

        EngageLabSetAttributesOperator(task_id="push", users=cast("Any", upstream())["rows"])

    report = airflow.run(by_key).report
    counted(report, 1)
    assert report["accepted"] == 1


def test_an_unresolved_reference_has_a_reason(airflow: Any) -> None:
    with pytest.raises(ValueError, match=r"nulls is known only when the task runs.*give a fixed value"):
        airflow.dag(lambda: push([], nulls=upstream("skip")))
    with pytest.raises(ValueError, match="operation is known only when the task runs"):
        push([], operation="{{ params.operation }}")


# Rows that are no dicts


@pytest.mark.parametrize("as_row", [list, tuple])
def test_rows_that_are_lists_of_cells_are_invalid_each(airflow: Any, any_euid: Any, counted: Any, as_row: Any) -> None:
    run = airflow.run(lambda: push(upstream([as_row([number, "ada", 5]) for number in range(3)])))
    counted(run.report, 3)
    assert run.counts == {"invalid": 3}
    (reason,) = run.report["reasons"]
    assert "row is a " in reason["meaning"]
    assert "DictCursor" in reason["remedy"]
    assert "zip(columns, row)" in reason["remedy"]
    assert "of 3 users" in run.report["warning"]


def test_a_tuple_of_cells_is_one_row(airflow: Any, any_euid: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(upstream((1, "ada", None))))
    counted(run.report, 1)
    assert run.report["reasons"][0]["meaning"].startswith("row is a tuple, not a dict")


def test_lists_of_cells_beside_a_mapped_tasks_rows_keep_their_number(airflow: Any, any_euid: Any, counted: Any) -> None:
    def build() -> None:
        @task
        def extract(number: int) -> Any:
            return [{"euid": number, "a": 1}, {"euid": 10 + number, "a": 1}]

        push(upstream([[1, "ada", 5], [2, "bob", 6]]).concat(extract.expand(number=[1, 2])))

    run = airflow.run(build)
    counted(run.report, 6)
    assert run.counts == {"accepted": 4, "invalid": 2}


def test_a_list_of_lists_in_the_dag_file_is_no_list_of_rows(airflow: Any, any_euid: Any, counted: Any) -> None:
    run = airflow.run(lambda: push([[1, 2, 3], [{"euid": 1, "a": 1}]]))
    counted(run.report, 2)
    assert run.counts == {"invalid": 2}


# Nothing


SKIP = AirflowSkipException("nobody tonight")


def test_of_a_task_that_was_skipped_there_is_nothing_to_do(airflow: Any, control: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(upstream(SKIP), trigger_rule="none_failed"))
    assert run.state == "success"
    counted(run.report, 0)
    assert any("No users from upstream, which was skipped" in text for text in run.log.texts)
    assert run.report["configuration"]["users"] == "0 rows (upstream was skipped)"
    assert control.journal() == []


def test_what_is_made_of_a_skipped_tasks_output_is_nothing_too(airflow: Any, counted: Any) -> None:
    run = airflow.run(
        lambda: push(upstream(SKIP).map(lambda number: {"euid": number, "a": 1}), trigger_rule="none_failed")
    )
    assert run.state == "success"
    counted(run.report, 0)


def test_a_key_that_a_skipped_task_did_not_push_is_nothing(airflow: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(XComArg(upstream(SKIP).operator, key="vips"), trigger_rule="none_failed"))
    assert run.state == "success"
    counted(run.report, 0)


def test_of_two_branches_the_one_that_ran_is_pushed(airflow: Any, any_euid: Any, counted: Any) -> None:
    run = airflow.run(
        lambda: push(
            upstream([{"euid": 1, "a": 1}], "left").concat(upstream(SKIP, "right")), trigger_rule="none_failed"
        )
    )
    counted(run.report, 1)
    assert set(pushed(any_euid)) == {"1"}
    assert any("right, which was skipped" in text for text in run.log.texts)


def test_a_failed_task_is_not_mistaken_for_a_skipped_one(airflow: Any, control: Any) -> None:
    run = airflow.run(lambda: push(upstream(RuntimeError("no")), trigger_rule="all_done"))
    assert run.state == "failed"
    assert str(run.error) == "users is None: upstream failed; clear it together with this task"
    assert control.journal() == []


def test_a_task_that_did_not_run(airflow: Any, control: Any) -> None:
    def build() -> None:
        late = upstream([{"euid": 1, "a": 1}], "late")
        upstream(RuntimeError("no"), "early") >> late
        push(late, trigger_rule="all_done")

    assert str(airflow.run(build).error) == "users is None: late did not run; clear what failed before it"
    assert control.journal() == []


def test_a_task_that_has_not_ended(airflow: Any, control: Any) -> None:
    def build() -> None:
        early = upstream([], "early")
        late = upstream([{"euid": 1, "a": 1}], "late")
        early >> late
        push(late, trigger_rule="always")

    run = airflow.run(build)
    assert run.state == "failed"
    assert str(run.error) == (
        "users is None: late has not ended; give this task a trigger_rule that waits for it, such as 'all_success'"
    )
    assert control.journal() == []


def test_none_among_two_tasks_is_refused_by_name(airflow: Any, control: Any) -> None:
    run = airflow.run(lambda: push(upstream([{"euid": 1, "a": 1}], "left").concat(upstream(None, "right"))))
    assert run.state == "failed"
    assert "users is None: right returned nothing" in str(run.error)
    assert control.journal() == []
