# SPDX-License-Identifier: Apache-2.0
"""Any sequence of nights against a model: after a night without faults the vendor holds what the query says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from push.changes.conftest import MemoryFolder
from push.conftest import FakeClock
from push.delivery.fake_vendor import APPLIES, operation

from airflow_provider_userattrs.push import Push, PushPlan
from airflow_provider_userattrs.push.changes import comparison as module
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
    """Applies updates, and responds to those of each user as it is told to."""

    users: dict[str, int] = field(default_factory=dict)
    sent: Rows = field(default_factory=list)
    responses: dict[str, str] = field(default_factory=dict)

    def __call__(self, body: bytes, *, before_send: Any = None) -> Response:
        words = []
        for user, value in json.loads(body):
            word = self.responses.get(user, "ok")
            self.sent.append((user, value))
            if word in APPLIES:
                self.users[user] = value
            words.append(word)
        return Response(200, {}, json.dumps(words).encode())


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

    def __init__(self) -> None:
        self.vendor = Vendor()
        self.folder = MemoryFolder()
        self.clock = FakeClock()
        #: What the vendor holds and must not be sent again; cleared where nobody can tell.
        self.certain: dict[str, int] = {}

    def push(self, rows: Rows, **options: Any) -> tuple[Push, Iterator[UserUpdate]]:
        files = KnownFiles(self.folder, "dag~push", {"the mapping": "1"})
        comparison = Comparison(files, SECRET, clock=self.clock, **options)
        encode = operation(encode=lambda update: json.dumps([update.user, update.attributes["x"]]).encode())
        push = Push(PushPlan(encode, comparison=comparison, rate=4.0, concurrency=2, clock=self.clock))
        updates = (UserUpdate(at, user, (user,), {"x": value}, (), {}) for at, (user, value) in enumerate(rows))
        return push, updates

    def live(self, night: Night) -> dict[str, Any] | None:
        """Live through a night; return its report if it was not killed."""
        self.clock.advance(86_400)
        if night.damaged is not None:
            self._damage(*night.damaged)
        self.vendor.sent.clear()
        self.vendor.responses = night.responses
        push, rows = self.push(night.rows, full_refresh=night.full_refresh)
        if night.other is not None:
            other, others = self.push(night.other)
            stopped, other_stopped = push.deliver(rows, self.vendor), other.deliver(others, self.vendor)
            for each, why in sorted([(push, stopped), (other, other_stopped)], key=lambda _: night.other_ends_first):
                each.close(why)
            return None
        self.folder.writes_left = night.writes
        stopped = push.deliver(rows, self.vendor)
        report = None
        if night.writes is None:
            report = dict(push.close(stopped))
        self.folder.writes_left = None
        return report

    def _damage(self, at: int, is_lost: bool) -> None:
        names = sorted(self.folder.files)
        # Of the last part of a journal nobody knows that it was there.
        names = [name for name in names if not is_lost or name.endswith(".known")]
        if names:
            name = names[at % len(names)]
            content = self.folder.files.pop(name)
            if not is_lost:
                self.folder.files[name] = content[: len(content) * at // 10]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the journal every few rows."""
    monkeypatch.setattr(module, "_MAX_CHANGED", 2)
    monkeypatch.setattr(module, "_MAX_ROWS", 3)
    monkeypatch.setattr(module, "_NOTE_EVERY", 1.0)


@settings(max_examples=300, deadline=None)
@given(nights=NIGHTS, last=ROWS)
# A try sends b and dies; the next night has a's and b's old values again.
@example(nights=[Night([("a", 0), ("b", 0)]), Night([("a", 1), ("b", 1)], writes=1)], last=[("a", 0), ("b", 0)])
# Of one user's two rows the second is what it was.
@example(nights=[Night([("a", 0)])], last=[("a", 1), ("a", 0)])
# Two pushes at once, of which one sends nothing; then one of the files is lost.
@example(
    nights=[Night([("a", 0)]), Night([("a", 1)], other=[]), Night([], damaged=(0, True))],
    last=[("a", 0)],
)
# Two pushes at once; the one that began with less ends last.
@example(nights=[Night([("a", 0)]), Night([("a", 1)], other=[("a", 2)])], last=[("a", 1)])
def test_after_a_night_without_faults_the_vendor_holds_what_the_query_says(nights: list[Night], last: Rows) -> None:
    world = World()
    for night in [*nights, Night(last), Night(last)]:
        certain = dict(world.certain)
        report = world.live(night)
        if not night.is_clean:
            world.certain.clear()
            continue
        assert report is not None
        wanted = dict(night.rows)
        assert {user: world.vendor.users.get(user) for user in wanted} == wanted, "a change was taken for unchanged"
        assert report["rows"] == len(night.rows) == report["accepted"] + report["skipped"]
        assert report["accepted"] == len(world.vendor.sent)
        if not night.full_refresh:
            once = [user for user, _ in night.rows if [name for name, _ in night.rows].count(user) == 1]
            needless = [user for user, value in world.vendor.sent if user in once and certain.get(user) == value]
            assert not needless, "what the vendor holds was sent again"
        world.certain.update(wanted)


@given(rows=ROWS, word=WORDS)
@settings(max_examples=60, deadline=None)
def test_what_failed_is_sent_again_until_it_is_accepted(rows: Rows, word: str) -> None:
    world = World()
    world.live(Night([("f", 1), *rows]))
    for _ in range(2):
        world.live(Night([("f", 2), *rows], responses={"f": word}))
        assert ("f", 2) in world.vendor.sent
    report = world.live(Night([("f", 2), *rows]))
    assert ("f", 2) in world.vendor.sent
    assert report is not None
    world.live(Night([("f", 2), *rows]))
    assert ("f", 2) not in world.vendor.sent


def test_since_when_users_fail_is_said() -> None:
    world = World()
    world.live(Night([("a", 1), ("b", 1)], responses={"a": "no"}))
    first = int(world.clock.time())
    for _ in range(3):
        report = world.live(Night([("a", 1), ("b", 1)], responses={"a": "no"}))
    assert report is not None
    said = report["changed_only"]
    assert said["failing"] == 1
    assert first - 60 <= said["failing_since"] <= first
    report = world.live(Night([("a", 1), ("b", 1)]))
    assert report is not None
    assert (report["changed_only"]["failing"], report["changed_only"]["failing_since"]) == (0, None)


def test_everyone_is_refreshed_in_time_and_not_all_at_once() -> None:
    world = World()
    users = [(f"user-{number}", 0) for number in range(300)]
    last_sent: dict[str, int] = {}
    counts = []
    for night in range(25):
        world.clock.advance(86_400)
        world.vendor.sent.clear()
        push, rows = world.push(users, refresh_after=timedelta(days=10))
        push.run(rows, world.vendor)
        counts.append(len(world.vendor.sent))
        for user, _ in world.vendor.sent:
            assert night - last_sent.get(user, night) <= 10
            last_sent[user] = night
        assert all(night - last_sent[user] <= 10 for user, _ in users), "a user was unsent for longer"
    assert counts[0] == 300
    assert max(counts[1:]) < 100, "all at once"
    assert sum(counts[1:21]) == pytest.approx(600, abs=60)
