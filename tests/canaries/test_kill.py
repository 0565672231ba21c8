# SPDX-License-Identifier: Apache-2.0
"""What a killed task leaves behind: nobody's data and no secret, but in its rejects file."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cases import CASE

from canaries import Canaries

TESTS = Path(__file__).parents[1]
CASE_NAME = "kahuna-set"

DAG = f"""\
import os
import signal
from datetime import datetime
from threading import Event

import requests
from airflow_names import DAG
from cases import CASE

from airflow_provider_userattrs import ChangedOnly, PushLog
from canaries.failures import good_rows

case = CASE["{CASE_NAME}"]
sandbox = requests.Session()
sandbox.trust_env = False


def die():
    # Once the vendor has had a request.
    for _ in range(600):
        if sandbox.get(os.environ["JOURNAL"]).json()["requests"]:
            break
        Event().wait(0.1)  # for other processes, whose clock is not ours
    os.kill(os.getpid(), signal.SIGKILL)


class MortalRows:
    def identity(self):
        return "the same"

    def rows(self):
        for position, row in enumerate(good_rows(case, 3_000)):
            if position == 2_000:
                die()
            yield row


with DAG("killed", schedule=None, start_date=datetime(2026, 1, 1)):
    case.operator(
        task_id="push",
        users=MortalRows(),
        changed_only=ChangedOnly(os.environ["LEFT"] + "/known"),
        log_to=PushLog("log", level="all"),
        checkpoint_path=os.environ["LEFT"] + "/checkpoints",
        rejects_path=os.environ["LEFT"] + "/rejects/rows.jsonl",
        **case.parameters,
    )
"""


@pytest.mark.usefixtures("airflow_database")
def test_a_kill_leaves_no_canary(tmp_path: Path, sandbox: Any, control: Any, connect: Callable[..., None]) -> None:
    vendor = CASE[CASE_NAME].vendor.name
    connect(vendor)
    home, left = tmp_path / "home", tmp_path / "left"
    for folder in (home / "dags", home / "tmp", left / "rejects"):
        folder.mkdir(parents=True)
    (home / "dags" / "killed.py").write_text(DAG)
    ready = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(ready)) as source, closing(sqlite3.connect(home / "airflow.db")) as target:
        source.backup(target)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "JOURNAL": f"{control.url}/journal",
        "LEFT": str(left),
        "AIRFLOW_CONN_LOG": json.dumps({"conn_type": "sqlite", "host": str(left / "log.db")}),
        "PYTHONPATH": str(TESTS),
        "TMPDIR": str(home / "tmp"),
    }
    command = [sys.executable, "-W", "ignore", "-m", "airflow", "dags", "test", "killed"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr

    assert control.journal(vendor), "nobody was on the way"
    assert (left / "log.db").exists()
    assert list((left / "known").iterdir()), "it was not killed in the middle of its work"
    canaries = Canaries.of(*sandbox.world.vendors[vendor].login)
    # Airflow 3's dag.test() prints, at level DEBUG, what is to be masked; docs/versions.md says so.
    canaries.look("output", (line for line in (done.stdout + done.stderr).splitlines() if "MaskSecret" not in line))
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".py"):
        if left / "rejects" not in path.parents:
            canaries.look(str(path.relative_to(tmp_path)), [path.name, path.read_bytes()])
    assert not canaries.found, "\n".join(canaries.found)
