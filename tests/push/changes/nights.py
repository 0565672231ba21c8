# SPDX-License-Identifier: Apache-2.0
"""A vendor, and the nights of a task that pushes to it only what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Condition
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
    _called: Condition = field(default_factory=Condition)

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
        with self._called:
            self._called.notify_all()
        return Response(200, {}, json.dumps(words).encode())

    def wait_for(self, count: int) -> None:
        """Wait until so many updates were sent tonight."""
        with self._called:
            assert self._called.wait_for(lambda: len(self.sent) >= count, timeout=60)

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


class Task:
    """A task that pushes night after night, and what outlives a night: the vendor, the task's files, the time."""

    def __init__(self) -> None:
        self.vendor = Vendor()
        self.folder = MemoryFolder()
        self.clock = FakeClock()

    def files(self, *, keeps_ids: bool = False) -> KnownFiles:
        return KnownFiles(self.folder, "dag~push", {"the mapping": "1"}, keeps_ids=keeps_ids)

    def make_push(self, comparison: Comparison, **plan: Any) -> Push:
        """Return a push of updates that set `x`, or unset it."""
        sets_x = operation(
            encode=lambda update: json.dumps([update.user, update.attributes["x"]]).encode(),
            encode_unset=lambda update: json.dumps([update.user, None]).encode(),
        )
        return Push(PushPlan(sets_x, comparison=comparison, rate=4.0, concurrency=2, clock=self.clock, **plan))

    def fall(self, damaged: tuple[int, bool] | None, responses: dict[str, str]) -> None:
        """Let a night begin."""
        if damaged is not None:
            self.folder.damage(*damaged)
        self.vendor.sent.clear()
        self.vendor.responses = responses

    def run(self, begun: tuple[Push, Iterator[Any]], writes: int | None = None) -> dict[str, Any] | None:
        """Run a push and return its report, if it is not killed.

        :param begun: the push and its rows.
        :param writes: after how many files it is killed; None for never.
        """
        push, rows = begun
        self.folder.writes_left = writes
        stopped = push.deliver(rows, self.vendor)
        report = dict(push.close(stopped)) if writes is None else None
        self.folder.writes_left = None
        return report

    def run_both(self, *pushes: tuple[Push, Iterator[Any]], first_to_end: int) -> None:
        """Run two pushes that began before either has ended.

        :param pushes: with their rows, in the order in which they send them.
        :param first_to_end: the place of the one that ends first.
        """
        stopped = [push.deliver(rows, self.vendor) for push, rows in pushes]
        for at in (first_to_end, 1 - first_to_end):
            pushes[at][0].close(stopped[at])


class World(Task):
    """A task, and what of the vendor's users is certain.

    :param max_removed: what share of the users known may be unset; None to unset nobody.
    """

    def __init__(self, max_removed: float | None = None) -> None:
        super().__init__()
        self.max_removed = max_removed
        #: What the vendor holds and must not be sent again; cleared where nobody can tell.
        self.certain: dict[str, int] = {}

    def push(self, rows: Rows, **options: Any) -> tuple[Push, Iterator[UserUpdate]]:
        files = self.files(keeps_ids=self.max_removed is not None)
        options = {"max_removed": self.max_removed, "attributes": lambda: ("x",), **options}
        comparison = Comparison(files, SECRET, clock=self.clock, **options)
        updates = (UserUpdate(at, user, (user,), {"x": value}, (), {}) for at, (user, value) in enumerate(rows))
        return self.make_push(comparison, dry_run=not options.get("writes", True)), updates

    def live(self, night: Night) -> dict[str, Any] | None:
        """Live through a night; return its report if it was not killed."""
        self.clock.advance(86_400)
        self.fall(night.damaged, night.responses)
        push = self.push(night.rows, full_refresh=night.full_refresh)
        if night.other is None:
            return self.run(push, night.writes)
        self.run_both(push, self.push(night.other), first_to_end=int(night.other_ends_first))
        return None
