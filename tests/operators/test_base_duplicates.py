# SPDX-License-Identifier: Apache-2.0
"""`duplicates=` on real Airflow: what is sent, what is said, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException, task

from airflow_provider_userattrs import ChangedOnly, SqlRows, shards
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")

ROWS: list[dict[str, Any]] = [
    {"euid": 1, "a": "old", "b": "only here"},
    {"euid": 2, "a": "other"},
    {"euid": 1, "a": "new"},
]
_dags = count(1)


def held(control: Any) -> dict[str, Any]:
    return {euid: user["properties"] for euid, user in control.users("engagelab").items()}


def test_the_last_row_alone_is_sent(push: Callable[..., Any], control: Any) -> None:
    run = push(ROWS, duplicates="last")
    assert run.counts == {"accepted": 2, "skipped": 1}
    assert held(control) == {"1": {"a": "new"}, "2": {"a": "other"}}
    assert 'duplicates="last": all rows are read and held in memory before the first is sent' in run.log.texts
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["positions"]) == ("superseded", [0])
    assert run.report["configuration"]["duplicates"] == "last, of all rows in memory"
    assert (run.report["warning"], run.report["duplicates"], run.report["requests"]) == (None, 0, 2)
    assert push(ROWS, duplicates="last", dry_run=True).counts == {"skipped": 3}


def test_all_rows_are_sent_in_their_order_unless_it_is_asked_for(push: Callable[..., Any], control: Any) -> None:
    run = push(ROWS)
    assert run.counts == {"accepted": 3}
    assert held(control)["1"] == {"a": "new", "b": "only here"}
    assert "duplicates" not in run.report["configuration"]


def test_an_error_sends_nobody(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    run = push(ROWS, duplicates="error", retries=2, rejects_path=str(tmp_path / "rejects.jsonl"))
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert str(run.error) == run.report["failure"]
    assert run.report["failure"] == (
        "2 of 3 rows name a user whom another row names too, so none was sent "
        '(duplicates="error"). Keep one row for each user in the query, or give duplicates="last"'
    )
    assert run.counts == {"invalid": 2, "unsent": 1}
    assert control.journal() == []
    assert len(Path(run.report["rejects_path"]).read_text().splitlines()) == 1 + len(ROWS)
    assert push(ROWS[1:], duplicates="error").counts == {"accepted": 2}


def test_who_withdraws_in_the_last_row_is_not_sent_by_an_earlier_one(push: Callable[..., Any], control: Any) -> None:
    rows = [{**row, "ok": ok} for row, ok in zip(ROWS, (True, True, False), strict=True)]
    run = push(rows, duplicates="last", where="ok")
    assert run.counts == {"accepted": 1, "skipped": 2}
    assert held(control).keys() == {"2"}


@pytest.mark.parametrize(
    ("operator", "operation"),
    [(EngageLabSetAttributesOperator, name) for name in ("increase", "add", "remove")]
    + [(MoEngageSetAttributesOperator, name) for name in ("add", "remove")],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_an_operation_that_adds_up_takes_every_row(operator: Any, operation: str) -> None:
    with pytest.raises(ValueError, match='duplicates="last"') as raised:
        operator(task_id="push", users=[], operation=operation, duplicates="last")
    assert str(raised.value).startswith('duplicates="last" is for operations that set or unset, and this one (')
    assert str(raised.value).endswith(" takes from it; without a user's earlier rows too little would arrive")
    operator(task_id="push", users=[], operation=operation, duplicates="error")


@pytest.mark.parametrize("value", ["first", None, True, "{{ x }}"])
def test_a_wrong_value_is_an_error_of_the_dag(value: Any) -> None:
    with pytest.raises(ValueError, match="duplicates is "):
        KahunaSetAttributesOperator(task_id="push", users=[], target=["u"], duplicates=value)


@pytest.fixture
def people(sqlite: Callable[..., None], control: Any) -> Callable[..., SqlRows]:
    """Make a table in which user 1 stands twice, and a query of it."""
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE people (id INTEGER PRIMARY KEY, euid INTEGER, a TEXT)")
    sqlite(*(f"INSERT INTO people (euid, a) VALUES ({euid}, '{a}')" for euid, a in ((1, "old"), (2, "x"), (1, "new"))))
    return lambda where="1 = 1", key=None: SqlRows(
        f"SELECT id, euid, a FROM people WHERE {where} ORDER BY id", conn_id="warehouse", key=key
    )


@pytest.mark.parametrize("mode", ["last", "error"])
def test_by_the_user_s_column_nothing_is_held(push: Callable[..., Any], people: Any, mode: str) -> None:
    source = SqlRows("SELECT euid, a FROM people WHERE a != 'old'", conn_id="warehouse", key="euid")
    run = push(source, duplicates=mode)
    assert run.counts == {"accepted": 2}
    assert run.report["configuration"]["duplicates"] == f"{mode}, read by euid, of which each value comes once"
    source = SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key="euid")
    assert "key 'euid' has a value twice" in str(push(source, duplicates=mode).error)


def test_a_query_by_another_key(push: Callable[..., Any], people: Any, control: Any) -> None:
    run = push(people(key="id"), duplicates="last")
    assert run.counts == {"accepted": 2, "skipped": 1}
    assert held(control)["1"] == {"a": "new"}


def test_shards_are_one_push_and_a_user_s_rows_are_in_one_of_them(airflow: Any, people: Any, control: Any) -> None:
    def build(source: SqlRows, **how: Any) -> Callable[[], Any]:
        @task
        def split() -> Any:
            return shards(source, 2, **how)

        return lambda: EngageLabSetAttributesOperator.partial(task_id="push", duplicates="last").expand_kwargs(split())

    run = airflow.run(build(people(key="id")))
    assert {state for name, state in run.states.items() if name != "split"} == {"failed"}
    assert (
        "duplicates=\"last\" needs all rows of a user in one shard; split with shards(SqlRows(..., key='euid'), n), or "
        "push without shards"
    ) in run.log.everything()
    assert control.journal() == []
    for how in ({}, {"by": "hash"}):
        source = SqlRows("SELECT euid, a FROM people WHERE a != 'old'", conn_id="warehouse", key="euid")
        assert set(airflow.run(build(source, **how)).states.values()) == {"success"}


def test_night_after_night_with_changed_only(airflow: Any, control: Any, tmp_path: Path) -> None:
    """A user who stands twice is compared by the last row, and so is unchanged the next night."""
    control.switch(engagelab__any_user=True)
    dag_id = f"twice_{next(_dags)}"

    def night(rows: Any) -> Any:
        changed_only = ChangedOnly(str(tmp_path / "known"))
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push", users=rows, duplicates="last", changed_only=changed_only
            ),
            dag_id=dag_id,
        )

    assert night(ROWS).counts == {"accepted": 2, "skipped": 1}
    assert night(ROWS).counts == {"skipped": 3}
    assert night([*ROWS, {"euid": 1, "a": "newer"}]).counts == {"skipped": 3, "accepted": 1}


def test_a_retry_holds_the_rows_that_are_left(
    push: Callable[..., Any], control: Any, kept: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "u.jsonl"
    rows = [{"euid": number % 20 + 1, "a": number} for number in range(50)]
    path.write_text("\n".join(map(json.dumps, rows)))
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 10, "to": 10})
    run = push(str(path), duplicates="last", retries=1, concurrency=1, **kept)
    assert run.report["resumed_from"] > 0
    assert run.counts == {"accepted": 20, "skipped": 30}
    assert held(control) == {str(row["euid"]): {"a": row["a"]} for row in rows}
    assert {user["updates"] for user in control.users("engagelab").values()} == {1}
