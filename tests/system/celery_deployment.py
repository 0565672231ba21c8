# SPDX-License-Identifier: Apache-2.0
"""A distributed Airflow on loopback: CeleryExecutor with Redis and PostgreSQL, and workers that can be killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from servers import Postgres, Redis
from system.postgres_deployment import PostgresDeployment


class CeleryDeployment(PostgresDeployment):
    """Run Airflow with CeleryExecutor in a folder.

    :param home: an empty folder.
    :param postgres: keeps Airflow's database.
    :param redis: keeps the queue.
    :param environment: further variables.
    """

    def __init__(self, home: Path, postgres: Postgres, redis: Redis, environment: dict[str, str]) -> None:
        super().__init__(
            home,
            postgres,
            {
                "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{redis.port}/0",
                "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://tester@127.0.0.1:{postgres.port}/airflow",
                "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                # A worker that is gone is missed soon, and its tasks are tried again.
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
                **environment,
            },
        )
        self._workers: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all but workers, and end all."""
        try:
            with super().running():
                yield
        finally:
            for worker in self._workers:
                self.kill(worker)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker for four tasks at one time."""
        name = f"worker-{len(self._workers)}"
        worker = self.start("celery", "worker", "--celery-hostname", f"{name}@%h", "--skip-serve-logs")
        self._workers.append(worker)
        return worker

    @staticmethod
    def kill(worker: subprocess.Popen[bytes]) -> None:
        """End a worker and all its tasks at once, as a machine does that goes off."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(worker.pid)
            for each in [process, *process.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        worker.wait()
