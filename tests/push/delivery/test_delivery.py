# SPDX-License-Identifier: Apache-2.0
"""The loop, from outside: rows in, a vendor that behaves as told, one verdict for each row out.

The vendor here is a function and the clock a fake; threads, queues, batches, order and pace are the real ones. The
other `test_delivery_*.py` beside this one hold a subject each.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from threading import Event, current_thread
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import SKIPPED, WORDS, Book, Vendor, operation

from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.model.errors import NotSent, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict


class TestAllWell:
    @pytest.mark.parametrize("concurrency", [1, 4])
    @pytest.mark.parametrize("max_users", [1, 7])
    def test_every_row_is_accepted(self, push: Any, rows: Any, concurrency: int, max_users: int) -> None:
        done = push(rows(100), "ok", target=operation(max_users), concurrency=concurrency)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 100
        assert done.delivery.traffic.requests == len(done.vendor.requests) == -(-100 // max_users)
        assert done.delivery.traffic.bytes == done.vendor.bytes
        assert done.delivery.traffic.retries == 0
        assert done.vendor.most_in_flight <= concurrency

    def test_no_rows_are_no_requests(self, push: Any) -> None:
        done = push([], "ok")
        assert (done.stopped, done.statuses, done.delivery.traffic.requests) == (None, [], 0)

    def test_rows_with_nothing_to_send_keep_their_verdict(self, push: Any, rows: Any) -> None:
        mixed = rows(5)
        mixed[1], mixed[4] = Outcome(1, SKIPPED, {}), Outcome(4, WORDS["no"], {})
        done = push(mixed, "ok")
        assert done.statuses == ["accepted", "skipped", "accepted", "accepted", "rejected"]
        assert done.vendor.turns.keys() == {0, 2, 3}

    def test_each_row_has_its_own_verdict(self, push: Any, rows: Any) -> None:
        done = push(rows(4), lambda positions, turn: ["ok", "no", "part", "ok"], target=operation(4))
        assert done.statuses == ["accepted", "rejected", "partial", "accepted"]
        assert done.stopped is None

    def test_a_row_that_cannot_be_written_is_invalid_alone(self, push: Any, update: Any) -> None:
        several = [update(0, x="fine"), update(1, x="\ud800"), update(2, x=2**64), update(3, x=object())]
        done = push(several, "ok", target=operation(4))
        assert done.statuses == ["accepted", "invalid", "invalid", "invalid"]
        assert done.vendor.turns.keys() == {0}

    def test_the_cap_is_kept(self, push: Any, rows: Any) -> None:
        done = push(rows(50), "ok", rate=10, concurrency=1)
        assert done.vendor.times() == pytest.approx([slot / 10 for slot in range(50)])

    def test_a_cap_in_users_counts_users(self, push: Any, rows: Any) -> None:
        done = push(rows(50), "ok", target=operation(5, rate_unit="users"), rate=10, concurrency=1)
        assert done.vendor.times() == pytest.approx([slot / 2 for slot in range(10)])

    def test_a_request_takes_a_small_share_of_a_cap_in_users(self, push: Any, rows: Any) -> None:
        done = push(rows(200), "ok", target=operation(None, rate_unit="users"), rate=10, concurrency=1)
        assert [len(positions) for _, positions, _ in done.vendor.requests] == [60, 60, 60, 20]
        assert done.vendor.times() == pytest.approx([0, 6, 12, 18])


class TestSource:
    @pytest.mark.parametrize("good", [0, 1, 25])
    @pytest.mark.parametrize("max_users", [1, 10])
    def test_one_that_raises_midway_ends_the_push_and_every_row_read_has_its_verdict(
        self, push: Any, rows: Any, good: int, max_users: int
    ) -> None:
        error = OSError("the database went away")

        def break_off(updates: Iterator[Any]) -> Iterator[Any]:
            for _ in range(good):
                yield next(updates)
            raise error

        done = push(rows(100), "ok", source=break_off, target=operation(max_users), concurrency=2)
        assert done.stopped is error
        assert len(done.statuses) == done.book.read == good
        assert set(done.statuses) <= {"accepted", "unsent"}
        assert done.vendor.applied.total() == done.statuses.count("accepted")

    def test_one_that_raises_after_a_stop_does_not_hide_the_stop(self, push: Any, rows: Any) -> None:
        def break_off(updates: Iterator[Any]) -> Iterator[Any]:
            for _ in range(90):
                yield next(updates)
            raise OSError("the database went away")

        done = push(rows(100), "keys", source=break_off, concurrency=1)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert done.statuses == ["unsent"] * 90

    def test_an_interrupt_goes_through_and_leaves_no_thread(
        self, update: Any, fake_clock: Any, no_thread_left: Any
    ) -> None:
        def interrupted() -> Iterator[UserUpdate]:
            yield from (update(index) for index in range(10))
            raise KeyboardInterrupt

        book = Book()
        vendor = Vendor(lambda positions, turn: "ok", fake_clock())
        delivery = Delivery(operation(), vendor, book, clock=vendor.clock, concurrency=2)
        vendor.book.rows = [update(index) for index in range(10)]
        vendor.book.before = lambda position: []  # type: ignore[method-assign]
        with no_thread_left(), pytest.raises(KeyboardInterrupt):
            delivery.run([row] for row in interrupted())
        assert sorted(book.verdicts) == list(range(10))


def failing_once(when: Callable[[Sequence[Verdict]], bool]) -> Callable[[Book], Any]:
    """Return what makes a book's record fail once, after the rows are counted, as a recorder's does."""

    def wrap(book: Book) -> Any:
        failed: list[bool] = []

        def record(rows: Sequence[Any], verdicts: Sequence[Verdict]) -> None:
            book(rows, verdicts)
            if not failed and verdicts and when(verdicts):
                failed.append(True)
                raise OSError("disk full")

        return record

    return wrap


class TestRecord:
    @pytest.mark.parametrize("at", [1, 20])
    def test_one_that_raises_ends_the_push_and_every_row_read_has_its_verdict(
        self, push: Any, rows: Any, at: int
    ) -> None:
        seen = Counter[str]()

        def when(verdicts: Sequence[Verdict]) -> bool:
            seen["rows"] += len(verdicts)
            return seen["rows"] >= at

        done = push(rows(200), "ok", record=failing_once(when), concurrency=2)
        assert isinstance(done.stopped, OSError)
        assert len(done.statuses) == done.book.read
        assert done.vendor.applied.total() == done.statuses.count("accepted")

    def test_one_that_raises_loses_no_row_that_waits(self, push: Any, rows: Any) -> None:
        done = push(rows("a" * 20), "ok", record=failing_once(lambda verdicts: True), concurrency=2)
        assert isinstance(done.stopped, OSError)
        assert len(done.statuses) == done.book.read

    def test_one_that_raises_while_the_push_ends_leaves_no_thread(self, push: Any, rows: Any) -> None:
        go = Event()

        def judge(positions: list[int], turn: int) -> str:
            assert go.wait(60)
            return "no"

        def break_off(updates: Iterator[Any]) -> Iterator[Any]:
            yield next(updates)
            go.set()
            raise ValueError("the source broke off")

        done = push(rows(9), judge, source=break_off, record=failing_once(lambda verdicts: True), concurrency=1)
        assert isinstance(done.stopped, (OSError, ValueError))
        assert len(done.statuses) == done.book.read

    def test_one_that_raises_while_remaining_rows_are_counted_loses_no_row(self, push: Any, rows: Any) -> None:
        unsent = failing_once(lambda verdicts: verdicts[0].code == "not-tried")
        done = push(rows(100), "keys", record=unsent, concurrency=1)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert len(done.statuses) == 100


class TestIdling:
    def test_the_loop_does_not_spin_while_a_retry_is_due_and_the_window_is_full(
        self, update: Any, fake_clock: Any, no_thread_left: Any
    ) -> None:
        looks = Counter[str]()

        class Watched(fake_clock):  # type: ignore[misc]
            def monotonic(self) -> float:
                looks[current_thread().name] += 1
                return float(super().monotonic())

        clock = Watched()
        me = current_thread().name
        spins: list[int] = []

        def judge(body: bytes, *, before_send: Any = None) -> Response:
            [[position, _]] = orjson.loads(body)
            if position < 2 and not spins:
                raise NotSent("no connection")
            if position == 2:
                clock.advance(100)  # the retries of the first two are due now, and there is place for one
            if position == 3:
                before = looks[me]
                for _ in range(20_000):
                    os.sched_yield()
                    if looks[me] - before > 1_000:
                        break
                spins.append(looks[me] - before)
            return Response(200, {}, b'["ok"]')

        book = Book()
        delivery = Delivery(operation(), judge, book, clock=clock, concurrency=1)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            with no_thread_left():
                delivery.run([row] for row in book.source(update(index) for index in range(10)))
        finally:
            sys.setswitchinterval(interval)
        assert spins[0] < 100
