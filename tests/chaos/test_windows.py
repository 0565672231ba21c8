# SPDX-License-Identifier: Apache-2.0
"""Pushes that read only new rows, killed before or after any request, with and without a retry, night after night."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chaos.killed_pushes import Disk, in_a_process
from push.changes.windowed_nights import LAG, Change, Night, World

from airflow_provider_userattrs.push.changes import comparison, journal
from airflow_provider_userattrs.push.resume import checkpointer
from airflow_provider_userattrs.task.storage_folder import StorageFolder

SEED = int(os.environ.get("USERATTRS_SEED", "1"))
NIGHTS = int(os.environ.get("USERATTRS_KILLS", "10")) * 6
USERS = [f"user-{number:02}" for number in range(30)]


class Store:
    """Keeps the checkpoint in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Any:
        return json.loads(self.path.read_text()) if self.path.exists() else None

    def write(self, state: dict[str, Any]) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.replace(self.path)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_no_change_is_passed_over_whenever_the_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(comparison, "_MAX_CHANGED", 5)
    monkeypatch.setattr(comparison, "_MAX_ROWS", 10)
    monkeypatch.setattr(journal, "_EVERY", 1.0)
    monkeypatch.setattr(checkpointer, "SAVE_EVERY", 0.25)
    chance = random.Random(SEED)
    world, vendor, store = World(), Disk(tmp_path / "vendor"), Store(tmp_path / "checkpoint")
    world.folder = StorageFolder(str(tmp_path / "known"))  # type: ignore[assignment]
    counts: Counter[str] = Counter()
    last: Path = tmp_path / "report"

    def attempt(ends_at: int = -1, refused: frozenset[str] = frozenset()) -> bool:
        """Push in a process of its own; return whether that was killed."""

        def work() -> None:
            push, rows = world.begin(Night([]), store)  # type: ignore[arg-type]
            last.write_text(json.dumps(push.run(rows, vendor.send(ends_at, after=after, refused=refused))))

        after = chance.random() < 0.5
        was_killed = in_a_process(work)
        counts["tries"] += 1
        counts["killed"] += was_killed
        world.check_mark(vendor.held())
        return was_killed

    for _ in range(NIGHTS):
        store.delete()
        world.minute += 1_440
        world.write(changes(chance, 30))
        refused = frozenset(user for user in USERS if chance.random() < 0.1)
        was_killed = attempt(chance.randrange(10), refused)
        while was_killed and chance.random() < 0.7:
            world.minute += chance.choice([1, LAG, 60])
            world.write(changes(chance, 3))
            counts["resumed"] += store.path.exists()
            was_killed = attempt(chance.randrange(10), refused)
        if chance.random() < 0.3:
            store.delete()
            world.minute += LAG + 1
            world.write([])
            assert not attempt()
            held, rows = vendor.held(), world.table()
            assert {key: held.get(key) for key in rows} == {key: value for key, (_, value) in rows.items()}
            world.minute += 1_440
            done = len(vendor.applied())
            assert not attempt()
            read = json.loads(last.read_text())["rows"]
            assert (read, len(vendor.applied())) == (0, done), "rows were read that had not changed"
            counts["whole"] += 1
    assert counts["killed"] >= NIGHTS // 2
    assert counts["resumed"] >= NIGHTS // 4
    assert counts["whole"]
    record_property("chaos", {f"windows: {what}": count for what, count in counts.items()})


def changes(chance: random.Random, count: int) -> list[Change]:
    """Draw transactions."""
    return [
        Change(chance.choice(USERS), chance.randrange(3), before=chance.randrange(60), late=chance.randrange(LAG))
        for _ in range(chance.randrange(count))
    ]
