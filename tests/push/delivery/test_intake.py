# SPDX-License-Identifier: Apache-2.0
"""What comes in: batches that may be sent now, and one verdict for each update, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import operation

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.intake import MAX_RECENT, MAX_WAITING, Intake
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict

UNSENT = Verdict(Status.UNSENT, "429", "too many requests", "Retry.")
SKIPPED = Verdict(Status.SKIPPED, "nothing-to-set", "nothing", "Nothing.")


class Book:
    """Keep each row's verdict, and refuse a second one."""

    def __init__(self) -> None:
        self.verdicts: dict[int, Verdict] = {}

    def __call__(self, rows: Sequence[Any], verdicts: Sequence[Verdict]) -> None:
        for row, verdict in zip(rows, verdicts, strict=True):
            assert row.position not in self.verdicts, "a second verdict on one row"
            self.verdicts[row.position] = verdict

    def codes(self) -> dict[int, str]:
        return {position: verdict.code for position, verdict in self.verdicts.items()}


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def intake(book: Book) -> Callable[..., Intake]:
    def make(updates: Iterator[Any], max_users: int = 10, stopping: Event | None = None) -> Intake:
        target = operation(max_users, encode=lambda one: orjson.dumps(one.attributes))
        return Intake(([update] for update in updates), target, book, stopping or Event())

    return make


def positions(batch: Batch | None) -> list[int]:
    assert batch is not None
    return [update.position for update in batch.updates]


def test_gathers_full_batches_and_the_rest(intake: Any, update: Any) -> None:
    source = intake((update(index) for index in range(7)), max_users=3)
    assert [positions(source.next_batch()) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert source.next_batch() is None


def test_a_batch_never_holds_one_user_twice(intake: Any, update: Any, book: Book) -> None:
    source = intake(iter([update(0, "a"), update(1, "b"), update(2, "a"), update(3, "c")]))
    first = source.next_batch()
    assert positions(first) == [0, 1, 3]
    assert source.next_batch() is None
    source.finish(first.updates, [ACCEPTED] * 3)
    assert positions(source.next_batch()) == [2]
    assert sorted(book.verdicts) == [0, 1, 3]


def test_rows_with_nothing_to_send_are_recorded_as_they_come(intake: Any, update: Any, book: Book) -> None:
    source = intake(iter([Outcome(0, SKIPPED, {}), update(1), Outcome(2, SKIPPED, {})]))
    assert positions(source.next_batch()) == [1]
    assert book.codes() == {0: "nothing-to-set", 2: "nothing-to-set"}


def test_an_update_that_cannot_be_written_frees_its_user(intake: Any, update: Any, book: Book) -> None:
    source = intake(iter([update(0, "a", x="\ud800"), update(1, "a", x="fine")]))
    assert positions(source.next_batch()) == [1]
    assert book.codes() == {0: "not-utf-8"}


def test_a_later_row_does_not_overtake_an_unsent_one(intake: Any, update: Any, book: Book) -> None:
    source = intake(iter([update(0, "a"), update(1, "b"), update(2, "a"), update(3, "a"), update(4, "b")]), max_users=2)
    first = source.next_batch()
    source.finish(first.updates, [UNSENT, ACCEPTED])
    assert positions(source.next_batch()) == [4]
    assert book.codes() == {0: "429", 1: "", 2: "held-back", 3: "held-back"}
    assert all(book.verdicts[index].status is Status.UNSENT for index in (2, 3))


def test_reads_no_further_when_too_many_wait(intake: Any, update: Any) -> None:
    read = []

    def rows() -> Iterator[UserUpdate]:
        for index in range(MAX_WAITING * 3):
            read.append(index)
            yield update(index, "one and the same")

    source = intake(rows())
    assert positions(source.next_batch()) == [0]
    assert source.next_batch() is None
    assert len(read) <= MAX_WAITING + 2


def test_gathers_nothing_once_stopped(intake: Any, update: Any, book: Book) -> None:
    stopping = Event()
    stopping.set()
    source = intake((update(index) for index in range(5)), stopping=stopping)
    assert source.next_batch() is None
    assert not book.verdicts


@pytest.mark.parametrize("read_on", [True, False])
def test_abandon_gives_every_update_its_verdict(intake: Any, update: Any, book: Book, read_on: bool) -> None:
    rows = [update(0, "a"), update(1, "a"), update(2, "b"), update(3, "a"), Outcome(4, SKIPPED, {}), update(5, "c")]
    source = intake(iter(rows), max_users=2)
    first = source.next_batch()
    assert positions(first) == [0, 2]
    source.finish(first.updates, [ACCEPTED, ACCEPTED])
    source.abandon(read_on=read_on)
    assert book.codes()[1] == "not-tried"
    assert book.verdicts.keys() == ({0, 1, 2, 3, 4, 5} if read_on else {0, 1, 2})


@pytest.mark.parametrize("read_on", [True, False])
@pytest.mark.parametrize("at", range(12))
@pytest.mark.parametrize(
    ("max_users", "max_bytes"),
    [(1, None), (3, None), (10, None), (None, 20), (None, 35)],
    ids=["1", "3", "10", "20-bytes", "35-bytes"],
)
def test_whenever_it_is_stopped_every_update_has_a_verdict_or_is_in_a_batch(
    update: Any, book: Book, max_users: int | None, max_bytes: int | None, at: int, read_on: bool
) -> None:
    stopping = Event()

    def encode(one: UserUpdate) -> bytes:
        if one.position == at:  # as another thread may do at any moment
            stopping.set()
        return orjson.dumps(one.attributes)

    chunks = iter([[update(row, str(row)) for row in range(start, start + 4)] for start in (0, 4, 8)])
    source = Intake(chunks, operation(max_users, max_bytes=max_bytes, encode=encode), book, stopping)
    given = []
    while batch := source.next_batch():
        given += positions(batch)
    reached = source.reached
    source.abandon(read_on=read_on)
    assert not book.verdicts.keys() & set(given)
    assert book.verdicts.keys() | set(given) == set(range(12 if read_on else reached))


def test_abandon_reaches_those_who_wait_behind_those_who_wait(intake: Any, update: Any, book: Book) -> None:
    source = intake((update(index, "a") for index in range(20)), max_users=2)
    first = source.next_batch()
    source.finish(first.updates, [UNSENT])
    source.abandon(read_on=True)
    assert sorted(book.verdicts) == list(range(20))
    assert all(verdict.status is Status.UNSENT for verdict in book.verdicts.values())


def test_what_the_source_raises_goes_through(intake: Any, update: Any) -> None:
    def rows() -> Iterator[UserUpdate]:
        yield update(0)
        raise OSError("the database went away")

    source = intake(rows(), max_users=5)
    with pytest.raises(OSError, match="went away"):
        source.next_batch()


def test_a_record_that_raises_frees_those_who_wait_all_the_same(update: Any) -> None:
    verdicts: dict[int, Verdict] = {}

    def record(rows: Sequence[Any], given: Sequence[Verdict]) -> None:
        first = not verdicts
        verdicts.update(zip((row.position for row in rows), given, strict=True))
        if first:
            raise OSError("disk full")

    source = Intake(([update(index, "a")] for index in range(3)), operation(), record, Event())
    first = source.next_batch()
    assert first is not None
    assert source.next_batch() is None
    with pytest.raises(OSError, match="disk full"):
        source.finish(first.updates, [ACCEPTED])
    source.abandon(read_on=True)
    assert sorted(verdicts) == [0, 1, 2]


def test_counts_users_that_come_again(intake: Any, update: Any) -> None:
    source = intake(update(index, user) for index, user in enumerate(["a", "b", "a", "a", "c"]))
    while batch := source.next_batch():
        source.finish(batch.updates, [ACCEPTED] * len(batch))
    assert source.duplicates == 2


@pytest.mark.parametrize("status", [Status.UNSENT, Status.UNKNOWN])
def test_what_a_later_try_may_read_again_is_not_counted(intake: Any, update: Any, status: Status) -> None:
    source = intake(update(index, user) for index, user in enumerate(["a", "b", "a"]))
    while batch := source.next_batch():
        source.finish(batch.updates, [Verdict(status, "x")] * len(batch))
    source.abandon(read_on=True)
    assert source.duplicates == 0


def test_remembers_so_many_users_at_most(intake: Any, update: Any) -> None:
    names = [str(number) for number in range(MAX_RECENT)]
    source = intake(update(index, user) for index, user in enumerate([*names, *names, "new", "0"]))
    while batch := source.next_batch():
        source.finish(batch.updates, [ACCEPTED] * len(batch))
        assert len(source._recent) <= MAX_RECENT
    assert source.duplicates == MAX_RECENT


def test_updates_without_a_key_are_of_nobody_known(intake: Any) -> None:
    source = intake(UserUpdate(index, None, (), {"a": 1}, (), {}) for index in range(3))
    while batch := source.next_batch():
        source.finish(batch.updates, [ACCEPTED] * len(batch))
    assert source.duplicates == 0
