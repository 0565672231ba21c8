# SPDX-License-Identifier: Apache-2.0
"""Random faults at the vendor and random ends of the task: the last report equals what the sandbox holds."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from typing import Any

import pytest
from cases import CASES, Case

SCHEDULES = int(os.environ.get("USERATTRS_SCHEDULES", "200"))
FIRST_SEED = int(os.environ.get("USERATTRS_SEED", "1"))

#: What may become of a request; where ``apply`` is missing it is drawn.
FAULTS: list[dict[str, Any]] = [
    {"status": 429, "apply": "never"},
    {"status": 429, "headers": {"Retry-After": "7"}, "apply": "never"},
    {"status": 429, "headers": {"x-ratelimit-reset": "30"}, "apply": "never"},
    {"status": 429, "headers": {"Retry-After": "4000"}, "apply": "never"},
    {"status": 500},
    {"status": 503, "headers": {"Retry-After": "3"}},
    {"status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"},
    {"status": 302, "location": "http://127.0.0.2:9/"},
    {"body": '{"code": 0, "mess'},
    {"body": "[]"},
    {"body": "<html>sorry</html>", "content_type": "text/html"},
    {"close": True},
    {"close": True},
    {"hold": True},
]
#: Seconds to wait for an answer; a held one takes that long.
TIMEOUT = [5, 0.3]


def draw_fault(chance: random.Random, case: Case, users: int) -> tuple[dict[str, Any], dict[str, Any]]:
    then = dict(chance.choice(FAULTS))
    then.setdefault("apply", chance.choice(["before", "never"]))
    if then.get("hold"):
        return then, {"next": 1}
    first = chance.randint(1, 30)
    keys = [case.key(chance.randrange(users)) for _ in range(2)]
    whens: list[dict[str, Any]] = [
        {"next": chance.randint(1, 12)},
        {"every": chance.randint(2, 9)},
        {"from": first, "to": first + chance.randint(0, 25)},
        {"users": keys, "times": chance.randint(1, 6)},
    ]
    return then, chance.choice(whens)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SCHEDULES))
def test_whatever_happens_the_last_report_is_true(
    seed: int, bench: Any, tries: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(seed)
    case = chance.choice(CASES)
    users = chance.choice([3, 10, 40])
    bench.prepare(case, users)
    rows = [case.row(chance.randrange(users), position) for position in range(chance.choice([0, 5, 40, 120]))]
    bench.connect(case.vendor.name, extra={"timeout": TIMEOUT})
    task = tries(case, rows)
    concurrency = chance.choice([1, 3, 8])
    way = chance.choice(case.vendor.ways) if len(case.vendor.ways) > 1 else {}
    report = None
    for _ in range(chance.randint(1, 3)):  # bad nights
        bench.control.clear_faults()
        for _ in range(chance.randint(0, 3)):
            then, when = draw_fault(chance, case, users)
            bench.fault(case, then, when)
        end = chance.choice([None, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        report = task.once(end, chance.randint(0, max(len(rows) - 1, 0)), concurrency=concurrency, **way)
        if is_over(report):
            break
    bench.control.clear_faults()
    bench.control.post("release", {})
    if not is_over(report):
        report = task.once(concurrency=concurrency, **way)
    assert report is not None
    assert is_over(report), f"not over with a vendor that is well: {report}; repeat with: {repeat(seed)}"
    try:
        bench.judge(case, rows, task.pushed(report), once=task.kills == 0 and report["resumed_from"] is None)
        if not case.idempotent:
            for user in range(users):
                values = bench.history(case, user)
                assert len(values) == len(set(values)), "the same increase twice"
    except AssertionError as error:
        raise AssertionError(f"{error}; repeat with: {repeat(seed)}") from error
    record_property("chaos", {"schedules": 1, "kills": task.kills, "rows": len(rows)})


def is_over(report: dict[str, Any] | None) -> bool:
    """Return whether a push ended with a word on every row that no retry would change."""
    return report is not None and report["error"] in (None, "TooManyFailed")


def repeat(seed: int) -> str:
    return f"make chaos N=1 SEED={seed}"
