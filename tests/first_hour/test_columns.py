# SPDX-License-Identifier: Apache-2.0
"""Mistakes with columns that everybody makes, on real Airflow: each with the sentence it gives."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from first_hour.moengage_push import push_to_moengage, refused

from airflow_provider_userattrs import FileRows, SqlRows
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)

__all__ = ["push_to_moengage"]  # pytest takes a module's fixtures by its names

pytestmark = pytest.mark.usefixtures("connections", "clock")

SETTING = (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)
NEEDS: dict[Any, dict[str, Any]] = {
    KahunaSetAttributesOperator: {"target": ["username"]},
    EngageLabSetContactsOperator: {"contacts": ["a", "email"], "channels": "any"},
}
COLUMNS = "customer_id, first_name, age, plan"


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlRows:
    """Make a table of three customers."""
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute(f"CREATE TABLE customers ({COLUMNS})")
        database.executemany("INSERT INTO customers VALUES (?, 'Ada', 36, 'gold')", [("u1",), ("u2",), ("u3",)])
    monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
    return SqlRows("SELECT * FROM customers", conn_id="w")


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
    assert refused(run) == (
        "MoEngage was sent none of 3 users: 3 x value of type dict on address "
        f"({TAKES}; convert the value upstream, or leave the attribute out)"
    )
    assert run.report["warning"] == ("3 of 3 users were not updated at MoEngage: 3 x value of type dict on address")


TAKES = "MoEngage takes text, numbers, booleans, dates and lists of text, numbers or dates"
UNFIT: dict[str, Any] = {"address": {"city": "X"}, "bio": "x" * 600, "tags": [True], "geo": {}, "age": 36}


def test_all_columns_at_fault_are_named_at_once(push: Callable[..., Any]) -> None:
    run = push([{"customer_id": "u1", **UNFIT}, {"customer_id": "u2", "age": 1}])
    assert run.state == "success"
    assert run.report["warning"] == (
        "1 of 2 users was not updated at MoEngage: 1 x value of type dict on address, geo, also value over 512 "
        "characters on bio, also list of booleans, which MoEngage ignores on tags"
    )
    assert run.report["invalid"] == sum(reason["count"] for reason in run.report["reasons"]) == 1


def test_a_push_whose_first_thousand_rows_are_unfit_sends_nothing(push: Callable[..., Any], control: Any) -> None:
    rows: list[Any] = [{"customer_id": f"u{number}", "address": {}, "tags": {"a": 1}} for number in range(1_200)]
    run = push([*rows, {"customer_id": "fit", "age": 1}])
    assert refused(run) == (
        f"None of the first 1,000 users can be sent to MoEngage: value of type dict on address, tags ({TAKES}; convert "
        "the value upstream, or leave the attribute out); stopped at row 1,000 of 1,201"
    )
    assert run.counts == {"invalid": 1_000, "unsent": 201}
    assert control.journal() == []


def test_a_push_that_was_stopped_so_begins_again_at_the_first_row(
    airflow: Any, push: Callable[..., Any], kept: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "users.jsonl"
    path.write_text("\n".join(json.dumps({"customer_id": f"u{number}", "address": {}}) for number in range(1_001)))
    assert refused(push(str(path), **kept)).startswith("None of the first 1,000 users can be sent")
    assert list(tmp_path.glob("checkpoints/**/*.json")) == []


def test_on_bad_value_attribute_leaves_out_only_the_bad_attribute(push: Callable[..., Any], control: Any) -> None:
    rows = [{"customer_id": f"u{number}", **UNFIT} for number in range(2)]
    run = push(rows, on_bad_value="attribute")
    assert run.state == "success"
    assert run.counts == {"accepted": 2}
    assert {note["attribute"]: (note["note"], note["count"]) for note in run.report["notes"]} == {
        "address": ("left out: value of type dict", 2),
        "geo": ("left out: value of type dict", 2),
        "bio": ("left out: value over 512 characters", 2),
        "tags": ("left out: list of booleans, which MoEngage ignores", 2),
    }
    assert run.report["configuration"]["on_bad_value"] == "attribute"
    assert control.user("moengage", "u1")["attributes"] == {"age": 36}


def test_a_value_of_another_type_than_declared_costs_its_attribute_alone_too(
    push: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    path = tmp_path / "users.csv"
    path.write_text("customer_id,age,born,plan\nu1,unknown,03.02.1990,gold\nu2,44,1990-02-03,free\n")
    source = FileRows(str(path), types={"age": "integer", "born": "date"})
    run = push(source, on_bad_value="attribute")
    assert run.counts == {"accepted": 2}
    assert control.user("moengage", "u1")["attributes"] == {"plan": "gold"}
    assert control.user("moengage", "u2")["attributes"] == {"age": 44, "born": "1990-02-03", "plan": "free"}
    assert sorted(note["attribute"] for note in run.report["notes"]) == ["age", "born"]
    warned = push(source).report["warning"]
    assert (
        "1 x value is not of the type integer that types declares on age, also value is not of the type date" in warned
    )


@pytest.mark.parametrize("operator", SETTING, ids=lambda operator: operator.__name__)
def test_every_operator_that_sets_takes_it(operator: Any) -> None:
    needs = NEEDS.get(operator, {})
    made = [operator(task_id="push", users=[], on_bad_value=each, **needs) for each in ("row", "attribute")]
    assert made[0].configuration() != made[1].configuration()
    with pytest.raises(ValueError, match="on_bad_value is the text 'column'; use one of 'row', 'attribute'"):
        operator(task_id="push", users=[], on_bad_value="column", **needs)


# Leaving out, and other names


@pytest.mark.parametrize("attributes", [None, ["customer_id", "first_name", "age", "plan"]], ids=["all", "a-list"])
def test_five_of_forty_columns_take_five_pairs(
    push: Callable[..., Any], control: Any, warehouse: SqlRows, attributes: Any
) -> None:
    run = push(
        warehouse,
        attributes=attributes,
        exclude=["age"],
        rename={"plan": "plan_name", "customer_id": "crm_number"},
    )
    assert run.counts == {"accepted": 3}
    assert control.user("moengage", "u1")["attributes"] == {
        "first_name": "Ada",
        "plan_name": "gold",
        "crm_number": "u1",
    }
    assert run.report["configuration"]["exclude"] == ["age"]
    assert run.report["configuration"]["rename"] == ["plan_name ← plan", "crm_number ← customer_id"]


def test_a_column_to_exclude_or_to_rename_that_is_missing(push: Callable[..., Any], warehouse: SqlRows) -> None:
    assert refused(push(warehouse, exclude=["agee"], rename={"plann": "p"})) == (
        "exclude names the column 'agee' (did you mean 'age'?) and rename names the column 'plann' (did you mean "
        f"'plan'?), which the rows do not have; the columns are {COLUMNS}"
    )


def test_a_new_name_that_another_column_has(push: Callable[..., Any], warehouse: SqlRows) -> None:
    assert refused(push(warehouse, rename={"plan": "age"})) == (
        "MoEngage was sent none of 3 users: 3 x two columns for one attribute on age "
        "(Give the other column to exclude, or rename to another attribute)"
    )


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"attributes": {"a": "x"}, "exclude": ["y"]},
            "exclude is for attributes=None or a list of columns; attributes is a dict, which says where each column "
            "goes",
        ),
        (
            {"attributes": {"a": "x"}, "rename": {"y": "b"}},
            "rename is for attributes=None or a list of columns; attributes is a dict, which says where each column "
            "goes",
        ),
        (
            {"exclude": ["a"], "rename": {"a": "b"}},
            "exclude and rename both name the column 'a'; change one of them",
        ),
        ({"rename": {"a": "x", "b": "x"}}, "rename gives two columns the attribute 'x'; change one of them"),
        (
            {"attributes": ["a"], "rename": {"b": "x"}},
            "exclude or rename names a column that attributes does not list: 'b'; change one of them",
        ),
        (
            {"attributes": ["a", "b"], "rename": {"b": "a"}},
            "attributes and rename give two columns the attribute 'a'; change one of them",
        ),
        ({"exclude": "age"}, "exclude is the text 'age'; give a list of names"),
        (
            {"rename": ["age"]},
            "rename is a list; give a dict from a column to its attribute, such as {'plan_name': 'plan'}",
        ),
    ],
)
def test_a_contradiction_is_an_error_of_the_dag(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        MoEngageSetAttributesOperator(task_id="push", users=[], **parameters)


@pytest.mark.parametrize("operator", SETTING, ids=lambda operator: operator.__name__)
def test_every_operator_that_sets_takes_both(operator: Any) -> None:
    needs = NEEDS.get(operator, {})
    made = [
        operator(task_id="push", users=[], **each, **needs).configuration()
        for each in ({}, {"exclude": ["a"]}, {"rename": {"a": "b"}})
    ]
    assert made[0] != made[1] != made[2]
