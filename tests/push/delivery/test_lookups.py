# SPDX-License-Identifier: Apache-2.0
"""Rows whose users are looked up leave in their order, each once, with the user that their own id names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.delivery.known_users import RememberedUsers
from airflow_provider_userattrs.push.delivery.lookups import LookupBatch, Lookups, gathered, of_lookup
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import NOT_YET, Action, Found, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import BROKEN, NO_RESPONSE, NOT_TRIED, UNREADABLE

LOOKUP = replace(operation(3), encode=lambda update: update.user.encode())
NOBODY = Verdict(Status.REJECTED, "nobody", "no such user")
LATER = Verdict(Status.UNSENT, "later", "busy", action=Action.RETRY)
INVALID = Verdict(Status.INVALID, "bad")


def update(position: int, name: str) -> UserUpdate:
    return UserUpdate(position, name, (name,), {"x": position}, (), {"id": name})


def made(position: int, name: str) -> UserUpdate | Outcome:
    return Outcome(position, INVALID, {}) if name == "!" else update(position, name)


def verdict_on(name: str) -> Verdict:
    """Return the verdict on an id: letters of one case name one user, z nobody, y is not known for now."""
    return {"z": NOBODY, "y": LATER}.get(name.lower(), Found(Status.ACCEPTED, user=ord(name.lower())))


class Driver:
    """Takes rows from look-ups, and answers the requests in any order."""

    def __init__(self, lookups: Lookups, chunks: Sequence[Sequence[Any]], random: Random) -> None:
        self.lookups = lookups
        self.read = 0
        self.batches: list[LookupBatch] = []
        self.out: list[Any] = []
        self._random = random
        self._open: list[LookupBatch] = []
        self._source = self._reading(chunks)

    def _reading(self, chunks: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for chunk in chunks:
            self.read += 1
            yield chunk

    def run(self, stop_after: int | None = None, stopping: Event | None = None) -> list[Any]:
        for chunk in self.lookups.resolve(self._source):
            if stop_after is not None and len(self.out) >= stop_after and stopping is not None:
                stopping.set()
            if list(chunk) != [NOT_YET]:
                self.out += chunk
                continue
            while (batch := self.lookups.next_batch()) is not None:
                self.batches.append(batch)
                self._open.append(batch)
            if self._open:
                batch = self._open.pop(self._random.randrange(len(self._open)))
                names = [each.user for each in batch.updates]
                self.lookups.finish(batch.updates, [verdict_on(name) for name in names])
        return self.out


@given(
    chunks=st.lists(st.text("abABzy!", max_size=12), max_size=6),
    random=st.randoms(use_true_random=False),
    stop_after=st.none() | st.integers(0, 30),
)
def test_each_row_leaves_once_in_order_with_its_own_user(
    chunks: list[str], random: Random, stop_after: int | None
) -> None:
    names = "".join(chunks)
    positions = iter(range(len(names)))
    rows = [[made(next(positions), name) for name in chunk] for chunk in chunks]
    stopping = Event()
    driver = Driver(Lookups(LOOKUP, known=RememberedUsers(), stopping=stopping), rows, random)
    out = driver.run(stop_after, stopping)
    assert [row.position for row in out] == list(range(len(names)))
    for row, name in zip(out, names, strict=True):
        if name == "!":
            assert row.verdict is INVALID
            continue
        assert row.user == name
        if isinstance(row, UserUpdate):
            assert row.keys == (ord(name.lower()),) or (stopping.is_set() and row.keys == (name,))
        elif row.verdict is NOT_TRIED:
            assert stopping.is_set()
        else:
            assert row.verdict == verdict_on(name)
    asked = [each.user for batch in driver.batches for each in batch.updates]
    assert all(len(batch) <= 3 for batch in driver.batches)
    if not {"z", "y"} & set(names) and stop_after is None:
        assert len(asked) == len(set(asked)), "a user who was found is asked for once"


def test_no_row_is_read_while_some_wait() -> None:
    lookups = Lookups(LOOKUP, known=RememberedUsers())
    driver = Driver(lookups, [[update(0, "a"), update(1, "b")], [update(2, "c")]], Random(0))
    chunks = lookups.resolve(driver._source)
    for _ in range(3):
        assert list(next(chunks)) == [NOT_YET]
    assert driver.read == 1
    batch = lookups.next_batch()
    assert batch is not None
    assert (batch.body(LOOKUP), lookups.next_batch(), lookups.are_pending) == (b"[a,b]", None, True)
    lookups.finish(batch.updates[1:], [verdict_on("b")])
    assert list(next(chunks)) == [NOT_YET]
    lookups.finish(batch.updates[:1], [verdict_on("a")])
    assert [getattr(row, "keys", None) for row in next(chunks)] == [(97,), (98,)]
    assert not lookups.are_pending


def test_a_retried_or_split_request_is_still_a_look_up() -> None:
    batch = LookupBatch([update(0, "a"), update(1, "b")], [b"a", b"b"])
    assert {type(each) for each in (batch.pick([0]), *batch.halves(NOBODY))} == {LookupBatch}


def test_a_dry_run_asks_for_nobody() -> None:
    known = RememberedUsers()
    known.add("a", 97)
    lookups = Lookups(LOOKUP, known=known, asks=False)
    out = Driver(lookups, [[update(0, "a"), update(1, "b")]], Random(0)).run()
    assert [row.keys for row in out] == [(97,), ("b",)]
    assert (lookups.next_batch(), lookups.traffic.known) == (None, 1)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (NO_RESPONSE, (Status.UNSENT, Action.RETRY)),
        (UNREADABLE, (Status.UNSENT, Action.RETRY)),
        (LATER, (Status.UNSENT, Action.RETRY)),
        (BROKEN, (Status.UNSENT, Action.STOP)),
        (NOBODY, (Status.REJECTED, Action.KEEP)),
        (replace(NOBODY, action=Action.SPLIT), (Status.REJECTED, Action.SPLIT)),
    ],
    ids=["no-response", "unreadable", "busy", "broken", "refused", "split"],
)
def test_nothing_was_sent_for_a_row_whose_user_was_not_found(verdict: Verdict, expected: Any) -> None:
    made = of_lookup(verdict)
    assert (made.status, made.action) == expected


def one_by_one(rows: Iterable[Any]) -> Iterator[Any]:
    return ([row] for row in rows)


class TestGathered:
    def test_rows_that_come_one_by_one_at_once_are_together(self, fake_clock: Callable[[], Any]) -> None:
        assert [len(chunk) for chunk in gathered(one_by_one(range(220)), fake_clock(), 100)] == [100, 100, 20]

    def test_rows_that_come_together_stay_so_and_wait_for_no_further_row(self, fake_clock: Callable[[], Any]) -> None:
        read: list[int] = []

        def source() -> Iterator[Any]:
            for chunk in ([0], [1], range(2, 252), [252], range(253, 255)):
                read.append(len(chunk))
                yield list(chunk)

        chunks: Any = gathered(source(), fake_clock(), 100)
        assert (next(chunks), read) == ([0, 1], [1, 1, 250])
        assert (len(next(chunks)), len(read)) == (250, 3)
        assert [len(chunk) for chunk in chunks] == [1, 2]

    def test_rows_of_a_slow_source_do_not_wait_for_each_other(self, fake_clock: Callable[[], Any]) -> None:
        clock = fake_clock()

        def slow() -> Iterator[Any]:
            for number in range(5):
                yield [number]
                clock.advance(0.015)

        assert [len(chunk) for chunk in gathered(slow(), clock, 100)] == [3, 2]

    @pytest.mark.parametrize("rows", [[[0], [1], [2]], [[0, 1, 2]]], ids=["one-by-one", "together"])
    def test_what_was_read_before_an_error_is_pushed(
        self, rows: list[list[int]], fake_clock: Callable[[], Any]
    ) -> None:
        def broken() -> Iterator[Any]:
            yield from rows
            raise OSError("the source")

        chunks: Any = gathered(broken(), fake_clock(), 100)
        assert next(chunks) == [0, 1, 2]
        with pytest.raises(OSError, match="the source"):
            next(chunks)
