# SPDX-License-Identifier: Apache-2.0
"""Pushes whose process is killed before or after any request, night after night, while users come, change and leave."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from push.changes.nights import SECRET
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.changes import comparison as module
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.task.storage_folder import StorageFolder

SEED = int(os.environ.get("USERATTRS_SEED", "1"))
NIGHTS = int(os.environ.get("USERATTRS_KILLS", "10")) * 4
USERS = 40


class Disk:
    """A vendor that outlives the processes which push to it: a line of a file for each update that it applied.

    :param path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def send(self, ends_at: int, *, after: bool) -> Any:
        """Return what sends a request, and kills the process at the request with this number.

        :param ends_at: the number of the request, from 0.
        :param after: whether the vendor has applied it by then.
        """
        count = 0

        def send(body: bytes, *, before_send: Any = None) -> Response:
            nonlocal count
            if count == ends_at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            with self.path.open("ab", buffering=0) as file:
                file.write(body.strip() + b"\n")
            if count == ends_at:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return Response(200, {}, json.dumps(["ok"] * len(json.loads(body))).encode())

        return send

    def held(self) -> dict[str, int]:
        """Return what the vendor holds."""
        users: dict[str, int] = {}
        for user, value in self.applied():
            if value is None:
                users.pop(user, None)
            else:
                users[user] = value
        return users

    def applied(self) -> list[tuple[str, int | None]]:
        """Return the updates in their order."""
        return [(user, value) for line in self.path.read_text().splitlines() for user, value in json.loads(line)]


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


def in_a_process(work: Callable[[], None]) -> bool:
    """Do something in a process of its own; return whether that was killed."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


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
