# SPDX-License-Identifier: Apache-2.0
"""Night after night on real Airflow: only the rows that are new are read, and those that failed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from cases import good

from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.handover import hand_over
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections")

_dags = count(1)

QUERY = "SELECT euid, a, updated_at FROM people"

ANOTHER_QUERY = "the query, its columns, its database or a Constant changed"


def since(**arguments: Any) -> Watermark:
    return Watermark("updated_at", **arguments)


def people(sql: str = QUERY, **arguments: Any) -> SqlRows:
    return SqlRows(sql, conn_id="warehouse", key="euid", **{"since": since(), **arguments})


@pytest.fixture
def table(sqlite: Callable[..., None]) -> Callable[..., None]:
    """Make a table of five people who changed a week ago; return what runs SQL on it."""
    sqlite("CREATE TABLE people (euid INTEGER, a TEXT, updated_at TEXT)")
    sqlite(*(f"INSERT INTO people VALUES ({number}, 'x', datetime('now', '-7 days'))" for number in range(1, 6)))
    return sqlite


@pytest.fixture
def night(night: Callable[..., Any]) -> Callable[..., Any]:
    """Read the people, if no other rows are given."""
    return lambda users=None, *more, **parameters: night(users or people(), *more, **parameters)


def window(run: Any) -> Any:
    return run.report["changed_only"]["window"]


def logged(run: Any) -> str:
    return "\n".join(run.log.texts)


def held(control: Any) -> dict[str, Any]:
    return {euid: user["properties"]["a"] for euid, user in control.users("engagelab").items()}


def test_only_new_rows_are_read(night: Any, control: Any, table: Any, counted: Any) -> None:
    first = night()
    assert first.counts == {"accepted": 5}
    assert window(first)["all"] == "nothing was pushed before"
    assert "changed_only: All rows are read, because nothing was pushed before" in logged(first)
    assert "updated_at" not in control.users("engagelab")["1"]["properties"]
    table(
        "UPDATE people SET a = 'new', updated_at = datetime('now') WHERE euid = 2",
        "UPDATE people SET updated_at = datetime('now') WHERE euid = 3",
        "INSERT INTO people VALUES (6, 'x', datetime('now'))",
    )
    second = night()
    counted(second.report, 3)
    assert second.counts == {"accepted": 2, "skipped": 1}
    assert held(control) == {"1": "x", "2": "new", "3": "x", "4": "x", "5": "x", "6": "x"}
    read = window(second)
    assert (read["column"], read["all"], read["asked"], read["remembered"], read["kept"]) == (
        "updated_at",
        None,
        0,
        0,
        None,
    )
    assert read["since"] < window(first)["until"] < read["until"]
    assert f"changed_only: Rows with updated_at from {read['since'][:10]}" in logged(second)
    assert second.report["warning"] is None


def test_a_night_without_new_rows_is_a_success(night: Any, table: Any) -> None:
    night()
    empty = night()
    assert (empty.state, empty.report["rows"], empty.report["warning"]) == ("success", 0, None)
    assert night(on_empty="fail").state == "failed"


def test_a_row_that_becomes_visible_late_is_seen_within_the_lag(night: Any, control: Any, table: Any) -> None:
    night()
    table(
        "INSERT INTO people VALUES (7, 'late', datetime('now', '-10 minutes'))",
        "INSERT INTO people VALUES (8, 'too late', datetime('now', '-20 minutes'))",
    )
    assert night().counts == {"accepted": 1}
    assert "8" not in held(control)
    assert night().counts == {"skipped": 1}, "seen twice, sent once"
    assert night(people(since=since(lag=timedelta(minutes=30)))).counts == {"accepted": 1, "skipped": 1}


def test_rows_that_failed_are_asked_for_with_their_current_values(night: Any, control: Any, table: Any) -> None:
    table("INSERT INTO people VALUES (9, 'x', datetime('now', '-7 days'))")
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", list(range(1, 6)))
    first = night()
    assert first.counts == {"accepted": 5, "rejected": 1}
    assert window(first)["remembered"] == 1
    assert "The next push asks for 1 user again who failed" in logged(first)
    again = night()
    assert (again.counts, again.state) == ({"rejected": 1}, "success"), "nobody else was to be sent"
    assert (window(again)["asked"], window(again)["failed_again"]) == (1, 1)
    assert ", and 1 user again who failed before" in logged(again)
    control.switch(engagelab__any_user=True)
    table("UPDATE people SET a = 'mended' WHERE euid = 9")  # and not updated_at
    assert night().counts == {"accepted": 1}
    assert held(control)["9"] == "mended"
    last = night()
    assert (last.counts, window(last)["asked"]) == ({}, 0)


def test_a_row_that_failed_and_left_the_query_is_forgotten(night: Any, control: Any, table: Any) -> None:
    table("INSERT INTO people VALUES (9, 'x', datetime('now', '-7 days'))")
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", list(range(1, 6)))
    night()
    table("DELETE FROM people WHERE euid = 9")
    run = night()
    assert (run.counts, window(run)["gone"], window(run)["remembered"]) == ({}, 1, 0)
    assert "1 user who failed before has left the query" in logged(run)
    assert window(night())["asked"] == 0


def test_max_failed_is_not_about_rows_that_failed_before(night: Any, control: Any, table: Any) -> None:
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", [1, 2, 3])
    night(max_failed=1.0)
    table("UPDATE people SET a = 'y', updated_at = datetime('now') WHERE euid = 1")
    run = night(max_failed=0.1)
    assert (run.counts, run.state) == ({"accepted": 1, "rejected": 2}, "success")
    table("UPDATE people SET a = 'z', updated_at = datetime('now') WHERE euid = 1")
    table("INSERT INTO people VALUES (9, 'x', datetime('now'))")
    assert night(max_failed=0.1).state == "failed"


def test_rows_without_a_time_or_with_one_to_come_are_always_read(night: Any, control: Any, table: Any) -> None:
    table(
        "INSERT INTO people VALUES (10, 'x', NULL)",
        "INSERT INTO people VALUES (11, 'x', '2099-01-01 00:00:00')",
        "INSERT INTO people VALUES (12, 'x', 'yesterday')",
    )
    night()
    table("UPDATE people SET a = 'y' WHERE euid >= 10")
    assert night().counts == {"accepted": 3}
    assert night().counts == {"skipped": 3}


def test_another_query_reads_all_rows_and_sends_what_changed(night: Any, table: Any) -> None:
    night()
    table("INSERT INTO people VALUES (6, 'x', datetime('now', '-9 days'))")
    run = night(people(f"{QUERY} WHERE 1 = 1"))
    assert (run.counts, window(run)["all"]) == (
        {"accepted": 1, "skipped": 5},
        ANOTHER_QUERY,
    )
    assert night(people(f"{QUERY} WHERE 1 = 1")).counts == {}
    zone = night(people(f"{QUERY} WHERE 1 = 1", since=since(timezone="Asia/Tokyo")))
    assert window(zone)["all"] == ANOTHER_QUERY


def test_a_column_that_is_added_is_sent_to_all(night: Any, control: Any, table: Any) -> None:
    night(people("SELECT * FROM people"))
    table("ALTER TABLE people ADD COLUMN plan TEXT DEFAULT 'gold'")
    run = night(people("SELECT * FROM people"))
    assert (run.counts, window(run)["all"]) == ({"accepted": 5}, ANOTHER_QUERY)
    assert {user["properties"]["plan"] for user in control.users("engagelab").values()} == {"gold"}
    assert night(people("SELECT * FROM people")).counts == {}


def test_another_constant_is_sent_to_all(night: Any, control: Any, table: Any, monkeypatch: Any) -> None:
    def campaign(name: str) -> Any:
        monkeypatch.setenv("AIRFLOW_VAR_CAMPAIGN", name)
        return night(attributes={"a": "a", "campaign": Constant("{{ var.value.campaign }}")})

    campaign("spring")
    assert campaign("spring").counts == {}
    run = campaign("summer")
    assert (run.counts, window(run)["all"]) == ({"accepted": 5}, ANOTHER_QUERY)
    assert {user["properties"]["campaign"] for user in control.users("engagelab").values()} == {"summer"}
    assert campaign("summer").counts == {}


def test_another_database_of_the_same_connection_is_read_whole(
    night: Any, table: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    night()
    shutil.copy(tmp_path / "warehouse.db", tmp_path / "copy.db")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "copy.db")}))
    run = night()
    assert (run.counts, window(run)["all"]) == ({"skipped": 5}, ANOTHER_QUERY)


def test_a_watermark_is_added_and_taken_away_without_sending_all(night: Any, table: Any) -> None:
    night(people(since=None), attributes=["a"])
    table("UPDATE people SET a = 'y' WHERE euid = 1")  # and not updated_at
    run = night(attributes=["a"])
    assert (run.counts, window(run)["all"]) == ({"accepted": 1, "skipped": 4}, "no push has read all rows yet")
    assert night(attributes=["a"]).counts == {}
    plain = night(people(since=None), attributes=["a"])
    assert (plain.counts, "window" in plain.report["changed_only"]) == ({"skipped": 5}, False)
    assert window(night(attributes=["a"]))["all"] == "no push has read all rows yet"


def test_another_mapping_reads_and_sends_all(night: Any, table: Any) -> None:
    night()
    run = night(attributes=["a"])
    assert (run.counts, window(run)["all"]) == ({"accepted": 5}, "the mapping changed")


def test_a_full_refresh_reads_and_sends_all(night: Any, table: Any) -> None:
    night()
    run = night(only={"full_refresh": True})
    assert (run.counts, window(run)["all"]) == ({"accepted": 5}, "full_refresh is True")
    assert night().counts == {}


def test_a_dry_run_reads_the_window_and_moves_nothing(night: Any, table: Any, tmp_path: Any) -> None:
    night()
    table("UPDATE people SET a = 'new', updated_at = datetime('now') WHERE euid = 2")
    before = {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()}
    run = night(dry_run=True)
    assert (run.report["rows"], window(run)["kept"]) == (1, None)
    assert {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()} == before
    assert night().counts == {"accepted": 1}


def test_a_push_that_fails_midway_moves_nothing(night: Any, control: Any, table: Any) -> None:
    night()
    table("UPDATE people SET a = 'new', updated_at = datetime('now') WHERE euid > 1")
    control.fault("engagelab", {"status": 401}, {"users": [4]})
    assert night(concurrency=1).state == "failed"
    control.clear_faults()
    table("UPDATE people SET updated_at = datetime('now', '-10 minutes')")
    run = night()
    assert set(run.counts) == {"accepted", "skipped"}
    assert set(held(control).values()) == {"x", "new"}
    assert list(held(control).values()).count("new") == 4


def test_moengage_reads_all_rows_often_enough_to_refresh_each_in_time(night: Any, table: Any, clock: Any) -> None:
    query = "SELECT 'user-' || euid AS customer_id, a, updated_at FROM people"
    users = SqlRows(query, conn_id="warehouse", key="customer_id", since=since())
    night(users, MoEngageSetAttributesOperator)
    runs, today = {}, 0
    for day in [1, 2, 3, 4, 5, 6, *range(10, 46, 5)]:
        clock.advance((day - today - 1) * 86_400)
        runs[day], today = night(users, MoEngageSetAttributesOperator), day
    assert sum(run.report["accepted"] for run in runs.values()) in (5, 6, 7, 8, 9, 10)
    whole = [day for day, run in runs.items() if window(run)["all"]]
    assert whole == list(range(5, 46, 5))
    assert window(runs[5])["all"] == "refresh_after asks for it"


def test_keys_are_kept_where_the_author_keeps_them_and_encrypted(night: Any, sqlite: Any, tmp_path: Any) -> None:
    sqlite("CREATE TABLE mail (customer_id TEXT, a TEXT, updated_at TEXT)")
    sqlite(f"INSERT INTO mail VALUES ('ada@example.com', '{'x' * 600}', datetime('now')), ('ok', 'x', datetime('now'))")
    users = SqlRows("SELECT * FROM mail", conn_id="warehouse", key="customer_id", since=since())
    run = night(users, MoEngageSetAttributesOperator)
    assert (run.counts, window(run)["remembered"]) == ({"accepted": 1, "invalid": 1}, 1)
    assert "ada@" not in json.dumps(run.report)
    (path,) = (tmp_path / "known").iterdir()
    assert b"ada@" not in path.read_bytes()
    sqlite("UPDATE mail SET a = 'y' WHERE customer_id LIKE 'ada%'")
    assert night(users, MoEngageSetAttributesOperator).counts == {"accepted": 1, "skipped": 1}


def test_shards_by_hash_each_have_a_mark(airflow: Any, control: Any, clock: Any, tmp_path: Any, table: Any) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        push = EngageLabSetAttributesOperator.partial(
            task_id="push", changed_only=ChangedOnly(str(tmp_path / "known"))
        ).expand_kwargs(shards(people(), 3, by="hash"))
        PushTotalOperator(task_id="total", reports=push.output)

    dag_id = f"since_{next(_dags)}"
    assert airflow.run(build, dag_id=dag_id).reports["total"]["accepted"] == 5
    table("UPDATE people SET a = 'y', updated_at = datetime('now') WHERE euid = 4")
    run = airflow.run(build, dag_id=dag_id)
    total = run.reports["total"]
    assert (total["rows"], total["accepted"], total["changed_only"]["window"]["all"]) == (1, 1, None)
    empty = airflow.run(build, dag_id=dag_id)
    assert empty.reports["total"]["rows"] == 1, "within the lag"
    table("DELETE FROM people")
    assert airflow.run(build, dag_id=dag_id).reports["total"]["warning"] is None


def test_a_source_that_is_handed_over_keeps_its_watermark(airflow: Any, night: Any, table: Any, tmp_path: Any) -> None:
    handed = hand_over(people(since=since(lag=timedelta(hours=1), timezone="Europe/Berlin")))
    assert night(handed).counts == {"accepted": 5}
    run = night(handed)
    assert (run.counts, window(run)["all"]) == ({}, None)


@pytest.mark.parametrize(
    ("users", "parameters", "message"),
    [
        (lambda: people(), {}, r"users has since=, which needs changed_only=ChangedOnly\(\.\.\.\)"),
        (
            lambda: people(),
            {"changed_only": ChangedOnly("/known", removed="unset")},
            "changed_only.removed is 'unset', and users has since=",
        ),
        (lambda: [hand_over(people()), hand_over(people(since=None))], {}, "users is several sources, one of which"),
        (lambda: people(since="updated_at"), {}, r"since is the text 'updated_at'; give Watermark\('updated_at'\)"),
        (lambda: SqlRows(QUERY, conn_id="w", since=since()), {}, "since needs key="),
        (lambda: people(types={"euid": "text"}), {}, "types names the key 'euid'"),
        (lambda: Watermark("a b"), {}, "column is 'a b'; give a column of letters"),
        (lambda: Watermark("a", lag=15), {}, "lag is 15; give a timedelta from 0"),  # type: ignore[arg-type]
        (lambda: Watermark("a", lag=timedelta(-1)), {}, "lag is datetime.timedelta"),
        (lambda: Watermark("a", timezone="Berlin"), {}, "timezone is 'Berlin', which is not a time zone"),
    ],
    ids=[
        "not compared",
        "removed",
        "several",
        "text",
        "no key",
        "typed key",
        "column",
        "number",
        "negative lag",
        "zone",
    ],
)
def test_what_cannot_work_is_an_error_when_the_dag_is_parsed(users: Any, parameters: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EngageLabSetAttributesOperator(task_id="push", users=users(), **parameters)


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (lambda: people(since=Watermark("updated")), "since names the column 'updated', did you mean 'updated_at'"),
        (lambda: people("SELECT euid, a FROM people"), "since names the column 'updated_at'"),
    ],
    ids=["unknown", "not selected"],
)
def test_a_column_that_the_query_lacks(night: Any, table: Any, users: Any, message: str) -> None:
    run = night(users())
    assert run.state == "failed"
    assert message.split(",")[0] in run.report["failure"]
    assert run.report["requests"] == 0


def test_without_an_operator_all_rows_are_read(table: Any) -> None:
    assert len([row for row in people().rows() if isinstance(row, dict)]) == len(good(5))
