# SPDX-License-Identifier: Apache-2.0
"""What a worker thread does with a batch: wait for its slot, send it, read the response; and the kinds of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import NamedTuple, Protocol

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter
from airflow_provider_userattrs.push.delivery.triage import Triage
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import BUSY_STATUSES, Operation, Response, Send
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Verdict

#: Seconds. If a vendor asks to wait longer, the push stops instead of occupying a worker.
MAX_WAIT = 300.0


class Sent(NamedTuple):
    """The result of sending a batch.

    :param verdicts: one for each update.
    :param error: the error raised in place of a response, or None.
    :param wait: for how many seconds the vendor asks to send nothing.
    """

    verdicts: list[Verdict]
    error: Exception | None = None
    wait: float = 0.0


#: Stands for the result of a batch that was accepted as a whole by a vendor that asks for no wait, as most are.
ALL_ACCEPTED = Sent([])


class Dispatch:
    """Sends a batch when its slot has come; called from several threads at once.

    :param operation: the operation.
    :param send: sends one request body and returns the response.
    :param rate_limiter: assigns the slots, and holds all requests when the vendor asks to wait.
    :param stopping: set here as soon as every further request would end the same way.
    :param clock: the source of time.
    """

    def __init__(
        self,
        operation: Operation,
        send: Send,
        rate_limiter: RateLimiter,
        stopping: Event,
        clock: Clock,
    ) -> None:
        self._operation = operation
        self._send = send
        self._rate_limiter = rate_limiter
        self._stopping = stopping
        self._clock = clock

    def __call__(self, batch: Batch) -> Sent | None:
        """Send a batch and return the result; None if the push stopped before the batch's slot had come.

        Of a batch that was accepted as a whole it is `ALL_ACCEPTED`, unless the vendor asks to wait.
        """
        operation, users = self._operation, batch.users
        if not self._rate_limiter.wait(operation.units(len(users))):
            return None
        body = batch.body(operation)
        result: Response | Exception
        try:
            result = self._send(body, before_send=batch.leave)
        except Exception as exception:
            result = exception
        verdicts = classify(operation, result, users)
        if not isinstance(result, Response):
            if ends_the_push(verdicts, result):
                self._stopping.set()
            return Sent(verdicts, result)
        wait = operation.asked_to_wait(result, self._clock.time) or 0.0
        if wait:
            self._rate_limiter.hold(wait)
        if result.status in BUSY_STATUSES:
            self._rate_limiter.slow_down()
        if not wait and verdicts.count(ACCEPTED) == len(users):
            return ALL_ACCEPTED
        if wait > MAX_WAIT or ends_the_push(verdicts, result):
            self._stopping.set()  # here already, so that this thread does not send another batch first
        return Sent(verdicts, None, wait)


def ends_the_push(verdicts: list[Verdict], result: Response | Exception) -> bool:
    """Return whether every further request would end the same way."""
    return isinstance(result, RefusedConfiguration) or any(verdict.action is Action.STOP for verdict in verdicts)


class Counted(Protocol):
    """Counts requests."""

    requests: int
    retries: int
    bytes: int


class Lane(NamedTuple):
    """One kind of request: the updates, or the look-ups that come before them.

    :param dispatch: sends a batch.
    :param triage: decides what becomes of it.
    :param finish: called with updates and their final verdicts.
    :param traffic: counts the requests.
    """

    dispatch: Callable[[Batch], Sent | None]
    triage: Triage
    finish: Callable[[Sequence[UserUpdate], Sequence[Verdict]], None]
    traffic: Counted
