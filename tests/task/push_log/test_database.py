# SPDX-License-Identifier: Apache-2.0
"""The tables on real databases: SQLite, PostgreSQL through both drivers, MariaDB through three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.sources.database.connection import hook_of
from airflow_provider_userattrs.task.push_log import tables
from airflow_provider_userattrs.task.push_log.database import LogDatabase
from airflow_provider_userattrs.task.push_log.transactions import Connection
from airflow_provider_userattrs.task.push_log.values import as_moment, moment

ANY = ((0, None),)


@pytest.fixture
def log(written_database: str | None, database: Any) -> Iterator[Callable[..., LogDatabase]]:
    """Open the tables of each database for a try that has begun."""
    opened = []

    def log(*, begins: Any = ANY, at: float = 1_000.0, **owner: Any) -> LogDatabase:
        made: LogDatabase = database(written_database, **owner)
        opened.append(made)
        made.open()
        made.begin(at, begins)
        return made

    yield log
    for each in opened:
        each.close()


def select(database: LogDatabase, columns: str, table: str, order: str = "1") -> list[tuple[Any, ...]]:
    """Give the lines of a table."""
    name = database._name(f"userattrs_{table}")
    rows = database._connection.run(lambda t: t.select(f"SELECT {columns} FROM {name} ORDER BY {order}"))
    return [tuple(row) for row in rows]


def test_lines_are_written_as_they_are(log: Any, line: Any) -> None:
    database = log(identify=True)
    verdict = Verdict(Status.INVALID, "rule", "100 % ? \"quoted\" 'quoted' ö\x00" + "x" * 900, attribute="größe\ud800")
    database.write([line(5, verdict, "it's ? 100% ö\n" + "y" * 900, at=1_700_000_000.25)])
    ((position, user, status, reason, attribute, at),) = select(
        database, "row_position, user_id, status, reason, attribute, recorded_at", "rows"
    )
    assert (position, status, attribute) == (5, "invalid", "größe\\ud800")
    assert user == ("it's ? 100% ö\\n" + "y" * 900)[:500]
    assert reason == ("100 % ? \"quoted\" 'quoted' ö\\x00" + "x" * 900)[:500]
    assert as_moment(at) == "2023-11-14 22:13:20.250000"
    assert select(database, "user_id, failing_since IS NULL", "latest") == [(user, False)]


def test_more_lines_than_fit_one_statement(log: Any, line: Any) -> None:
    database = log()
    database.write([line(position, user=str(position)) for position in range(1_000)])
    database.write([line(position, ACCEPTED, str(position), at=2_000) for position in range(0, 1_000, 2)])
    assert select(database, "COUNT(*)", "rows") == [(1_000,)]
    assert select(database, "status, COUNT(*)", "latest GROUP BY status") == [("accepted", 500), ("rejected", 500)]
    assert sorted(database.failing()) == sorted(f"{position:0>32}" for position in range(1, 1_000, 2))


def test_users_who_fail_are_read_page_by_page(log: Any, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.task.push_log.database._USERS", 3)
    database = log()
    database.write([line(position, user=str(position)) for position in range(10)])
    assert list(database.failing()) == [f"{position:0>32}" for position in range(10)]
    assert list(log(task_id="another", push_id="p2").failing()) == []


def test_a_try_that_resumes_replaces_the_lines_of_the_rows_it_sends_again(log: Any, line: Any) -> None:
    first = log()
    first.write([line(position, user=str(position)) for position in (*range(10), None)])
    second = log(begins=((2, 4), (7, None)), try_number=2)
    assert select(second, "row_position", "rows") == [(0,), (1,), (4,), (5,), (6,)]
    second.write([line(3), line(8)])
    assert select(second, "row_position, try_number", "rows") == [
        (0, 1),
        (1, 1),
        (3, 2),
        (4, 1),
        (5, 1),
        (6, 1),
        (8, 2),
    ]
    assert select(second, "try_number, state", "runs") == [(1, "killed"), (2, "running")]
    assert second.end({"state": "success", "ended_at": moment(5), "warning": None}, 9, 0) == 2
    assert select(second, "try_number, state, lines_lost", "runs") == [(1, "killed", None), (2, "success", 2)]


def test_a_push_that_is_complete_keeps_its_lines(log: Any, line: Any) -> None:
    log().write([line(1), line(None)])
    second = log(begins=(), try_number=2)
    assert select(second, "COUNT(*)", "rows") == [(2,)]
    assert second.end({"state": "success"}, 1, 0) == 0


def test_two_pushes_do_not_see_each_other(log: Any, line: Any) -> None:
    log().write([line(1)])
    other = log(push_id="p2", dag_id="another")
    other.write([line(2)])
    assert select(other, "push_id, row_position", "rows") == [("p1", 1), ("p2", 2)]
    assert select(other, "dag_id, state", "runs") == [("another", "running"), ("nightly", "running")]
    assert len(select(other, "dag_id", "latest")) == 2


def test_since_when_survives_the_way_through_the_database(log: Any, line: Any) -> None:
    database = log()
    database.write([line(at=1_700_000_000.5)])
    database.write([line(at=1_700_000_100.0)])
    ((since, failing_since, at),) = select(database, "since, failing_since, recorded_at", "latest")
    assert as_moment(since) == as_moment(failing_since) == moment(1_700_000_000.5)
    assert as_moment(at) == moment(1_700_000_100)


def test_only_the_own_old_lines_are_forgotten(log: Any, line: Any) -> None:
    log(push_id="p0", task_id="another", at=10).write([line(at=10)])
    database = log(at=10)
    database.write([line(1, user="1", at=10), line(2, user="2", at=1_000)])
    database.forget(100)
    assert select(database, "task_id, row_position", "rows") == [("another", 0), ("push", 2)]
    assert select(database, "task_id", "runs") == [("another",)]
    assert select(database, "task_id, user_digest", "latest", "1, 2") == [
        ("another", f"{7:0>32}"),
        ("push", f"{2:0>32}"),
    ]


def test_users_with_an_earlier_key_are_nobody(log: Any, line: Any) -> None:
    log().write([line()])
    assert select(log(key_check="k2", push_id="p2"), "COUNT(*)", "latest") == [(0,)]


def test_tables_are_brought_to_the_next_version(log: Any, line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log().write([line()])
    before = tables.migrations

    def migrations(names: Any, driver: str) -> list[list[str]]:
        table = names("userattrs_rows")
        return [*before(names, driver), [f"ALTER TABLE {table} ADD COLUMN note VARCHAR(10)"]]

    with monkeypatch.context() as patch:
        patch.setattr(tables, "migrations", migrations)
        newer = log(push_id="p2")
    assert select(newer, "note", "rows") == [(None,)]
    assert select(newer, "version", "version") == [(2,)]
    older = log(push_id="p3")
    older.write([line()])
    assert select(older, "COUNT(*), COUNT(note)", "rows") == [(2, 0)]
    assert select(older, "version", "version") == [(2,)], "an older package goes on writing"


def test_tables_are_not_made_again(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log()
    monkeypatch.setattr(tables, "migrations", lambda *_: [["this is no SQL"]])
    log(push_id="p2")


def test_several_tasks_write_of_the_same_users_at_once(log: Any, line: Any) -> None:
    """They make the tables together, and replace each other's lines; none is lost and none is there twice."""
    log().close()
    barrier = Barrier(3)
    errors: list[Exception] = []

    def push(number: int) -> None:
        try:
            database = log(push_id=f"p{number}", map_index=number)
            barrier.wait()
            for at in range(5):
                database.write([line(user, user=str(user), at=at) for user in range(100)])
            database.close()
        except Exception as error:
            errors.append(error)
            barrier.abort()

    threads = [Thread(target=push, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    database = log(push_id="last")
    assert select(database, "COUNT(*)", "rows") == [(1_500,)]
    assert select(database, "COUNT(*), COUNT(DISTINCT user_digest)", "latest") == [(100, 100)]


def test_a_connection_that_is_lost_is_opened_again(postgres: Any, database: Any, line: Any) -> None:
    log = database()
    log.open()
    log.begin(1_000.0, ANY)
    log.write([line(1)])
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    log.write([line(2)])
    assert select(log, "row_position", "rows") == [(1,), (2,)]
    log.close()


def test_a_transaction_that_fails_leaves_nothing(sqlite: Any) -> None:
    connection = Connection(hook_of("warehouse"))
    sqlite("CREATE TABLE one (a INTEGER)")

    def statements(transaction: Any) -> None:
        transaction.insert("one", ("a",), [(1,)])
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        connection.run(statements)
    assert connection.run(lambda transaction: transaction.select("SELECT * FROM one")) == []
    connection.close()


def test_a_time_before_all_times_is_before_all_lines(log: Any, line: Any) -> None:
    database = log()
    database.write([line(0)])
    database.forget(-1e13)
    assert select(database, "COUNT(*)", "rows") == [(1,)]
