# SPDX-License-Identifier: Apache-2.0
"""A table that changes between two tries, read with and without a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from task.tries import Changing, points, warehouse

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def changing(sqlite: Callable[..., None], control: Any, monkeypatch: pytest.MonkeyPatch) -> type[Changing]:
    """Fill a table of 600 users; the first try stops behind the 300th."""
    sqlite("CREATE TABLE users (id INTEGER, euid INTEGER, points INTEGER)")
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 600)"
    sqlite(f"INSERT INTO users SELECT n * 10, n, 1 FROM ({numbers} SELECT n FROM c)")
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 301, "to": 301})
    monkeypatch.setattr(Changing, "readings", 0)
    return Changing


@pytest.mark.parametrize("operation", ["set", "increase"])
@pytest.mark.parametrize(
    ("change", "left_out", "warning"),
    [
        (
            "DELETE FROM users WHERE euid BETWEEN 281 AND 300",
            0,
            "at least 20 of the 300 users done by earlier tries left",
        ),
        (
            "DELETE FROM users WHERE euid <= 200",
            0,
            "at least 200 of the 300 users done by earlier tries left the source",
        ),
        ("DELETE FROM users", 0, "300 of the 300 users done by earlier tries left the source"),
        (
            "INSERT INTO users SELECT id - 5, euid + 10000, 1 FROM users WHERE euid BETWEEN 282 AND 300",
            19,
            "at least 19 users came into the source among those done by earlier tries and were not read: push once",
        ),
        ("INSERT INTO users SELECT id + 5, euid + 10000, 1 FROM users WHERE euid > 300", 0, None),
        (
            "CREATE TABLE o AS SELECT * FROM users ORDER BY -id; DROP TABLE users; ALTER TABLE o RENAME TO users",
            0,
            None,
        ),
    ],
)
def test_a_table_that_changes_between_two_tries(
    push_tries: Callable[..., Any],
    control: Any,
    changing: type[Changing],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    change: str,
    left_out: int,
    warning: str | None,
) -> None:
    monkeypatch.setattr(Changing, "change", change)
    source = changing("SELECT * FROM users", conn_id="warehouse", key="id")
    run = push_tries(source, operation=operation, attributes=["points"])
    assert run.state == "success"
    assert run.report["resumed_from"] == 300
    assert (run.report["warning"] or "").startswith(warning or "")
    assert bool(run.report["warning"]) is bool(warning)
    assert set(points(control).values()) == {1}
    assert run.report["rows"] == run.report["accepted"] == len(points(control))
    assert len({str(euid) for (euid,) in warehouse("SELECT euid FROM users")} - set(points(control))) == left_out


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_without_a_key_a_retry_starts_at_the_first_row_or_is_refused(
    push_tries: Callable[..., Any], control: Any, changing: type[Changing], operation: str
) -> None:
    source = changing("SELECT * FROM users ORDER BY id", conn_id="warehouse")
    run = push_tries(source, operation=operation, attributes=["points"])
    if operation == "increase":
        assert run.state == "failed"
        assert "sql is read without key=" in str(run.error)
        assert control.journal() == []
        return
    assert run.state == "success"
    assert run.counts == {"accepted": 600}
    assert any("sql is read without key=" in text and "starts at the first row" in text for text in run.log.texts)
    assert len(control.journal()) == 301 + 600
