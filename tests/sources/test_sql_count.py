# SPDX-License-Identifier: Apache-2.0
"""A database counts a query's rows: as many as are read, and those that a window leaves out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from sources.sql_rows import only_rows, source

from airflow_provider_userattrs.changes import Watermark
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.shards import split

USERS = "SELECT id, name FROM users"


QUERIES = {
    USERS: 7,
    f"{USERS} ORDER BY name;  -- all of them": 7,
    f"{USERS} WHERE name LIKE '%b3'": 1,
    f"{USERS} WHERE id > 99": 0,
    "SELECT MIN(id) AS id FROM users GROUP BY id % 2": 2,
    f"WITH few AS ({USERS} WHERE id < 3) SELECT * FROM few": 2,
}


def check_counts(execute: Callable[..., Any], marker: str) -> None:
    """Check that as many rows are counted as are read of a table of 7 users, who have a % in their names."""
    execute("CREATE TABLE users (id INTEGER, name VARCHAR(9), at TIMESTAMP NULL)")
    execute("INSERT INTO users (id, name) VALUES " + ", ".join(f"({n}, 'a%b{n}')" for n in range(1, 8)))
    for key in (None, "id"):
        for sql, rows in QUERIES.items():
            query = source(sql, key=key)
            assert query.count() == rows == len(only_rows(query.rows())), sql
        assert source(f"{USERS} WHERE id > {marker}", parameters=[4], key=key).count() == 3
    for by in ("hash", "range"):
        shards = split(source(USERS, key="id"), 3, by)
        assert [each.count() for each in shards] == [len(only_rows(each.rows())) for each in shards]
        assert sum(each.count() for each in shards) == 7
    new = source("SELECT id, at FROM users WHERE at IS NOT NULL", key="id", since=Watermark("at", timezone="UTC"))
    execute("UPDATE users SET at = '2020-01-01 00:00:00'")
    windowed = new.within(new.read_times().window(datetime.now(timezone.utc), ()))
    assert (windowed.count(), only_rows(windowed.rows())) == (7, [])


def test_sqlite(sqlite: Any) -> None:
    check_counts(sqlite, "?")


def test_postgresql(postgres: Any) -> None:
    check_counts(postgres.execute, "%s")


def test_mariadb(mariadb: Any) -> None:
    check_counts(mariadb.execute, "%s")


def test_a_query_that_does_not_work_is_refused(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="nothing_such"):
        source("SELECT * FROM nothing_such").count()


def test_columns_are_not_taken_from_counting(sqlite: Any) -> None:
    query = source("SELECT 1 AS a")
    assert query.count() == 1
    assert query.column_names() is None
