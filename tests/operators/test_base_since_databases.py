# SPDX-License-Identifier: Apache-2.0
"""Nights that read only new rows, from real databases: transactions that are open while a push runs, and triggers."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections")

_dags = count(1)


@pytest.fixture
def night(airflow: Any, control: Any, tmp_path: Any) -> Any:
    """Push the table, as one task of one DAG does."""
    control.switch(engagelab__any_user=True)
    dag_id = f"since_databases_{next(_dags)}"
    source = SqlRows("SELECT * FROM people", conn_id="warehouse", key="euid", since=Watermark("updated_at"))

    def push() -> Any:
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push", users=source, changed_only=ChangedOnly(str(tmp_path / "known"))
            ),
            dag_id=dag_id,
        )

    return push


def held(control: Any) -> dict[str, Any]:
    return {euid: user["properties"]["a"] for euid, user in control.users("engagelab").items()}


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_a_transaction_that_is_open_while_a_push_runs(postgres: Any, night: Any, control: Any, kind: str) -> None:
    postgres.execute(
        f"CREATE TABLE people (euid int PRIMARY KEY, a text, updated_at {kind} DEFAULT now())",
        "INSERT INTO people SELECT n, 'x', now() - interval '7 days' FROM generate_series(1, 5) n",
    )
    assert night().counts == {"accepted": 5}
    writer = postgres.connect()
    try:
        with writer.cursor() as cursor:
            cursor.execute("UPDATE people SET a = 'late', updated_at = now() WHERE euid = 3")
            postgres.execute("UPDATE people SET a = 'new', updated_at = now() WHERE euid = 4")
            assert night().counts == {"accepted": 1}
        writer.commit()
    finally:
        writer.close()
    assert night().counts == {"accepted": 1, "skipped": 1}
    assert held(control) == {"1": "x", "2": "x", "3": "late", "4": "new", "5": "x"}


def test_keys_that_failed_are_not_asked_for_as_another_type(postgres: Any, night: Any, control: Any) -> None:
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", [1, 2])
    postgres.execute(
        "CREATE TABLE people (euid int PRIMARY KEY, a text, updated_at timestamptz DEFAULT now() - interval '7 days')",
        "INSERT INTO people SELECT n, 'x' FROM generate_series(1, 3) n",
    )
    assert night().counts == {"accepted": 2, "rejected": 1}
    postgres.execute("ALTER TABLE people ALTER euid TYPE text", "ALTER TABLE people ALTER a TYPE boolean USING true")
    control.seed("engagelab", [3])
    assert night().counts == {"accepted": 3}
    assert held(control) == {"1": True, "2": True, "3": True}


@pytest.mark.parametrize("kind", ["TIMESTAMP(6)", "DATETIME"])
def test_a_column_that_mariadb_sets_itself(mariadb: Any, night: Any, control: Any, kind: str) -> None:
    size = kind[kind.find("(") :] if "(" in kind else "()"
    mariadb.execute(
        f"CREATE TABLE people (euid INT PRIMARY KEY, a VARCHAR(9), updated_at {kind} NULL DEFAULT "
        f"CURRENT_TIMESTAMP{size} ON UPDATE CURRENT_TIMESTAMP{size})",
        "INSERT INTO people SELECT seq, 'x', NOW() - INTERVAL 7 DAY FROM seq_1_to_5",
    )
    assert night().counts == {"accepted": 5}
    mariadb.execute("UPDATE people SET a = 'new' WHERE euid = 4", "INSERT INTO people (euid, a) VALUES (6, 'x')")
    run = night()
    assert run.counts == {"accepted": 2}
    assert held(control)["4"] == "new"
    mariadb.execute("UPDATE people SET updated_at = NOW() - INTERVAL 1 DAY")
    assert night().counts == {}
