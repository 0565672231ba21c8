# SPDX-License-Identifier: Apache-2.0
"""The loop: updates in, batches out, one verdict for each row back.

All decisions are taken in the thread that calls `Delivery.run`; the senders' threads only wait and send.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from threading import Event

from airflow_provider_userattrs.push.batching import Batch
from airflow_provider_userattrs.push.clock import Clock
from airflow_provider_userattrs.push.endpoint import Answer, Endpoint
from airflow_provider_userattrs.push.errors import (
    NoAnswer,
    NotSent,
    RefusedConfiguration,
    RetryLater,
)
from airflow_provider_userattrs.push.intake import NOT_TRIED, Intake, Record
from airflow_provider_userattrs.push.outcome import ACCEPTED, Action, Outcome, Status, Verdict
from airflow_provider_userattrs.push.pacing import Pacer, asked_to_wait, back_off
from airflow_provider_userattrs.push.senders import Result, Senders
from airflow_provider_userattrs.push.update import UserUpdate

#: How often a request is tried in all while its cause is passing.
ATTEMPTS = 5

#: The vendor is away when so many requests in a row ended with a passing failure, and one is out of tries.
_BREAKER = 5

#: A vendor that asks to wait longer than this, in seconds, is away: a worker is no place to wait.
_LONGEST_HOLD = 300.0

_CHECK = "Check these users at the vendor; replay the rows if the operation may be repeated."
NO_CONNECTION = Verdict(
    Status.UNSENT,
    "no-connection",
    "no connection to the vendor",
    "Check the host, the network and the proxy; then retry the task.",
    Action.RETRY,
)
NO_ANSWER = Verdict(Status.UNKNOWN, "no-answer", "sent, and no answer came back in time", _CHECK, Action.RETRY)
UNREADABLE = Verdict(Status.UNKNOWN, "unreadable", "the answer could not be read", _CHECK)
BROKEN = Verdict(Status.UNKNOWN, "broken", "sending ended with an unexpected error", _CHECK, Action.STOP)


class Delivery:
    """Deliver the updates of one push.

    :param endpoint: what the vendor's API says about the operation.
    :param send: sends one request body and returns the answer; raises `NotSent`, `NoAnswer` or
        `RefusedConfiguration`. Called from several threads at once.
    :param record: takes updates (or outcomes of rows with nothing to send) and their final verdicts.
    :param rate: the cap per second in the endpoint's unit, or None.
    :param concurrency: requests in flight at most.
    :param clock: tells the time.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        send: Callable[[bytes], Answer],
        record: Record,
        *,
        rate: float | None = None,
        concurrency: int = 16,
        clock: Clock | None = None,
    ) -> None:
        self.requests = 0
        self.retries = 0
        self.bytes = 0
        self._endpoint = endpoint
        self._send = send
        self._record = record
        self._clock = clock or Clock()
        self._stopping = Event()
        self._stopped: Exception | None = None
        self._pacer = Pacer(rate, self._clock, self._stopping)
        self._senders = Senders(self._send_batch, concurrency)
        self._window = concurrency * 2  # as many again lie ready, so that no thread waits for its next batch
        self._ready: deque[Batch] = deque()
        self._delayed: list[tuple[float, int, Batch]] = []
        self._sequence = count()
        self._failures_in_a_row = 0

    def run(self, updates: Iterator[UserUpdate | Outcome]) -> Exception | None:
        """Deliver all updates, each user's in the order of the rows; return why the push stopped, or None.

        Every update gets its verdict, also after a stop: what was not sent then is ``unsent``.

        :param updates: the rows in their order, as updates, or as outcomes where there is nothing to send.
        """
        self._intake = Intake(updates, self._endpoint, self._record, self._stopping)
        read_on = False
        try:
            while self._stopped is None and self._step():
                pass
            read_on = True
        except Exception as exception:  # the source's: what is under way still gets its verdict
            self.stop(exception)
        finally:
            self._end(read_on=read_on)
        return self._stopped

    def stop(self, why: Exception) -> None:
        """Send nothing more; what is in flight ends."""
        if self._stopped is None:
            self._stopped = why
        self._stopping.set()

    def _step(self) -> bool:
        """Fill the window and settle one answer; return False when there is nothing left to do."""
        while self._senders.under_way < self._window and (batch := self._next_batch()):
            self._senders.submit(batch)
        wait = self._delayed[0][0] - self._clock.monotonic() if self._delayed else None
        if self._senders.under_way:
            self._settle_next(timeout=None if wait is None else max(wait, 0.0))
        elif wait is not None:
            self._clock.sleep(max(wait, 0.0), self._stopping)
        else:
            return False
        return True

    def _next_batch(self) -> Batch | None:
        if self._delayed and self._delayed[0][0] <= self._clock.monotonic():
            self.retries += 1
            return heapq.heappop(self._delayed)[2]
        if self._ready:
            return self._ready.popleft()
        return self._intake.next_batch()

    def _send_batch(self, batch: Batch) -> Result:
        """Send a batch when its slot has come; runs in a sender's thread."""
        if not self._pacer.wait(self._endpoint.units(len(batch))):
            return None
        answer = self._send(batch.body(self._endpoint))
        if wait := asked_to_wait(answer, self._clock.time()):
            self._pacer.hold(wait)
        return answer

    def _settle_next(self, timeout: float | None) -> None:
        under_way = self._senders.result(timeout)
        if under_way is None:
            return
        batch, result = under_way
        if result is None:
            self._finish_untried(batch)
            return
        self.requests += 1
        self.bytes += batch.size(self._endpoint)
        self._settle(batch, self._read(batch, result))
        hold = self._pacer.held_for()
        if hold > _LONGEST_HOLD:
            self.stop(RetryLater(f"{self._endpoint.vendor} asks to send nothing for {hold:,.0f} s", hold))

    def _read(self, batch: Batch, result: Answer | Exception) -> list[Verdict]:
        """Return one verdict for each update of a batch."""
        match result:
            case Answer():
                try:
                    verdicts = self._endpoint.read(result, len(batch))
                except Exception:  # an answer like none in the vendor's pages
                    verdicts = []
                return verdicts if len(verdicts) == len(batch) else [UNREADABLE] * len(batch)
            case NotSent():
                verdict = NO_CONNECTION
            case NoAnswer():
                verdict = NO_ANSWER
            case RefusedConfiguration():
                self.stop(result)
                verdict = NOT_TRIED
            case _:
                self.stop(result)
                verdict = BROKEN
        return [verdict] * len(batch)

    def _settle(self, batch: Batch, verdicts: list[Verdict]) -> None:
        """Decide what becomes of each update of a batch."""
        if verdicts.count(ACCEPTED) == len(batch):
            self._failures_in_a_row = 0
            self._intake.finish(batch.updates, verdicts)
            return
        actions = {verdict.action for verdict in verdicts}
        if Action.STOP in actions:
            self._refuse(next(verdict for verdict in verdicts if verdict.action is Action.STOP))
        if actions == {Action.SPLIT} and len(batch) > 1:
            self._ready.extendleft(reversed(batch.halves()))
            return
        self._failures_in_a_row = self._failures_in_a_row + 1 if actions == {Action.RETRY} else 0
        if batch.verdicts:
            verdicts = [worse(*pair) for pair in zip(batch.verdicts, verdicts, strict=True)]
        again = [place for place, verdict in enumerate(verdicts) if self._may_repeat(batch, verdict)]
        if again:
            self._delay(batch, again, verdicts)
        final = sorted(set(range(len(batch))).difference(again))
        self._intake.finish([batch.updates[place] for place in final], [verdicts[place] for place in final])
        self._trip([verdicts[place] for place in final])

    def _may_repeat(self, batch: Batch, verdict: Verdict) -> bool:
        return (
            verdict.action is Action.RETRY
            and (self._endpoint.idempotent or verdict.status is Status.UNSENT)
            and batch.attempt + 1 < ATTEMPTS
            and not self._stopping.is_set()
        )

    def _delay(self, batch: Batch, places: list[int], verdicts: list[Verdict]) -> None:
        repeat = batch.pick(places)
        repeat.attempt += 1
        repeat.verdicts = [verdicts[place] for place in places]
        due = self._clock.monotonic() + max(back_off(repeat.attempt), self._pacer.held_for())
        heapq.heappush(self._delayed, (due, next(self._sequence), repeat))

    def _refuse(self, verdict: Verdict) -> None:
        self.stop(
            RefusedConfiguration(
                f"{self._endpoint.vendor} refuses the push: {verdict.meaning} ({verdict.code}). {verdict.remedy}"
            )
        )

    def _trip(self, final: list[Verdict]) -> None:
        """Stop if a batch is out of tries while nothing else gets through either."""
        passing = next((verdict for verdict in final if verdict.action is Action.RETRY), None)
        if passing and self._failures_in_a_row >= _BREAKER:
            self.stop(
                RetryLater(
                    f"{self._endpoint.vendor} is away: {self._failures_in_a_row} requests in a row failed, "
                    f"at last with: {passing.meaning} ({passing.code})",
                    self._pacer.held_for() or None,
                )
            )

    def _finish_untried(self, batch: Batch) -> None:
        self._intake.finish(batch.updates, batch.verdicts or [NOT_TRIED] * len(batch))

    def _end(self, *, read_on: bool) -> None:
        """Let what is in flight end, then give every update that is left its verdict."""
        self._stopping.set()
        while self._senders.under_way:
            self._settle_next(timeout=None)
        self._senders.close()
        for batch in (*self._ready, *(batch for *_, batch in sorted(self._delayed))):
            self._finish_untried(batch)
        try:
            self._intake.abandon(read_on=read_on)
        except Exception as exception:  # the source's, while the rest of its rows was counted
            self.stop(exception)


def worse(before: Verdict, now: Verdict) -> Verdict:
    """Return what two tries in a row leave of an update: what may have been applied once stays in doubt."""
    in_doubt = before.status is Status.UNKNOWN and now.status is Status.UNSENT
    return replace(before, action=now.action) if in_doubt else now
