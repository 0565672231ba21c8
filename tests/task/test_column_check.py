# SPDX-License-Identifier: Apache-2.0
"""A wrong column name stops a push at the first row that can tell, and shows no value of a user."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.push.model.chunk import sliced
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.column_check import PATIENCE, ColumnCheck

pytestmark = pytest.mark.usefixtures("connections", "clock")

USERS = 3_000


def check_columns(rows: Any, named: dict[str, str], **options: Any) -> Iterator[Any]:
    """Yield rows as `ColumnCheck` passes them on."""
    return ColumnCheck(named, **options).check(rows)


@pytest.fixture
def rows_of(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Make a source of a kind with 3,000 users."""

    def make(kind: str) -> Any:
        users = [{"euid": number, "plan_name": "gold"} for number in range(1, USERS + 1)]
        if kind == "sql":
            with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
                database.execute("CREATE TABLE users (euid INTEGER, plan_name TEXT)")
                database.executemany("INSERT INTO users VALUES (:euid, :plan_name)", users)
            monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
            return SqlRows("SELECT * FROM users ORDER BY euid", conn_id="w")
        if kind == "csv":
            lines = ["euid,plan_name", *(f"{user['euid']},{user['plan_name']}" for user in users)]
            (tmp_path / "u.csv").write_text("\n".join(lines))
            return FileRows(str(tmp_path / "u.csv"))
        (tmp_path / "u.jsonl").write_text("\n".join(map(json.dumps, users)))
        return users if kind == "list" else FileRows(str(tmp_path / "u.jsonl"))

    return make


@pytest.mark.parametrize("kind", ["sql", "csv", "json", "list"])
@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"attributes": ["plan"]}, "attributes names the column 'plan'"),
        ({"attributes": {"p": Hashed("Plan")}}, "attributes={attribute: column} names the column 'Plan'"),
        ({"euid": "id"}, "euid names the column 'id'"),
    ],
)
def test_a_wrong_name_stops_the_push(
    push: Callable[..., Any], control: Any, rows_of: Any, kind: str, parameters: Any, named: str
) -> None:
    run = push(rows_of(kind), retries=2, **parameters)
    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert len(run.log.errors) == 1
    assert named in str(run.error)
    read = run.report["rows"] - run.report["unsent"]  # a list's rows that were not reached are unsent
    assert read < (1 if kind in ("sql", "csv") else PATIENCE)
    assert named in run.report["failure"]
    assert control.journal() == []


def test_a_name_that_differs_in_case_alone_is_suggested(push: Callable[..., Any], rows_of: Any) -> None:
    run = push(rows_of("sql"), attributes={"plan": "planName"})
    assert "'planName' (did you mean 'plan_name'?)" in str(run.error)


@pytest.mark.parametrize(
    ("named", "declared", "shown"),
    [
        (("b",), False, False),  # nothing says that these are columns, and not a user
        (("b",), True, True),
        (("ada", "b"), False, True),
    ],
)
def test_columns_are_shown_where_they_cannot_be_a_user(named: tuple[str, ...], declared: bool, shown: bool) -> None:
    rows = [{"ada": 1, "berlin": 2}]
    with pytest.raises(RefusedConfiguration) as raised:
        list(check_columns(rows, dict.fromkeys(named, "attributes"), alike=True, declared=declared))
    assert ("berlin" in str(raised.value)) is shown


def test_all_missing_columns_are_named() -> None:
    with pytest.raises(RefusedConfiguration) as raised:
        list(check_columns([{"x": 1}], {"a": "attributes", "b": "attributes", "c": "euid"}, alike=True))
    assert str(raised.value) == (
        "attributes names the columns 'a', 'b' and euid names the column 'c', which the rows do not have; "
        "check the name, and that the file has a header line"
    )


def test_right_names_are_not_stopped(push: Callable[..., Any], rows_of: Any) -> None:
    run = push(rows_of("csv"), attributes={"plan": "plan_name", "by": Constant("x")}, dry_run=True)
    assert run.state == "success"
    assert run.report["skipped"] == USERS


def test_a_query_without_rows_is_nothing_to_do(push: Callable[..., Any], rows_of: Any) -> None:
    source = rows_of("sql")
    source.sql = "SELECT * FROM users WHERE euid < 0"
    assert push(source, attributes=["plan_name"]).state == "success"


def test_where_all_rows_would_have_the_same_columns_none_is_needed() -> None:
    assert list(check_columns([], {"b": "attributes"}, alike=True, columns=lambda: ["a", "b"])) == []
    assert list(check_columns([], {"b": "attributes"}, alike=True, columns=lambda: None)) == []
    assert list(check_columns([], {"b": "attributes"}, alike=False, columns=lambda: ["a"])) == []
    for rows in ([], [MalformedRow(Verdict(Status.INVALID))]):
        with pytest.raises(RefusedConfiguration) as raised:
            list(check_columns(rows, {"bb": "attributes"}, alike=True, declared=True, columns=lambda: ["a", "b"]))
        assert str(raised.value) == (
            "attributes names the column 'bb' (did you mean 'b'?), which the rows do not have; the columns are a, b"
        )


def test_a_sentence_stays_short_and_keeps_its_remedy() -> None:
    names = {f"a_rather_long_column_name_{number}": "attributes" for number in range(500)}
    row = {f"another_column_name_{number}": 1 for number in range(500)}
    with pytest.raises(RefusedConfiguration) as raised:
        list(check_columns([row] * PATIENCE, names, alike=False, declared=True))
    said = str(raised.value)
    assert len(said) < 700
    assert re.search(r"attributes names the columns .*, and 49\d more, which none of the first 1,000 rows has; ", said)
    assert re.search(r"the columns are .*, and 49\d more; or give the rows the column, with None where there is", said)


def test_one_of_several_credentials_is_enough_where_rows_leave_out_what_is_null(airflow: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": f"u{number}"} for number in range(1_100)])
    rows = [{"username": f"u{number}", "a": 1} for number in range(1_100)]
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push", users=rows, target=["username", "email"], attributes=["a"], rate_limit=100_000
        )
    )
    assert "names the column" not in run.log.everything()
    assert run.report["rows"] == len(rows)


# Rows that need not be alike, and end before 1,000 of them


def remark(rows: list[Any], named: dict[str, str], **options: Any) -> str | None:
    check = ColumnCheck(named, **{"alike": False, **options})
    assert list(check.check(rows)) == rows
    return check.remark


ROWS: list[Any] = [{"id": 1, "age": 36}, {"id": 2, "plan": "gold"}]


def test_names_that_none_of_a_few_rows_has_are_remarked_on_at_the_end() -> None:
    assert remark(ROWS, {"id": "euid", "agee": "attributes", "x": "attributes"}) == (
        "attributes names the columns 'agee' (did you mean 'age'?), 'x', which none of the 2 rows has; the columns are "
        "id, age, plan; or give the rows the column, with None where there is no value"
    )
    assert remark(ROWS, {"id": "euid", "plan": "attributes", "age": "attributes"}) is None
    assert remark([], {"x": "attributes"}) is None
    assert remark([MalformedRow(Verdict(Status.INVALID))], {"x": "attributes"}) is None


def test_the_only_row() -> None:
    said = "euid names the column 'ID' (did you mean 'id'?), which the only row does not have; "
    rest = "or give the rows the column, with None where there is no value"
    assert remark([{"id": 1}], {"ID": "euid"}) == f"{said}check the name; {rest}"
    assert (
        remark([{"id": 1, "age": 1}], {"ID": "euid", "age": "attributes"}) == f"{said}the columns are id, age; {rest}"
    )


def test_columns_that_several_rows_have_are_no_user() -> None:
    said = "euid names the column 'euid', which none of the 2 rows has; "
    rest = "or give the rows the column, with None where there is no value"
    assert remark([{"ada": {"id": 1}}, {"bob": {"id": 2}}], {"euid": "euid"}) == f"{said}check the name; {rest}"
    rows = [{"number": 1, "ada": 1}, {"number": 2, "bob": 1}]
    assert remark(rows, {"euid": "euid"}) == f"{said}the columns are number; {rest}"


def test_a_column_without_which_a_row_is_sent_is_remarked_on_if_another_is_like_it() -> None:
    named = {"id": "euid", "agee": "exclude", "ssn": "exclude"}
    assert remark(ROWS, named, optional={"agee", "ssn"}) == (
        "exclude names the column 'agee' (did you mean 'age'?), which none of the 2 rows has; the columns are id, age, "
        "plan"
    )
    assert remark(ROWS, {"id": "euid", "ssn": "exclude"}, optional={"ssn"}) is None


def test_one_alternative_is_enough() -> None:
    named = {"id": "target", "email": "target"}
    assert remark(ROWS, named, alternatives=["id", "email"]) is None
    assert str(remark(ROWS, {"mail": "target", "email": "target"}, alternatives=["mail", "email"])).startswith(
        "target names the columns 'mail', 'email', which none of the 2 rows has"
    )
    assert remark(ROWS, {**named, "email": "attributes"}, alternatives=["id"]) is not None


@pytest.mark.parametrize("on_bad_value", ["row", "attribute"])
def test_a_short_list_ends_as_before_and_says_what_may_be_meant(
    push: Callable[..., Any], control: Any, tmp_path: Path, on_bad_value: str
) -> None:
    rows = [{"euid": number, "plan_name": "gold", "age": 36} for number in range(1, 4)]
    rejects = tmp_path / "rejects.jsonl"
    run = push(rows, attributes=["age", "plan"], on_bad_value=on_bad_value, rejects_path=str(rejects))
    said = (
        "attributes names the column 'plan' (did you mean 'plan_name'?), which none of the 3 rows has; the columns are "
        "euid, plan_name, age"
    )
    assert said in run.report["warning"]
    if on_bad_value == "attribute":
        assert run.counts == {"accepted": 3}
        assert control.user("engagelab", 1)["properties"] == {"age": 36}
    else:
        assert run.counts == {"invalid": 3}
        assert said in run.report["failure"]
        assert control.journal() == []
        assert len(Path(run.report["rejects_path"]).read_text().splitlines()) == 1 + len(rows)
    run = push([*rows, {"euid": 9, "plan": "gold", "age": 1}], attributes=["plan"])
    assert "did you mean" not in run.report["warning"], (
        "one has it: the others leave out a NULL, or it is another mistake"
    )


def test_an_author_s_own_source_is_checked_at_its_end_too(push: Callable[..., Any]) -> None:
    class Own:
        def rows(self) -> Iterator[Any]:
            yield from ({"euid": number, "plan_name": "gold"} for number in (1, 2))

    run = push(Own(), attributes=["plan"])
    assert "'plan' (did you mean 'plan_name'?), which none of the 2 rows has; the columns are euid" in str(run.error)


@given(
    st.lists(st.sets(st.sampled_from("abc")), max_size=30),
    st.sets(st.sampled_from("abcd")),
    st.booleans(),
)
def test_every_row_is_passed_on_unless_a_column_is_missed(shapes: list[Any], named: Any, alike: bool) -> None:
    rows = [dict.fromkeys(shape, 1) for shape in shapes]
    passed: list[Any] = []
    wrong = alike and bool(rows) and not named <= set(rows[0])
    try:
        for row in check_columns(rows, dict.fromkeys(named, "attributes"), alike=alike):
            passed.append(row)
    except RefusedConfiguration:
        assert wrong
        assert passed == []
    else:
        assert not wrong
        assert passed == rows


def test_a_column_that_comes_late_is_waited_for() -> None:
    def rows() -> Iterator[Any]:
        yield from ({"a": 1} for _ in range(PATIENCE - 1))
        yield "a bookmark"
        yield {"a": 1, "b": 1}
        yield {"a": 1}

    assert len(list(check_columns(rows(), {"b": "attributes"}, alike=False))) == PATIENCE + 2


@pytest.mark.parametrize("together", [False, True], ids=["row-by-row", "in-chunks"])
def test_rows_before_the_one_that_decides_are_passed_on_however_they_were_read(together: bool) -> None:
    rows = [{"a": number} for number in range(PATIENCE + 1)]
    passed: list[Any] = []

    def read() -> None:
        for item in check_columns(sliced(rows) if together else rows, {"b": "attributes"}, alike=False):
            passed.extend(item if together else [item])

    with pytest.raises(RefusedConfiguration, match="none of the first 1,000 rows has"):
        read()
    assert passed == rows[: PATIENCE - 1]
