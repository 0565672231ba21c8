# SPDX-License-Identifier: Apache-2.0
"""`log_to`: what became of the rows, in tables of a database, night after night."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.push_log import PushLog, user_digest

pytestmark = pytest.mark.usefixtures("connections")

_dags = count(1)

NOT_AN_EUID = "EUID is invalid"


@pytest.fixture
def read(sqlite: Any, tmp_path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Query the database of the log."""

    def read(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "warehouse.db")) as connection:
            return connection.execute(sql, values).fetchall()

    return read


@pytest.fixture
def night(airflow: Any, control: Any, clock: Any, sqlite: Any) -> Callable[..., Any]:
    """Push rows as one task of one DAG does, a day after the last time, to an EngageLab that knows users below 100."""
    control.seed("engagelab", list(range(1, 100)))
    dag_id = f"logged_{next(_dags)}"

    def push(
        users: Any, operator: Any = EngageLabSetAttributesOperator, *, log: dict[str, Any] | None = None, **given: Any
    ) -> Any:
        clock.advance(86_400)
        given = {"log_to": PushLog("warehouse", **log or {}), "max_failed": None, **given}
        return airflow.run(lambda: operator(task_id="push", users=users, **given), dag_id=dag_id)

    return push


def good(*euids: int) -> list[dict[str, Any]]:
    return [{"euid": euid, "a": 1} for euid in euids]


def digest(euid: int) -> str:
    return user_digest(euid, "engagelab_default")


def test_a_night(night: Any, read: Any) -> None:
    run = night([*good(1, 2), {"euid": 700, "a": 1}, {"euid": "x", "a": 1}, {"euid": 3, "a": None}])
    assert run.counts == {"accepted": 2, "rejected": 1, "invalid": 1, "skipped": 1}
    assert run.report["push_log"] == {"written": 2, "lost": 0, "why": None}
    assert "log_to: 2 lines written" in run.log.texts
    rows = read("SELECT row_position, status, code, user_digest, user_id, try_number FROM userattrs_rows ORDER BY 1")
    assert rows == [
        (2, "rejected", "55108", digest(700), None, 1),
        (3, "invalid", "euid", None, None, 1),
    ]
    ((ended, *line),) = read(
        "SELECT ended_at >= started_at, state, dag_id, task_id, run_id, map_index, vendor, operation, rows_read,"
        " rows_accepted, rows_rejected, rows_invalid, rows_skipped, requests, lines_lost, warning, failure"
        " FROM userattrs_runs"
    )
    assert ended == 1
    assert line[:4] == ["success", run.dag.dag_id, "push", run.dag_run.run_id]
    assert line[4:] == [-1, "EngageLab", "set attributes", 5, 2, 1, 1, 1, 3, 0, run.report["warning"], None]
    latest = read("SELECT user_digest, status, since = failing_since FROM userattrs_latest")
    assert latest == [(digest(700), "rejected", 1)]


def test_since_when_a_user_fails(night: Any, read: Any, control: Any) -> None:
    latest = "SELECT status, code, date(since), date(failing_since), date(recorded_at) FROM userattrs_latest"
    night(good(1, 700))
    ((_, _, first, _, _),) = read(latest)
    night(good(1, 700))
    ((*said, third),) = read(latest)
    assert said == ["rejected", "55108", first, first]
    assert third > first
    # Another reason: the verdict is new, the failure is not.
    night([*good(1), {"euid": 700, "a": [object()]}])
    ((status, _, since, failing_since, at),) = read(latest)
    assert (status, failing_since) == ("invalid", first)
    assert since == at > third
    # A night in which nothing is asked of the user changes nothing.
    night([*good(1), {"euid": 700, "a": None}])
    assert read(latest) == [("invalid", "list-of-text", since, first, at)]
    # Accepted, among other users of whom nobody has failed.
    control.seed("engagelab", [700])
    night(good(1, 2, 3, 700))
    ((status, _, since, failing_since, _),) = read(latest)
    assert (status, failing_since) == ("accepted", None)
    assert since > at
    assert night(good(1, 700)).report["push_log"]["written"] == 0, "it is as it was"
    assert len(read("SELECT * FROM userattrs_runs WHERE state = 'success'")) == 6


def test_only_what_changed(night: Any, read: Any, tmp_path: Path) -> None:
    changed = {"changed_only": ChangedOnly(str(tmp_path / "known"), removed="unset", max_removed=1.0)}
    night(good(1, 2, 3, 700), **changed)
    run = night(good(1, 2, 700), log={"level": "all"}, **changed)
    assert run.counts == {"skipped": 2, "rejected": 1}
    assert run.report["changed_only"]["removed"]["unset"] == 1
    lines = "SELECT row_position, status, code, user_digest FROM userattrs_rows WHERE run_id = ? ORDER BY 1"
    assert read(lines, run.dag_run.run_id) == [
        (None, "accepted", "removed", digest(3)),
        (0, "skipped", "unchanged", digest(1)),
        (1, "skipped", "unchanged", digest(2)),
        (2, "rejected", "55108", digest(700)),
    ]
    assert sorted(read("SELECT user_digest, code FROM userattrs_latest")) == sorted(
        [(digest(3), "removed"), (digest(700), "55108")]
    ), "a row that is unchanged leaves its user's verdict as it is"


def test_every_row_and_whose_it_is(night: Any, read: Any) -> None:
    night(good(1, 700), log={"level": "all", "identify": True})
    rows = read("SELECT user_id, user_digest, status FROM userattrs_rows ORDER BY row_position")
    assert rows == [("1", digest(1), "accepted"), ("700", digest(700), "rejected")]
    latest = read("SELECT user_id, status, failing_since IS NULL FROM userattrs_latest ORDER BY 1")
    assert latest == [("1", "accepted", 1), ("700", "rejected", 0)]


def test_a_user_of_kahuna_is_the_first_credential(night: Any, read: Any, control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    rows = [{"username": "ada", "email": "a@b.example", "a": 1}, {"username": "bob", "email": "b@b.example", "a": 1}]
    night(rows, KahunaSetAttributesOperator, target=["username", "email"], log={"identify": True})
    ((user, found),) = read("SELECT user_id, user_digest FROM userattrs_rows")
    assert (user, found) == ("username=bob", user_digest({"username": "bob"}, "kahuna_default"))


def test_a_dry_run_is_not_logged(night: Any, read: Any) -> None:
    assert "push_log" not in night(good(1), dry_run=True).report
    assert read("SELECT name FROM sqlite_master") == []


def test_old_lines_are_deleted(night: Any, read: Any, clock: Any) -> None:
    log = {"keep": timedelta(days=10)}
    night(good(1, 700, 701), log=log)
    clock.advance(9 * 86_400 - 10)
    night(good(700), log=log)
    assert [len(read(f"SELECT * FROM userattrs_{table}")) for table in ("runs", "rows", "latest")] == [2, 3, 2]
    clock.advance(86_400)
    night(good(1), log=log)
    assert [len(read(f"SELECT * FROM userattrs_{table}")) for table in ("runs", "rows", "latest")] == [2, 1, 1]


def test_another_password_begins_anew(night: Any, read: Any, connections: Any) -> None:
    night(good(1, 700))
    before = digest(700)
    connections("engagelab", login="other", password="another-secret")
    night(good(1, 701))
    assert digest(700) != before
    assert {user for (user,) in read("SELECT user_digest FROM userattrs_latest")} == {digest(1), digest(701)}


def test_a_connection_that_is_none_to_a_database_is_refused(night: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", '{"conn_type": "kahuna"}')
    run = night(good(1))
    assert run.state == "failed"
    assert "log_to: conn_id 'warehouse' is not a connection to an SQL database" in run.report["failure"]
    assert run.report["requests"] == 0


def test_a_database_that_fails_changes_nothing(night: Any, tmp_path: Path, sqlite: Any) -> None:
    (tmp_path / "warehouse.db").write_text("this is no database, and longer than its header would be " * 10)
    run = night(good(1, 700))
    assert (run.state, run.counts) == ("success", {"accepted": 1, "rejected": 1})
    why = "its tables cannot be opened: DatabaseError: file is not a database"
    assert run.report["push_log"] == {
        "written": 0,
        "lost": 1,
        "why": f"{why}; check the connection, and what its user may do",
    }
    (line,) = [line for line in run.log.ours if line.text.startswith("log_to")]
    assert line.level == "warning"
    assert (
        line.text
        == f"log_to: 0 lines written, 1 line lost ({run.report['push_log']['why']}); the push itself was not affected"
    )
    assert run.log.ours[-1].text == run.report["warning"], "the last line is the push's own"


def total(read: Any, report: dict[str, Any]) -> None:
    """Check that the lines of the only push add up to its report."""
    failed = ("partial", "rejected", "invalid", "unknown", "unsent")
    lines = dict(read("SELECT status, COUNT(*) FROM userattrs_rows GROUP BY status"))
    assert lines == {status: report[status] for status in failed if report[status]}
    assert read("SELECT COUNT(*) = COUNT(DISTINCT row_position) FROM userattrs_rows") == [(1,)]


def test_a_retry_resumes_and_no_row_is_logged_twice(
    night: Any, read: Any, control: Any, kept: dict[str, Any], counted: Any
) -> None:
    """The first try ends after some rows that failed, and leaves others unsent."""
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 7, "to": 7})
    rows = [*good(1, 700, 2), {"euid": "x", "a": 1}, *good(701, 3, 4, 5, 702, 6)]
    run = night(rows, retries=2, retry_delay=timedelta(0), concurrency=1, **kept)
    counted(run.report, 10)
    assert run.report["tries"][0] < run.report["tries"][-1]
    total(read, run.report)
    tries = read("SELECT try_number, state, resumed_from, lines_lost FROM userattrs_runs ORDER BY 1")
    assert tries == [(1, "failed", None, 0), (2, "success", run.report["tries"][-1], 0)]
    failing = "SELECT user_digest FROM userattrs_latest WHERE failing_since IS NOT NULL"
    assert {user for (user,) in read(failing)} == {digest(700), digest(701), digest(702)}


def test_a_task_without_a_checkpoint_begins_anew(night: Any, read: Any, control: Any) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 4, "to": 4})

    class Changing:
        """Rows that nobody can tell from others."""

        def rows(self) -> Any:
            yield from good(1, 700, 2, 701)

    run = night(Changing(), retries=2, retry_delay=timedelta(0), concurrency=1)
    assert run.report["tries"] == [0]
    total(read, run.report)
    assert [state for (state,) in read("SELECT state FROM userattrs_runs ORDER BY try_number")] == ["failed", "success"]


def test_each_instance_of_a_mapped_task_is_a_push(airflow: Any, control: Any, clock: Any, read: Any) -> None:
    control.seed("engagelab", [1, 2])
    given = {"task_id": "push", "log_to": PushLog("warehouse", level="all"), "max_failed": None}
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator.partial(**given).expand(users=[good(1, 700), good(2), good(701)])
    )
    assert len(run.states) == 3
    lines = "SELECT map_index, row_position, status FROM userattrs_rows ORDER BY 1, 2"
    assert read(lines) == [(0, 0, "accepted"), (0, 1, "rejected"), (1, 0, "accepted"), (2, 0, "rejected")]
    assert read("SELECT COUNT(DISTINCT push_id), COUNT(*) FROM userattrs_runs") == [(3, 3)]
    assert len(read("SELECT * FROM userattrs_latest")) == 4


def test_operations_that_add_and_that_unset(night: Any, read: Any) -> None:
    night([{"euid": euid, "a": 1} for euid in (1, 700)], operation="increase")
    night([{"euid": 700}], EngageLabUnsetAttributesOperator, attributes=["a"])
    assert read("SELECT operation, status FROM userattrs_rows ORDER BY recorded_at") == [
        ("increase attributes", "rejected"),
        ("unset attributes", "rejected"),
    ]


def test_where_it_is_may_be_a_template(airflow: Any, control: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_LOG", "warehouse")
    log = PushLog("{{ var.value.log }}", schema="{{ params.schema }}")
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push", users=good(700), log_to=log, max_failed=None, params={"schema": "main"}
        )
    )
    assert run.report["configuration"]["log_to"] == "warehouse, schema main: rows not accepted"
    assert len(read("SELECT * FROM main.userattrs_rows")) == 1
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(
            task_id="push", users=good(1), log_to=log, params={"schema": "a; DROP TABLE users"}
        )
    )
    assert run.state == "failed"
    assert run.report["failure"].startswith("log_to.schema is the text 'a; DROP TABLE users'; give a schema of letters")
