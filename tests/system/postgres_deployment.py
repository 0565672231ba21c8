# SPDX-License-Identifier: Apache-2.0
"""An Airflow on PostgreSQL whose components and tasks can be ended one by one, as it happens in production."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests
from deployment import Deployment
from servers import Postgres


class PostgresDeployment(Deployment):
    """Run Airflow in a folder, with LocalExecutor unless told otherwise.

    :param home: an empty folder.
    :param postgres: keeps Airflow's database.
    :param environment: further variables.
    """

    def __init__(self, home: Path, postgres: Postgres, environment: dict[str, str]) -> None:
        postgres.create_database("airflow")
        # A scheduler that is killed within a transaction leaves workers that hold its connection, and so its locks.
        postgres.execute("ALTER DATABASE airflow SET idle_in_transaction_session_timeout = '20s'")
        database = f"postgresql+psycopg2://tester@127.0.0.1:{postgres.port}/airflow"
        super().__init__(
            home,
            {
                "AIRFLOW__API_AUTH__JWT_SECRET": "one-secret-for-all-components-of-this-test-run",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
                **environment,
            },
        )
        self._postgres = postgres
        self._components: dict[str, tuple[subprocess.Popen[bytes], tuple[str, ...]]] = {}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all, and end all, tasks that have lost their supervisor included."""
        try:
            with super().running():
                yield
        finally:
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if process.environ().get("AIRFLOW_HOME") == str(self.home):
                        process.kill()

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one of Airflow's components, until all end."""
        process = super().start(*command)
        self._components[command[0]] = process, command
        return process

    def restart(self, component: str, *, children: bool) -> None:
        """Kill a component and start it again.

        :param component: such as ``scheduler``.
        :param children: whether the processes it started are killed with it.
        """
        process, command = self._components[component]
        if children:
            self._signal(process, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        self.start(*command)

    def is_up(self) -> bool:
        """Return whether the API server answers."""
        with suppress(requests.RequestException):
            return self._ask("GET", "/api/v2/monitor/health").ok
        return False

    def revive(self) -> None:
        """Start components again that have ended by themselves, as a service manager does."""
        for process, command in list(self._components.values()):
            if process.poll() is not None:
                self.start(*command)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask Airflow's database; it says nothing while it is down."""
        with suppress(psycopg2.OperationalError):
            return self._postgres.ask(sql.replace("?", "%s"), parameters, "airflow")
        return []
