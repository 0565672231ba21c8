# SPDX-License-Identifier: Apache-2.0
"""A real Airflow on loopback: API server, scheduler with LocalExecutor, DAG processor; it leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from servers import free_port


class Deployment:
    """Run Airflow in a folder.

    :param home: an empty folder.
    :param environment: further variables.
    """

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
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
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
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
            self.start("api-server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1")
            self.start("scheduler", "--skip-serve-logs")
            self.start("dag-processor")
            yield
        finally:
            for process in self._processes:
                self._signal(process, signal.SIGTERM)
            for process in self._processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                self._signal(process, signal.SIGKILL)
                process.wait()

    def trigger(self, dag: str, seconds: float) -> None:
        """Have the DAG run, once it has been parsed, which may take so many seconds."""

        def is_ready() -> bool:
            with suppress(requests.ConnectionError):
                up = self._ask("GET", "/api/v2/monitor/health").ok
                return up and bool(self.query("SELECT dag_id FROM dag WHERE dag_id = ?", dag))
            return False

        assert self.wait_until(is_ready, seconds), f"{dag} is not there\n{self.logs()}"
        answer = self._ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})
        assert answer.status_code == 200, answer.text

    def mark_failed(self, dag: str, task: str) -> None:
        """Mark a task of the DAG's first run as failed, as a person does on the web page."""
        ((run,),) = self.query("SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id LIMIT 1", dag)
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}"
        answer = self._ask("PATCH", path, {"new_state": "failed"})
        assert answer.status_code == 200, answer.text

    def task_states(self, dag: str) -> dict[str, str]:
        """Return the state of each task."""
        return dict(self.query("SELECT task_id, state FROM task_instance WHERE dag_id = ?", dag))

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            headers = {}
            if body is not None:
                token = session.get(f"http://127.0.0.1:{self.port}/auth/token", timeout=30).json()["access_token"]
                headers = {"Authorization": f"Bearer {token}"}
            return session.request(
                method, f"http://127.0.0.1:{self.port}{path}", json=body, headers=headers, timeout=30
            )

    def wait_for(self, dag: str, seconds: float) -> str:
        """Wait until the DAG's run has ended; return its state, or what it was when the time was over."""
        self.wait_until(lambda: self.state(dag) in ("success", "failed"), seconds)
        return self.state(dag)

    def state(self, dag: str) -> str:
        """Return the state of the DAG's first run."""
        states = [state for (state,) in self.query("SELECT state FROM dag_run WHERE dag_id = ? ORDER BY id", dag)]
        return states[0] if states else "none"

    @staticmethod
    def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds; return whether it does."""
        until = time.monotonic() + seconds
        while not (met := condition()) and time.monotonic() < until:
            time.sleep(0.5)  # for other processes, whose clock is not ours
        return met

    def reports(self, dag: str) -> dict[Any, Any]:
        """Return each task's XCom."""
        rows = self.query("SELECT task_id, map_index, value FROM xcom WHERE dag_id = ? AND key = 'return_value'", dag)
        return {task if index < 0 else (task, index): _value(value) for task, index, value in rows}

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

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one of Airflow's components, until all end."""
        process = self._airflow(*command)
        self._processes.append(process)
        return process

    def _airflow(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{command[0]}-{len(self._processes)}.out").open("wb") as out:
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


def _value(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
