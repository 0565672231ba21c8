# SPDX-License-Identifier: Apache-2.0
"""Push 2,000 made-up users of a warehouse to the three vendors, imitated on loopback, and check the reports.

A real Airflow runs the nightly DAG, which reads from an embedded SQLite.

Ends with 0 only if what the sandbox holds equals what the tasks' reports say. Leaves nothing running.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".airflow" / "demo"
DAG = "nightly_all_vendors"
ONLY_CHANGED = "nightly_only_changed"
OWN_IDS = "nightly_own_ids"
sys.path.insert(0, str(ROOT / "example_dags"))

import warehouse_file  # noqa: E402
from made_up_users import read_users  # noqa: E402

from airflow_provider_userattrs.sandbox.vendors import VENDORS  # noqa: E402

#: Vendor -> login, password and other fields of the sandbox's connection.
CONNECTIONS = {vendor.name: {"login": vendor.login.user, "password": vendor.login.password} for vendor in VENDORS}

#: Things that happen at night; all of them pass.
FAULTS = [
    {"vendor": "moengage", "when": {"from": 101, "to": 102}, "then": {"status": 429, "headers": {"Retry-After": "1"}}},
    {"vendor": "kahuna", "when": {"from": 3, "to": 3}, "then": {"status": 500}},
    {"vendor": "engagelab", "when": {"from": 50, "to": 52}, "then": {"close": True}},
]

#: What a line of Airflow's log must have to be shown here.
_SHOWN = re.compile(
    r"Push to |changed_only: |failed before|left the query|users?: |users done|(were|was) not (confirmed as )?updated|"
    r"looked up|"
    r"Task failed with exception"
)

#: Seconds after which the DAG is ended; a task that fails would wait ten minutes for its retry.
_PATIENCE = 300.0


@contextmanager
def sandbox() -> Iterator[str]:
    """Run the sandbox on a free port; yield its URL."""
    command = [sys.executable, "-m", "airflow_provider_userattrs.sandbox", "--port", "0", "--empty"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    try:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        if address is None:
            raise SystemExit("The sandbox did not start.")
        yield address[0]
    finally:
        process.terminate()
        process.wait()


def control(url: str, path: str, body: Any = None) -> Any:
    """Call the sandbox's control API."""
    answer = requests.request("GET" if body is None else "POST", f"{url}/_sandbox/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def prepare(url: str) -> None:
    """Add most of the users to the vendors, and inject a fault at each."""
    users = read_users()
    euids = [int(user["euid"]) for user in users if user["euid"].isdecimal()]
    known = [{"username": user["username"], "email": user["email"]} for user in users if user["username"][0] != "g"]
    control(url, "users", {"vendor": "engagelab", "users": euids[12:]})
    control(url, "users", {"vendor": "kahuna", "environment": "p", "users": known})
    control(url, "faults", FAULTS)


def connections(url: str) -> dict[str, dict[str, str]]:
    """Return each vendor's connection to the sandbox, by its id."""
    return {
        f"{vendor}_default": {"conn_type": vendor, "host": f"{url}/{vendor}", **keys}
        for vendor, keys in CONNECTIONS.items()
    }


def environment(home: Path, dags: Path) -> dict[str, str]:
    """Return the environment of an Airflow with a home of its own and no inherited settings."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")},
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(home / "warehouse.db")}),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW_VAR_REJECTS_FOLDER": str(home / "rejects"),
        "AIRFLOW_VAR_CHECKPOINTS_FOLDER": str(home / "checkpoints"),
        "AIRFLOW_VAR_KNOWN_FOLDER": str(home / "known"),
        "AIRFLOW_VAR_EUIDS_FOLDER": str(home / "euids"),
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }


def push(url: str, dag: str = DAG) -> None:
    """Run a DAG and print the log of its tasks."""
    airflow = [sys.executable, "-m", "airflow"]
    env = environment(HOME, ROOT / "example_dags")
    env |= {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connection) for name, connection in connections(url).items()}
    subprocess.run([*airflow, "db", "migrate"], env=env, check=True, capture_output=True)
    command = [*airflow, "dags", "test", dag]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        guard = threading.Timer(_PATIENCE, process.kill)
        guard.start()
        tail: list[str] = []
        for line in process.stdout:
            tail = [*tail[-40:], line]
            if _SHOWN.search(line):
                print("  " + re.sub(r"\x1b\[[0-9;]*m|\s*\[airflow\.task.*$", "", line.rstrip())[:200])
        guard.cancel()
    if process.returncode:
        print("".join(tail))
        raise SystemExit(f"The DAG failed: airflow dags test ended with {process.returncode}.")


def reports(dag: str = DAG) -> dict[str, dict[str, Any]]:
    """Return the last run's report of each task, which is its XCom."""
    with sqlite3.connect(HOME / "airflow.db") as database:
        rows = database.execute(
            "SELECT task_id, value FROM xcom WHERE dag_id = ? AND key = 'return_value' "
            "AND dag_run_id = (SELECT max(id) FROM dag_run WHERE dag_id = ?)",
            (dag, dag),
        )
        values = {task: json.loads(value) for task, value in rows}
    return {task: value for task, value in values.items() if isinstance(value, dict) and "vendor" in value}


def table(reports: dict[str, dict[str, Any]]) -> None:
    """Print each task's report."""
    print(f"\n{'task':<22}{'rows':>7}{'accepted':>10}{'requests':>10}{'retries':>9}{'seconds':>9}  not accepted")
    for task, report in sorted(reports.items()):
        rest = ", ".join(
            f"{reason['count']} {reason['status']}: {reason['meaning']} ({reason['code']})"
            for reason in report["reasons"]
        )
        numbers = f"{report['rows']:>7,}{report['accepted']:>10,}{report['requests']:>10,}{report['retries']:>9,}"
        print(f"{task:<22}{numbers}{report['seconds']:>9.1f}  {rest or '-'}")


def applied(url: str) -> dict[str, int]:
    """Return how many updates each vendor has applied."""
    return {
        vendor: sum(user["updates"] for user in control(url, f"users/{vendor}")["users"].values())
        for vendor in CONNECTIONS
    }


def two_nights(url: str) -> list[str]:
    """Push all users; change two in a hundred, delete one in a hundred, push again; return what is reported wrongly."""
    shutil.rmtree(HOME / "known", ignore_errors=True)
    found, lines = [], []
    for night in (1, 2):
        if night == 2:
            with closing(sqlite3.connect(HOME / "warehouse.db")) as database, database:
                database.execute(
                    "UPDATE users SET orders = orders + 1, plan = 'changed', last_order_at = '2026-11-24' "
                    "WHERE rowid % 50 = 0"
                )
                database.execute("DELETE FROM users WHERE rowid % 100 = 1")
        print(f"\nAirflow runs {ONLY_CHANGED}, night {night}:\n")
        before = applied(url)
        push(url, ONLY_CHANGED)
        after = applied(url)
        for task, report in sorted(reports(ONLY_CHANGED).items()):
            unchanged = sum(reason["count"] for reason in report["reasons"] if reason["code"] == "unchanged")
            unset = report["changed_only"]["removed"]["unset"]
            numbers = (
                f"{report['rows']:>7,}{report['accepted']:>10,}{unchanged:>11,}{unset:>7,}{report['requests']:>10,}"
            )
            lines.append(f"{task:<12}{night:>5}{numbers}{report['seconds']:>9.1f}")
            if (said := report["accepted"] + unset) != (done := after[task] - before[task]):
                found.append(f"{task}, night {night}: {done:,} updates applied, {said:,} reported as accepted or unset")
    head = f"{'rows':>7}{'accepted':>10}{'unchanged':>11}{'unset':>7}{'requests':>10}{'seconds':>9}"
    print(f"\n{'task':<12}{'night':>5}{head}")
    print("\n".join(sorted(lines)))
    return found if len(lines) == 6 else [*found, f"{len(lines)} reports of 6"]


def own_ids(url: str) -> list[str]:
    """Push users whom the warehouse knows by its own ids alone; return what the reports say wrongly."""
    shutil.rmtree(HOME / "euids", ignore_errors=True)
    print(f"\nAirflow runs {OWN_IDS}:\n")
    before = applied(url)["engagelab"]
    push(url, OWN_IDS)
    accounts = reports(OWN_IDS)
    print(f"\n{'task':<16}{'rows':>7}{'accepted':>10}{'requests':>10}{'looked up':>11}{'in requests':>13}{'known':>8}")
    for task, report in sorted(accounts.items()):
        ids = report["lookups"]
        looked_up = f"{ids['found'] + ids['not_found']:>11,}{ids['requests']:>13,}{ids['known']:>8,}"
        print(f"{task:<16}{report['rows']:>7,}{report['accepted']:>10,}{report['requests']:>10,}{looked_up}")
    done, said = applied(url)["engagelab"] - before, sum(report["accepted"] for report in accounts.values())
    found = [] if done == said else [f"{OWN_IDS}: {done:,} updates applied, {said:,} reported as accepted"]
    if len(accounts) != 2 or accounts["set_contacts"]["lookups"]["requests"]:
        found.append(f"{OWN_IDS}: the second task looked up again what the first one had found")
    return found


def differences(url: str, reports: dict[str, dict[str, Any]]) -> list[str]:
    """Return the differences between the reports and the users in the sandbox."""
    found = []
    for vendor in CONNECTIONS:
        held = control(url, f"users/{vendor}")["users"]
        applied = sum(user["updates"] for user in held.values())
        said = sum(report["accepted"] for report in reports.values() if report["vendor"].lower() == vendor)
        print(f"{vendor:<10} applied {applied:,} updates; the reports say {said:,} were accepted")
        if applied != said:
            found.append(f"{vendor}: {applied:,} updates applied, {said:,} reported as accepted")
    for task, report in reports.items():
        counted = sum(
            report[status] for status in ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")
        )
        if counted != report["rows"]:
            found.append(f"{task}: {report['rows']:,} rows, {counted:,} verdicts")
    orders = {str(user["euid"]): user["orders"] for user in read_users()}
    for euid, user in control(url, "users/engagelab")["users"].items():
        if user["properties"].get("orders_seen", orders[euid]) != orders[euid]:
            found.append(f"engagelab: euid {euid} was increased by another number than its orders")
    return found


def main() -> int:
    """Run the demo."""
    started = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    warehouse_file.write(HOME / "warehouse.db")
    with sandbox() as url:
        print(f"The three vendors are imitated on {url}; Airflow runs {DAG}:\n")
        prepare(url)
        push(url)
        accounts = reports()
        table(accounts)
        print("\nOne user, as each vendor now holds it:")
        for vendor, key in (("engagelab", "10360123"), ("kahuna", "user0123"), ("moengage", "C-00123")):
            print(f"  {vendor:<10}", json.dumps(control(url, f"users/{vendor}/{key}"), ensure_ascii=False))
        print()
        wrong = [*differences(url, accounts), *two_nights(url), *own_ids(url)]
    print(f"Rows that were not accepted are in {(HOME / 'rejects').relative_to(ROOT)}.")
    for difference in wrong:
        print("DIFFERENT:", difference)
    print(f"{'FAILED' if wrong else 'OK'}, {time.monotonic() - started:.0f} s")
    return 1 if wrong or len(accounts) != 8 else 0


if __name__ == "__main__":
    raise SystemExit(main())
