# SPDX-License-Identifier: Apache-2.0
"""What a sender's thread does with a batch: wait for its slot, send it, read the response."""

from __future__ import annotations

from threading import Event
from typing import NamedTuple

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import BUSY_STATUSES, Operation, Response, Send
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Verdict

#: A vendor that asks to wait longer than this, in seconds, is away: a worker is no place to wait.
LONGEST_WAIT = 300.0


class Sent(NamedTuple):
    """Say what sending a batch came to.

    :param verdicts: one for each update.
    :param size: the bytes of the request body.
    :param error: the error raised in place of a response, or None.
    :param wait: for how many seconds the vendor asks to send nothing.
    """

    verdicts: list[Verdict]
    size: int
    error: Exception | None = None
    wait: float = 0.0


class Dispatch:
    """Send a batch when its slot has come; called from several threads at once.

    :param operation: what the vendor's API says about the operation.
    :param send: sends one request body and returns the response.
    :param rate_limiter: gives the slots, and is told when the vendor asks to wait.
    :param stopping: set here at once when no further request would end otherwise.
    :param clock: tells the time.
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
        """Return what sending a batch came to; None if the push stopped before its slot had come."""
        if not self._rate_limiter.wait(self._operation.units(len(batch))):
            return None
        body = batch.body(self._operation)
        result: Response | Exception
        try:
            result = self._send(body, before_send=batch.departure.leave)
        except Exception as exception:
            result = exception
        verdicts = classify(self._operation, result, batch.users)
        if not isinstance(result, Response):
            if ends_the_push(verdicts, result):
                self._stopping.set()
            return Sent(verdicts, len(body), result)
        wait = self._operation.asked_to_wait(result, self._clock.time) or 0.0
        if wait:
            self._rate_limiter.hold(wait)
        if result.status in BUSY_STATUSES:
            self._rate_limiter.slow_down()
        if wait > LONGEST_WAIT or (verdicts.count(ACCEPTED) != len(batch) and ends_the_push(verdicts, result)):
            self._stopping.set()  # here already, so that this thread does not send what is queued
        return Sent(verdicts, len(body), None, wait)


def ends_the_push(verdicts: list[Verdict], result: Response | Exception) -> bool:
    """Tell whether every further request would end the same way."""
    return isinstance(result, RefusedConfiguration) or any(verdict.action is Action.STOP for verdict in verdicts)
