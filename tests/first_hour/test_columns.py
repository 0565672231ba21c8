# SPDX-License-Identifier: Apache-2.0
"""Mistakes with columns that everybody makes, on real Airflow: each with the sentence it gives."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_userattrs import FileRows, SqlRows
from airflow_provider_userattrs.operators import MoEngageSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

COLUMNS = "customer_id, first_name, age, plan"


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlRows:
    """Make a table of three customers."""
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute(f"CREATE TABLE customers ({COLUMNS})")
        database.executemany("INSERT INTO customers VALUES (?, 'Ada', 36, 'gold')", [("u1",), ("u2",), ("u3",)])
    monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
    return SqlRows("SELECT * FROM customers", conn_id="w")


@pytest.fixture
def push(push: Callable[..., Any]) -> Callable[..., Any]:
    """Push to MoEngage, with retries that must not be needed."""
    return lambda rows, **parameters: push(rows, MoEngageSetAttributesOperator, **{"retries": 2, **parameters})


def refused(run: Any) -> str:
    """Check that the task failed at its first try and sent nothing, and return the sentence."""
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert run.report["requests"] == 0
    assert str(run.error) == run.report["failure"]
    return str(run.error)


# Names


def test_a_query_s_columns_are_checked_before_its_first_row(push: Callable[..., Any], warehouse: SqlRows) -> None:
    run = push(warehouse, attributes=["first_name", "agee", "Plan"])
    assert refused(run) == (
        "attributes names the columns 'agee' (did you mean 'age'?), 'Plan' (did you mean 'plan'?), which the rows do "
        f"not have; the columns are {COLUMNS}"
    )


def test_the_default_column_of_the_user(push: Callable[..., Any], warehouse: SqlRows) -> None:
    warehouse.sql = "SELECT customer_id AS id, age FROM customers"
    assert "customer_id names the column 'customer_id', which the rows do not have; the columns are id, age" in refused(
        push(warehouse)
    )


def test_a_csv_file_without_a_header_shows_no_user(push: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("u1,Ada,36\nu2,Bob,40\n")
    said = refused(push(str(path), attributes=["first_name", "ag"]))
    assert "customer_id names the column 'customer_id', which the rows do not have; check the name" in said
    assert "Ada" not in said


def test_a_csv_file_with_a_header(push: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("customer_id,first_name,age\nu1,Ada,36\n")
    assert "names the column 'agee' (did you mean 'age'?), which the rows do not have; the columns are " in refused(
        push(FileRows(str(path)), attributes=["agee"])
    )


def test_rows_that_may_leave_out_a_column(push: Callable[..., Any]) -> None:
    rows = [{"customer_id": f"u{number}", "age": 1} for number in range(1_000)]
    assert refused(push(rows, attributes=["agee"])).startswith(
        "attributes names the column 'agee' (did you mean 'age'?), which none of the first 1,000 rows has; the columns "
        "are customer_id, age; or give the rows the column, with None where there is no value"
    )


# Values


def test_a_column_of_dicts(push: Callable[..., Any]) -> None:
    run = push([{"customer_id": f"u{number}", "address": {"city": "X"}} for number in range(3)])
    takes = "MoEngage takes text, numbers, booleans, dates and lists of text, numbers or dates"
    assert refused(run) == (
        "MoEngage was sent none of 3 users: 3 x value of type dict on address "
        f"({takes}; convert the value upstream, or leave the attribute out)"
    )
    assert run.report["warning"] == ("3 of 3 users were not updated at MoEngage: 3 x value of type dict on address")
