# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, Redis and an Airflow with two Celery workers, as the tests start them, for the rows that need them."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import HERE, stats

sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests" / "system")]

from celery_deployment import CeleryDeployment  # noqa: E402
from servers import Postgres, Redis  # noqa: E402

#: Seconds that a push may take.
_PATIENCE = 240


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL and give its port."""
    server = Postgres()
    try:
        server.start()
        yield str(server.port)
    finally:
        server.stop()


def pushed_by_celery(url: str, vendor: str, *, users: int, shards: int, cap: float | None = None) -> list[float]:
    """Push a query's rows with Celery workers and return when each request arrived at the vendor.

    :param url: the vendor's address.
    :param vendor: to whom.
    :param users: how many.
    :param shards: over how many tasks.
    :param cap: what all of them together may send a second.
    """
    extra = {"rate_limit": cap} if cap else {}
    connection = {"conn_type": vendor, "host": f"{url}/{vendor}", "login": "key", "password": "secret", "extra": extra}
    with tempfile.TemporaryDirectory() as folder:
        database, queue = Postgres(), Redis()
        try:
            database.start()
            queue.start()
            warehouse = {"conn_type": "postgres", "host": "127.0.0.1", "port": database.port, "login": "tester"}
            environment = {
                "AIRFLOW_CONN_WAREHOUSE": json.dumps({**warehouse, "schema": "postgres"}),
                f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT": json.dumps(connection),
                "BENCH_PUSH": json.dumps({"vendor": vendor, "users": users, "shards": shards}),
                "NO_PROXY": "127.0.0.1",
            }
            airflow = CeleryDeployment(Path(folder), database, queue, environment)
            shutil.copy(HERE / "sharded_push.py", airflow.home / "dags")
            with airflow.running():
                airflow.start_worker()
                airflow.start_worker()
                airflow.trigger("sharded_push", 120)
                state = airflow.wait_for("sharded_push", _PATIENCE)
            if state != "success":
                raise SystemExit(f"sharded_push ended as {state}\n{airflow.logs()}")
        finally:
            queue.stop()
            database.stop()
    told = stats(url)
    if told["rows"] != users:
        raise SystemExit(f"{vendor}: {users} users pushed, {told['rows']} arrived")
    return sorted(told["arrivals"])


def worked(arrivals: Sequence[float]) -> float:
    """Return the rate of the middle of a push: tasks start one after the other, and end so."""
    first, last = len(arrivals) * 3 // 10, len(arrivals) * 7 // 10
    return (last - first) / (arrivals[last] - arrivals[first])
