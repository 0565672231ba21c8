# SPDX-License-Identifier: Apache-2.0
"""What ends a push before its rows do: refused credentials, a bug, the task's end."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import SKIPPED, Book, Vendor, in_turn, operation

from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.model.errors import NoResponse, RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict


class TestStopping:
    @pytest.mark.parametrize("refusal", ["stop", "keys"])
    def test_refused_credentials_stop_the_push_and_the_rest_is_unsent(self, push: Any, rows: Any, refusal: str) -> None:
        done = push(rows(500), refusal, concurrency=2)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert done.statuses == ["unsent"] * 500
        assert done.delivery.traffic.requests <= 4, "the queue went on after the refusal"
        assert done.book.counts().rows == done.book.read == 500

    def test_the_refusal_says_what_and_what_to_do(self, push: Any, rows: Any) -> None:
        message = str(push(rows(1), "stop").stopped)
        for part in ("Vendor", "authentication error", "401", "Check the keys."):
            assert part in message

    @pytest.mark.parametrize("refusal", ["stop", "keys"])
    def test_nothing_more_is_sent_after_the_first_refusal(self, push: Any, rows: Any, refusal: str) -> None:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(10)  # a thread goes on until it has to wait
        try:
            assert push(rows(50), refusal, concurrency=1).delivery.traffic.requests == 1
        finally:
            sys.setswitchinterval(interval)

    def test_rows_already_answered_keep_their_verdict(self, push: Any, rows: Any) -> None:
        done = push(rows(100), lambda positions, turn: "ok" if positions[0] < 50 else "keys", concurrency=1)
        assert done.statuses[:50] == ["accepted"] * 50
        assert set(done.statuses[50:]) <= {"unsent"}

    def test_one_user_s_stop_in_a_batch_keeps_the_others_verdicts(self, push: Any, rows: Any) -> None:
        done = push(rows(9), lambda positions, turn: ["ok", "stop", "no"], target=operation(3), concurrency=1)
        assert done.statuses[:3] == ["accepted", "unsent", "rejected"]
        assert isinstance(done.stopped, RefusedConfiguration)

    def test_rows_with_nothing_to_send_keep_their_verdict_after_a_stop(self, push: Any, rows: Any) -> None:
        mixed: list[Any] = rows(100)
        for index in range(50, 100, 2):
            mixed[index] = Outcome(index, SKIPPED, {})
        done = push(mixed, "keys", concurrency=1)
        assert Counter(done.statuses) == {"unsent": 75, "skipped": 25}

    def test_an_unexpected_error_stops_the_push_and_leaves_its_rows_in_doubt(self, push: Any, rows: Any) -> None:
        done = push(rows(100), in_turn("broken", first=30), concurrency=1)
        assert isinstance(done.stopped, ZeroDivisionError)
        assert done.statuses[30] == "unknown"
        assert done.statuses[:30] == ["accepted"] * 30
        assert done.vendor.sent(30) == ["broken"]
        assert set(done.statuses[33:]) == {"unsent"}

    def test_can_be_told_to_stop(self, push: Any, rows: Any, fake_clock: Any) -> None:
        why = RetryLater("told to")
        book = Book()

        def record(_: Book) -> Any:
            def keep(rows: Sequence[Any], verdicts: Sequence[Verdict]) -> None:
                book(rows, verdicts)
                if len(book.verdicts) >= 3:
                    delivery.stop(why)
                    delivery.stop(ValueError("a later reason"))

            return keep

        vendor = Vendor(lambda positions, turn: "ok", fake_clock())
        delivery = Delivery(operation(), vendor, record(book), clock=vendor.clock, concurrency=1)
        vendor.book = book
        assert delivery.run([row] for row in book.source(rows(50))) is why
        assert len(book.verdicts) == 50
        statuses = book.statuses()
        accepted = statuses.count("accepted")
        assert 3 <= accepted <= 5
        assert statuses == ["accepted"] * accepted + ["unsent"] * (50 - accepted)

    def test_out_of_time_only_what_has_left_is_in_doubt_and_the_rest_never_leaves(
        self, update: Any, fake_clock: Any
    ) -> None:
        """The first row has left, the second waits for a connection, the third for a thread."""
        clock, over = fake_clock(), Event()
        has_left, is_connecting = Event(), Event()
        left: list[int] = []
        book = Book()
        rows: list[UserUpdate] = [update(index) for index in range(3)]

        def send(body: bytes, *, before_send: Callable[[], None] = lambda: None) -> Response:
            [[position, _]] = orjson.loads(body)
            if position == 0:
                before_send()
                has_left.set()
            else:
                is_connecting.set()
            assert over.wait(60)
            if position != 0:
                before_send()
            left.append(position)
            raise NoResponse("broken off")

        def source() -> Iterator[UserUpdate]:
            yield from rows
            assert has_left.wait(60)
            assert is_connecting.wait(60)
            delivery.interrupt(RetryLater("told to"))
            clock.advance(100)

        delivery = Delivery(operation(max_users=1), send, book, clock=clock, concurrency=2)
        before = set(threading.enumerate())
        delivery.run([row] for row in source())
        assert book.statuses() == ["unknown", "unsent", "unsent"]
        over.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(60)
        assert left == [0]
