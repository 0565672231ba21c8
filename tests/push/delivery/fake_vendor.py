# SPDX-License-Identifier: Apache-2.0
"""A vendor that behaves as told, and the book in which the verdicts on its rows are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any

import orjson

from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent, RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Outcome, Status, Verdict
from airflow_provider_userattrs.push.report import book, counts
from airflow_provider_userattrs.vendors.http import asked_to_wait

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


def read(answer: Response, users: Sequence[Any]) -> list[Verdict]:
    return [WORDS[word] for word in orjson.loads(answer.body)]


def no_rules(_: Any) -> Any:
    raise AssertionError("a delivery maps no rows")


def operation(max_users: int | None = 1, **more: Any) -> Operation:
    fields: dict[str, Any] = {
        "vendor": "Vendor",
        "name": "set attributes",
        "path": "/",
        "rules": no_rules,
        "encode": lambda update: orjson.dumps(_written(update)),
        "read": read,
        "asked_to_wait": asked_to_wait,
        "accepted_means": "the vendor said yes",
        "head": b"[",
        "tail": b"]",
        "max_users": max_users,
    }
    if "encode" not in more:
        fields["encode_all"] = lambda updates: orjson.dumps(list(map(_written, updates)))[1:-1]
    return Operation(**fields | more)


def _written(update: UserUpdate) -> list[Any]:
    return [update.position, update.attributes.get("x")]


class Vendor:
    """Response as told, and keep what was asked and what was applied.

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

    def __call__(self, body: bytes, *, before_send: Any = None) -> Response:
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return self._answer(body)
        finally:
            with self.lock:
                self.in_flight -= 1

    def _answer(self, body: bytes) -> Response:
        positions = [position for position, _ in orjson.loads(body)]
        with self.lock:
            turn = self.turns[positions[0]]
            for position in positions:
                self.turns[position] += 1
                self.early += [other for other in self.book.before(position) if other not in self.book.verdicts]
            self.bytes += len(body)
            words = self.judge(positions, turn)
            self.requests.append((self.clock.monotonic(), positions, words))
            if isinstance(words, Response):
                each = orjson.loads(words.body)
            else:
                each = words if isinstance(words, list) else [words] * len(positions)
            self.applied.update(
                position
                for position, word in zip(positions, each, strict=False)
                if word in APPLIES or word in ("lost", "short", "garbage")
            )
        match words:
            case Response():
                return words
            case "refused":
                raise NotSent("no connection")
            case "lost" | "dropped":
                raise NoResponse("no answer")
            case "broken":
                raise ZeroDivisionError("a bug")
            case "keys":
                raise RefusedConfiguration("the keys are refused")
            case "short":
                return Response(200, {}, orjson.dumps(["ok"] * (len(positions) - 1)))
            case "garbage":
                return Response(200, {}, b"<html>")
        return Response(200, {}, orjson.dumps(each))

    def sent(self, position: int) -> list[Any]:
        """Return what became of each request a row was in."""
        words = []
        for _, positions, result in self.requests:
            if position in positions:
                words.append(result[positions.index(position)] if isinstance(result, list) else result)
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
        self._book = book.Book()
        self._by_user: dict[object, list[int]] = {}

    def __call__(self, rows: Sequence[Any], verdicts: Sequence[Verdict]) -> None:
        positions = [row.position for row in rows]
        assert positions == sorted(positions), "rows out of their order: the book takes them for a run"
        for row, verdict in zip(rows, verdicts, strict=True):
            assert row.position not in self.verdicts, "a second verdict on one row"
            self.verdicts[row.position] = verdict
        self._book.record(rows, verdicts)

    def counts(self) -> counts.Counts:
        """Give the counts of the engine's own book."""
        return self._book.counts()

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


def in_turn(*words: Any, first: int = 0, rest: Any = "ok") -> Callable[[list[int], int], Any]:
    """Return a judge that says these words in turn to the requests that begin with a row, the last for ever."""
    return lambda positions, turn: words[min(turn, len(words) - 1)] if positions[0] == first else rest
