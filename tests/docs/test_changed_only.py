# SPDX-License-Identifier: Apache-2.0
"""What docs/changed-only.md says it is worth is what the vendors' limits come to."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from docs.test_sizing import A_TASK, OPERATIONS, USERS, a_request, duration

PAGE = Path(__file__).parents[2] / "docs" / "changed-only.md"

#: The share of the users that change in a day.
CHANGED = 0.02


def test_what_it_is_worth() -> None:
    lines = ["| vendor | users | requests, all | time | requests, changed | time |", "|---|---|---|---|---|---|"]
    for vendor, operation in OPERATIONS.items():
        rate = min(A_TASK * a_request(operation), operation.max_rate or float("inf"))
        for users in USERS:
            cells = [
                cell
                for some in (users, round(users * CHANGED))
                for cell in (f"{ceil(some / a_request(operation)):,}", duration(some / rate))
            ]
            lines.append(f"| {vendor} | {users:,} | {' | '.join(cells)} |")
    assert "\n".join(lines) in PAGE.read_text(), "\n".join(lines)
