# SPDX-License-Identifier: Apache-2.0
"""A vendor, and the nights of a task that pushes to it only what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from push.changes.conftest import MemoryFolder
from push.conftest import FakeClock
from push.delivery.fake_vendor import APPLIES, operation

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.changes.comparison import Comparison
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate

SECRET = b"s" * 32

Rows = list[tuple[str, int]]

ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 2)), max_size=8)

#: What the vendor says of updates that it does not just accept.
WORDS = st.sampled_from(["no", "part", "doubt", "busy"])


@dataclass
class Vendor:
    """Applies updates, and responds to those of each user as it is told to; a value of None unsets."""

    users: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, int | None]] = field(default_factory=list)
    responses: dict[str, str] = field(default_factory=dict)

    def __call__(self, body: bytes, *, before_send: Any = None) -> Response:
        words = []
        for user, value in json.loads(body):
            word = self.responses.get(user, "ok")
            self.sent.append((user, value))
            if word in APPLIES and value is None:
                self.users.pop(user, None)
            elif word in APPLIES:
                self.users[user] = value
            words.append(word)
        return Response(200, {}, json.dumps(words).encode())

    @property
    def unset(self) -> list[str]:
        """Return the users who were unset tonight."""
        return [user for user, value in self.sent if value is None]


@dataclass
class Night:
    """One push.

    :param rows: user and value of each row.
    :param responses: user -> what the vendor says, where it is not "ok".
    :param writes: after how many files the push is killed; None for never.
    :param other: the rows of a second push that runs at the same time.
    :param other_ends_first: whether that one is the first to end.
    :param damaged: which of the files is cut short before the night, or lost; None for none.
    :param full_refresh: whether all are to be sent.
    """

    rows: Rows
    responses: dict[str, str] = field(default_factory=dict)
    writes: int | None = None
    other: Rows | None = None
    other_ends_first: bool = False
    damaged: tuple[int, bool] | None = None
    full_refresh: bool = False

    @property
    def is_clean(self) -> bool:
        return not self.responses and self.writes is None and self.other is None and self.damaged is None


NIGHTS = st.lists(
    st.builds(
        Night,
        rows=ROWS,
        responses=st.dictionaries(
            st.sampled_from("abcde"), st.sampled_from(["no", "part", "doubt", "busy"]), max_size=2
        ),
        writes=st.none() | st.integers(0, 4),
        other=st.none() | ROWS,
        other_ends_first=st.booleans(),
        damaged=st.none() | st.tuples(st.integers(0, 9), st.booleans()),
        full_refresh=st.booleans(),
    ),
    max_size=5,
)


class World:
    """A vendor, and the files of a task that pushes to it night after night."""

    def __init__(self, max_removed: float | None = None) -> None:
        self.max_removed = max_removed
        self.vendor = Vendor()
        self.folder = MemoryFolder()
        self.clock = FakeClock()
        #: What the vendor holds and must not be sent again; cleared where nobody can tell.
        self.certain: dict[str, int] = {}

    def push(self, rows: Rows, **options: Any) -> tuple[Push, Iterator[UserUpdate]]:
        keeps_ids = self.max_removed is not None
        files = KnownFiles(self.folder, "dag~push", {"the mapping": "1"}, keeps_ids=keeps_ids)
        options = {"max_removed": self.max_removed, "attributes": lambda: ("x",), **options}
        comparison = Comparison(files, SECRET, clock=self.clock, **options)
        plan = PushPlan(
            operation(
                encode=lambda update: json.dumps([update.user, update.attributes["x"]]).encode(),
                encode_unset=lambda update: json.dumps([update.user, None]).encode(),
            ),
            dry_run=not options.get("writes", True),
            comparison=comparison,
            rate=4.0,
            concurrency=2,
            clock=self.clock,
        )
        push = Push(plan)
        updates = (UserUpdate(at, user, (user,), {"x": value}, (), {}) for at, (user, value) in enumerate(rows))
        return push, updates

    def live(self, night: Night) -> dict[str, Any] | None:
        """Live through a night; return its report if it was not killed."""
        self.clock.advance(86_400)
        if night.damaged is not None:
            self.folder.damage(*night.damaged)
        self.vendor.sent.clear()
        self.vendor.responses = night.responses
        push, rows = self.push(night.rows, full_refresh=night.full_refresh)
        if night.other is not None:
            other, others = self.push(night.other)
            stopped, other_stopped = push.deliver(rows, self.vendor), other.deliver(others, self.vendor)
            ends = [(push, stopped), (other, other_stopped)]
            for each, why in reversed(ends) if night.other_ends_first else ends:
                each.close(why)
            return None
        self.folder.writes_left = night.writes
        stopped = push.deliver(rows, self.vendor)
        report = None
        if night.writes is None:
            report = dict(push.close(stopped))
        self.folder.writes_left = None
        return report
