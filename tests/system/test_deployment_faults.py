# SPDX-License-Identifier: Apache-2.0
"""One push after another fault of its deployment: nothing is increased twice, and every doubt is told."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from cases import STATUSES
from servers import Postgres
from system.postgres_deployment import PostgresDeployment

from airflow_provider_userattrs.sources.rejects import Rejects

#: Rows that are let through at each look at the pushes, two a second; they send up to 100 a second.
STEP = 25

#: Seconds within which a push goes on after a fault; on a quiet machine it takes some 10.
PATIENCE = 300

#: The number of each task's first user.
FIRST = {"increase": 1, "set": 100_001}

#: Seconds for which the database is away.
OUTAGE = 10

#: What is gone is missed soon, and tried again.
IMPATIENT = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "8",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "4",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "5",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}


class Pushes:
    """The two pushes: how far they are, and the processes they run in."""

    def __init__(self, airflow: PostgresDeployment, postgres: Postgres, control: Any, folder: Path) -> None:
        self.airflow = airflow
        self.postgres = postgres
        self._control = control
        self._folder = folder
        self.let_through = 0

    def go_on(self) -> None:
        """Let rows through until both pushes send some that they have not sent before."""
        before = {task: max(self.updates(task), default=0) for task in FIRST}

        def is_under_way() -> bool:
            self._open_gate()
            return all(max(self.updates(task), default=0) > before[task] and self.is_alive(task) for task in FIRST)

        self.wait(is_under_way)

    def end(self) -> None:
        """Let no more rows through than there were."""
        (self._folder / "end").touch()

    def _open_gate(self) -> None:
        self.let_through += STEP
        gate = self._folder / "gate"
        gate.with_suffix(".new").write_text(str(self.let_through))
        gate.with_suffix(".new").rename(gate)

    def is_alive(self, task: str) -> bool:
        """Return whether the process of the latest try is there."""
        return bool(self.tries(task)) and psutil.pid_exists(self.processes(task)[0])

    def updates(self, task: str) -> dict[int, int]:
        """Return how often each of a task's users was updated, by the row's number from 1."""
        first = FIRST[task]
        return {
            int(key) - first + 1: user["updates"]
            for key, user in self._control.users("engagelab").items()
            if user["updates"] and first <= int(key) < first + 100_000
        }

    def tries(self, task: str) -> list[tuple[int, int]]:
        """Return the process and the supervisor of each try that has come to read rows."""
        with suppress(FileNotFoundError):
            lines = (self._folder / f"{task}.tries").read_text().splitlines()
            return [(int(process), int(supervisor)) for process, supervisor in map(str.split, lines)]
        return []

    def processes(self, task: str) -> tuple[int, int]:
        """Return the process and the supervisor of the latest try."""
        return self.tries(task)[-1]

    def signal(self, send: Callable[[psutil.Process], None], *pids: int) -> None:
        """Send a signal to processes that are still there."""
        for pid in pids:
            with suppress(psutil.NoSuchProcess):
                send(psutil.Process(pid))

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, while components that end are started again."""

        def holds() -> bool:
            self.airflow.revive()
            return condition()

        assert self.airflow.wait_until(holds, PATIENCE), f"{self.airflow.task_states('faulty')}\n{self.airflow.logs()}"

    def wait_for_next_try(self, than: dict[str, tuple[int, int]]) -> None:
        self.wait(lambda: all(self.processes(task) != than[task] for task in FIRST))


def kill_tasks(pushes: Pushes) -> None:
    """Kill the tasks' processes, as happens for want of memory."""
    killed = {task: pushes.processes(task) for task in FIRST}
    pushes.signal(psutil.Process.kill, *(process for process, _ in killed.values()))
    pushes.wait_for_next_try(killed)


def kill_api_server(pushes: Pushes) -> None:
    """Kill the API server, and start it again."""
    pushes.airflow.restart("api-server", children=True)
    pushes.wait(pushes.airflow.is_up)


def stop_database(pushes: Pushes) -> None:
    """Stop the metadata database for some seconds, and replace the scheduler, which ends without it."""
    pushes.postgres.halt()
    pushes.airflow.wait_until(lambda: False, OUTAGE)
    pushes.postgres.go_on()
    replace_scheduler(pushes)  # it may wait for its tasks to end, and begins none


def kill_supervisors(pushes: Pushes) -> None:
    """Kill the tasks' supervisors, but not the tasks."""
    killed = {task: pushes.processes(task) for task in FIRST}
    pushes.signal(psutil.Process.kill, *(supervisor for _, supervisor in killed.values()))
    pushes.wait_for_next_try(killed)


def stop_and_continue(pushes: Pushes) -> None:
    """Freeze tasks and supervisors until the next try is at work, and let them go on beside it."""
    still = {task: pushes.processes(task) for task in FIRST}
    both = [pid for pids in still.values() for pid in pids]
    pushes.signal(psutil.Process.suspend, *both)
    try:
        pushes.wait_for_next_try(still)
        pushes.go_on()
    finally:
        pushes.signal(psutil.Process.resume, *both)
    pushes.wait(lambda: not any(psutil.pid_exists(process) for process, _ in still.values()))


def replace_scheduler(pushes: Pushes) -> None:
    """Kill the scheduler, but not what it started, and start it again; wait until it has taken over."""
    running = "SELECT id FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'"
    killed = set(pushes.airflow.query(running))
    pushes.airflow.restart("scheduler", children=False)
    pushes.wait(lambda: bool(found := set(pushes.airflow.query(running))) and not killed & found)


FAULTS = (
    kill_tasks,
    kill_tasks,
    kill_api_server,
    stop_database,
    kill_supervisors,
    stop_and_continue,
    replace_scheduler,
)


def test_faults_of_a_deployment(
    postgres: Postgres,
    connection: Callable[[str], dict[str, str]],
    control: Any,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"delay": 0.3, "apply": "before"})  # so that some are applied and not yet answered
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "gate").write_text("0")
    environment = {
        "AIRFLOW_CONN_ENGAGELAB_DEFAULT": json.dumps(connection("engagelab")),
        "FAULTY_FOLDER": str(tmp_path),
    }
    airflow = PostgresDeployment(home, postgres, {**IMPATIENT, **environment})
    shutil.copy(Path(__file__).parent / "faulty.py", home / "dags")
    pushes = Pushes(airflow, postgres, control, tmp_path)
    seconds: list[tuple[str, float]] = []
    with airflow.running():
        airflow.trigger("faulty", 120)
        for fault in FAULTS:
            started = time.monotonic()
            pushes.go_on()
            fault(pushes)
            seconds.append((fault.__name__, round(time.monotonic() - started, 1)))
        pushes.go_on()
        pushes.end()
        pushes.wait(lambda: airflow.state("faulty") in ("success", "failed"))
        state = airflow.state("faulty")
        reports = airflow.reports("faulty")
    assert state == "success", airflow.logs()
    result = {task: {"tries": len(set(pushes.tries(task))), "unknown": reports[task]["unknown"]} for task in FIRST}
    print(seconds, result, f"{pushes.let_through:,} rows each")
    record_property("faults", result)

    rows = pushes.let_through
    for task in FIRST:
        report, updates = reports[task], pushes.updates(task)
        assert report["rows"] == rows == sum(report[status] for status in STATUSES), task
        assert report["accepted"] <= len(updates) <= report["accepted"] + report["unknown"], task
        assert result[task]["tries"] >= 5, "those that were killed twice, alone, and stopped were tried again"
    assert set(pushes.updates("increase").values()) == {1}, "increased twice"
    assert reports["set"]["accepted"] == rows == len(pushes.updates("set"))

    # A try that was killed may have written rows that the next one wrote again: a replay takes each once.
    named, doubtless = (
        sum(1 for _ in Rejects(str(tmp_path / "increase.jsonl"), in_doubt=both).rows()) for both in (True, False)
    )
    assert named - doubtless == reports["increase"]["unknown"]
