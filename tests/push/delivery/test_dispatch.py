# SPDX-License-Identifier: Apache-2.0
"""One batch sent: its slot, its body, what is made of the answer, and what must stop all other threads at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import orjson
import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.dispatch import ALL_ACCEPTED, MAX_WAIT, Dispatch, Sent, ends_the_push
from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent, RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status
from airflow_provider_userattrs.push.model.verdicts import NO_RESPONSE


class Sender:
    """Dispatch batches of two users to a vendor that gives one answer.

    :param clock: tells the time.
    :param result: the answer, or what is raised instead.
    :param rate: the cap per second.
    :param unit: what the cap counts.
    """

    def __init__(
        self, clock: Any, result: Response | Exception, *, rate: float | None = None, unit: str = "users"
    ) -> None:
        self.clock = clock
        self.result = result
        self.stopping = Event()
        self.bodies: list[bytes] = []
        self.moments: list[float] = []
        self.target = operation(2, rate_unit=unit)
        self.rate_limiter = RateLimiter(rate, clock, self.stopping)
        self.dispatch = Dispatch(self.target, self.send, self.rate_limiter, self.stopping, clock)

    def send(self, body: bytes, *, before_send: Callable[[], None] = lambda: None) -> Response:
        before_send()
        self.bodies.append(body)
        self.moments.append(self.clock.monotonic())
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def batch(update: Any) -> Callable[[], Batch]:
    return lambda: Batch([update(0), update(1)], [b"[0,1]", b"[1,1]"])


def answer(*words: str, status: int = 200, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, orjson.dumps(words))


def test_a_batch_is_one_body_and_one_verdict_for_each_update(clock: Any, batch: Any) -> None:
    sender = Sender(clock, answer("ok", "no"))
    one = batch()
    assert sender.dispatch(one) == Sent([ACCEPTED, WORDS["no"]])
    assert sender.bodies == [b"[[0,1],[1,1]]"]
    assert one.size == len(b"[[0,1],[1,1]]")
    assert not sender.stopping.is_set()


@pytest.mark.parametrize(
    ("result", "is_whole"),
    [
        pytest.param(answer("ok", "ok"), True, id="accepted"),
        pytest.param(answer("ok", "no"), False, id="one-refused"),
        pytest.param(answer("ok", "ok", status=429, retry_after="2"), False, id="a-wait"),
        pytest.param(answer("ok"), False, id="one-without-a-verdict"),
        pytest.param(NoResponse("lost"), False, id="no-response"),
    ],
)
def test_a_batch_accepted_as_a_whole_is_told_by_one_word(
    clock: Any, batch: Any, result: Response | Exception, is_whole: bool
) -> None:
    assert (Sender(clock, result).dispatch(batch()) is ALL_ACCEPTED) == is_whole


@pytest.mark.parametrize(("unit", "gap"), [("users", 2.0), ("requests", 1.0)])
def test_it_takes_its_slot_in_the_vendor_s_unit(clock: Any, batch: Any, unit: str, gap: float) -> None:
    sender = Sender(clock, answer("ok", "ok"), rate=1, unit=unit)
    for _ in range(3):
        sender.dispatch(batch())
    assert sender.moments == pytest.approx([0, gap, 2 * gap])


def test_after_a_stop_nothing_leaves(clock: Any, batch: Any) -> None:
    sender = Sender(clock, answer("ok", "ok"))
    sender.stopping.set()
    assert sender.dispatch(batch()) is None
    assert sender.bodies == []


def test_a_batch_that_must_not_leave_any_more_is_unsent(clock: Any, batch: Any) -> None:
    sender = Sender(clock, answer("ok", "ok"))
    forbidden = batch()
    assert forbidden.forbid()
    sent = sender.dispatch(forbidden)
    assert sent is not None
    assert [verdict.status for verdict in sent.verdicts] == [Status.UNSENT] * 2
    assert isinstance(sent.error, NotSent)
    assert sender.bodies == []


@pytest.mark.parametrize(
    ("result", "stops"),
    [
        pytest.param(answer("ok", "no"), False, id="a-user-refused"),
        pytest.param(answer("busy", "busy"), False, id="busy"),
        pytest.param(answer("ok", "stop"), True, id="credentials-refused"),
        pytest.param(NoResponse("lost"), False, id="no-response"),
        pytest.param(NotSent("no connection"), False, id="no-connection"),
        pytest.param(RefusedConfiguration("keys"), True, id="configuration"),
        pytest.param(ZeroDivisionError("bug"), True, id="bug"),
        pytest.param(answer("ok", "ok", status=429, retry_after="300"), False, id="a-wait"),
        pytest.param(answer("ok", "ok", status=429, retry_after="301"), True, id="a-wait-too-long"),
    ],
)
def test_what_every_further_request_would_end_with_stops_all_threads(
    clock: Any, batch: Any, result: Response | Exception, stops: bool
) -> None:
    sender = Sender(clock, result)
    sent = sender.dispatch(batch())
    assert sent is not None
    assert sender.stopping.is_set() == stops
    assert sent.error is (result if isinstance(result, Exception) else None)


def test_what_was_raised_still_counts_its_bytes_and_verdicts(clock: Any, batch: Any) -> None:
    error = NoResponse("lost")
    one = batch()
    assert Sender(clock, error).dispatch(one) == Sent([NO_RESPONSE] * 2, error)
    assert one.size == len(b"[[0,1],[1,1]]")


def test_a_vendor_that_asks_to_wait_holds_every_request(clock: Any, batch: Any) -> None:
    sender = Sender(clock, answer("busy", "busy", status=429, retry_after="20"))
    sent = sender.dispatch(batch())
    assert sent is not None
    assert sent.wait == 20 <= MAX_WAIT
    assert sender.rate_limiter.held_for() == pytest.approx(20)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_halves_the_pace(clock: Any, batch: Any, status: int) -> None:
    sender = Sender(clock, answer("busy", "busy", status=status), rate=10, unit="requests")
    sender.dispatch(batch())
    sender.result = answer("ok", "ok")
    for _ in range(3):
        sender.dispatch(batch())
    assert sender.moments[3] - sender.moments[2] > 0.15, "a tenth of a second apart at the full pace"


@pytest.mark.parametrize(
    ("words", "error", "ends"),
    [
        (["ok", "busy", "no"], None, False),
        (["ok", "stop"], None, True),
        (["busy"], RefusedConfiguration("x"), True),
        (["busy"], RetryLater("x"), False),
    ],
    ids=["none", "one-verdict", "configuration", "passing"],
)
def test_ends_the_push(words: list[str], error: Exception | None, ends: bool) -> None:
    assert ends_the_push([WORDS[word] for word in words], error or Response(200, {}, b"")) is ends
