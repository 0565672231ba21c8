# SPDX-License-Identifier: Apache-2.0
"""`where=` on real Airflow: what is sent from each source, what is said, and what a retry and the next night do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException

from airflow_provider_userattrs import ChangedOnly, FileRows, SqlRows, shards
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    EngageLabUnsetAttributesOperator,
    KahunaSetAttributesOperator,
    PushTotalOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")

ROWS: list[dict[str, Any]] = [
    {"euid": 1, "a": 1, "consented": True},
    {"euid": 2, "a": 2, "consented": False},
    {"euid": 3, "a": 3, "consented": None},
]
_dags = count(1)


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlRows:
    """Make a table of users in a database without booleans."""
    with closing(sqlite3.connect(tmp_path / "w.db")) as database, database:
        database.execute("CREATE TABLE users (euid INTEGER PRIMARY KEY, a INTEGER, consented INTEGER)")
        database.executemany("INSERT INTO users VALUES (:euid, :a, :consented)", ROWS)
    monkeypatch.setenv("AIRFLOW_CONN_W", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.db")}))
    return SqlRows("SELECT * FROM users", conn_id="w", key="euid")


@pytest.fixture(params=["list", "sql", "jsonl", "csv", "declared"])
def source(request: pytest.FixtureRequest, warehouse: SqlRows, tmp_path: Path) -> Any:
    """Give the rows from each kind of source."""
    (tmp_path / "u.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (tmp_path / "u.csv").write_text("euid,a,consented\n1,1,true\n2,2,false\n3,3,\n")
    integers = {"euid": "integer", "a": "integer"}
    return {
        "list": ROWS,
        "sql": warehouse,
        "jsonl": str(tmp_path / "u.jsonl"),
        "csv": FileRows(str(tmp_path / "u.csv"), types=integers),
        "declared": FileRows(str(tmp_path / "u.csv"), types={**integers, "consented": "boolean"}),
    }[request.param]


def test_who_did_not_consent_is_not_sent(push: Callable[..., Any], control: Any, source: Any) -> None:
    run = push(source, where="consented")
    assert run.counts == {"accepted": 1, "skipped": 2}
    assert run.report["warning"] is None
    assert control.users("engagelab").keys() == {"1"}
    assert control.user("engagelab", 1)["properties"] == {"a": 1}
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["count"], reason["attributes"]) == ("filtered", 2, {"consented": 2})
    assert run.report["configuration"]["where"] == "consented"
    assert run.report["configuration"]["attributes"] == "every other column but consented"
    assert any(
        text.startswith("2 x filtered out by where [skipped] on consented: None needed") for text in run.log.texts
    )


def test_a_dry_run_counts_as_the_push_will(push: Callable[..., Any], control: Any) -> None:
    run = push(ROWS, where="consented", dry_run=True)
    assert run.report["warning"] == "Dry run: would send 1 of 3 users to EngageLab, and sent none"
    assert {reason["code"]: reason["count"] for reason in run.report["reasons"]} == {"filtered": 2, "dry-run": 1}
    assert control.journal() == []


@pytest.mark.parametrize(
    ("rows", "why"), [(ROWS[1:], "where filtered out all 2"), (ROWS[2:], "where filtered out the only row")]
)
def test_nobody_is_left(push: Callable[..., Any], rows: Any, why: str) -> None:
    run = push(rows, where="consented")
    assert (run.state, run.counts) == ("success", {"skipped": len(rows)})
    assert run.report["warning"] == (
        f'No users were pushed to EngageLab, because {why}; on_empty="ok" if that is expected, "fail" if the task is '
        "to fail then"
    )
    assert push(rows, where="consented", on_empty="ok").report["warning"] is None
    run = push(rows, where="consented", on_empty="fail", retries=2)
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == f'No users were pushed to EngageLab, because {why} (on_empty="fail")'
    rehearsed = push(rows, where="consented", dry_run=True)
    assert f"and sent none; no users were pushed to EngageLab, because {why}; " in rehearsed.report["warning"]


def test_a_shard_of_which_nobody_is_left_is_a_success(airflow: Any, control: Any, warehouse: SqlRows) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        pushes = EngageLabSetAttributesOperator.partial(task_id="push", where="consented").expand_kwargs(
            shards(warehouse, 3, by="hash")
        )
        PushTotalOperator(task_id="total", reports=pushes.output)

    run = airflow.run(build)
    assert run.states["total"] == "success"
    total = run.reports["total"]
    assert (total["accepted"], total["skipped"], total["warning"]) == (1, 2, None)


@pytest.mark.parametrize("rows", [ROWS, 400 * ROWS], ids=["few", "many"])
def test_a_wrong_name_sends_nobody(push: Callable[..., Any], control: Any, rows: Any) -> None:
    run = push(rows, where="consent")
    assert run.state == "failed"
    assert "where names the column 'consent' (did you mean 'consented'?), which none of the " in str(run.error)
    assert control.journal() == []


def test_a_wrong_name_in_a_query(push: Callable[..., Any], warehouse: SqlRows) -> None:
    assert str(push(warehouse, where="CONSENTED").error) == (
        "where names the column 'CONSENTED' (did you mean 'consented'?), which the rows do not have; the columns are "
        "euid, a, consented"
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "where is empty; give the name of a column that is true or false, or None"),
        (True, "where is True; give the name of a column that is true or false, or None"),
        (["consented"], "where is a list; give the name of a column that is true or false, or None"),
        ("consented = true", "where is the text 'consented = true'; it names a column and is no expression; select it"),
        ("NOT opted_out", "where is the text 'NOT opted_out'; it names a column and is no expression; select it under"),
        (
            "{{ params.x }}",
            "where is known only when the task runs, but is needed when the DAG is parsed",
        ),
    ],
    ids=["empty", "flag", "list", "expression", "not", "template"],
)
def test_a_wrong_value_is_an_error_of_the_dag(value: Any, sentence: str) -> None:
    """A template that renders to nothing would send everybody."""
    with pytest.raises(ValueError, match="where is ") as raised:
        EngageLabUnsetAttributesOperator(task_id="push", users=[], attributes=["x"], where=value)
    assert str(raised.value).startswith(sentence)


def test_a_retry_filters_the_rows_that_are_left(
    push: Callable[..., Any], control: Any, kept: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "u.jsonl"
    rows = [{"euid": number, "a": 1, "consented": bool(number % 3)} for number in range(1, 61)]
    path.write_text("\n".join(map(json.dumps, rows)))
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 10, "to": 10})
    run = push(str(path), where="consented", retries=1, concurrency=1, **kept)
    assert run.report["tries"][0] == 0 < run.report["resumed_from"]
    assert run.counts == {"accepted": 40, "skipped": 20}
    assert set(control.users("engagelab")) == {str(row["euid"]) for row in rows if row["consented"]}


def test_night_after_night_with_changed_only(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    dag_id = f"consent_{next(_dags)}"

    def night(*consents: Any, where: str | None = "consented") -> Any:
        rows = [{"euid": number, "a": 1, "consented": each} for number, each in enumerate(consents, 1)]
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push",
                users=rows,
                where=where,
                attributes=["a"],
                changed_only=ChangedOnly(str(tmp_path / "known")),
            ),
            dag_id=dag_id,
        )

    assert night(True, True, False).counts == {"accepted": 2, "skipped": 1}
    assert night(True, False, False).counts == {"skipped": 3}, "who withdraws is not sent, and nothing is forgotten"
    assert night(True, True, True).counts == {"skipped": 2, "accepted": 1}
    assert "the mapping" in str(night(True, True, True, where=None).report["changed_only"]["full"])


def test_who_withdraws_is_unset_where_those_who_leave_are(airflow: Any, control: Any, tmp_path: Path) -> None:
    """Who cannot be told to have withdrawn keeps everything."""
    control.seed("kahuna", [{"username": name} for name in ("ada", "bob", "eve", "dan", "fay")])
    dag_id = f"withdrawn_{next(_dags)}"

    def night(**consents: Any) -> Any:
        rows = [{"username": name, "a": 1, "consented": each} for name, each in consents.items()]
        only = ChangedOnly(str(tmp_path / "known"), removed="unset", max_removed=1.0)
        return airflow.run(
            lambda: KahunaSetAttributesOperator(
                task_id="push",
                users=rows,
                target=["username"],
                attributes=["a"],
                where="consented",
                changed_only=only,
                max_failed=None,
            ),
            dag_id=dag_id,
        )

    assert night(ada=True, bob=True, eve=True, dan=True).counts == {"accepted": 4}
    night(
        ada=True, bob=False, eve="perhaps", dan=None, fay=True
    )  # of whom one is new: else all that is sent would fail
    held = {name: control.user("kahuna", name)["attributes"] for name in ("ada", "bob", "eve", "dan")}
    assert held == {"ada": {"a": 1}, "bob": {}, "eve": {"a": 1}, "dan": {}}


def test_who_is_not_sent_is_not_looked_up_either(push: Callable[..., Any], control: Any) -> None:
    """A look-up most likely creates the user."""
    rows = [{"user_id": f"u-{number}", "a": number, "consented": number != 2} for number in (1, 2, 3, 1)]
    run = push(rows, user_id="user_id", where="consented", duplicates="last")
    assert run.counts == {"accepted": 2, "skipped": 2}
    assert run.report["lookups"]["found"] == 2
    assert [control.user("engagelab", f"user_id=u-{number}") is None for number in (1, 2, 3)] == [False, True, False]
