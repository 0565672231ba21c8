# SPDX-License-Identifier: Apache-2.0
"""Rows a second through SqlRows beside a bare server-side cursor, and what a million rows add to the peak of memory.

Run with ``python benchmarks/sources.py URI``, the URI of a PostgreSQL database as psycopg2 takes it. Each measure is
a process of its own; speeds are medians of five, the two sides in turn.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

FEW, MANY = 10_000, 1_000_000

QUERY = """SELECT n AS id, 'user' || n || '@example.com' AS email, n % 90 AS age, n / 7.0 AS balance, n % 2 = 0 AS vip,
timestamptz '2026-01-01' + n * interval '1 s' AS seen FROM generate_series(1, {}) n"""


def bare(uri: str, rows: int) -> int:
    import psycopg2

    connection = psycopg2.connect(uri)
    cursor = connection.cursor("bare")
    cursor.itersize = 1_000
    cursor.execute(QUERY.format(rows))
    count = sum(1 for _ in cursor)
    connection.close()
    return count


def source(kind: str, rows: int, folder: str) -> int:
    from airflow_provider_userattrs.push.bookmark import Bookmark
    from airflow_provider_userattrs.sources.files import FileRows
    from airflow_provider_userattrs.sources.sql import SqlRows

    users = {
        "sql": lambda: SqlRows(QUERY.format(rows), conn_id="warehouse"),
        "sql by key": lambda: SqlRows(QUERY.format(rows), conn_id="warehouse", key="id"),
        "gzip JSON lines": lambda: FileRows(f"{folder}/{rows}.jsonl.gz"),
        "CSV": lambda: FileRows(f"{folder}/{rows}.csv"),
        "Parquet": lambda: FileRows(f"{folder}/{rows}.parquet"),
    }[kind]()
    return sum(type(row) is not Bookmark for row in users.rows())


def write_files(folder: str, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = [{"id": n, "email": f"user{n}@example.com", "age": n % 90, "vip": n % 2 == 0} for n in range(rows)]
    with gzip.open(f"{folder}/{rows}.jsonl.gz", "wt", compresslevel=1) as lines:
        lines.writelines(json.dumps(row) + "\n" for row in made)
    with Path(f"{folder}/{rows}.csv").open("w") as lines:
        lines.write("id,email,age,vip\n")
        lines.writelines(f"{row['id']},{row['email']},{row['age']},{row['vip']}\n" for row in made)
    pq.write_table(pa.Table.from_pylist(made), f"{folder}/{rows}.parquet")


def peak() -> int:
    """Return this process's own peak in bytes; getrusage would count what it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def measure(kind: str, rows: int, uri: str, folder: str) -> tuple[float, float]:
    """Return rows a second and the peak of memory in MB, in a process of its own."""
    command = [sys.executable, __file__, uri, kind, str(rows), folder]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    speed, memory = map(float, out.split())
    return speed, memory


def main(uri: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for rows in (FEW, MANY):
            write_files(folder, rows)
        speeds: dict[str, list[float]] = {"bare cursor": [], "sql": [], "sql by key": []}
        for _ in range(5):
            for kind, found in speeds.items():
                found.append(measure(kind, MANY, uri, folder)[0])
        base = median(speeds["bare cursor"])
        for kind, found in speeds.items():
            print(f"{kind:16} {median(found):>10,.0f} rows/s  {median(found) / base:.2f} of the bare cursor")
        for kind in ("sql", "sql by key", "gzip JSON lines", "CSV", "Parquet"):
            few, many = (measure(kind, rows, uri, folder) for rows in (FEW, MANY))
            print(f"{kind:16} {many[0]:>10,.0f} rows/s  {many[1] - few[1]:+.1f} MB at the peak over {FEW:,} rows")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        uri, kind, rows, folder = sys.argv[1:]
        url = urlsplit(uri)
        where = {"conn_type": "postgres", "host": url.hostname, "port": url.port, "login": url.username}
        os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps({**where, "schema": url.path.strip("/")})
        started = time.perf_counter()
        if kind != "bare cursor":
            import airflow.providers.postgres.hooks.postgres as hooks

            hooks.USE_PSYCOPG3 = False  # the same driver on both sides
            source(kind, 1, folder) if kind.startswith("sql") else None  # imports and connections are not rows
        else:
            bare(uri, 1)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is from here on
        started = time.perf_counter()
        count = bare(uri, int(rows)) if kind == "bare cursor" else source(kind, int(rows), folder)
        seconds = time.perf_counter() - started
        assert count == int(rows)
        print(count / seconds, peak() / 1e6)
