# SPDX-License-Identifier: Apache-2.0
"""Run the sandbox and Airflow's UI, with connections and DAGs ready to use, until Ctrl-C.

Everything binds to 127.0.0.1, asks for no login, and is gone afterwards but for its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
import warehouse_file
from run import ROOT, connections, environment, prepare, sandbox

#: What Airflow is made of. No part serves its logs over the network: they are read from the folder.
PARTS = (
    ("api-server", "--host", "127.0.0.1", "--workers", "1"),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)

#: Seconds until all components must be healthy, and until each must have stopped.
PATIENCE = 180.0
GRACE = 15.0


@contextmanager
def airflow(home: Path, dags: Path, port: int, sandbox_url: str) -> Iterator[str]:
    """Run Airflow; yield its URL.

    :param home: its home folder.
    :param dags: the folder of its DAGs.
    :param port: the TCP port; 0 picks a free one.
    :param sandbox_url: the URL of the sandbox, for its connections.
    """
    address = f"http://127.0.0.1:{port or _free_port()}"
    env = {
        **environment(home, dags),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__PORT": address.rpartition(":")[2],
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # the default of 5 s is short for the first task
    }
    home.mkdir(parents=True, exist_ok=True)
    warehouse_file.write(home / "warehouse.db")
    kept = home / "connections.json"
    # Airflow 3.3.1 and 3.3.2 cannot test a saved connection without a port (apache/airflow#73298); 0 means none.
    kept.write_text(json.dumps({name: {**each, "port": 0} for name, each in connections(sandbox_url).items()}))
    for command in (("db", "migrate"), ("connections", "import", str(kept), "--overwrite")):
        if _start(home, env, *command).wait():
            raise SystemExit(f"airflow {' '.join(command[:2])} failed:\n{_tail(home, command[0])}")
    parts: dict[str, subprocess.Popen[bytes]] = {}
    try:
        # The API server first: a task that cannot reach it has failed, and waits for its next try.
        for commands, needed in ((PARTS[:1], ("metadatabase",)), (PARTS[1:], ())):
            for command in commands:
                parts[command[0]] = _start(home, env, *command)
            _wait_until_well(address, home, parts, needed)
        yield address
    finally:
        _end(list(parts.values()))


def _start(home: Path, env: dict[str, str], *command: str) -> subprocess.Popen[bytes]:
    # In a session of its own, so that Ctrl-C reaches this process alone, which then ends all others in order.
    with (home / f"{command[0]}.out").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *command], env=env, stdout=out, stderr=out, start_new_session=True
        )


def _wait_until_well(
    address: str, home: Path, parts: dict[str, subprocess.Popen[bytes]], needed: tuple[str, ...]
) -> None:
    """Wait until the API server says that what is needed is healthy; if nothing is named, all of it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for name, process in parts.items():
            if process.poll() is not None:
                raise SystemExit(f"airflow {name} ended at once:\n{_tail(home, name)}")
        with suppress(requests.RequestException, ValueError):
            health = requests.get(f"{address}/api/v2/monitor/health", timeout=5).json()
            if all(health[part]["status"] == "healthy" for part in needed or health):
                return
        time.sleep(0.5)
    raise SystemExit(f"Airflow is not well after {PATIENCE:.0f} s; {home} has the logs.")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _tail(home: Path, name: str) -> str:
    return (home / f"{name}.out").read_text(errors="replace")[-2_000:]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> int:
    """Run until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="TCP port; 0 picks a free one (default %(default)s)")
    parser.add_argument("--home", type=Path, default=ROOT / ".airflow" / "up", help="Airflow's folder")
    parser.add_argument("--dags", type=Path, default=ROOT / "example_dags", help="the folder of DAGs")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it runs in the background deaf to SIGINT
        signal.signal(number, signal.default_int_handler)
    print("Starting Airflow, which takes half a minute ...", flush=True)
    with suppress(KeyboardInterrupt), sandbox() as url:
        prepare(url)
        with airflow(options.home, options.dags, options.port, url) as address:
            print(f"Airflow: {address}   Vendors, imitated: {url}   Ctrl-C stops all.", flush=True)
            signal.pause()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
