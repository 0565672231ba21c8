# SPDX-License-Identifier: Apache-2.0
"""docs/push-log.md: its queries run as they are written, and its tables are those that are made."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.push_log import PushLog, digest_key, user_digest
from airflow_provider_userattrs.task.push_log.tables import Names, migrations

pytestmark = pytest.mark.usefixtures("connections")

PAGE = (Path(__file__).parents[2] / "docs" / "push-log.md").read_text(encoding="utf-8")
SINCE_WHEN, FOR_A_WEEK, LAST_PUSH, JOIN, DDL = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def night(airflow: Any, control: Any, clock: Any, postgres: Any) -> Callable[..., Any]:
    """Push as the page's DAG does, into a schema of PostgreSQL."""
    postgres.execute("DROP SCHEMA IF EXISTS airflow CASCADE", "CREATE SCHEMA airflow")

    def push(rows: Any, operator: Any = MoEngageSetAttributesOperator) -> Any:
        log = PushLog("warehouse", schema="airflow")
        return airflow.run(lambda: operator(task_id="push", users=rows, log_to=log, max_failed=None), dag_id="nightly")

    return push


def query(postgres: Any, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    connection = postgres.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    finally:
        connection.close()


def test_the_tables_are_those_that_are_made() -> None:
    made = [statement for step in migrations(Names("airflow"), "psycopg") for statement in step]
    assert [statement.strip() for statement in DDL.split(";")] == [*made, ""]


def test_the_queries(night: Any, postgres: Any, clock: Any) -> None:
    postgres.execute(
        "CREATE TABLE users (customer_id text)", "INSERT INTO users VALUES ('C-1001'), ('C-1002'), ('ö & %')"
    )
    clock.advance(-8 * 86_400)
    # The conversion is MoEngage's: an array that holds arrays is none of its values.
    bad, good = {"plan": [["nested"]]}, {"customer_id": "C-1002", "plan": "gold"}
    night([{"customer_id": "C-1001", **bad}, good, {"customer_id": "ö & %", **bad}])
    clock.advance(7 * 86_400 + 60)
    second = night([good, {"customer_id": "C-1001", **bad}])
    (digest,) = re.findall(r"user_digest = '(\w+)'", SINCE_WHEN)
    ((status, _, reason, attribute, since, failing_since),) = query(
        postgres, SINCE_WHEN.replace(digest, user_digest("C-1001", "moengage_default"))
    )
    assert (status, attribute, since) == ("invalid", "plan", failing_since)
    ((task, said, about, users, first),) = query(postgres, FOR_A_WEEK)
    assert (task, said, about, users, first) == ("push", reason, "plan", 2, since)
    ((position, user, *verdict),) = query(postgres, LAST_PUSH)
    assert (position, user) == (1, user_digest("C-1001", "moengage_default"))
    assert verdict[0] == "invalid"
    joined = query(postgres, JOIN, {"key": digest_key("moengage_default")})
    assert sorted(joined) == [("C-1001", reason, since), ("ö & %", reason, since)]
    assert second.report["push_log"]["lost"] == 0


def test_a_week_is_a_week_in_every_session(night: Any, postgres: Any) -> None:
    night([{"customer_id": "C-1001", "plan": [["nested"]]}])
    age = "UPDATE airflow.userattrs_latest SET failing_since = now() AT TIME ZONE 'UTC' - INTERVAL '167 hours'"
    connection = postgres.connect()
    try:
        with connection.cursor() as cursor:
            for zone in ("Asia/Tokyo", "America/New_York"):
                for since, rows in ((age, 0), (age.replace("167", "169"), 1)):
                    cursor.execute(f"SET TIME ZONE '{zone}'")
                    cursor.execute(since)
                    cursor.execute(FOR_A_WEEK)
                    assert len(cursor.fetchall()) == rows
    finally:
        connection.close()


def test_the_night_in_the_tables(night: Any, postgres: Any, control: Any) -> None:
    control.seed("engagelab", [1, 2])
    night([{"euid": euid, "a": 1} for euid in (1, 2, 700, "x")], EngageLabSetAttributesOperator)
    shown = re.findall(r"^\| `0b4363c0...` (.*) \|$", PAGE, re.MULTILINE)
    ((digest,),) = query(postgres, "SELECT user_digest FROM airflow.userattrs_rows WHERE user_digest IS NOT NULL")
    runs = query(
        postgres,
        "SELECT try_number, task_id, state, rows_read, rows_accepted, rows_rejected, rows_invalid, requests, lines_lost"
        " FROM airflow.userattrs_runs",
    )
    rows = query(
        postgres,
        "SELECT try_number, row_position, user_digest, status, code, reason FROM airflow.userattrs_rows ORDER BY 2",
    )
    written = [" | ".join("NULL" if cell is None else str(cell) for cell in row) for row in (*runs, *rows)]
    assert [line.replace("`", "").removeprefix("| ").replace("1e6bb647...", digest) for line in shown] == written
    ((*_, since, failing_since),) = query(
        postgres, "SELECT status, code, reason, since, failing_since FROM airflow.userattrs_latest"
    )
    assert failing_since - since == timedelta(0)
