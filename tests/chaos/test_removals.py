# SPDX-License-Identifier: Apache-2.0
"""Pushes whose process is killed before or after any request, night after night, while users come, change and leave."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chaos.killed_pushes import Disk, in_a_process
from push.changes.nights import SECRET
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.changes import comparison as module
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.task.storage_folder import StorageFolder

SEED = int(os.environ.get("USERATTRS_SEED", "1"))
NIGHTS = int(os.environ.get("USERATTRS_KILLS", "10")) * 4
USERS = 40


def push(folder: Path, rows: dict[str, int], send: Any) -> None:
    """Push a night's rows."""
    files = KnownFiles(StorageFolder(str(folder)), "dag~push", {"the mapping": "1"}, keeps_ids=True)
    comparison = Comparison(files, SECRET, max_removed=1.0, attributes=lambda: ("x",))
    plan = PushPlan(
        operation(
            encode=lambda update: json.dumps([update.user, update.attributes["x"]]).encode(),
            encode_unset=lambda update: json.dumps([update.user, None]).encode(),
        ),
        comparison=comparison,
        concurrency=1,
    )
    updates = (UserUpdate(at, user, (user,), {"x": x}, (), {}) for at, (user, x) in enumerate(rows.items()))
    Push(plan).run(updates, send)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_vendor_holds_what_the_query_says_whenever_the_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(module, "_MAX_CHANGED", 5)
    monkeypatch.setattr(module, "_MAX_ROWS", 10)
    chance = random.Random(SEED)
    vendor = Disk(tmp_path / "vendor")
    rows: dict[str, int] = {}
    killed = 0
    for night in range(NIGHTS):
        for user in [user for user in rows if chance.random() < 0.2]:
            del rows[user]
        rows |= {f"user-{chance.randrange(USERS)}": chance.randrange(3) for _ in range(8)}
        ends_at, after = chance.randrange(0, 12), chance.random() < 0.5
        before = len(vendor.applied())
        was_killed = in_a_process(lambda: push(tmp_path / "known", rows, vendor.send(ends_at, after=after)))  # noqa: B023
        killed += was_killed
        unset = [user for user, value in vendor.applied()[before:] if value is None]
        assert rows.keys().isdisjoint(unset), "who is in the query was unset"
        if not was_killed or night % 3 == 2:
            if was_killed:
                assert not in_a_process(lambda: push(tmp_path / "known", rows, vendor.send(-1, after=False)))  # noqa: B023
            assert vendor.held() == rows
            done = len(vendor.applied())
            assert not in_a_process(lambda: push(tmp_path / "known", rows, vendor.send(-1, after=False)))  # noqa: B023
            assert len(vendor.applied()) == done, "sent or unset again without cause"
    assert killed >= NIGHTS // 4
    record_property("chaos", {"pushes with users who leave": NIGHTS, "killed among requests": killed})
