# SPDX-License-Identifier: Apache-2.0
"""Users who are looked up, under faults of both endpoints and kills: nothing is lost, and what is accepted is there."""

from __future__ import annotations

import os
import random
import signal
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases import CASE, STATUSES, Bench, Case

SCHEDULES = int(os.environ.get("USERATTRS_SCHEDULES", "4"))
SEED = int(os.environ.get("USERATTRS_SEED", "1"))
ROWS, USERS = 1_200, 400

#: What may happen to a request, and to which.
_FAULTS: list[dict[str, Any]] = [
    {"close": True},
    {"close": True, "apply": "before"},
    {"status": 500},
    {"status": 500, "apply": "before"},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"code": -1},
    {"body": '{"code":0,"message":"success","data":[{"identity_value":'},
    {"body": "<html>", "status": 502},
    {"code": 55004},
]
_PATHS = ("/engagelab/v1/user/register", "/engagelab/v1/user/property")


class LookedUp(Case):
    """An operation whose users are named by an id of their own; each has two."""

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "user_id": "user_id", "retries": 3, "max_failed": None}


def euid_of(name: str) -> int:
    return 1_000 + int(name.partition("-")[0])


def row(case: Case, name: str, value: int) -> dict[str, Any]:
    return {"user_id": name, case.column: value + 1 if case.operation == "increase" else f"value{value}"}


@pytest.mark.parametrize("operation", ["set", "increase"])
@pytest.mark.parametrize("schedule", range(SEED, SEED + SCHEDULES))
def test_a_push_that_looks_users_up(
    bench: Bench, tries: Callable[..., Any], tmp_path: Path, operation: str, schedule: int
) -> None:
    chance = random.Random(f"{operation} {schedule}")
    case = LookedUp(CASE["engagelab-set"].vendor, operation)
    names = [f"{number}-{which}" for number in range(USERS) for which in "ab"]
    bench.control.seed("engagelab", [{"euid": euid_of(name), "user_id": [name]} for name in names])
    bench.control.switch(
        history=True,
        engagelab__register_creates=False,
        engagelab__register_order=chance.choice(["as sent", "reversed"]),
    )
    bench.connect("engagelab")
    known = [row(case, chance.choice(names), value) for value in range(ROWS)]
    rows = [row(case, f"{value}-nobody", value) if value % 37 == 5 else each for value, each in enumerate(known)]
    task = tries(case, rows)
    with_cache = {"euid_cache": str(tmp_path / "euids")} if schedule % 2 else {}
    report = None
    for turn in range(10):
        for _ in range(chance.randrange(4) if turn < 6 else 0):
            path = chance.choice(_PATHS)
            first, every = chance.randrange(1, 9 if path == _PATHS[0] else 300), chance.randrange(2, 9)
            when = chance.choice([{"every": every}, {"from": first, "to": first + chance.randrange(40)}])
            bench.control.fault("engagelab", chance.choice(_FAULTS), when, path=path)
        end = chance.choice([None, signal.SIGKILL, signal.SIGTERM]) if turn < 6 else None
        report = task.once(end, chance.randrange(ROWS), **with_cache)
        bench.control.clear_faults()
        if report is not None and report["error"] is None:
            break
    assert report is not None
    assert report["error"] is None, "the last tries had no fault"
    judge(bench, case, rows, report, {at: str(each.status) for at, each in task.verdicts().items()})


def judge(bench: Bench, case: Case, rows: list[dict[str, Any]], report: Any, verdicts: dict[int, str]) -> None:
    """Compare the verdicts with what the sandbox holds, by the users that the ids name."""
    assert sum(report[status] for status in STATUSES) == report["rows"] == len(rows)
    positions = defaultdict(list)
    for position, each in enumerate(rows):
        if each["user_id"].endswith("nobody"):
            assert verdicts[position] in ("rejected", "unknown" if case.operation == "increase" else "rejected")
        else:
            positions[euid_of(each["user_id"])].append(position)
    users = bench.control.users("engagelab")
    assert set(users) == {str(1_000 + number) for number in range(USERS)}, "a look-up made or lost a user"
    for euid, own in positions.items():
        history = [change["properties"][case.column] for change in users[str(euid)].get("history", [])]
        values = [rows[position][case.column] for position in own]
        assert set(history) <= set(values), "another user's value"
        sure = [rows[position][case.column] for position in own if verdicts[position] == "accepted"]
        assert set(sure) <= set(history), "accepted, and not there"
        if case.operation == "increase":
            assert len(history) == len(set(history)), "increased twice"
        elif all(verdicts[position] == "accepted" for position in own):
            assert history[-1] == values[-1], "an earlier row was applied last"
