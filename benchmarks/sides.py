# SPDX-License-Identifier: Apache-2.0
"""What is measured, each in a process of its own: ``python sides.py SIDE '{"url": ..., "rows": ...}'``.

Prints one line of JSON: rows, seconds, processor seconds, peak memory in bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import local
from types import SimpleNamespace
from typing import Any

from shapes import Users, batch, body, full_bulk, made


@dataclass(frozen=True)
class Vendor:
    """What a side must know of a vendor.

    :param operator: the operator that sets attributes.
    :param parameters: those besides task_id and users.
    :param answer: the body of a good answer to a full request.
    :param request: writes the body of a full request.
    :param users: users in a full request.
    :param text: whether users are named by texts, not by numbers.
    """

    operator: str
    parameters: dict[str, Any]
    answer: bytes
    request: Callable[[], bytes] = body
    users: int = 1
    text: bool = True


VENDORS = {
    "engagelab": Vendor("EngageLabSetAttributesOperator", {}, b'{"code":0,"message":"success"}', text=False),
    "kahuna": Vendor(
        "KahunaSetAttributesOperator",
        {"target": ["euid"]},
        b"[" + b",".join([b'{"success":true}'] * 100) + b"]",
        request=batch,
        users=100,
    ),
    "moengage": Vendor("MoEngageSetAttributesOperator", {"customer_id": "euid"}, b'{"status":"success"}'),
}

#: MoEngage with ``bulk=True``.
BULK = replace(VENDORS["moengage"], parameters={"customer_id": "euid", "bulk": True}, request=full_bulk, users=500)

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
        return FileRows(f"{where}/{rows}.{kind}")
    import airflow.providers.postgres.hooks.postgres as hooks

    hooks.USE_PSYCOPG3 = False  # the same driver as the bare cursor's
    connection = {"conn_type": "postgres", "host": "127.0.0.1", "port": int(where), "login": "tester"}
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps({**connection, "schema": "postgres"})
    list(SqlRows("SELECT 1 AS id", conn_id="warehouse").rows())  # imports are not rows
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


def dumps(url: str, rows: int, vendor: str, shape: str = "plain") -> Callable[[], None]:
    """Encode the same rows with the standard library's JSON, one by one."""
    users = made(shape, rows, text=VENDORS[vendor].text)

    def run() -> None:
        for user in users:
            json.dumps(user, default=str)

    return run


def package(
    url: str,
    rows: int,
    vendor: str = "engagelab",
    concurrency: int = 16,
    rate: float | None = None,
    verify: str | None = None,
    send: bool = True,
    kind: str | None = None,
    where: str = "",
    known: str | None = None,
    changed: bool = False,
    dry_run: bool = False,
    bulk: bool = False,
    shape: str | None = None,
    rejects: str | None = None,
) -> Callable[[], None]:
    """Push through the real operator; without ``send``, an answer is made up in place of the request.

    :param known: the folder for what the vendor is known to hold, to send only what changed.
    :param changed: whether one user of 50 has changed.
    :param bulk: whether a request holds as many users as fit.
    :param shape: which rows to push, from a list; None for plain ones that are made one by one.
    :param rejects: the file for the rows not accepted, which one in ten then is.
    """
    from importlib import import_module

    from airflow_provider_userattrs.changes import ChangedOnly
    from airflow_provider_userattrs.push.model.operation import Response
    from airflow_provider_userattrs.task.run import Run

    extra = {"verify": verify} if verify else {}
    os.environ[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"] = json.dumps(
        {"conn_type": vendor, "host": f"{url}/{vendor}", "login": "key", "password": "secret", "extra": extra}
    )
    of = BULK if bulk else VENDORS[vendor]
    import_module(f"airflow_provider_userattrs.hooks.{vendor}")  # the peers' imports are not measured either
    operator_class = getattr(import_module(f"airflow_provider_userattrs.operators.{vendor}"), of.operator)
    if shape is not None:
        users: Any = made(shape, rows, text=of.text)
    else:
        users = source(kind, rows, where) if kind else Users(rows, of.text, changed, rejects is not None)
    operator = operator_class(
        task_id="push",
        users=users,
        rejects_path=rejects,
        concurrency=concurrency,
        rate_limit=rate or 1e8,
        retries=0,
        dry_run=dry_run,
        changed_only=ChangedOnly(known) if known else None,
        **of.parameters,
    )
    if not send:
        make_hook = operator.make_hook
        answer = Response(200, {}, of.answer)

        def make_silent_hook() -> Any:
            hook = make_hook()
            hook.sender = lambda operation: lambda body, *, before_send: answer
            return hook

        operator.make_hook = make_silent_hook
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=0)

    def run() -> None:
        context: Any = {"ti": ti, "task": operator}
        one = Run(operator.make_spec(context), context)
        report = one.run()
        assert one.error is None, report
        of_them = rows // 50 if changed else rows - rows // 10 if rejects or shape == "invalid" else rows
        assert report["rows"] == (of_them if kind == "window" else rows), report
        assert report["accepted"] == (0 if dry_run else of_them), report

    return run


def post_loop(url: str, rows: int) -> Callable[[], None]:
    """Call `requests.post` for each user."""
    import requests

    def run() -> None:
        for number in range(rows):
            requests.post(f"{url}/engagelab", data=body(number), auth=("key", "secret"), timeout=30).json()

    return run


def session_loop(url: str, rows: int) -> Callable[[], None]:
    """Call one Session's `post` for each user."""
    import requests

    session = requests.Session()
    session.auth = ("key", "secret")

    def run() -> None:
        for number in range(rows):
            session.post(f"{url}/engagelab", data=body(number), timeout=30).json()

    return run


def session_pool(url: str, rows: int, concurrency: int = 32) -> Callable[[], None]:
    """Call a Session a thread's `post`, in a pool of threads."""
    import requests

    own = local()

    def send(number: int) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.auth = ("key", "secret")
        own.session.post(f"{url}/engagelab", data=body(number), timeout=30).json()

    def run() -> None:
        with ThreadPoolExecutor(concurrency) as pool:
            for _ in pool.map(send, range(rows)):
                pass

    return run


def tuned_session(url: str, rows: int, vendor: str = "engagelab") -> Callable[[], None]:
    """Send ready-made bodies: settings of the environment resolved once, a prepared request, `Session.send`."""
    import requests

    session = requests.Session()
    session.auth = ("key", "secret")
    ready = VENDORS[vendor].request()
    request = session.prepare_request(requests.Request("POST", f"{url}/{vendor}", data=ready))
    settings = session.merge_environment_settings(request.url, {}, False, None, None)
    users = VENDORS[vendor].users

    def run() -> None:
        for _ in range(rows // users):
            assert session.send(request, timeout=30, **settings).content

    return run


SIDES: dict[str, Callable[..., Callable[[], None]]] = {
    "package": package,
    "post_loop": post_loop,
    "session_loop": session_loop,
    "session_pool": session_pool,
    "tuned_session": tuned_session,
    "bare_cursor": bare_cursor,
    "parquet_dicts": parquet_dicts,
    "dumps": dumps,
}


def measure(run: Callable[[], None], rows: int) -> None:
    """Run, and print what it took."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory is from here on
    cpu, started = time.process_time(), time.perf_counter()
    run()
    print(
        json.dumps(
            {
                "rows": rows,
                "seconds": time.perf_counter() - started,
                "cpu": time.process_time() - cpu,
                "memory": int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024,
            }
        )
    )


if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    if options.pop("pinned", False):  # a process that changes cores costs up to a half more, and never the same
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measure(SIDES[sys.argv[1]](**options), options["rows"])
