# SPDX-License-Identifier: Apache-2.0
"""Lines of a log, and the tables they are written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.task.push_log.database import LogDatabase
from airflow_provider_userattrs.task.push_log.lines import Line

OWNER: dict[str, Any] = {
    "push_id": "p1",
    "try_number": 1,
    "dag_id": "nightly",
    "task_id": "push",
    "run_id": "r1",
    "map_index": -1,
    "shard_number": None,
    "shard_of": None,
    "vendor": "EngageLab",
    "operation": "set attributes",
    "destination": "engagelab://singapore/users",
    "key_check": "k1",
    "package_version": "1.0",
}
REFUSED = Verdict(Status.REJECTED, "55108", "EUID is invalid")


@pytest.fixture
def line() -> Callable[..., Line]:
    """Make the line of a user's row."""

    def line(
        position: int | None = 0, verdict: Verdict = REFUSED, user: str | None = "7", *, at: float = 1_000.0
    ) -> Line:
        fails = None if user is None or verdict.status is Status.SKIPPED else verdict is not ACCEPTED
        digest = None if user is None else f"{user:0>32}"[:32]
        return Line(position, digest, user, verdict, at, verdict is not ACCEPTED, fails)

    return line


@pytest.fixture
def database() -> Callable[..., Any]:
    """Open the database of ``warehouse`` for a try."""
    from airflow_provider_userattrs.sources.database.connection import hook_of

    def database(schema: str | None = None, *, identify: bool = False, **owner: Any) -> LogDatabase:
        return LogDatabase(hook_of("warehouse"), schema, {**OWNER, **owner}, identify=identify)

    return database
