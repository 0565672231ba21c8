# SPDX-License-Identifier: Apache-2.0
"""The loop, from outside: rows in, a vendor that behaves as told, one verdict for each row out.

The vendor here is a function and the clock a fake; threads, queues, batches, order and pace are the real ones.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.utils import formatdate
from itertools import pairwise
from threading import Event, Lock, current_thread
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.model.errors import NoAnswer, NotSent, RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Answer, Endpoint
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Outcome, Status, Verdict
from airflow_provider_userattrs.push.report.recorder import Recorder
from airflow_provider_userattrs.push.report.report import Report

ATTEMPTS = 5
SKIPPED = Verdict(Status.SKIPPED, "nothing-to-set", "every attribute is NULL", "Nothing.")

#: What the vendor says about a user, and what its table makes of it.
WORDS = {
    "ok": ACCEPTED,
    "part": Verdict(Status.PARTIAL, "0", "applied in part", "Look."),
    "no": Verdict(Status.REJECTED, "404", "User not found", "Check."),
    "busy": Verdict(Status.UNSENT, "429", "too many requests", "Retry.", Action.RETRY),
    "doubt": Verdict(Status.UNKNOWN, "500", "server error", "Check.", Action.RETRY),
    "split": Verdict(Status.REJECTED, "400", "request refused", "Mend.", Action.SPLIT),
    "stop": Verdict(Status.UNSENT, "401", "authentication error", "Check the keys.", Action.STOP),
}
APPLIES = {"ok", "part", "doubt"}
AMBIGUOUS = {"doubt", "lost", "dropped", "short", "garbage", "broken"}


def read(answer: Answer, users: int) -> list[Verdict]:
    return [WORDS[word] for word in orjson.loads(answer.body)]


def endpoint(max_users: int = 1, **more: Any) -> Endpoint:
    return Endpoint(
        vendor="Vendor",
        operation="set attributes",
        path="/",
        encode=lambda update: orjson.dumps([update.position, update.attributes.get("x")]),
        read=read,
        accepted_means="the vendor said yes",
        head=b"[",
        tail=b"]",
        max_users=max_users,
        **more,
    )


class Vendor:
    """Answer as told, and keep what was asked and what was applied.

    What `judge` returns for the positions of a request is a word for all its users or a list of words, an answer, or:
    "refused" no connection; "lost" applied and never answered; "dropped" neither; "short" applied, an element is
    missing in the answer; "garbage" applied, and no readable answer; "broken" a bug; "keys" a refused configuration.

    :param judge: the positions in a request, how often its first one was here before -> what becomes of it.
    :param clock: whose time is kept with each request.
    """

    def __init__(self, judge: Callable[[list[int], int], Any], clock: Any) -> None:
        self.judge = judge
        self.clock = clock
        self.lock = Lock()
        self.requests: list[tuple[float, list[int], Any]] = []
        self.bytes = 0
        self.applied: Counter[int] = Counter()
        self.turns: Counter[int] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.book = Book()
        self.early: list[int] = []

    def __call__(self, body: bytes, *, leave: Any = None) -> Answer:
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return self._answer(body)
        finally:
            with self.lock:
                self.in_flight -= 1

    def _answer(self, body: bytes) -> Answer:
        positions = [position for position, _ in orjson.loads(body)]
        with self.lock:
            turn = self.turns[positions[0]]
            for position in positions:
                self.turns[position] += 1
                self.early += [other for other in self.book.before(position) if other not in self.book.verdicts]
            self.bytes += len(body)
            words = self.judge(positions, turn)
            self.requests.append((self.clock.monotonic(), positions, words))
            if isinstance(words, Answer):
                each = orjson.loads(words.body)
            else:
                each = words if isinstance(words, list) else [words] * len(positions)
            self.applied.update(
                position
                for position, word in zip(positions, each, strict=False)
                if word in APPLIES or word in ("lost", "short", "garbage")
            )
        match words:
            case Answer():
                return words
            case "refused":
                raise NotSent("no connection")
            case "lost" | "dropped":
                raise NoAnswer("no answer")
            case "broken":
                raise ZeroDivisionError("a bug")
            case "keys":
                raise RefusedConfiguration("the keys are refused")
            case "short":
                return Answer(200, {}, orjson.dumps(["ok"] * (len(positions) - 1)))
            case "garbage":
                return Answer(200, {}, b"<html>")
        return Answer(200, {}, orjson.dumps(each))

    def sent(self, position: int) -> list[Any]:
        """Return what became of each request a row was in."""
        words = []
        for _, positions, told in self.requests:
            if position in positions:
                words.append(told[positions.index(position)] if isinstance(told, list) else told)
        return words

    def times(self) -> list[float]:
        return [moment for moment, _, _ in self.requests]


class Book:
    """Keep each row's verdict and refuse a second one; know which rows are of one user."""

    def __init__(self) -> None:
        self.verdicts: dict[int, Verdict] = {}
        self.rows: list[UserUpdate | Outcome] = []
        self.read = 0
        self.outstanding = 0
        self.report = Report("Vendor", "set attributes", "")
        self._ledger = Recorder(self.report, progress=lambda: None)
        self._by_user: dict[object, list[int]] = {}

    def __call__(self, rows: Sequence[Any], verdicts: Sequence[Verdict]) -> None:
        for row, verdict in zip(rows, verdicts, strict=True):
            assert row.position not in self.verdicts, "a second verdict on one row"
            self.verdicts[row.position] = verdict
        self._ledger.record(rows, verdicts)

    def source(self, rows: Iterable[UserUpdate | Outcome]) -> Iterator[UserUpdate | Outcome]:
        self.rows = list(rows)
        for row in self.rows:
            if isinstance(row, UserUpdate):
                self._by_user.setdefault(row.user, []).append(row.position)
        for row in self.rows:
            self.read += 1
            self.outstanding = max(self.outstanding, self.read - len(self.verdicts))
            yield row

    def before(self, position: int) -> list[int]:
        """Return the earlier rows of a row's user."""
        user = self.rows[position].user
        return [other for other in self._by_user[user] if other < position]

    def statuses(self) -> list[str]:
        return [str(self.verdicts[position].status) for position in sorted(self.verdicts)]

    def codes(self) -> list[str]:
        return [self.verdicts[position].code for position in sorted(self.verdicts)]


class Push:
    """One push that has ended."""

    def __init__(self, vendor: Vendor, delivery: Delivery, stopped: Exception | None) -> None:
        self.vendor = vendor
        self.delivery = delivery
        self.stopped = stopped
        self.book = vendor.book
        self.statuses = self.book.statuses()
        self.codes = self.book.codes()


@pytest.fixture(scope="session")
def push(fake_clock: Any, no_thread_left: Any) -> Callable[..., Push]:
    """Return a function that pushes rows to a vendor that judges as told, and sees to it that no thread is left."""

    def run(
        rows: Iterable[Any],
        judge: Any,
        *,
        target: Endpoint | None = None,
        clock: Any = None,
        source: Callable[[Iterator[Any]], Iterator[Any]] = lambda rows: rows,
        record: Callable[[Book], Any] = lambda book: book,
        **options: Any,
    ) -> Push:
        clock = clock or fake_clock()
        vendor = Vendor(judge if callable(judge) else lambda positions, turn: judge, clock)
        delivery = Delivery(target or endpoint(), vendor, record(vendor.book), clock=clock, **options)
        with no_thread_left():
            stopped = delivery.run(source(vendor.book.source(rows)))
        return Push(vendor, delivery, stopped)

    return run


@pytest.fixture(scope="session")
def rows(update: Callable[..., UserUpdate]) -> Callable[..., list[UserUpdate]]:
    """Return a function that makes rows: so many users, or one for each letter of a text."""
    return lambda users: [
        update(place, user if isinstance(users, str) else None)
        for place, user in enumerate(users if isinstance(users, str) else range(users))
    ]


def in_turn(*words: Any, first: int = 0, rest: Any = "ok") -> Callable[[list[int], int], Any]:
    """Return a judge that says these words in turn to the requests that begin with a row, the last for ever."""
    return lambda positions, turn: words[min(turn, len(words) - 1)] if positions[0] == first else rest


class TestAllWell:
    @pytest.mark.parametrize("concurrency", [1, 4])
    @pytest.mark.parametrize("max_users", [1, 7])
    def test_every_row_is_accepted(self, push: Any, rows: Any, concurrency: int, max_users: int) -> None:
        done = push(rows(100), "ok", target=endpoint(max_users), concurrency=concurrency)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 100
        assert done.delivery.requests == len(done.vendor.requests) == -(-100 // max_users)
        assert done.delivery.bytes == done.vendor.bytes
        assert done.delivery.retries == 0
        assert done.vendor.most_in_flight <= concurrency

    def test_no_rows_are_no_requests(self, push: Any) -> None:
        done = push([], "ok")
        assert (done.stopped, done.statuses, done.delivery.requests) == (None, [], 0)

    def test_rows_with_nothing_to_send_keep_their_verdict(self, push: Any, rows: Any) -> None:
        mixed = rows(5)
        mixed[1], mixed[4] = Outcome(1, SKIPPED, {}), Outcome(4, WORDS["no"], {})
        done = push(mixed, "ok")
        assert done.statuses == ["accepted", "skipped", "accepted", "accepted", "rejected"]
        assert done.vendor.turns.keys() == {0, 2, 3}

    def test_each_row_has_its_own_verdict(self, push: Any, rows: Any) -> None:
        done = push(rows(4), lambda positions, turn: ["ok", "no", "part", "ok"], target=endpoint(4))
        assert done.statuses == ["accepted", "rejected", "partial", "accepted"]
        assert done.stopped is None

    def test_a_row_that_cannot_be_written_is_invalid_alone(self, push: Any, update: Any) -> None:
        several = [update(0, x="fine"), update(1, x="\ud800"), update(2, x=2**64), update(3, x=object())]
        done = push(several, "ok", target=endpoint(4))
        assert done.statuses == ["accepted", "invalid", "invalid", "invalid"]
        assert done.vendor.turns.keys() == {0}

    def test_the_cap_is_kept(self, push: Any, rows: Any) -> None:
        done = push(rows(50), "ok", rate=10, concurrency=1)
        assert done.vendor.times() == pytest.approx([slot / 10 for slot in range(50)])

    def test_a_cap_in_users_counts_users(self, push: Any, rows: Any) -> None:
        done = push(rows(50), "ok", target=endpoint(5, rate_unit="users"), rate=10, concurrency=1)
        assert done.vendor.times() == pytest.approx([slot / 2 for slot in range(10)])


class TestPassingFailures:
    @pytest.mark.parametrize(
        ("failure", "status"),
        [("refused", "unsent"), ("busy", "unsent"), ("doubt", "unknown"), ("dropped", "unknown"), ("lost", "unknown")],
    )
    def test_are_tried_five_times_in_all_then_the_verdict_stands(
        self, push: Any, rows: Any, failure: str, status: str
    ) -> None:
        done = push(rows(20), in_turn(failure), concurrency=1)
        assert done.vendor.sent(0) == [failure] * ATTEMPTS
        assert done.book.verdicts[0].status == status
        assert done.statuses[1:] == ["accepted"] * 19
        assert done.delivery.retries == ATTEMPTS - 1
        assert done.delivery.requests == 19 + ATTEMPTS

    @pytest.mark.parametrize("failure", ["refused", "busy", "doubt", "dropped"])
    @pytest.mark.parametrize("times", [1, 4])
    def test_that_pass_end_well(self, push: Any, rows: Any, failure: str, times: int) -> None:
        done = push(rows(1), in_turn(*[failure] * times, "ok"))
        assert (done.statuses, done.stopped) == (["accepted"], None)
        assert done.delivery.retries == times

    def test_are_tried_again_for_their_own_users_alone(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> list[str]:
            return [{1: "busy", 3: "no"}.get(position, "ok") if turn == 0 else "ok" for position in positions]

        def by_size(positions: list[int], turn: int) -> list[str]:
            return judge(positions, 0 if len(positions) == 4 else 1)

        done = push(rows(4), by_size, target=endpoint(4))
        assert [positions for _, positions, _ in done.vendor.requests] == [[0, 1, 2, 3], [1]]
        assert done.statuses == ["accepted", "accepted", "accepted", "rejected"]

    def test_wait_longer_each_time_and_never_in_step(self, push: Any, rows: Any) -> None:
        gaps = []
        for _ in range(20):
            times = push(rows(1), "doubt").vendor.times()
            gaps.append([after - before for before, after in pairwise(times)])
        for waits in gaps:
            assert all(longest / 2 <= wait <= longest for wait, longest in zip(waits, (1, 2, 4, 8), strict=True))
        assert len({waits[0] for waits in gaps}) > 10

    @pytest.mark.parametrize(
        ("headers", "least"),
        [
            pytest.param({"retry-after": "120"}, 120, id="seconds"),
            pytest.param(
                {"retry-after": formatdate(10_200, usegmt=True), "date": formatdate(10_080, usegmt=True)},
                120,
                id="date-by-the-vendor's-clock",
            ),
            pytest.param({"x-ratelimit-reset": "45"}, 45, id="reset"),
        ],
    )
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_vendor_that_asks_to_wait_is_obeyed(
        self, push: Any, rows: Any, status: int, headers: dict[str, str], least: float
    ) -> None:
        busy = Answer(status, headers, orjson.dumps(["busy"]))
        done = push(rows(10), in_turn(busy, "ok"), concurrency=1)
        assert done.statuses == ["accepted"] * 10
        assert done.vendor.times()[0] == 0
        assert all(moment >= least for moment in done.vendor.times()[1:])
        assert done.stopped is None

    def test_a_quota_used_up_is_waited_for(self, push: Any, rows: Any) -> None:
        used_up = Answer(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, orjson.dumps(["ok"]))
        done = push(rows(5), in_turn(used_up, first=2), concurrency=1)
        assert done.statuses == ["accepted"] * 5
        assert [moment >= 30 for moment in done.vendor.times()] == [False, False, False, True, True]


class TestDoubt:
    @pytest.mark.parametrize("failure", ["doubt", "lost", "dropped", "short", "garbage"])
    def test_what_must_not_be_repeated_is_not(self, push: Any, rows: Any, failure: str) -> None:
        done = push(rows(8), in_turn(failure), target=endpoint(idempotent=False), concurrency=2)
        assert done.vendor.sent(0) == [failure]
        assert done.statuses == ["unknown"] + ["accepted"] * 7

    @pytest.mark.parametrize("failure", ["refused", "busy"])
    def test_what_was_not_applied_for_certain_is_repeated(self, push: Any, rows: Any, failure: str) -> None:
        done = push(rows(8), in_turn(failure, failure, "ok"), target=endpoint(idempotent=False), concurrency=2)
        assert done.vendor.sent(0) == [failure, failure, "ok"]
        assert done.statuses == ["accepted"] * 8
        assert set(done.vendor.applied.values()) == {1}

    def test_doubt_after_a_refusal_is_not_repeated(self, push: Any, rows: Any) -> None:
        done = push(rows(1), in_turn("refused", "lost", "ok"), target=endpoint(idempotent=False))
        assert done.vendor.sent(0) == ["refused", "lost"]
        assert done.statuses == ["unknown"]

    @pytest.mark.parametrize("doubt", ["lost", "dropped", "doubt"])
    @pytest.mark.parametrize("then", ["refused", "busy", "keys", "stop"])
    def test_once_unknown_a_row_is_never_called_unsent(self, push: Any, rows: Any, doubt: str, then: str) -> None:
        done = push(rows(1), in_turn(doubt, then))
        assert done.statuses == ["unknown"]
        assert len(done.vendor.sent(0)) == (ATTEMPTS if then in ("refused", "busy") else 2)

    def test_once_unknown_a_row_left_over_at_a_stop_is_unknown(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> Any:
            return "doubt" if positions[0] == 0 else "keys"

        done = push(rows(30), judge, concurrency=1)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert done.statuses == ["unknown"] + ["unsent"] * 29

    def test_a_row_that_was_unknown_may_still_be_accepted_or_rejected(self, push: Any, rows: Any) -> None:
        done = push(
            rows(2), lambda positions, turn: [["lost"], ["ok", "no"]][min(turn, 1)][positions[0] if turn else 0]
        )
        assert done.statuses == ["accepted", "rejected"]

    @pytest.mark.parametrize("max_users", [1, 3])
    @pytest.mark.parametrize("answer", ["short", "garbage"])
    def test_an_answer_that_cannot_be_read_is_unknown_for_all(
        self, push: Any, rows: Any, answer: str, max_users: int
    ) -> None:
        done = push(rows(3), answer, target=endpoint(max_users), concurrency=1)
        assert done.statuses == ["unknown"] * 3
        assert done.stopped is None
        assert all(verdict.meaning and verdict.remedy for verdict in done.book.verdicts.values())

    def test_an_answer_with_too_many_elements_is_unknown_for_all(self, push: Any, rows: Any) -> None:
        done = push(rows(3), Answer(200, {}, orjson.dumps(["ok"] * 4)), target=endpoint(3))
        assert done.statuses == ["unknown"] * 3


class TestSplitting:
    @staticmethod
    def judge(guilty: set[int]) -> Callable[[list[int], int], str]:
        return lambda positions, turn: "ok" if guilty.isdisjoint(positions) else "split"

    @settings(max_examples=80, deadline=None)
    @given(
        count=st.integers(1, 60),
        max_users=st.integers(1, 40),
        guilty=st.sets(st.integers(0, 59), max_size=10),
        concurrency=st.integers(1, 4),
    )
    def test_finds_exactly_the_guilty_rows(
        self, push: Any, rows: Any, count: int, max_users: int, guilty: set[int], concurrency: int
    ) -> None:
        done = push(rows(count), self.judge(guilty), target=endpoint(max_users), concurrency=concurrency)
        assert done.statuses == ["rejected" if place in guilty else "accepted" for place in range(count)]
        assert done.stopped is None
        assert done.vendor.applied == Counter(place for place in range(count) if place not in guilty)
        assert all(len(done.vendor.sent(place)) <= max_users.bit_length() + 1 for place in range(count))

    def test_one_bad_row_of_a_hundred_takes_few_requests(self, push: Any, rows: Any) -> None:
        done = push(rows(100), self.judge({42}), target=endpoint(100))
        assert done.statuses.count("rejected") == 1
        assert done.delivery.requests <= 2 * 7 + 1

    def test_what_is_left_of_a_split_at_a_stop_is_unsent(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return "split" if len(positions) == 8 else "keys"

        done = push(rows(8), judge, target=endpoint(8), concurrency=1)
        assert done.statuses == ["unsent"] * 8

    @pytest.mark.parametrize("concurrency", [1, 16])
    def test_a_vendor_that_refuses_all_rows_alike_is_not_asked_about_each(
        self, push: Any, rows: Any, concurrency: int
    ) -> None:
        done = push(rows(2_000), "split", target=endpoint(100), concurrency=concurrency)
        sent = [place for place in range(2_000) if done.vendor.sent(place)]
        assert len([place for place in sent if done.vendor.sent(place).count("split") > 1]) >= 200
        assert all(done.book.verdicts[place] is WORDS["split"] for place in sent)
        assert done.statuses.count("unsent") == 2_000 - len(sent)
        assert done.delivery.requests < 2 * 200 + 10 * concurrency * 4, "some 4,000 without"
        assert isinstance(done.stopped, RefusedConfiguration)
        assert WORDS["split"].meaning in str(done.stopped)
        assert WORDS["split"].remedy in str(done.stopped)

    @pytest.mark.parametrize("guilty", [199, 150])
    def test_many_guilty_rows_at_the_front_are_not_all_rows(self, push: Any, rows: Any, guilty: int) -> None:
        done = push(rows(600), self.judge(set(range(guilty))), target=endpoint(100), concurrency=1)
        assert done.stopped is None
        assert done.statuses == ["rejected"] * guilty + ["accepted"] * (600 - guilty)

    @pytest.mark.parametrize("innocent", [0, 57, 250])
    def test_one_row_that_is_taken_shows_that_the_vendor_takes_rows(self, push: Any, rows: Any, innocent: int) -> None:
        count = 500 if innocent < 200 else 252
        done = push(rows(count), self.judge(set(range(count)) - {innocent}), target=endpoint(100), concurrency=16)
        taken = done.vendor.applied[innocent]
        assert done.statuses[innocent] == ("accepted" if taken else "unsent")
        assert innocent >= 200 or (done.stopped is None and taken)

    def test_two_reasons_are_none_for_all(self, push: Any, rows: Any) -> None:
        other = Verdict(Status.REJECTED, "413", "too large", "Send less.", Action.SPLIT)

        def judge(positions: list[int], turn: int) -> str:
            return "split" if positions[0] % 2 else "large"

        WORDS["large"] = other
        try:
            done = push(rows(300), judge, target=endpoint(100), concurrency=1)
        finally:
            del WORDS["large"]
        assert done.stopped is None
        assert done.statuses == ["rejected"] * 300

    def test_where_a_request_is_one_row_there_is_no_search_to_stop(self, push: Any, rows: Any) -> None:
        done = push(rows(300), "split", target=endpoint(1))
        assert done.stopped is None
        assert done.statuses == ["rejected"] * 300

    def test_doubt_outlives_a_split(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return {(4, 0): "lost", (4, 1): "split"}.get((len(positions), turn), "ok" if positions[0] == 0 else "busy")

        done = push(rows(4), judge, target=endpoint(4), concurrency=1)
        assert done.statuses == ["accepted", "accepted", "unknown", "unknown"]


class TestStopping:
    @pytest.mark.parametrize("refusal", ["stop", "keys"])
    def test_refused_credentials_stop_the_push_and_the_rest_is_unsent(self, push: Any, rows: Any, refusal: str) -> None:
        done = push(rows(500), refusal, concurrency=2)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert done.statuses == ["unsent"] * 500
        assert done.delivery.requests <= 4, "the queue went on after the refusal"
        assert done.book.report.rows == done.book.read == 500

    def test_the_refusal_says_what_and_what_to_do(self, push: Any, rows: Any) -> None:
        message = str(push(rows(1), "stop").stopped)
        for part in ("Vendor", "authentication error", "401", "Check the keys."):
            assert part in message

    @pytest.mark.parametrize("refusal", ["stop", "keys"])
    def test_nothing_more_is_sent_after_the_first_refusal(self, push: Any, rows: Any, refusal: str) -> None:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(10)  # a thread goes on until it has to wait
        try:
            assert push(rows(50), refusal, concurrency=1).delivery.requests == 1
        finally:
            sys.setswitchinterval(interval)

    def test_rows_already_answered_keep_their_verdict(self, push: Any, rows: Any) -> None:
        done = push(rows(100), lambda positions, turn: "ok" if positions[0] < 50 else "keys", concurrency=1)
        assert done.statuses[:50] == ["accepted"] * 50
        assert set(done.statuses[50:]) <= {"unsent"}

    def test_one_user_s_stop_in_a_batch_keeps_the_others_verdicts(self, push: Any, rows: Any) -> None:
        done = push(rows(9), lambda positions, turn: ["ok", "stop", "no"], target=endpoint(3), concurrency=1)
        assert done.statuses[:3] == ["accepted", "unsent", "rejected"]
        assert isinstance(done.stopped, RefusedConfiguration)

    def test_rows_with_nothing_to_send_keep_their_verdict_after_a_stop(self, push: Any, rows: Any) -> None:
        mixed: list[Any] = rows(100)
        for place in range(50, 100, 2):
            mixed[place] = Outcome(place, SKIPPED, {})
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
        delivery = Delivery(endpoint(), vendor, record(book), clock=vendor.clock, concurrency=1)
        vendor.book = book
        assert delivery.run(book.source(rows(50))) is why
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
        book.rows = [update(place) for place in range(3)]

        def send(body: bytes, *, leave: Callable[[], None]) -> Answer:
            [[position, _]] = orjson.loads(body)
            if position == 0:
                leave()
                has_left.set()
            else:
                is_connecting.set()
            assert over.wait(20)
            if position != 0:
                leave()
            left.append(position)
            raise NoAnswer("broken off")

        def source() -> Iterator[UserUpdate]:
            yield from book.rows
            assert has_left.wait(20)
            assert is_connecting.wait(20)
            delivery.interrupt(RetryLater("told to"))
            clock.advance(100)

        delivery = Delivery(endpoint(max_users=1), send, book, clock=clock, concurrency=2)
        before = set(threading.enumerate())
        delivery.run(source())
        assert book.statuses() == ["unknown", "unsent", "unsent"]
        over.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(20)
        assert left == [0]


class Patient:
    """Let short sleeps pass at once; let a long one end only when the sleeper is woken."""

    def __init__(self, clock: Any, longest: float) -> None:
        self.clock = clock
        self.longest = longest
        self.monotonic, self.time, self.processor = clock.monotonic, clock.time, clock.processor

    def sleep(self, seconds: float, wake: Event) -> None:
        if seconds <= self.longest:
            self.clock.sleep(seconds, wake)
        else:
            assert wake.wait(20), "asleep for so long, and nobody wakes the sleeper"


class TestVendorAway:
    @pytest.mark.parametrize(
        ("failure", "first"), [("refused", "unsent"), ("busy", "unsent"), ("doubt", "unknown"), ("dropped", "unknown")]
    )
    def test_a_run_of_passing_failures_stops_the_push(self, push: Any, rows: Any, failure: str, first: str) -> None:
        done = push(rows(2_000), failure, rate=5, concurrency=2)
        assert isinstance(done.stopped, RetryLater)
        assert "Vendor" in str(done.stopped)
        assert len(done.statuses) == 2_000
        assert done.statuses[0] == first
        assert done.statuses[-1] == "unsent"
        assert set(done.statuses) <= {first, "unsent"}
        assert done.delivery.requests < 1_000

    def test_failures_here_and_there_do_not(self, push: Any, rows: Any) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return "doubt" if turn == 0 and positions[0] % 3 == 0 else "ok"

        done = push(rows(300), judge, rate=5, concurrency=2)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 300

    def test_one_row_that_always_fails_does_not(self, push: Any, rows: Any) -> None:
        done = push(rows(300), in_turn("doubt", first=7), rate=5, concurrency=2)
        assert done.stopped is None
        assert Counter(done.statuses) == {"accepted": 299, "unknown": 1}

    @pytest.mark.parametrize(
        "headers",
        [
            {"retry-after": "301"},
            {"retry-after": "86400"},
            {"x-ratelimit-reset": "3600"},
            {"retry-after": "99999999999"},
        ],
        ids=str,
    )
    def test_a_wait_over_five_minutes_stops_the_push(
        self, push: Any, rows: Any, fake_clock: Any, headers: dict[str, str]
    ) -> None:
        busy = Answer(429, headers, orjson.dumps(["busy"]))
        done = push(rows(50), busy, concurrency=1, clock=Patient(fake_clock(), 300))
        assert isinstance(done.stopped, RetryLater)
        assert done.stopped.retry_after == pytest.approx(min(86_400, float(next(iter(headers.values())))))
        assert done.statuses == ["unsent"] * 50
        assert done.delivery.requests == 1

    def test_a_wait_of_five_minutes_is_waited_for(self, push: Any, rows: Any) -> None:
        busy = Answer(429, {"retry-after": "300"}, orjson.dumps(["busy"]))
        done = push(rows(5), in_turn(busy, "ok"), concurrency=1)
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 5

    def test_rows_under_way_stay_few_while_the_vendor_is_away(self, push: Any, rows: Any) -> None:
        done = push(rows(3_000), "refused", concurrency=4)
        assert done.book.outstanding < 1_000

    def test_a_vendor_that_is_away_is_left_alone(self, push: Any, rows: Any) -> None:
        done = push(rows(3_000), "refused", concurrency=4)
        assert isinstance(done.stopped, RetryLater)
        assert done.delivery.requests < 3_000


class TestOrder:
    @pytest.mark.parametrize("failure", ["doubt", "refused", "busy", "lost"])
    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_one_user_s_rows_are_applied_in_their_order_whatever_is_retried(
        self, push: Any, rows: Any, failure: str, concurrency: int
    ) -> None:
        def judge(positions: list[int], turn: int) -> str:
            return failure if turn < positions[0] % 3 else "ok"

        done = push(rows("abacabadaab" * 5), judge, concurrency=concurrency, target=endpoint(1))
        assert done.stopped is None
        assert done.statuses == ["accepted"] * 55
        assert done.vendor.early == [], "a row was sent before an earlier one of its user had its verdict"

    def test_a_batch_never_holds_one_user_twice(self, push: Any, rows: Any) -> None:
        done = push(rows("aabbaabc"), "ok", target=endpoint(10), concurrency=4)
        users = [["aabbaabc"[position] for position in positions] for _, positions, _ in done.vendor.requests]
        assert all(len(batch) == len(set(batch)) for batch in users)
        assert done.statuses == ["accepted"] * 8

    def test_a_later_row_does_not_overtake_an_unsent_one(self, push: Any, rows: Any) -> None:
        done = push(rows("abcabcab"), in_turn("refused"), concurrency=1)
        assert done.statuses == ["unsent" if user == "a" else "accepted" for user in "abcabcab"]
        assert done.codes[3] == done.codes[6] == "held-back"
        assert done.vendor.turns.keys() == {0, 1, 2, 4, 5, 7}

    @pytest.mark.parametrize("verdict", ["no", "part"])
    def test_a_later_row_follows_one_that_was_refused(self, push: Any, rows: Any, verdict: str) -> None:
        done = push(rows("aa"), in_turn(verdict))
        assert done.statuses[1] == "accepted"

    def test_users_of_several_keys_wait_for_each_of_them(self, push: Any) -> None:
        def row(position: int, *keys: str) -> UserUpdate:
            return UserUpdate(position, position, keys, {"x": 1}, (), {})

        several = [row(0, "mail", "name"), row(1, "mail"), row(2, "name"), row(3, "name", "mail"), row(4, "other")]
        done = push(several, "ok", target=endpoint(10), concurrency=4)
        place = {position: number for number, (_, batch, _) in enumerate(done.vendor.requests) for position in batch}
        assert place[0] < place[1] < place[3]
        assert place[0] < place[2] < place[3]
        assert place[4] == 0


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

        done = push(rows(100), "ok", source=break_off, target=endpoint(max_users), concurrency=2)
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
            yield from (update(place) for place in range(10))
            raise KeyboardInterrupt

        book = Book()
        vendor = Vendor(lambda positions, turn: "ok", fake_clock())
        delivery = Delivery(endpoint(), vendor, book, clock=vendor.clock, concurrency=2)
        vendor.book.rows = [update(place) for place in range(10)]
        vendor.book.before = lambda position: []  # type: ignore[method-assign]
        with no_thread_left(), pytest.raises(KeyboardInterrupt):
            delivery.run(interrupted())
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
            assert go.wait(20)
            return "no"

        def break_off(updates: Iterator[Any]) -> Iterator[Any]:
            yield next(updates)
            go.set()
            raise ValueError("the source broke off")

        done = push(rows(9), judge, source=break_off, record=failing_once(lambda verdicts: True), concurrency=1)
        assert isinstance(done.stopped, (OSError, ValueError))
        assert len(done.statuses) == done.book.read

    def test_one_that_raises_while_the_rest_is_counted_loses_no_row(self, push: Any, rows: Any) -> None:
        unsent = failing_once(lambda verdicts: verdicts[0].code == "not-tried")
        done = push(rows(100), "keys", record=unsent, concurrency=1)
        assert isinstance(done.stopped, RefusedConfiguration)
        assert len(done.statuses) == 100


class TestIdling:
    def test_the_loop_does_not_spin_while_a_retry_is_due_and_the_window_is_full(
        self, update: Any, fake_clock: Any, no_thread_left: Any
    ) -> None:
        looks = Counter[str]()

        class Watched(fake_clock):  # type: ignore[misc, valid-type]
            def monotonic(self) -> float:
                looks[current_thread().name] += 1
                return float(super().monotonic())

        clock = Watched()
        me = current_thread().name
        spins: list[int] = []

        def judge(body: bytes, *, leave: Any = None) -> Answer:
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
            return Answer(200, {}, b'["ok"]')

        book = Book()
        delivery = Delivery(endpoint(), judge, book, clock=clock, concurrency=1)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            with no_thread_left():
                delivery.run(book.source(update(place) for place in range(10)))
        finally:
            sys.setswitchinterval(interval)
        assert spins[0] < 100


#: What may become of one request; the rare ones end a push.
COMMON = ["ok", "ok", "ok", "no", "part", "busy", "doubt", "refused", "lost", "dropped", "short", "garbage", "mixed"]
FATAL = ["stop", "keys", "broken"]
MIXED = ["ok", "no", "busy", "doubt", "part"]

scripts = st.tuples(
    st.lists(st.sampled_from(COMMON), min_size=1, max_size=12),
    st.one_of(st.just([]), st.just([]), st.lists(st.sampled_from(FATAL), max_size=1)),
    st.sets(st.integers(0, 39), max_size=3),
)


class TestWhateverHappens:
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        kinds=st.lists(
            st.tuples(st.integers(0, 6), st.sampled_from(["row", "row", "row", "row", "skip", "unwritable"])),
            max_size=40,
        ),
        script=scripts,
        max_users=st.integers(1, 5),
        concurrency=st.integers(1, 4),
        idempotent=st.booleans(),
        rate=st.sampled_from([None, 5]),
        waits=st.sampled_from([None, "20", "400"]),
    )
    def test_every_row_has_one_verdict_and_it_is_true(
        self,
        push: Any,
        update: Any,
        kinds: list[tuple[int, str]],
        script: tuple[list[str], list[str], set[int]],
        max_users: int,
        concurrency: int,
        idempotent: bool,
        rate: float | None,
        waits: str | None,
    ) -> None:
        common, fatal, guilty = script
        behaviours = common * (4 if fatal else 1) + fatal

        def judge(positions: list[int], turn: int) -> Any:
            if not guilty.isdisjoint(positions):
                return "split"
            word = behaviours[(positions[0] * 7 + turn * 3) % len(behaviours)]
            if word == "mixed":
                return [MIXED[(position + turn) % len(MIXED)] for position in positions]
            if word == "busy" and waits:
                return Answer(429, {"retry-after": waits}, orjson.dumps(["busy"] * len(positions)))
            return word

        several: list[Any] = []
        for place, (user, kind) in enumerate(kinds):
            if kind == "skip":
                several.append(Outcome(place, SKIPPED, {}, user))
            else:
                several.append(update(place, user, x="\ud800" if kind == "unwritable" else place))
        done = push(
            several,
            judge,
            target=endpoint(max_users, idempotent=idempotent),
            rate=rate,
            concurrency=concurrency,
        )
        book, vendor = done.book, done.vendor

        # Every row read has exactly one verdict (a second one would have failed above), and the counts add up.
        assert sorted(book.verdicts) == list(range(len(kinds)))
        counts = Counter(verdict.status for verdict in book.verdicts.values())
        assert {status: count for status, count in book.report.counts.items() if count} == counts
        assert book.report.rows == len(kinds)

        for place, (_, kind) in enumerate(kinds):
            verdict, sent = book.verdicts[place], vendor.sent(place)
            words = ["busy" if isinstance(word, Answer) else word for word in sent]
            ambiguous = [word for word in words if word in AMBIGUOUS]
            match verdict.status:
                case Status.ACCEPTED:
                    assert words[-1] == "ok"
                case Status.PARTIAL:
                    assert words[-1] == "part"
                case Status.REJECTED:
                    assert words[-1] in ("no", "split")
                case Status.UNKNOWN:
                    assert ambiguous
                case Status.UNSENT:
                    assert vendor.applied[place] == 0
                    assert not ambiguous
                case Status.INVALID:
                    assert kind == "unwritable"
                    assert not sent
                case Status.SKIPPED:
                    assert kind == "skip"
                    assert not sent
            if not idempotent:
                assert vendor.applied[place] <= 1, "done twice"
                assert not ambiguous or words[-1] in AMBIGUOUS, "sent again after an ambiguous end"
            assert len([word for word in words if word != "split"]) <= ATTEMPTS
            if done.stopped is None:
                assert verdict.code != "not-tried"
            assert verdict.status is Status.ACCEPTED or (verdict.meaning and verdict.remedy)

        assert vendor.early == [], "a row was sent before an earlier one of its user had its verdict"
        for place, verdict in book.verdicts.items():
            if verdict.status is Status.UNSENT:
                user = kinds[place][0]
                assert not [later for later in vendor.turns if later > place and kinds[later][0] == user], "overtaken"
        assert vendor.most_in_flight <= concurrency
        assert done.delivery.requests == len(vendor.requests)
        assert done.delivery.bytes == vendor.bytes
