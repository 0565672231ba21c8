# SPDX-License-Identifier: Apache-2.0
"""Positions after a retry that resumes by key: they name the rows that a push in one go would name."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from task.tries import push_once

from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer
from airflow_provider_userattrs.sources.sql import SqlRows

_USERS = 300
#: Nobody at EngageLab.
_UNKNOWN = (5, 40, 41, 150, 151, 200, 299)

#: These are busy in the first try, two of whom are unknown, so their verdicts come in a later one.
_BUSY = (20, 40, 41, 150)

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def users(sqlite: Callable[..., None], control: Any) -> SqlRows:
    """Fill a table, some of whose users EngageLab does not know."""
    sqlite("CREATE TABLE users (id INTEGER, euid INTEGER, points INTEGER)")
    numbers = f"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {_USERS - 1})"
    sqlite(f"INSERT INTO users SELECT n * 10, n + 1000, 1 FROM ({numbers} SELECT n FROM c)")
    control.seed("engagelab", [1_000 + number for number in range(_USERS) if number not in _UNKNOWN])
    return SqlRows("SELECT * FROM users", conn_id="warehouse", key="id")


def rejected(folder: Path) -> dict[int, int]:
    """Return the rejected rows in the files of all tries of a push: position -> number of the row."""
    lines = [json.loads(text) for file in sorted(folder.glob("rejects*")) for text in file.read_text().splitlines()]
    return {line["position"]: line["row"]["euid"] - 1_000 for line in lines if line.get("status") == "rejected"}


def not_found(report: Any) -> list[int]:
    """Return the positions that the report names for those whom EngageLab does not know."""
    [positions] = [reason["positions"] for reason in report["reasons"] if reason["code"] == "55108"]
    return list(positions)


def test_a_retry_names_the_rows_that_a_push_in_one_go_names(
    push_tries: Callable[..., Any], control: Any, users: SqlRows, tmp_path: Path
) -> None:
    control.switch(engagelab__any_user=False)
    control.fault(
        "engagelab", {"status": 503}, {"users": [1_000 + number for number in _BUSY], "times": 5 * len(_BUSY)}
    )
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"users": [1_250], "times": 1})
    pushes = {name: tmp_path / name for name in ("tries", "whole")}
    found = {}
    for name, folder in pushes.items():
        found[name] = push_tries(
            users, attributes=["points"], max_failed=None, rejects_path=str(folder / "rejects.jsonl")
        ).report
    assert found["tries"]["tries"] == [0, 20]
    assert found["whole"]["tries"] == [0]
    assert rejected(pushes["tries"]) == rejected(pushes["whole"]) == {position: position for position in _UNKNOWN}
    assert not_found(found["tries"]) == not_found(found["whole"]) == list(_UNKNOWN[:5])


def test_a_try_after_one_that_was_killed_names_them_too(control: Any, users: SqlRows, tmp_path: Path) -> None:
    control.fault(
        "engagelab", {"status": 503}, {"users": [1_000 + number for number in _BUSY], "times": 5 * len(_BUSY)}
    )
    parameters: dict[str, Any] = {
        "users": users,
        "attributes": ["points"],
        "max_failed": None,
        "concurrency": 1,
        "rejects_path": str(tmp_path / "rejects.jsonl"),
    }
    process = os.fork()
    if process == 0:  # dies once a checkpoint passes over rows that are not finished
        save = Checkpointer._save

        def save_and_die(self: Checkpointer, **how: Any) -> bool:
            saved = save(self, **how)
            if len(self.current().gaps) > 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return saved

        Checkpointer._save = save_and_die  # type: ignore[method-assign]
        push_once(tmp_path / "checkpoints", **parameters)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL
    run = push_once(tmp_path / "checkpoints", **parameters)
    assert run.report["resumed_from"] == 20
    assert run.report["rows"] == _USERS
    assert rejected(tmp_path) == {position: position for position in _UNKNOWN}
    assert not_found(run.report) == list(_UNKNOWN[:5])


def test_a_limit_counts_the_rows_that_are_left_as_well(
    push_tries: Callable[..., Any], control: Any, users: SqlRows
) -> None:
    control.fault("engagelab", {"status": 503}, {"users": [1_020, 1_021, 1_022], "times": 15})
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"users": [1_100], "times": 1})
    report = push_tries(users, attributes=["points"], limit=150).report
    assert report["tries"] == [0, 20]
    assert report["rows"] == 150
