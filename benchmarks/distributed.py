# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, Redis and an Airflow with two Celery workers, as the tests start them, for the rows that need them."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import HERE, stats

sys.path.insert(0, str(HERE.parent / "tests"))

from servers import Postgres, Redis
from system.celery_deployment import CeleryDeployment

#: Seconds that a push may take.
_PATIENCE = 240


def pushed_by_celery(url: str, pushes: dict[str, dict[str, Any]], caps: dict[str, float]) -> dict[str, list[float]]:
    """Push a query's rows with Celery workers and return, by push, when each request arrived at the vendor.

    :param url: the vendor's address.
    :param pushes: name -> ``vendor``, ``users``, and ``shards`` for over how many tasks; one after the other.
    :param caps: vendor -> what all shards together may send a second.
    """
    arrivals = {}
    with tempfile.TemporaryDirectory() as folder, Postgres() as database, Redis() as queue:
        warehouse = {"conn_type": "postgres", "host": "127.0.0.1", "port": database.port, "login": "tester"}
        environment = {
            "AIRFLOW_CONN_WAREHOUSE": json.dumps({**warehouse, "schema": "postgres"}),
            "BENCH_PUSHES": json.dumps(pushes),
            "NO_PROXY": "127.0.0.1",
        }
        for vendor in {push["vendor"] for push in pushes.values()}:
            extra = {"rate_limit": caps[vendor]} if vendor in caps else {}
            connection = {"conn_type": vendor, "host": f"{url}/{vendor}", "login": "key", "password": "secret"}
            environment[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"] = json.dumps({**connection, "extra": extra})
        airflow = CeleryDeployment(Path(folder), database, queue, environment)
        shutil.copy(HERE / "sharded_push.py", airflow.home / "dags")
        with airflow.running():
            airflow.start_worker()
            airflow.start_worker()
            for name, push in pushes.items():
                airflow.trigger(name, 120)
                if (state := airflow.wait_for(name, _PATIENCE)) != "success":
                    raise SystemExit(f"{name} ended as {state}\n{airflow.logs()}")
                result = stats(url)
                if result["rows"] != push["users"]:
                    raise SystemExit(f"{name}: {push['users']} users pushed, {result['rows']} arrived")
                arrivals[name] = sorted(result["arrivals"])
    return arrivals


def worked(arrivals: Sequence[float]) -> float:
    """Return the rate of the middle of a push: tasks start one after the other, and end so."""
    first, last = len(arrivals) * 3 // 10, len(arrivals) * 7 // 10
    return (last - first) / (arrivals[last] - arrivals[first])
