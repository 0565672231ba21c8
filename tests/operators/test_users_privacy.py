# SPDX-License-Identifier: Apache-2.0
"""Rows reach neither the metadata database nor the log."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from operators.engagelab_push import Given, push, upstream

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")


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
def test_a_literal_list_reaches_neither_database_nor_log(
    airflow: Any, any_euid: Any, canary: str, failing: bool
) -> None:
    run = airflow.run(lambda: push(rows_with(canary), attributes=["a"], max_failed=0 if failing else None))
    assert run.state == ("failed" if failing else "success")
    assert stored(canary) == []
    assert canary not in run.log.everything()
    assert canary not in json.dumps(run.report)
    assert run.rendered["push"]["users"] == "3 rows"


def test_rows_of_an_upstream_task_are_stored_by_that_task_alone(airflow: Any, any_euid: Any, canary: str) -> None:
    rows = [{"euid": 1, "a": canary}, {"euid": canary, "a": 1}]
    run = airflow.run(lambda: push(upstream(rows), max_failed=0))
    assert run.state == "failed"
    assert all("xcom" in line for line in stored(canary))
    with database() as connection, connection:
        connection.execute("DELETE FROM xcom WHERE dag_id = ? AND task_id = 'upstream'", (run.dag.dag_id,))
    assert stored(canary) == []
    assert run.rendered["push"]["users"] == "2 rows"


def test_a_source_reaches_neither_database_nor_log(airflow: Any, any_euid: Any, canary: str) -> None:
    run = airflow.run(lambda: push(Given(*rows_with(canary)), attributes=["a"]))
    assert stored(canary) == []
    assert canary not in run.log.everything()


def test_mapped_rows_are_not_rendered(airflow: Any, any_euid: Any, canary: str) -> None:
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
def test_rows_given_to_partial_are_not_stored(airflow: Any, any_euid: Any, canary: str) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", users=[{"euid": 1, "a": canary}]).expand(
            attributes=[["a"]]
        )

    airflow.run(build)
    assert stored(canary) == []


def test_rendered_templates_show_where_the_rows_come_from(airflow: Any) -> None:
    from airflow_names import BaseOperator

    dag = airflow.dag(lambda: push(upstream([])))
    operator: BaseOperator = dag.get_task("push")
    assert str(operator.users) == "rows of upstream"  # type: ignore[attr-defined]
