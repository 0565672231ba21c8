# SPDX-License-Identifier: Apache-2.0
"""Tasks marked as failed by hand, on a real scheduler: SIGKILL comes 5 s after SIGTERM, and the account is kept."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cases import STATUSES
from deployment import Deployment

ROWS = 400

#: The requests, of one user each, that are answered; what comes after them is applied and never answered.
ANSWERED = 80


def test_a_task_marked_as_failed_keeps_its_account(
    connection: Callable[[str], dict[str, str]], control: Any, tmp_path: Path
) -> None:
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"hold": True, "apply": "before"}, {"from": ANSWERED + 1})
    control.seed("kahuna", [{"username": f"user{number}"} for number in range(300)])
    home, rejects = tmp_path / "home", tmp_path / "rejects.jsonl"
    home.mkdir()
    connections = {
        f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT": json.dumps({**connection(vendor), "extra": {"timeout": 600}})
        for vendor in ("engagelab", "kahuna")
    }
    airflow = Deployment(home, {**connections, "MARKED_REJECTS": str(rejects)})
    shutil.copy(Path(__file__).parent / "marked.py", home / "dags")

    def is_stuck() -> bool:
        journal = control.get("journal/summary", vendor="engagelab")
        updated: int = sum(user["updates"] for user in control.users("kahuna").values())
        return bool(journal["rows"] > ANSWERED) and updated == 300

    with airflow.running():
        airflow.trigger("marked", 120)
        assert airflow.wait_until(is_stuck, 120), airflow.logs()
        for task in ("waits", "hangs"):
            airflow.mark_failed("marked", task)
        airflow.wait_until(lambda: len(airflow.reports("marked")) == 2, 30)
        reports = airflow.reports("marked")
        states = airflow.task_states("marked")
        log = {path.parent.name: path.read_text() for path in home.glob("logs/**/attempt=1.log")}
    assert states == {"waits": "failed", "hangs": "failed"}, "and no retry began"
    assert set(reports) == {"waits", "hangs"}, airflow.logs()
    for report in reports.values():
        assert report["rows"] == sum(report[status] for status in STATUSES)
        assert report["failure"].startswith("The task was told to stop (SIGTERM)")

    waits, applied = reports["waits"], control.users("engagelab")
    assert {user["updates"] for user in applied.values()} == {1}
    assert waits["rows"] == ROWS
    assert waits["accepted"] == ANSWERED
    assert waits["accepted"] + waits["unknown"] == len(applied), "what was in flight is in doubt, and nothing else"
    assert waits["unsent"] == ROWS - len(applied)
    lines = Path(waits["rejects_path"]).read_text().splitlines()
    result = Counter(json.loads(line).get("status") for line in lines)
    assert result["unknown"] == waits["unknown"]

    hangs = reports["hangs"]
    assert hangs["rows"] == hangs["accepted"] == hangs["stopped_at"] == 300
    assert hangs["warning"] == "The push to Kahuna stopped at row 300; the rows after it are not counted"
    for task, text in log.items():
        assert reports[task.removeprefix("task_id=")]["warning"] in text
