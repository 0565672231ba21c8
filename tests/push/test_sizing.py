# SPDX-License-Identifier: Apache-2.0
"""How a push is sized; and the table in the docs is what the function says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.sizing import MOST_REQUESTS, size
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

DOCS = Path(__file__).parents[2] / "docs" / "sizing.md"

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


def table() -> str:
    lines = ["| vendor | users | shards | time | what takes it |", "|---|---|---|---|---|"]
    for vendor, operation in OPERATIONS.items():
        for users in (1_000_000, 10_000_000, 100_000_000):
            found = size(users, operation, latency=0.05, within=4 * 3_600)
            why = "the vendor's cap" if found.is_capped else "the requests"
            lines.append(f"| {vendor} | {users:,} | {found.shards} | {duration(found.seconds)} | {why} |")
    return "\n".join(lines)


def test_the_table_in_the_docs_is_what_the_function_says() -> None:
    assert table() in DOCS.read_text()


@pytest.mark.parametrize(
    ("users", "vendor", "arguments", "shards", "seconds"),
    [
        (320_000, "EngageLab", {}, 1, 1_000),
        (3_200_000, "EngageLab", {"within": 1_000}, 10, 1_000),
        (3_200_000, "EngageLab", {"within": 1_000, "cap": 640}, 2, 5_000),
        (10_000, "MoEngage", {}, 1, 60),
        (1_000_000, "MoEngage", {"within": 60}, 1, 6_000),
        (100_001, "Kahuna", {"concurrency": 1, "latency": 1.0}, 1, 1_001),
        (100_000, "EngageLab", {"latency": 0.001, "within": 1e9}, 1, 100_000 / MOST_REQUESTS),
    ],
)
def test_shards_and_time(users: int, vendor: str, arguments: dict[str, Any], shards: int, seconds: float) -> None:
    found = size(users, OPERATIONS[vendor], **{"latency": 0.05, "within": 3_600, **arguments})
    assert (found.shards, found.seconds) == (shards, pytest.approx(seconds))


@settings(max_examples=200, deadline=None)
@given(
    users=st.integers(1, 10**9),
    operation=st.sampled_from(list(OPERATIONS.values())),
    latency=st.floats(0.001, 5),
    within=st.floats(60, 86_400),
    cap=st.none() | st.floats(1, 10_000),
)
def test_in_time_or_at_the_cap(
    users: int, operation: Operation, latency: float, within: float, cap: float | None
) -> None:
    found = size(users, operation, latency=latency, within=within, cap=cap)
    assert found.shards >= 1
    assert found.seconds <= within * 1.000001 or found.is_capped
    if found.shards > 1:  # with one fewer it would not end so soon
        fewer = (found.shards - 1) * min(16 / latency, MOST_REQUESTS)
        assert users / operation.max_users / fewer > within * 0.999999 or fewer < (cap or operation.max_rate or 1e18)
