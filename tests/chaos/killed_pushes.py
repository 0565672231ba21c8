# SPDX-License-Identifier: Apache-2.0
"""Pushes in processes of their own, which are killed at a request, and a vendor that outlives them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from airflow_provider_userattrs.push.model.operation import Response


class Disk:
    """A vendor that outlives the processes which push to it: a line of a file for each update that it applied.

    :param path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def send(self, ends_at: int, *, after: bool, refused: Collection[str] = ()) -> Any:
        """Return what sends a request, and kills the process at the request with this number.

        :param ends_at: the number of the request, from 0.
        :param after: whether the vendor has applied it by then.
        :param refused: the users whom the vendor refuses.
        """
        count = 0

        def send(body: bytes, *, before_send: Any = None) -> Response:
            nonlocal count
            if count == ends_at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            updates = json.loads(body)
            taken = [update for update in updates if update[0] not in refused]
            with self.path.open("ab", buffering=0) as file:
                file.write(json.dumps(taken).encode() + b"\n")
            if count == ends_at:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            words = ["no" if user in refused else "ok" for user, _ in updates]
            return Response(200, {}, json.dumps(words).encode())

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
