# SPDX-License-Identifier: Apache-2.0
"""Mistakes that nearly everybody makes once, on real Airflow: what a push does about them unasked, and what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException, AirflowSkipException, Asset, task
from versions import AIRFLOW

from airflow_provider_userattrs import SqlRows, hand_over, shards
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    MoEngageSetAttributesOperator,
    PushTotalOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")


def rows(good: int, bad: int = 0) -> list[dict[str, Any]]:
    """Give rows for EngageLab, some of them with an id that is no number."""
    return [{"euid": f"x{number}" if number <= bad else number, "plan": "gold"} for number in range(1, good + bad + 1)]


@task
def absent() -> Any:
    raise AirflowSkipException


@task
def nobody() -> Any:
    return []


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a database with the users 1 to 3."""
    path = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE users (euid integer PRIMARY KEY, plan text)")
        database.executemany("INSERT INTO users VALUES (?, 'gold')", [(1,), (2,), (3,)])
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))


def events(run: Any) -> list[str]:
    """Give the URI of each asset event of a run."""
    from airflow.utils.session import create_session
    from sqlalchemy import select

    name = "Dataset" if AIRFLOW.major == 2 else "Asset"
    kind: Any = getattr(import_module(f"airflow.models.{name.lower()}"), f"{name}Event")
    with create_session() as session:
        return [event.uri for event in session.scalars(select(kind).where(kind.source_run_id == run.dag_run.run_id))]


def warnings(run: Any) -> list[str]:
    return [line.text for line in run.log.ours if line.level == "warning"]


# Most rows failed


def test_a_push_in_which_most_rows_failed_is_red(push: Callable[..., Any]) -> None:
    run = push(rows(1, bad=999), retries=2)
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == run.report["failure"]
    assert run.report["failure"] == (
        "999 of 1,000 users failed at EngageLab; max_failed allows 50% of the rows: 999 x EUID is not a 64-bit integer "
        "(Check the EUIDs: each is the integer EngageLab assigned to the user)"
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
    assert "1 shard failed by itself: 3 of 4 users failed" in run.reports["total"]["warning"]


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


# No rows

NOBODY = "No users were pushed to EngageLab, because there were no rows"
HINT = f'{NOBODY}; on_empty="ok" if that is expected, "fail" if the task is to fail then'


def test_a_push_without_rows_succeeds_with_a_warning(push: Callable[..., Any]) -> None:
    run = push([])
    assert run.state == "success"
    assert run.report["rows"] == 0
    assert run.report["warning"] == HINT
    assert warnings(run) == [HINT]


def test_a_query_without_a_row_is_a_warning(push: Callable[..., Any], warehouse: None) -> None:
    assert warnings(push(SqlRows("SELECT euid, plan FROM users WHERE 1 = 0", conn_id="warehouse"))) == [HINT]


def test_a_push_without_rows_fails_if_on_empty_is_fail(push: Callable[..., Any]) -> None:
    run = push([], on_empty="fail", retries=2)
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == run.report["failure"] == f'{NOBODY} (on_empty="fail")'


def test_a_push_without_rows_succeeds_if_on_empty_is_ok(push: Callable[..., Any]) -> None:
    run = push([], on_empty="ok")
    assert (run.state, run.report["warning"], warnings(run)) == ("success", None, [])


@pytest.mark.parametrize("on_empty", ["ok", "warn", "fail"])
def test_with_rows_it_makes_no_difference(push: Callable[..., Any], on_empty: str) -> None:
    run = push([{"euid": 1, "plan": None}], on_empty=on_empty)
    assert (run.state, run.report["warning"]) == ("success", None)


@pytest.mark.parametrize("on_empty", ["warn", "fail"])
def test_an_upstream_task_that_was_skipped_has_no_rows_on_purpose(airflow: Any, on_empty: str) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator(
            task_id="push", users=absent().concat(absent()), trigger_rule="none_failed", on_empty=on_empty
        )

    run = airflow.run(build)
    assert (run.state, run.report["warning"], warnings(run)) == ("success", None, [])


def test_an_empty_upstream_task_is_reported_beside_a_skipped_one(airflow: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator(task_id="push", users=absent().concat(nobody()), trigger_rule="none_failed")

    assert warnings(airflow.run(build)) == [HINT]


def in_shards(wanted: str, **total: Any) -> Callable[[], Any]:
    """Build a push in four shards, by the hash of the key."""

    def build() -> None:
        source = SqlRows(f"SELECT euid, plan FROM users WHERE {wanted}", conn_id="warehouse", key="euid")
        push = EngageLabSetAttributesOperator.partial(task_id="push").expand_kwargs(shards(source, 4, by="hash"))
        PushTotalOperator(task_id="total", reports=push.output, **total)

    return build


def test_a_shard_without_rows_is_no_warning(airflow: Any, control: Any, warehouse: None) -> None:
    control.switch(engagelab__any_user=True)
    run = airflow.run(in_shards("euid = 1", on_empty="fail"))
    assert [run.reports["push", index]["rows"] for index in range(4)].count(0) == 3
    assert set(run.states.values()) == {"success"}
    assert warnings(run) == []


def test_the_total_warns_where_no_shard_has_a_row(airflow: Any, warehouse: None) -> None:
    run = airflow.run(in_shards("1 = 0"))
    assert set(run.states.values()) == {"success"}
    assert warnings(run) == [run.reports["total"]["warning"]] == [HINT]


def test_the_total_fails_where_no_shard_may_be_without(airflow: Any, warehouse: None) -> None:
    run = airflow.run(in_shards("1 = 0", on_empty="fail"))
    assert run.states["total"] == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert run.reports["total"]["failure"] == f'{NOBODY} (on_empty="fail")'


def test_a_single_empty_shard_gives_no_warning_about_an_empty_push(push: Callable[..., Any]) -> None:
    run = push([], on_empty="fail", shard={"number": 1, "of": 4, "at_once": 4})
    assert run.state == "failed"
    assert (
        "on_empty is the text 'fail'; a shard may be empty while others are not; give it to PushTotalOperator"
        in str(run.error)
    )


# A dry run that was left on


def test_a_dry_run_warns_each_time(push: Callable[..., Any], control: Any) -> None:
    run = push(rows(3, bad=1), dry_run=True)
    assert run.state == "success"
    assert control.journal() == []
    assert run.report["warning"] == (
        "Dry run: would send 3 of 4 users to EngageLab, and sent none; 1 of 4 users would not be updated at EngageLab: "
        "1 x EUID is not a 64-bit integer"
    )
    assert warnings(run) == [run.report["warning"]]


@pytest.mark.parametrize("dry", [False, True])
def test_no_asset_event_comes_of_a_dry_run(airflow: Any, control: Any, dry: bool) -> None:
    control.switch(engagelab__any_user=True)
    outlets = [Asset("engagelab://singapore/users"), Asset("x-other://somewhere")]

    def build() -> None:
        EngageLabSetAttributesOperator(task_id="push", users=rows(3), dry_run=dry, outlets=outlets)
        EngageLabSetAttributesOperator.partial(task_id="mapped", dry_run=dry, outlets=outlets).expand(users=[rows(3)])

    run = airflow.run(build)
    assert set(run.states.values()) == {"success"}
    assert len(events(run)) == (0 if dry else 4)


def test_a_total_of_dry_runs_warns_too(airflow: Any) -> None:
    def build() -> None:
        push = EngageLabSetAttributesOperator.partial(task_id="push", dry_run=True).expand(users=[rows(3), rows(4)])
        PushTotalOperator(task_id="total", reports=push.output)

    assert airflow.run(build).reports["total"]["warning"] == (
        "Dry run: would send 7 of 7 users to EngageLab, and sent none"
    )


# A path that leads somewhere else on each worker

RELATIVE = (
    "a relative path leads to the folder that a worker happens to run in, where nobody looks; give the whole path, "
)


@pytest.mark.parametrize("parameter", ["rejects_path", "checkpoint_path"])
@pytest.mark.parametrize(
    ("given", "end"),
    [
        ("rejects.jsonl", "rejects.jsonl"),
        ("./out/checks/", "checks"),
        ("~/rejects.jsonl", "rejects.jsonl"),
        ("file://out/x.jsonl", "x.jsonl"),
    ],
)
def test_a_relative_path_is_refused_at_parse(parameter: str, given: str, end: str) -> None:
    def whole(**parameters: Any) -> Any:
        return EngageLabSetAttributesOperator(users=[], **parameters)

    for make in (whole, EngageLabSetAttributesOperator.partial):
        with pytest.raises(ValueError, match="relative path") as refused:
            make(task_id="push", **{parameter: given})
        assert str(refused.value) == (
            f"{parameter} is the text {given!r}; {RELATIVE}such as '/data/{end}' or 's3://bucket/{end}'"
        )


@pytest.mark.parametrize("parameter", ["rejects_path", "checkpoint_path"])
def test_a_template_that_comes_to_a_relative_path_is_refused(
    push: Callable[..., Any], control: Any, parameter: str
) -> None:
    run = push(rows(3), **{parameter: "{{ params.folder }}/x.jsonl"}, params={"folder": "out"}, retries=2)
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == (
        f"{parameter} is the text 'out/x.jsonl'; {RELATIVE}such as '/data/x.jsonl' or 's3://bucket/x.jsonl'"
    )
    assert control.journal() == []


@pytest.mark.parametrize(
    "path", ["/data/x.jsonl", "s3://bucket/x", "gs://conn@bucket/x", "file:///data/x", "local:///x", "memory://x"]
)
def test_a_whole_path_is_taken(path: str) -> None:
    EngageLabSetAttributesOperator(task_id="push", users=[], rejects_path=path, checkpoint_path=path)


# The key of a query is no attribute of a user


@pytest.fixture
def orders(tmp_path: Path, warehouse: None) -> None:
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as database, database:
        database.execute("CREATE TABLE orders (id integer PRIMARY KEY, customer text, plan text)")
        database.executemany("INSERT INTO orders VALUES (?, ?, 'gold')", [(7, "ada"), (8, "bob")])


def keyed(key: str = "id", columns: str = "id, customer, plan") -> SqlRows:
    return SqlRows(f"SELECT {columns} FROM orders", conn_id="warehouse", key=key)


def sent(control: Any, user: str = "ada") -> set[str]:
    """Give the names of the attributes that MoEngage holds of a user."""
    return set(control.user("moengage", user)["attributes"])


@pytest.mark.parametrize("key", ["id", "ID"])
def test_the_key_is_no_attribute(push: Callable[..., Any], control: Any, orders: None, key: str) -> None:
    run = push(keyed(key), MoEngageSetAttributesOperator, customer_id="customer")
    assert run.counts == {"accepted": 2}
    assert sent(control) == {"plan"}


def test_a_key_that_is_listed_is_an_attribute(push: Callable[..., Any], control: Any, orders: None) -> None:
    source = keyed("order_no", "id AS order_no, customer, plan")
    push(source, MoEngageSetAttributesOperator, customer_id="customer", attributes=["order_no", "plan"])
    assert sent(control) == {"order_no", "plan"}
    push(source, MoEngageSetAttributesOperator, customer_id="customer", attributes={"number": "order_no"})
    assert sent(control) == {"order_no", "plan", "number"}


def test_a_key_that_is_the_user_names_the_user(push: Callable[..., Any], control: Any, orders: None) -> None:
    run = push(keyed("customer", "customer, plan"), MoEngageSetAttributesOperator, customer_id="customer")
    assert run.counts == {"accepted": 2}
    assert sent(control) == {"plan"}


def test_the_key_is_no_attribute_in_shards_and_hand_overs(airflow: Any, control: Any, orders: None) -> None:
    @task
    def upstream() -> Any:
        return [hand_over(keyed()), hand_over(keyed())]

    def build() -> None:
        MoEngageSetAttributesOperator.partial(task_id="sharded", customer_id="customer").expand_kwargs(
            shards(keyed(), 2, by="hash")
        )
        MoEngageSetAttributesOperator(task_id="handed_over", users=upstream(), customer_id="customer")

    run = airflow.run(build)
    assert set(run.states.values()) == {"success"}
    assert sent(control) == sent(control, "bob") == {"plan"}


# A join that multiplies rows


def test_users_that_stand_twice_are_counted(push: Callable[..., Any]) -> None:
    run = push([*rows(40), *rows(3), *rows(1)])
    assert run.state == "success"
    assert (run.report["rows"], run.report["accepted"], run.report["duplicates"]) == (44, 44, 4)
    assert (
        "At least 4 rows name users that another row names too; check the query's joins if that is unexpected"
        in run.log.texts
    )
    assert run.report["warning"] is None


def test_users_that_occur_once_are_no_duplicates(push: Callable[..., Any]) -> None:
    run = push(rows(40))
    assert run.report["duplicates"] == 0
    assert not any("another row" in text for text in run.log.texts)


def test_duplicates_of_all_tries_and_shards_add_up(airflow: Any, control: Any, kept: dict[str, Any]) -> None:
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 11, "to": 11})

    def build() -> None:
        twice = [row for row in rows(10) for _ in range(2)]
        push = EngageLabSetAttributesOperator.partial(
            task_id="push", concurrency=1, retries=1, retry_delay=timedelta(0), **kept
        ).expand(users=[twice, rows(3)])
        PushTotalOperator(task_id="total", reports=push.output)

    run = airflow.run(build)
    assert run.states["total"] == "success"
    assert run.reports["push", 0]["rows"] == 20
    assert run.reports["push", 0]["tries"][1:], "it was to need a second try"
    # No row is counted twice; a user whose rows went in different tries is not noticed.
    assert 5 < run.reports["push", 0]["duplicates"] <= 10
    assert run.reports["total"]["duplicates"] == run.reports["push", 0]["duplicates"]
    assert any("name users that another row names too" in text for text in run.log.texts)
