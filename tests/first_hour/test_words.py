# SPDX-License-Identifier: Apache-2.0
"""What a push says about mistakes, on real Airflow: what is wrong, in which column, and what to do instead."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from airflow_names import task
from first_hour.moengage_push import push_to_moengage, refused
from versions import FRAMES, needs

from airflow_provider_userattrs import SqlRows
from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator, MoEngageSetAttributesOperator

__all__ = ["push_to_moengage"]  # pytest takes a module's fixtures by its names

pytestmark = pytest.mark.usefixtures("connections", "clock")


# Rows that are no dicts


@pytest.mark.parametrize("kind", [tuple, list], ids=lambda kind: kind.__name__)
def test_rows_without_names(push: Callable[..., Any], kind: Any) -> None:
    said = f"3 x row is a {kind.__name__}, not a dict; use SqlRows, or return dicts"
    run = push([kind([f"u{number}", "gold"]) for number in range(3)])
    assert refused(run) == (
        f"MoEngage was sent none of 3 users: {said} "
        "(Name the columns: dict(zip(columns, row)), a cursor that returns dicts (DictCursor), or SqlRows)"
    )
    assert run.report["warning"] == f"3 of 3 users were not updated at MoEngage: {said}"
    assert run.log.ours[-1].text == run.report["warning"]


def test_lists_within_the_list(push: Callable[..., Any]) -> None:
    row = {"customer_id": "u1", "plan": "gold"}
    assert "2 x row is a list, not a dict; join the lists (Pass one list of dicts" in refused(push([[row], [row]]))


@pytest.mark.parametrize("as_text", [pytest.param(False, marks=needs("UUIDs in rows that a task returns")), True])
def test_a_uuid_that_a_task_returns(airflow: Any, control: Any, as_text: bool) -> None:
    known = UUID(int=5)

    @task
    def extract() -> Any:
        return [{"customer_id": str(known) if as_text else known, "plan": "gold"}]

    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=extract()))
    assert run.report["accepted"] == 1
    assert control.user("moengage", str(known))["attributes"] == {"plan": "gold"}


@needs(FRAMES)
def test_a_data_frame_that_a_task_returns(airflow: Any, control: Any) -> None:
    pandas = pytest.importorskip("pandas")

    @task
    def extract() -> Any:
        return pandas.DataFrame({"customer_id": ["u1", "u2"], "plan": ["gold", "free"]})

    run = airflow.run(lambda: MoEngageSetAttributesOperator(task_id="push", users=extract(), retries=2))
    assert refused(run) == (
        'users is a DataFrame; the upstream task must return a list of dicts instead: df.to_dict("records")'
    )
    assert control.journal() == []


@needs(FRAMES)
def test_a_data_frame_of_each_mapped_task(airflow: Any) -> None:
    pandas = pytest.importorskip("pandas")

    @task
    def extract(number: int) -> Any:
        return pandas.DataFrame({"customer_id": [f"u{number}"], "plan": ["gold"]})

    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=extract.expand(number=[1, 2]), retries=2)
    )
    assert '2 x row is a DataFrame, not a dict; return df.to_dict("records")' in refused(run)


def test_what_the_sentence_says_is_right(push: Callable[..., Any], control: Any) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"customer_id": ["u1", "u2"], "age": [36, None]})
    with pytest.raises(ValueError, match="users is a DataFrame") as raised:
        MoEngageSetAttributesOperator(task_id="push", users=frame)
    assert str(raised.value).endswith('give a list of dicts instead: df.to_dict("records")')
    run = push(frame.to_dict("records"))
    assert run.counts == {"accepted": 1, "invalid": 1}
    (reason,) = run.report["reasons"]
    assert "df.astype(object).where(df.notna(), None)" in reason["remedy"]
    run = push(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    assert run.counts == {"accepted": 1, "skipped": 1}
    assert control.user("moengage", "u1")["attributes"] == {"age": 36}


@pytest.mark.parametrize(
    ("users", "sentence"),
    [
        ((row for row in [{"euid": 1}]), "users is a generator; give a list of dicts instead: list(rows)"),
        ({1}, "users is a set; give an upstream task's output, a list of dicts, "),
        (5, "users is an int; give an upstream task's output, a list of dicts, "),
    ],
    ids=["generator", "set", "int"],
)
def test_users_that_are_no_rows_are_an_error_of_the_dag(users: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match="users is a") as raised:
        EngageLabSetAttributesOperator(task_id="push", users=users)
    assert str(raised.value).startswith(sentence)


# Columns that are not there


@pytest.fixture
def customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SqlRows]:
    """Make queries on a database with two customers."""
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute("CREATE TABLE customers (id INTEGER, customer_id TEXT, plan TEXT)")
        database.executemany("INSERT INTO customers VALUES (?, ?, 'gold')", [(1, "u1"), (2, "u2")])
    monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
    return lambda where="1 = 1", **arguments: SqlRows(
        f"SELECT * FROM customers WHERE {where}", conn_id="w", **arguments
    )


@pytest.mark.parametrize("where", ["1 = 1", "1 = 0"], ids=["rows", "none"])
def test_a_key_that_is_no_column(push: Callable[..., Any], customers: Callable[..., SqlRows], where: str) -> None:
    assert refused(push(customers(where, key="customerid"))) == (
        "key names the column 'customerid' (did you mean 'customer_id'?), which sql does not have; the columns are id, "
        "customer_id, plan"
    )


@pytest.mark.parametrize("key", [None, "id"])
def test_a_wrong_name_where_a_query_has_no_row(
    push: Callable[..., Any], customers: Callable[..., SqlRows], key: str | None
) -> None:
    """It is said on the first quiet night, and not on the first one with rows."""
    assert refused(push(customers("1 = 0", key=key), attributes=["plann"])) == (
        "attributes names the column 'plann' (did you mean 'plan'?), which the rows do not have; the columns are id, "
        "customer_id, plan"
    )
    assert push(customers("1 = 0", key=key), attributes=["plan"]).state == "success"


def test_a_wrong_name_where_a_parquet_file_has_no_row(push: Callable[..., Any], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "users.parquet")
    parquet.write_table(pytest.importorskip("pyarrow").table({"customer_id": [], "plan": []}), path)
    said = "attributes names the column 'plann' (did you mean 'plan'?), which the rows do not have; the columns are "
    assert refused(push(path, attributes=["plann"])) == f"{said}customer_id, plan"


def test_a_wrong_name_where_a_csv_file_has_a_header_alone(push: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("customer_id,plan\n")
    said = "attributes names the column 'plann' (did you mean 'plan'?), which the rows do not have; the columns are "
    assert refused(push(str(path), attributes=["plann"])) == f"{said}customer_id, plan"
    path.write_text("u1,Ada\n")
    said = refused(push(str(path), attributes=["plan"]))
    assert said.endswith(
        "customer_id names the column 'customer_id', which the rows do not have; check the name, and that the file has "
        "a header line"
    )


# What stands in the log before an error of the configuration


def told(run: Any) -> list[str]:
    """Return what the log says besides where the push goes and how it will begin again."""
    others = ("Push to ", "No place for a checkpoint", "Airflow before 3.3 stores no checkpoint", "The source")
    return [text for text in run.log.texts if not text.startswith(others)]


@pytest.mark.parametrize("count", [3, 1_000])
def test_credentials_that_are_refused(airflow: Any, connections: Callable[..., None], count: int) -> None:
    connections("engagelab", password="no such secret")
    rows = [{"euid": number, "plan": "gold"} for number in range(1, count + 1)]
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=rows, retries=2))
    assert run.state == "failed"
    assert run.counts == {"unsent": count}
    assert str(run.error).startswith("EngageLab refuses the push: authentication failed (40050). Check ")
    assert told(run) == []


def test_a_connection_that_cannot_work(airflow: Any, connections: Callable[..., None]) -> None:
    connections("engagelab", login="")
    rows = [{"euid": 1, "plan": "gold"}]
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=rows, retries=2))
    assert refused(run).startswith("Connection 'engagelab_default': login is empty; it holds the API key")
    assert run.log.texts == []


# Long lists


def test_a_list_is_cut_and_not_the_sentence(push: Callable[..., Any]) -> None:
    columns: dict[str, Any] = {f"column_with_a_long_name_{number}": {} for number in range(40)}
    said = refused(push([{"customer_id": f"u{number}", **columns} for number in range(1_000)]))
    assert said.startswith(
        "None of the first 1,000 users can be sent to MoEngage: value of type dict on column_with_a_"
    )
    assert re.search(r"column_with_a_long_name_\d, and \d\d more \(MoEngage takes ", said)
    assert said.endswith("leave the attribute out); stopped at row 1,000 of 1,000")
    said = refused(push([{"customer_id": "u1", **columns}]))
    assert re.search(
        r"on column_with_a_long_name_0, .*, and \d\d more \(MoEngage takes .*leave the attribute out\)$", said
    )


# Parameters that the configuration of a worker decides on


@pytest.mark.parametrize(
    ("scheme", "package"),
    [
        ("s3", "install apache-airflow-providers-amazon[s3fs]"),
        ("gs", "install apache-airflow-providers-google"),
        ("abfs", "install apache-airflow-providers-microsoft-azure"),
        ("nosuch", "check its scheme, or install the provider of that storage"),
    ],
)
def test_a_storage_that_is_not_installed(push: Callable[..., Any], scheme: str, package: str) -> None:
    path = f"{scheme}://bucket/users.jsonl"
    said = f"path '{path}' is on a storage that is not installed; {package}"
    assert refused(push(path)) == said
    rows = [{"customer_id": "u1", "plan": "gold"}]
    assert refused(push(rows, rejects_path=path)) == f"rejects_path: {said}; stopped before the first of 1 row"
    assert refused(push(rows, checkpoint_path=path)) == f"checkpoint_path: {said}"


def test_a_file_of_sql_that_does_not_exist(push: Callable[..., Any], customers: Callable[..., SqlRows]) -> None:
    run = push(SqlRows("nowhere.sql", conn_id="w"))
    assert len(run.log.errors) == 1, "a retry would not find it either"
    assert str(run.error) == (
        "sql names the file 'nowhere.sql', which does not exist; give its path from the DAG's folder, or set the DAG's "
        "template_searchpath"
    )


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"attributes": []}, "attributes is an empty list; give None, a list of columns, or a dict from the vendor's"),
        ({"rename": {}}, "rename is an empty dict; give a dict from a column to its attribute, such as "),
        ({"max_failed": 5.0}, "max_failed is 5.0; give a share of the rows, such as 0.05 or '5%' (1.0 is all of them)"),
        ({"max_failed": "5"}, "max_failed is the text '5'; give a share of the rows, such as 0.05 or '5%' (1.0 is all"),
        ({"concurrency": 0}, "concurrency is 0; give a number of requests in flight (int) from 1 to 256"),
    ],
    ids=["empty-list", "empty-dict", "share", "text", "number"],
)
def test_a_value_is_shown_as_it_was_written(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=next(iter(parameters))) as raised:
        MoEngageSetAttributesOperator(task_id="push", users=[], **parameters)
    assert str(raised.value).startswith(sentence)


def test_a_path_for_rejects_that_cannot_be_one(push: Callable[..., Any], tmp_path: Path) -> None:
    rows = [{"customer_id": "u1", "plan": "gold"}]
    assert refused(push(rows, rejects_path=str(tmp_path))).startswith(
        "rejects_path is a folder; give a file, such as '/data/rejects.jsonl'"
    )
    path = str(tmp_path / "users.jsonl")
    with pytest.raises(ValueError, match=r"^rejects_path is the file that the rows are read from; give another$"):
        MoEngageSetAttributesOperator(task_id="push", users=path, rejects_path=path)


def test_a_push_with_nothing_to_set(push: Callable[..., Any]) -> None:
    run = push([{"customer_id": "u1", "plan": "gold"}, {"customer_id": "u2"}], exclude=["plan"])
    assert [(reason["meaning"], reason["count"]) for reason in run.report["reasons"]] == [
        ("no attribute has a value", 2)
    ]


def test_a_dry_run_speaks_of_no_request_that_was_sent(push: Callable[..., Any]) -> None:
    run = push([{"customer_id": f"u{number}", "plan": "gold"} for number in range(3)], dry_run=True)
    assert any(text.startswith("3 users: 3 skipped; 3 requests not sent, 0 retries, ") for text in run.log.texts)
