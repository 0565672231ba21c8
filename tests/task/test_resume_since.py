# SPDX-License-Identifier: Apache-2.0
"""Several tries of a push that reads only new rows: the first one's window holds for all, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from task.tries import points, warehouse

from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.push.changes import windowed
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections", "clock")

_USERS = 600
_LATER = {"status": 429, "headers": {"Retry-After": "4000"}}


class Changing(SqlRows):
    """A query whose table changes before a certain reading of it."""

    changes: ClassVar[dict[int, str]] = {}
    readings = 0

    def rows(self, after: Any = None) -> Iterator[Any]:
        Changing.readings += 1
        warehouse(self.changes.get(Changing.readings, "SELECT 1"))
        yield from super().rows(after)


@pytest.fixture
def night(airflow: Any, control: Any, sqlite: Callable[..., None], tmp_path: Any, kept: Any, monkeypatch: Any) -> Any:
    """Fill a table of 600 users who changed a week ago; return what pushes it in up to four tries."""
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE users (id INTEGER, euid INTEGER, points INTEGER, updated_at TEXT)")
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 600)"
    sqlite(f"INSERT INTO users SELECT n * 10, n, 0, datetime('now', '-7 days') FROM ({numbers} SELECT n FROM c)")
    monkeypatch.setattr(Changing, "readings", 0)
    monkeypatch.setattr(Changing, "changes", {})
    source = Changing("SELECT * FROM users", conn_id="warehouse", key="id", since=Watermark("updated_at"))

    def push(**parameters: Any) -> Any:
        return airflow.run(
            lambda: EngageLabSetAttributesOperator(
                task_id="push",
                users=source,
                attributes=["points"],
                retries=3,
                retry_delay=timedelta(0),
                concurrency=1,
                changed_only=ChangedOnly(str(tmp_path / "known")),
                **kept,
                **parameters,
            ),
            dag_id="nights",
        )

    return push


def window(run: Any) -> Any:
    return run.report["changed_only"]["window"]


CHANGED = "UPDATE users SET points = 1, updated_at = datetime('now')"
NEWER = "UPDATE users SET points = 2, updated_at = datetime('now') WHERE euid IN (7, 450)"


def test_a_retry_reads_the_rest_of_the_window(night: Any, control: Any) -> None:
    assert night().report["accepted"] == _USERS
    warehouse(f"{CHANGED} WHERE euid % 2 = 0")
    control.fault("engagelab", _LATER, {"from": 151, "to": 151})
    # While the first try is sending, two users change: one that it has passed, and one that it has not.
    Changing.changes = {3: NEWER}
    run = night()
    assert (run.report["resumed_from"], run.report["accepted"], run.report["warning"]) == (150, 301 - 1, None)
    assert window(run)["kept"] is None
    assert Changing.readings == 3
    assert set(points(control).values()) == {0, 1, 2}
    assert points(control)["7"] == 0, "it came into the window behind the retry"
    night()
    assert points(control)["7"] == 2 == points(control)["450"]
    assert sum(points(control).values()) == 299 + 2 * 2


def test_the_first_night_may_take_several_tries(night: Any, control: Any) -> None:
    control.fault("engagelab", _LATER, {"from": 301, "to": 301})
    Changing.changes = {2: NEWER}
    first = night()
    assert (first.report["resumed_from"], window(first)["all"]) == (300, "nothing was pushed before")
    assert window(first)["kept"] is None
    second = night()
    assert (second.counts, window(second)["all"]) == ({"accepted": 1, "skipped": 1}, None)
    assert points(control)["7"] == 2


def fail_and_retry(night: Any, control: Any) -> Any:
    """Push a night in which a user fails, and then a retry is needed; return the run."""
    night()
    warehouse(CHANGED)
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", [euid for euid in range(1, _USERS + 1) if euid != 100])
    warehouse("UPDATE users SET euid = 9100 WHERE euid = 100")
    control.fault("engagelab", _LATER, {"from": 301, "to": 301})
    run = night()
    assert run.counts == {"accepted": 599, "rejected": 1}
    control.switch(engagelab__any_user=True)
    # Who failed changes without a new time, and all times are before the lag.
    warehouse("UPDATE users SET points = 3 WHERE euid = 9100; UPDATE users SET updated_at = datetime('now', '-1 day')")
    return run


def test_after_a_retry_rows_that_failed_before_it_are_asked_for_again(night: Any, control: Any) -> None:
    run = fail_and_retry(night, control)
    assert (window(run)["kept"], window(run)["remembered"]) == (None, 1)
    assert "The next push asks for 1 user again who failed" in "\n".join(run.log.texts)
    assert "failed_keys" not in run.report
    again = night()
    assert (again.counts, window(again)["asked"]) == ({"accepted": 1}, 1)
    assert points(control)["9100"] == 3


def test_after_a_retry_that_does_not_know_which_rows_failed_all_are_read_again(
    night: Any, control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windowed, "MAX_LENGTH_IN_CHECKPOINT", 10)
    run = fail_and_retry(night, control)
    assert window(run)["kept"].startswith("more rows failed in a try before the last one")
    assert "The next push reads the same rows once more, because more rows failed in a try" in "\n".join(run.log.texts)
    warehouse("UPDATE users SET updated_at = datetime('now')")  # as they were within the window
    again = night()
    assert (again.counts, window(again)["kept"]) == ({"accepted": 1, "skipped": 599}, None)
    assert points(control)["9100"] == 3


def test_rows_that_failed_stay_remembered_in_a_retry_that_does_not_read_them(night: Any, control: Any) -> None:
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", list(range(2, _USERS + 1)))
    first = night()
    assert window(first)["remembered"] == 1
    warehouse(f"{CHANGED} WHERE euid > 1")
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", _LATER, {"from": 301, "to": 301})
    run = night()
    assert run.report["accepted"] == _USERS
    assert (window(run)["asked"], window(run)["gone"], window(run)["remembered"]) == (1, 0, 1)
    assert window(night())["remembered"] == 0
