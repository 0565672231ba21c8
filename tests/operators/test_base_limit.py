# SPDX-License-Identifier: Apache-2.0
"""`limit=` on real Airflow: only the first rows are read, and that is said wherever the push is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from cases import good
from versions import needs

from airflow_provider_userattrs import ChangedOnly, FileRows, SqlRows, Watermark, shards
from airflow_provider_userattrs.operators import EngageLabSetAttributesOperator, PushTotalOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

READ = "limit: only the first 3 rows were read; any further ones were left"
_dags = count(1)


class Counting:
    """Rows that count how many of them were read."""

    def __init__(self) -> None:
        self.read = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        for row in good(10):
            self.read += 1
            yield row


@pytest.fixture
def people(sqlite: Callable[..., None]) -> SqlRows:
    """Make a table of ten people."""
    sqlite("CREATE TABLE people (euid INTEGER, a INTEGER, consented INTEGER, updated_at TEXT)")
    sqlite(*(f"INSERT INTO people VALUES ({n}, {n}, {n % 2}, datetime('now', '-7 days'))" for n in range(1, 11)))
    return SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key="euid")


def held(control: Any) -> set[str]:
    return set(control.users("engagelab"))


@pytest.mark.parametrize("kind", ["list", "sql", "sql without key", "file", "custom"])
def test_only_the_first_rows_are_pushed(push: Any, control: Any, people: SqlRows, tmp_path: Any, kind: str) -> None:
    (tmp_path / "u.jsonl").write_text("\n".join(map(json.dumps, good(10))))
    sources: dict[str, Any] = {
        "list": good(10),
        "sql": people,
        "sql without key": SqlRows("SELECT euid, a FROM people ORDER BY euid", conn_id="warehouse"),
        "file": FileRows(str(tmp_path / "u.jsonl")),
        "custom": Counting(),
    }
    run = push(sources[kind], limit=3, attributes=["a"])
    assert (run.state, run.counts) == ("success", {"accepted": 3})
    assert held(control) == {"1", "2", "3"}
    assert run.report["limit"] == {"rows": 3, "reached": True}
    assert run.report["warning"] == READ
    assert run.report["configuration"]["limit"] == 3
    assert run.report["of"] == (3 if kind == "list" else None)
    assert any(", the first 3 rows at most (limit)" in text for text in run.log.texts)
    assert READ in run.log.texts
    if kind == "custom":
        assert sources[kind].read == 3


def test_a_query_is_fetched_no_further(push: Any, people: SqlRows, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_userattrs.sources.database import drivers

    asked: list[int] = []
    fetch = drivers.fetch

    def counted(connection: Any, cursor: Any, limit: int) -> Any:
        asked.append(limit)
        return fetch(connection, cursor, limit)

    monkeypatch.setattr(drivers, "fetch", counted)
    push(people, limit=3)
    assert asked == [3]


def test_fewer_rows_than_the_limit_are_all_read(push: Any) -> None:
    run = push(good(2), limit=3)
    assert (run.report["warning"], run.report["limit"]) == (None, {"rows": 3, "reached": False})
    assert "limit: there were fewer than 3 rows, and all were read" in run.log.texts


@needs("Push report tab")
def test_the_page_says_so(push: Any, see: Any) -> None:
    assert f"{READ}." in see(push(good(5), limit=3)).text
    assert f"{READ}." in see(push([*good(2), {"euid": "x", "a": 1}], limit=3)).text, "beside a row that failed"
    assert "limit: there were fewer than 9 rows, and all were read." in see(push(good(5), limit=9)).text


def test_a_template_sets_it(push: Any, control: Any) -> None:
    assert push(good(5), limit="{{ 1 + 1 }}").counts == {"accepted": 2}
    assert push(good(5), limit="{{ None }}").report.get("limit") is None
    wrong = push(good(5), limit="{{ 0 }}")
    assert (wrong.state, wrong.report["rows"]) == ("failed", 0)
    assert "limit is 0; give a number of rows (int) from 1 on" in str(wrong.error)


def test_a_dry_run_would_send_the_first_rows(push: Any, control: Any) -> None:
    run = push(good(5), limit=3, dry_run=True)
    assert run.report["warning"] == f"Dry run: would send 3 of 3 users to EngageLab, and sent none; {READ}"
    assert control.journal() == []


def test_rows_that_are_filtered_out_count(push: Any, control: Any, people: SqlRows) -> None:
    source = SqlRows("SELECT euid, a, consented FROM people", conn_id="warehouse", key="euid")
    run = push(source, limit=3, where="consented")
    assert run.counts == {"accepted": 2, "skipped": 1}
    assert held(control) == {"1", "3"}


def test_the_last_row_of_a_user_is_that_of_the_first_rows(push: Any, control: Any) -> None:
    rows = [{"euid": 1, "a": 1}, {"euid": 2, "a": 2}, {"euid": 1, "a": 3}, {"euid": 1, "a": 4}]
    assert push(rows, limit=3, duplicates="last").counts == {"accepted": 2, "skipped": 1}
    assert control.user("engagelab", 1)["properties"] == {"a": 3}
    failed = push([*good(3), {"euid": 1, "a": 4}], limit=3, duplicates="error")
    assert failed.counts == {"accepted": 3}, "the second row of user 1 was left"


@pytest.mark.parametrize("kind", ["list", "sql", "file"])
def test_a_retry_goes_on_to_the_same_row(
    push: Any, control: Any, people: SqlRows, kept: Any, counted: Any, tmp_path: Any, kind: str
) -> None:
    (tmp_path / "u.jsonl").write_text("\n".join(map(json.dumps, good(10))))
    source = {"list": good(10), "sql": people, "file": FileRows(str(tmp_path / "u.jsonl"))}[kind]
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 3, "to": 3})
    run = push(source, limit=5, retries=2, concurrency=1, attributes=["a"], **kept)
    counted(run.report, 5)
    assert run.counts == {"accepted": 5}
    assert run.report["tries"] == [0, 2]
    assert run.report["limit"] == {"rows": 5, "reached": True}
    assert held(control) == {"1", "2", "3", "4", "5"}
    assert len(control.journal("engagelab")) == 6, "no row is sent twice but the one that was refused"


def test_shards_share_it(airflow: Any, control: Any, people: SqlRows) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        pushes = EngageLabSetAttributesOperator.partial(task_id="push", limit=3).expand_kwargs(
            shards(people, 2, by="hash")
        )
        PushTotalOperator(task_id="total", reports=pushes.output)

    total = airflow.run(build).reports["total"]
    assert (total["accepted"], total["limit"]) == (3, {"rows": 3, "reached": True})
    assert total["warning"] == READ
    assert len(held(control)) == 3


def test_a_shard_may_have_no_part_of_it(push: Any, control: Any) -> None:
    run = push(good(5), limit=1, shard={"number": 2, "of": 2, "at_once": 2})
    assert (run.state, run.report["rows"], run.report["limit"]) == ("success", 0, {"rows": 0, "reached": True})
    assert run.report["warning"] == "limit: no row was read; any further ones were left"


@pytest.fixture
def night(airflow: Any, control: Any, clock: Any, tmp_path: Any) -> Callable[..., Any]:
    """Push as one task of one DAG does, a day after the last time."""
    control.switch(engagelab__any_user=True)
    dag_id = f"limit_{next(_dags)}"

    def push(users: Any, only: dict[str, Any] | None = None, **parameters: Any) -> Any:
        clock.advance(86_400)
        changed_only = ChangedOnly(str(tmp_path / "known"), **only or {})
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push", users=users, changed_only=changed_only, **parameters
            ),
            dag_id=dag_id,
        )

    return push


def test_what_was_accepted_is_known(night: Any, people: SqlRows) -> None:
    assert night(people, limit=3).counts == {"accepted": 3}
    assert night(people, limit=5).counts == {"accepted": 2, "skipped": 3}
    assert night(people).counts == {"accepted": 5, "skipped": 5}
    assert night(people).counts == {"skipped": 10}


def test_nobody_is_removed(night: Any, control: Any, people: SqlRows, sqlite: Any) -> None:
    only = {"removed": "unset", "max_removed": 1.0}
    night(people, only)
    assert len(held(control)) == 10
    for limit in (3, 20):  # also if all rows are read
        run = night(people, only, limit=limit)
        assert run.report["changed_only"]["removed"]["left"] is None
        assert any(
            text.endswith(
                "Nobody was looked for who left the query, because limit is set, so that not all rows are read"
            )
            for text in run.log.texts
        )
    sqlite("DELETE FROM people WHERE euid > 8")
    run = night(people, only, limit=3)
    assert run.report["changed_only"]["removed"]["unset"] == 0
    assert all(user["properties"] for user in control.users("engagelab").values())
    run = night(people, only)
    assert run.report["changed_only"]["removed"]["unset"] == 2, "those who left are still known afterwards"


def test_the_mark_does_not_pass_rows_that_were_not_read(night: Any, control: Any, sqlite: Any, people: SqlRows) -> None:
    source = SqlRows(
        "SELECT euid, a, updated_at FROM people", conn_id="warehouse", key="euid", since=Watermark("updated_at")
    )
    first = night(source, limit=3)
    window = first.report["changed_only"]["window"]
    assert window["kept"] == "limit left rows unread, if there are more"
    assert "The next push reads the same rows once more, because limit left rows unread, if there are more" in (
        first.log.texts
    )
    whole = night(source)
    assert whole.counts == {"accepted": 7, "skipped": 3}
    sqlite("UPDATE people SET a = 99, updated_at = datetime('now') WHERE euid IN (2, 4, 6)")
    limited = night(source, limit=2)
    assert limited.counts == {"accepted": 2}
    last = night(source)
    assert last.counts == {"accepted": 1, "skipped": 2}
    assert control.user("engagelab", 6)["properties"]["a"] == 99
    read = last.report["changed_only"]["window"]
    assert read["kept"] is None, "the mark moves once all rows are read"
    assert read["since"] == limited.report["changed_only"]["window"]["since"]
