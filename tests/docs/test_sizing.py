# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/sizing.md are what its own rule comes to, with each vendor's limits."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from airflow_provider_userattrs.push.model.operation import Operation, format_rate
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

PAGE = Path(__file__).parents[2] / "docs" / "sizing.md"

OPERATIONS = {
    "EngageLab": engagelab.OPERATIONS["set"],
    "Kahuna": kahuna.OPERATIONS["set"],
    "MoEngage": moengage.OPERATIONS["set"],
    "MoEngage, `bulk=True`": moengage.set_attributes(bulk=True),
}

#: Requests a second of one task: 16 in flight, 50 ms each. Bytes of a user, where bytes limit a request.
A_TASK, A_USER = 16 / 0.05, 250
USERS = (1_000_000, 10_000_000, 100_000_000)


def a_request(operation: Operation) -> int:
    """Return how many users a request holds."""
    return operation.max_users or (operation.max_bytes or 0) // A_USER


def duration(seconds: float) -> str:
    """Return a time as a person would say it."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:,.1f} {name}"
    return f"{seconds:,.0f} s"


def test_the_table() -> None:
    night = 4 * 3_600  # seconds
    lines = ["| vendor | users | shards | time | limited by |", "|---|---|---|---|---|"]
    for vendor, operation in OPERATIONS.items():
        cap = operation.max_rate
        for users in USERS:
            requests = users / a_request(operation)
            shards = 1 if cap else ceil(requests / A_TASK / night)
            seconds, why = (users / cap, "the vendor's cap") if cap else (requests / A_TASK / shards, "the requests")
            lines.append(f"| {vendor} | {users:,} | {shards} | {duration(seconds)} | {why} |")
    assert "\n".join(lines) in PAGE.read_text()


def test_one_task_s_users_a_second() -> None:
    lines = ["| vendor | users a second | 1,000,000 users | 10,000,000 | 100,000,000 |", "|---|---|---|---|---|"]
    for vendor, operation in OPERATIONS.items():
        rate = min(A_TASK * a_request(operation), operation.max_rate or float("inf"))
        times = " | ".join(duration(users / rate) for users in USERS)
        lines.append(f"| {vendor} | {format_rate(rate)} | {times} |")
    assert "\n".join(lines) in PAGE.read_text()
