# SPDX-License-Identifier: Apache-2.0
"""A real Airflow on loopback: API server, scheduler with LocalExecutor, DAG processor; it leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class Deployment:
    """Run Airflow in a folder.

    :param home: an empty folder.
    :param environment: further variables.
    """

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.database = home / "airflow.db"
        (home / "dags").mkdir()
        self._environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{self.port}",
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all, and end all."""
        self._airflow("db", "migrate").wait()
        try:
            self._start("api-server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1")
            self._start("scheduler", "--skip-serve-logs")
            self._start("dag-processor")
            yield
        finally:
            for process in self._processes:
                self._signal(process, signal.SIGTERM)
            for process in self._processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                self._signal(process, signal.SIGKILL)
                process.wait()

    def wait_for(self, dag: str, seconds: float) -> str:
        """Wait until the DAG's run has ended; return its state, or what it was when the time was over."""
        state = "none"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            states = [state for (state,) in self.query("SELECT state FROM dag_run WHERE dag_id = ?", dag)]
            state = states[0] if states else "none"
            if state in ("success", "failed"):
                break
            time.sleep(0.5)  # for another process, whose clock is not ours
        return state

    def reports(self, dag: str) -> dict[str, Any]:
        """Return each task's XCom."""
        rows = self.query("SELECT task_id, value FROM xcom WHERE dag_id = ? AND key = 'return_value'", dag)
        return {task: json.loads(value) for task, value in rows}

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask Airflow's database."""
        with suppress(sqlite3.OperationalError):
            connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
            try:
                return connection.execute(sql, parameters).fetchall()
            finally:
                connection.close()
        return []

    def logs(self) -> str:
        """Return the last lines of each process's log."""
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.home.glob("*.out")))

    def _start(self, *command: str) -> None:
        self._processes.append(self._airflow(*command))

    def _airflow(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{command[0]}.out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "airflow", *command],
                env=self._environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
