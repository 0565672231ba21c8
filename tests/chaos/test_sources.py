# SPDX-License-Identifier: Apache-2.0
"""A table that changes between the tries of a push that is killed: nobody who stays in it is left out."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cases import CASE, STATUSES, Case

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.sources.sql import SqlRows

SCHEDULES = int(os.environ.get("USERATTRS_SCHEDULES", "200")) // 4
FIRST_SEED = int(os.environ.get("USERATTRS_SEED", "1"))


def is_over(report: dict[str, Any] | None) -> bool:
    """Return whether a push ended with a word on every row that no retry would change."""
    return report is not None and report["error"] in (None, "TooManyFailed")


class MortalSql(SqlRows):
    """Read a query, and send this process a signal before one of its rows."""

    ends: tuple[int, int] | None = None

    def rows(self, after: Any = None) -> Iterator[Any]:
        count = 0
        for item in super().rows(after):
            if not isinstance(item, Keys):
                if self.ends is not None and count == self.ends[1]:
                    os.kill(os.getpid(), self.ends[0])
                count += 1
            yield item


class Table:
    """A table of users that changes."""

    def __init__(self, path: Path, chance: random.Random, key: str) -> None:
        self.path, self.chance, self.key = path, chance, key
        self.always: set[int] = set()
        self.ever: set[int] = set()
        self.execute("CREATE TABLE users (id, euid INTEGER, points INTEGER, place REAL)")

    def execute(self, sql: str, rows: Any = ()) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            if sql.startswith("INSERT"):
                connection.executemany(sql, rows)
                return []
            return connection.execute(sql, rows).fetchall()

    def now(self) -> set[int]:
        return {euid for (euid,) in self.execute("SELECT euid FROM users")}

    def insert(self, count: int, anywhere: bool = True) -> None:
        new = []
        for _ in range(count):
            euid = 1_000 + len(self.ever)
            self.ever.add(euid)
            number = self.chance.randrange(10**6) if anywhere else 10**6 + euid
            key: Any = number * 10_000 + euid
            if self.key == "text":
                key = self.chance.choice(["{:x}@example.com", "Ü{:X}", "{:x} "]).format(key)
            new.append((key, euid, 1, self.chance.random()))
        self.execute("INSERT INTO users VALUES (?, ?, ?, ?)", new)

    def delete(self, count: int) -> None:
        now = sorted(self.now())
        for euid in self.chance.sample(now, min(count, len(now))):
            self.execute("DELETE FROM users WHERE euid = ?", (euid,))

    def shuffle(self) -> None:
        """Put the rows in another order where no key orders them."""
        rows = self.execute("SELECT * FROM users")
        self.chance.shuffle(rows)
        self.execute("DELETE FROM users")
        self.execute("INSERT INTO users VALUES (?, ?, ?, ?)", rows)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SCHEDULES))
def test_users_that_stay_in_the_table_are_sent_whatever_else_changes(
    seed: int,
    bench: Any,
    tries: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(seed)
    case: Case = CASE[chance.choice(["engagelab-set", "engagelab-increase"])]
    table = Table(tmp_path / "warehouse.db", chance, chance.choice(["integer", "text"]))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(table.path)}))
    # Few rows a fetch, so that kills fall before, in and behind several.
    monkeypatch.setattr("airflow_provider_userattrs.sources.sql.MAX_FETCHED", chance.choice([1, 3, 17, 1_000]))
    table.insert(chance.choice([5, 40, 150]))
    by_key = chance.random() < 0.8 or not case.idempotent
    bench.control.switch(history=True, engagelab__any_user=True)
    bench.connect(case.vendor.name)
    source = MortalSql("SELECT * FROM users", conn_id="warehouse", key="id" if by_key else None)
    task = tries(case, source)
    always = table.now()
    report, inserted_at_the_end = None, table.key == "integer" and chance.random() < 0.5
    parameters = {"attributes": ["points"], "concurrency": chance.choice([1, 3, 8])}
    for _ in range(chance.randint(1, 4)):
        bench.control.clear_faults()
        if chance.random() < 0.5:
            then = {"status": 429, "headers": {"Retry-After": chance.choice(["1", "4000"])}, "apply": "never"}
            bench.fault(case, then, {"every": chance.randint(2, 30)})
        end = chance.choice([None, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        source.ends = None if end is None else (end, chance.randrange(150))
        report = task.once(**parameters)
        if is_over(report):
            break
        if chance.random() < 0.8:
            table.delete(chance.choice([0, 1, 20]))
            table.insert(chance.choice([0, 1, 20]), anywhere=not inserted_at_the_end)
            table.shuffle()
        always &= table.now()
    bench.control.clear_faults()
    source.ends = None
    if not is_over(report):
        report = task.once(**parameters)
    try:
        judge(bench, case, table, report, always, by_key=by_key, inserted_at_the_end=inserted_at_the_end)
    except AssertionError as error:
        raise AssertionError(f"{error}; repeat with: make chaos N=4 SEED={seed}") from error
    record_property("chaos", {"schedules": 1, "kills": task.kills, "rows": len(table.ever)})


def judge(
    bench: Any, case: Case, table: Table, report: Any, always: set[int], *, by_key: bool, inserted_at_the_end: bool
) -> None:
    assert is_over(report), f"not over with a vendor that is well: {report}"
    assert sum(report[status] for status in STATUSES) == report["rows"]
    users = bench.control.users(case.vendor.name)
    applied = Counter({int(euid): user["updates"] for euid, user in users.items() if user["updates"]})
    assert report["accepted"] + report["unknown"] == report["rows"]
    left_out = always - set(applied)
    assert len(left_out) <= report["unknown"], f"left out: {sorted(left_out)[:5]}"
    if case.idempotent:
        assert report["unknown"] == 0
        assert report["rows"] >= len(always)
        if inserted_at_the_end or not by_key:
            assert not table.now() - set(applied), "left out, though they were there at the last try"
    else:
        assert max(applied.values(), default=1) == 1, "increased twice"
        assert report["accepted"] <= len(applied) <= report["accepted"] + report["unknown"]
        if inserted_at_the_end:
            assert len(table.now() - set(applied)) <= report["unknown"]
