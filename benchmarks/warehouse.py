# SPDX-License-Identifier: Apache-2.0
"""Rows from PostgreSQL and from files: as sources of a push, and read without anything else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

QUERY = """SELECT 'user' || n AS euid, n AS id, 'user' || n || '@example.com' AS email, n % 90 AS age,
n / 7.0 AS balance, n % 2 = 0 AS vip, timestamptz '2026-01-01' + n * interval '1 s' AS seen
FROM generate_series(1, {}) n"""

#: The same in a table that says when each row changed.
TABLE = """CREATE TABLE users AS SELECT *, now() - interval '1 day' AS updated_at FROM ({}) AS rows;
CREATE UNIQUE INDEX ON users (id); CREATE INDEX ON users (updated_at); ANALYZE users"""

#: A day on which two users in a hundred change.
DAY = "UPDATE users SET age = age + 1, updated_at = now() WHERE id % 50 = 0"


def source(kind: str, rows: int, where: str) -> Any:
    """Return where the rows come from.

    :param kind: ``sql`` for a query, ``table`` for all rows of a table, ``window`` for its new ones, or a file's.
    :param where: the port of a PostgreSQL, or the folder of the files.
    """
    from airflow_provider_userattrs.changes import Watermark
    from airflow_provider_userattrs.sources.files import FileRows
    from airflow_provider_userattrs.sources.sql import SqlRows

    if kind not in ("sql", "table", "window"):
        next(iter(FileRows(f"{where}/{rows}.{kind}").rows()))  # imports are not rows
        return FileRows(f"{where}/{rows}.{kind}")
    import airflow.providers.postgres.hooks.postgres as hooks

    hooks.USE_PSYCOPG3 = False  # the same driver as the bare cursor's
    connection = {"conn_type": "postgres", "host": "127.0.0.1", "port": int(where), "login": "tester"}
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps({**connection, "schema": "postgres"})
    list(SqlRows("SELECT 1 AS id", conn_id="warehouse").rows())  # likewise
    if kind == "sql":
        return SqlRows(QUERY.format(rows), conn_id="warehouse")
    since = Watermark("updated_at", lag=timedelta(minutes=15)) if kind == "window" else None
    return SqlRows("SELECT * FROM users", conn_id="warehouse", key="id", since=since)


def bare_cursor(url: str, rows: int, where: str, kind: str = "sql") -> Callable[[], None]:
    """Read the same rows through a server-side cursor, and do nothing with them."""
    import psycopg2

    query = QUERY.format(rows) if kind == "sql" else "SELECT * FROM users ORDER BY id"

    connection = psycopg2.connect(host="127.0.0.1", port=int(where), user="tester", dbname="postgres")

    def run() -> None:
        cursor = connection.cursor("bare")
        cursor.itersize = 1_000
        cursor.execute(query)
        assert sum(1 for _ in cursor) == rows

    return run


def parquet_dicts(url: str, rows: int, where: str) -> Callable[[], None]:
    """Read the same rows of a Parquet file to dicts."""
    import pyarrow.parquet as pq

    def run() -> None:
        file = pq.ParquetFile(f"{where}/{rows}.parquet")
        assert sum(len(batch.to_pylist()) for batch in file.iter_batches(10_000)) == rows

    return run
