# SPDX-License-Identifier: Apache-2.0
"""Queries on SQLite: declared types, keys, errors."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from sources.sql_rows import (
    UUID_1,
    change_connection,
    check_resuming,
    finished_up_to,
    only_rows,
    source,
    unfinished_rows,
)

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.resume.unfinished import Unfinished


@pytest.fixture
def users(sqlite: Callable[..., None]) -> None:
    sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, active, born, amount, tag, more, seen)",
        f"INSERT INTO users VALUES (1, 1, '1980-02-29', '1.10', '{UUID_1}', '[1]', '2026-11-24T10:00:00Z')",
        "INSERT INTO users VALUES (2, 'no', NULL, 2.5, NULL, 'null', '2026-11-24 10:00:00')",
        "INSERT INTO users VALUES (3, 'maybe', NULL, NULL, NULL, NULL, NULL)",
    )


@pytest.mark.usefixtures("users")
def test_declared_types() -> None:
    types = {
        "active": "boolean",
        "born": "date",
        "amount": "decimal",
        "tag": "uuid",
        "more": "json",
        "seen": "timestamp",
    }
    first, second, bad = source("SELECT * FROM users ORDER BY id", types=types).rows()
    seen = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)
    assert first == {
        "id": 1,
        "active": True,
        "born": date(1980, 2, 29),
        "amount": Decimal("1.10"),
        "tag": UUID_1,
        "more": [1],
        "seen": seen,
    }
    assert not isinstance(second, (MalformedRow, Keys))
    assert second["active"] is False
    assert second["seen"] == datetime(2026, 11, 24, 10)
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.status, bad.verdict.attribute) == ("invalid", "active")
    assert "maybe" not in repr(bad.verdict)
    assert bad.raw["active"] == "maybe"
    assert bad.types == types, "a replay converts the row to them once it is mended"


@pytest.mark.usefixtures("users")
def test_a_type_for_a_column_that_is_not_there() -> None:
    with pytest.raises(RefusedConfiguration, match="'nothing'"):
        list(source("SELECT id FROM users", types={"nothing": "date"}).rows())


def test_sqlite_resumes_by_key(sqlite: Any) -> None:
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3500) SELECT n AS id FROM c"
    assert check_resuming(source(numbers, key="id")) == 3_500
    assert check_resuming(source(f"{numbers} WHERE n > ?", key="id", parameters=[500])) == 3_000
    assert check_resuming(source(f"{numbers} WHERE n > :low", key="id", parameters={"low": 500})) == 3_000


def test_texts_that_a_collation_considers_equal_are_distinct(sqlite: Any) -> None:
    sqlite("CREATE TABLE t (id TEXT COLLATE NOCASE)")
    sqlite(*(f"INSERT INTO t VALUES ('{n:05}a'), ('{n:05}A')" for n in range(1_000)))
    rows = source("SELECT id FROM t", key="id")
    items = list(rows.rows())
    marks = [item for item in items if isinstance(item, Keys)]
    keys = [key for mark in marks for key in mark.keys]
    for at in (0, 1, 998, 999, 1_000, 1_001):
        finished = keys[at - 1 : at + 1] if at % 2 else keys[at : at + 1]
        left = unfinished_rows(rows, Unfinished().after_try([Gap(tuple(finished), ())]))
        assert sorted(row["id"] for row in left) == sorted(keys[at + 1 :])


def test_bytes_that_are_not_text_make_their_row_invalid(sqlite: Any) -> None:
    sqlite("CREATE TABLE t AS SELECT 'a' AS a UNION ALL SELECT CAST(x'ff' AS TEXT)")
    assert list(source("SELECT a FROM t").rows()) == [{"a": "a"}, {"a": "\udcff"}]


@pytest.mark.parametrize("key", ["order", "Order"])
def test_a_reserved_word_is_a_key_of_sqlite(sqlite: Any, key: str) -> None:
    rows = source("SELECT 1 AS 'order' UNION SELECT 2", key=key)
    assert only_rows(rows.rows()) == [{"order": 1}, {"order": 2}]
    assert unfinished_rows(rows, finished_up_to(1)) == [{"order": 2}]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT a FROM nowhere", "no such table: nowhere"),
        ("SELECT nowhere", "no such column: nowhere"),
        ("SELEC 'ada@example.com'", r"OperationalError: syntax error\)"),
    ],
)
def test_a_query_that_sqlite_refuses(sqlite: Any, sql: str, words: str) -> None:
    with pytest.raises(RefusedConfiguration, match=words):
        list(source(sql).rows())


def test_a_key_that_is_no_column_of_sqlite(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration) as raised:
        list(source("SELECT 1 AS user_id, 2 AS age", key="userid").rows())
    assert str(raised.value) == (
        "key names the column 'userid' (did you mean 'user_id'?), which sql does not have; the columns are user_id, age"
    )


@pytest.mark.parametrize("key", [None, "id"])
def test_columns_of_one_name_are_refused_with_a_key_too(sqlite: Any, key: str | None) -> None:
    with pytest.raises(RefusedConfiguration, match="'n' for columns 2 and 3; give each a unique"):
        list(source("SELECT 1 AS id, 2 AS n, 3 AS n", key=key).rows())
    rows = source("SELECT 1 AS id, 2 AS n, 3 AS 'n:1', 4 AS 'm:1'", key=key)
    assert only_rows(rows.rows()) == [{"id": 1, "n": 2, "n:1": 3, "m:1": 4}], "names of the author's own"


def test_a_key_beside_a_query_that_does_not_work(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="no such table: nowhere"):
        list(source("SELECT * FROM nowhere", key="id").rows())


@pytest.mark.parametrize("key", [None, "a"])
def test_the_columns_are_known_once_a_query_has_run(sqlite: Any, key: str | None) -> None:
    query = source("SELECT 1 AS a, 2 AS b WHERE 1 = 0", key=key)
    assert query.column_names() is None
    assert list(query.rows()) == []
    assert query.column_names() == ["a", "b"]


def test_a_locked_sqlite_is_transient(sqlite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3
    from contextlib import closing

    sqlite("CREATE TABLE t (a)")
    path = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])["host"]
    change_connection(monkeypatch, extra={"timeout": 0})
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RetryLater, match="could not be read"):
            list(source("SELECT a FROM t").rows())


def test_a_key_of_several_types(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="more than one type"):
        list(source("SELECT 1 AS id UNION ALL SELECT 'a'", key="id").rows())


def test_sql_that_gives_no_rows(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="no rows"):
        list(source("CREATE TABLE t (a)").rows())
