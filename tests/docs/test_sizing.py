# SPDX-License-Identifier: Apache-2.0
"""The table of docs/sizing.md is what its own rule comes to, with each vendor's limits."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

PAGE = Path(__file__).parents[2] / "docs" / "sizing.md"

OPERATIONS = {
    "EngageLab": engagelab.OPERATIONS["set"],
    "Kahuna": kahuna.OPERATIONS["set"],
    "MoEngage": moengage.OPERATIONS["set"],
}


def duration(seconds: float) -> str:
    """Return a time as a person would say it."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:,.1f} {name}"
    return f"{seconds:,.0f} s"


def test_the_table() -> None:
    a_task, night = 16 / 0.05, 4 * 3_600  # requests a second, seconds
    lines = ["| vendor | users | shards | time | limited by |", "|---|---|---|---|---|"]
    for vendor, operation in OPERATIONS.items():
        cap = operation.max_rate
        for users in (1_000_000, 10_000_000, 100_000_000):
            requests = users / operation.max_users
            shards = 1 if cap else ceil(requests / a_task / night)
            seconds, why = (users / cap, "the vendor's cap") if cap else (requests / a_task / shards, "the requests")
            lines.append(f"| {vendor} | {users:,} | {shards} | {duration(seconds)} | {why} |")
    assert "\n".join(lines) in PAGE.read_text()
