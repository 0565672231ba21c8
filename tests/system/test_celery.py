# SPDX-License-Identifier: Apache-2.0
"""200,000 users in 8 shards over two Celery workers, one of which is killed midway: nothing lost, the cap kept."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers import Postgres, Redis
from system.celery_deployment import CeleryDeployment

from airflow_provider_userattrs.sandbox.journal import Entry, worst_window

USERS = 200_000
SHARDS = 8

#: Users that Kahuna does not know, the last of them.
UNKNOWN = 40


@dataclass(frozen=True)
class Pushed:
    """What is pushed to a vendor.

    :param cap: how many the connection allows a second, of what the vendor counts.
    :param unit: what that is, as the sandbox's journal names it.
    """

    users: int
    cap: int
    unit: str


PUSHES = {"kahuna": Pushed(USERS, 50, "requests"), "moengage": Pushed(USERS // 10, 500, "rows")}

#: Seconds -> the share of the cap that arrives within so many, at most. Shards send no more than 97 % of the cap, by
#: their own clocks; a process that has to wait for a processor between reading its clock and sending delivers a request
#: late, with those of the next second. Over more seconds that comes to nothing.
ARRIVING = {1: 1.2, 10: 1.0}


def test_shards_over_workers(
    postgres: Postgres, redis: Redis, connection: Callable[[str], dict[str, str]], control: Any, tmp_path: Path
) -> None:
    postgres.execute(
        f"""CREATE TABLE users AS SELECT id, (ARRAY['free', 'gold'])[1 + id % 2] AS plan, id / 7.0 AS balance
        FROM generate_series(1, {USERS}) id""",
        "ALTER TABLE users ADD PRIMARY KEY (id)",
    )
    for first in range(1, USERS - UNKNOWN + 1, 20_000):
        last = min(first + 20_000, USERS - UNKNOWN + 1)
        control.seed("kahuna", [{"username": f"user{number}"} for number in range(first, last)])
    connections = {
        "WAREHOUSE": {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": postgres.port,
            "login": "tester",
            "schema": "postgres",
        },
        **{
            f"{vendor.upper()}_DEFAULT": {**connection(vendor), "extra": {"rate_limit": pushed.cap}}
            for vendor, pushed in PUSHES.items()
        },
    }
    environment = {f"AIRFLOW_CONN_{name}": json.dumps(fields) for name, fields in connections.items()}
    home = tmp_path / "home"
    home.mkdir()
    airflow = CeleryDeployment(home, postgres, redis, environment)
    shutil.copy(Path(__file__).parent / "sharded.py", home / "dags")
    with airflow.running():
        one, other = airflow.start_worker(), airflow.start_worker()
        assert one.pid != other.pid
        airflow.trigger("kahuna", 120)
        started = time.monotonic()
        arrived = airflow.wait_until(lambda: control.get("journal/summary", vendor="kahuna")["rows"] > USERS // 3, 120)
        assert arrived, airflow.logs()
        airflow.kill(other)
        airflow.start_worker()
        state = {"kahuna": airflow.wait_for("kahuna", 240)}
        seconds = {"kahuna": time.monotonic() - started}
        airflow.trigger("moengage", 60)
        started = time.monotonic()
        state["moengage"] = airflow.wait_for("moengage", 240)
        seconds["moengage"] = time.monotonic() - started
        reports = {vendor: airflow.reports(vendor) for vendor in PUSHES}
        tries = airflow.query(
            "SELECT try_number, rendered_map_index FROM task_instance WHERE dag_id = 'kahuna' AND task_id = 'push' "
            "ORDER BY map_index"
        )
    assert state == {"kahuna": "success", "moengage": "success"}, airflow.logs()

    for vendor, pushed in PUSHES.items():
        total = reports[vendor]["total"]
        assert total["rows"] == pushed.users == sum(reports[vendor]["push", n]["rows"] for n in range(SHARDS))
        stored = control.users(vendor)
        updated = [user for user in stored.values() if user["updates"]]
        assert len(updated) == total["accepted"] == sum(reports[vendor]["push", n]["accepted"] for n in range(SHARDS))
        assert all(user["attributes"]["plan"] in ("free", "gold") for user in updated)
        requests = [Entry(**entry) for entry in control.journal(vendor)]
        worst = {within: worst_window(requests, within)[pushed.unit] for within in ARRIVING}
        again = sum(user["updates"] for user in updated) - len(updated)
        print(
            f"{vendor}: {total['rows']:,} users in {SHARDS} shards, {total['accepted']:,} accepted, "
            f"{seconds[vendor]:.0f} s, {again:,} updated twice, worst second {worst[1]} of {pushed.cap} {pushed.unit}, "
            f"worst ten {worst[10]}"
        )
        assert all(worst[within] <= share * within * pushed.cap for within, share in ARRIVING.items())
    assert reports["kahuna"]["total"]["rejected"] == UNKNOWN
    assert reports["kahuna"]["total"]["warning"].startswith(f"{UNKNOWN} of {USERS:,} users were not updated at Kahuna")
    assert max(number for number, _ in tries) > 1, "the killed worker had tasks, which were tried again"
    assert any(reports["kahuna"]["push", n]["resumed_from"] for n in range(SHARDS))
    assert tries[-1][1] == f"8/8: {UNKNOWN} not updated"
