# SPDX-License-Identifier: Apache-2.0
"""The loop: updates in, batches out, one verdict for each row back.

What becomes of a batch is decided in the thread that calls `Delivery.run`. The workers' threads wait, send and read
responses; by themselves they only stop the push at once if every further request would end the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.concurrency import INTERVAL, Concurrency
from airflow_provider_userattrs.push.delivery.dispatch import (
    ALL_ACCEPTED,
    MAX_WAIT,
    Dispatch,
    Lane,
    Sent,
    ends_the_push,
)
from airflow_provider_userattrs.push.delivery.intake import Intake, Record
from airflow_provider_userattrs.push.delivery.lookups import LookupBatch, Lookups, of_lookup
from airflow_provider_userattrs.push.delivery.rate_limiter import RateLimiter, back_off
from airflow_provider_userattrs.push.delivery.send_queue import SendQueue
from airflow_provider_userattrs.push.delivery.triage import Triage
from airflow_provider_userattrs.push.delivery.worker_pool import WorkerPool
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RetryLater, SourceInterrupted
from airflow_provider_userattrs.push.model.operation import Operation, Send
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import in_order
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import BROKEN, TASK_ENDED
from airflow_provider_userattrs.push.report.traffic import Traffic

#: Seconds the loop waits at most before it checks for an interruption.
_POLL = 0.25

#: Seconds after an interruption for requests in flight to end, and then for aborting them. The process may be
#: killed 5 s after it was asked to stop, and rejects, checkpoint and report must be written before.
_GRACE, _ABORTING = 2.0, 0.5

#: Seconds for the threads to end after that.
_JOINING = 0.25


class Delivery:
    """Delivers the updates of one push.

    :param operation: the operation.
    :param send: sends one request body and returns the response.
    :param record: called with updates (or outcomes of rows with nothing to send) and their final verdicts.
    :param rate: the cap per second in the operation's unit, or None.
    :param concurrency: maximum requests in flight.
    :param clock: the source of time.
    :param announce: called with a batch before it is sent for the first time.
    :param abort: aborts the requests in flight, when an interrupted push is out of time.
    :param traffic: counts what is sent.
    :param stopping: is set once nothing more is sent.
    :param rate_limiter: that of an earlier delivery with the same ``stopping``, so that both together keep the cap.
    :param lookups: the rows whose users are looked up first; None if there are none.
    :param look_up: sends one request body that looks up ids.
    """

    def __init__(
        self,
        operation: Operation,
        send: Send,
        record: Record,
        *,
        rate: float | None = None,
        concurrency: int = 16,
        clock: Clock | None = None,
        announce: Callable[[Batch], None] | None = None,
        abort: Callable[[], None] | None = None,
        traffic: Traffic | None = None,
        stopping: Event | None = None,
        rate_limiter: RateLimiter | None = None,
        lookups: Lookups | None = None,
        look_up: Send | None = None,
    ) -> None:
        self.traffic = traffic or Traffic()
        self._triage = Triage(operation)
        self._circuit_breaker = self._triage.circuit_breaker
        shares_cap = operation.shares(rate)
        operation = self._operation = operation.within(rate)
        self._record = record
        self._clock = clock or Clock()
        self._abort = abort
        self._stopping = stopping or Event()
        self._stopped: Exception | None = None
        self._interruption: Exception | None = None
        self._interrupted_at = 0.0
        self._intake = Intake(iter(()), operation, self._note, self._stopping)
        self.rate_limiter = rate_limiter or RateLimiter(rate, self._clock, self._stopping, per_minute=shares_cap)
        dispatch = Dispatch(operation, send, self.rate_limiter, self._stopping, self._clock)
        work: Callable[[Batch], Sent | None] = dispatch if lookups is None else self._dispatch
        self._workers: WorkerPool[Sent | None] = WorkerPool(work, concurrency)
        # Batches that must not be sent twice are announced first; without further ready ones, fewer rows are in doubt.
        self._concurrency = Concurrency(concurrency, self._clock, users=operation.max_users, has_ready=announce is None)
        self._queue = SendQueue(
            self._intake,
            self._clock,
            self._circuit_breaker,
            concurrency,
            count_retry=self._count_retry,
            announce=announce,
            lookups=lookups,
        )
        # By the type of a batch; all share the threads and the cap.
        self._lanes = {Batch: Lane(dispatch, self._triage, self._finish, self.traffic)}
        if lookups is not None and look_up is not None:
            dispatch = Dispatch(lookups.operation, look_up, self.rate_limiter, self._stopping, self._clock)
            self._lanes[LookupBatch] = Lane(dispatch, Triage(lookups.operation), lookups.finish, lookups.traffic)

    def run(self, chunks: Iterator[Sequence[UserUpdate | Outcome]]) -> Exception | None:
        """Deliver all updates, each user's in the order of the rows; return why the push stopped, or None.

        Every update read gets its verdict, also after a stop: what was not sent is then ``unsent``.

        :param chunks: the rows in their order, as updates, or as outcomes where there is nothing to send.
        """
        self._intake.chunks = chunks
        read_on = False
        try:
            while self._stopped is None and self._step():
                pass
            read_on = True
        except Exception as exception:  # from the source; batches in progress still get their verdicts
            self.stop(self._interruption or exception)
        except SourceInterrupted:
            pass
        finally:
            self._end(read_on=read_on)
        return self._stopped

    @property
    def stopped_at(self) -> int | None:
        """Return the position of the first row that was not read; None if all were."""
        return None if self._intake.is_exhausted else self._intake.reached

    def stop(self, why: Exception) -> None:
        """Send nothing more; requests in flight are completed."""
        if self._stopped is None:
            self._stopped = why
        self._stopping.set()

    def interrupt(self, why: Exception) -> None:
        """Ask the push to stop within seconds, without reading the source to its end.

        It takes no lock, so that a signal handler may call it in the thread of `run`.
        """
        if self._interruption is None:
            self._interrupted_at = self._clock.monotonic()
            self._interruption = why
        self._intake.is_interrupted = True

    def _note(self, rows: Sequence[UserUpdate | Outcome], verdicts: Sequence[Verdict]) -> None:
        try:
            self._record(rows, verdicts)
        except Exception as exception:  # the rows are counted; if they cannot be saved, the push ends
            self.stop(exception)

    def _step(self) -> bool:
        """Fill the window and settle the batches with a response; return False when there is nothing left to do."""
        workers, concurrency, queue = self._workers, self._concurrency, self._queue
        is_calm = queue.is_calm
        for _ in range(concurrency.window - workers.in_progress):
            if (batch := queue.take_new() if is_calm else queue.take(workers.in_progress)) is None:
                if queue.is_out_of_rows and (error := self._circuit_breaker.unavailable(nothing_left=True)):
                    self.stop(self._interruption or error)
                break
            try:
                workers.submit(batch, concurrency.now)
            except RetryLater as no_thread:  # not even one can be started
                queue.put_first(batch)
                self.stop(no_thread)
                return False
        if self._interruption is not None:
            self.stop(self._interruption)
            return False
        wait = queue.due_in()
        if workers.in_progress:
            full = workers.in_progress >= concurrency.window
            if full:
                concurrency.grow()
            poll = INTERVAL if full and concurrency.may_grow else _POLL  # a response may take long
            self._settle_ready(poll if wait is None or full else min(wait, poll))
        elif wait is not None:
            self._clock.sleep(min(wait, _POLL), self._stopping)
        else:
            return False
        return True

    def _dispatch(self, batch: Batch) -> Sent | None:
        return self._lanes[type(batch)].dispatch(batch)

    def _count_retry(self, batch: Batch) -> None:
        self._lanes[type(batch)].traffic.retries += 1

    def _settle_ready(self, timeout: float) -> None:
        """Settle all batches with a response; wait for the first of them, but no longer than ``timeout`` seconds."""
        accepted: list[Batch] = []
        is_noted = False  # whether the batch before was accepted
        for batch, sent in self._workers.results(timeout):
            if sent is ALL_ACCEPTED:  # the usual case, recorded together
                accepted.append(batch)
                if not is_noted:
                    self._triage.note_accepted()
                    is_noted = True
                continue
            is_noted = False
            if isinstance(sent, Exception):  # neither the vendor's nor the network's: those are verdicts
                sent = Sent([BROKEN] * len(batch), sent)
            if sent is None:
                self._finish_untried(batch)
                continue
            lane = self._lanes[type(batch)]
            lane.traffic.requests += 1
            lane.traffic.bytes += batch.size
            if sent.error is not None and ends_the_push(sent.verdicts, sent.error):
                self.stop(sent.error)
            self.traffic.request_id = sent.verdicts[-1].request_id or self.traffic.request_id
            self._settle(batch, sent.verdicts, lane)
            if sent.wait > MAX_WAIT:
                self.stop(RetryLater(f"{self._operation.vendor} asks to wait {sent.wait:,.0f} s", sent.wait))
        if accepted:
            self.traffic.requests += len(accepted)
            self.traffic.bytes += sum(batch.size for batch in accepted)
            finished = in_order([batch.updates for batch in accepted])
            self._intake.finish(finished, [ACCEPTED] * len(finished))

    def _settle(self, batch: Batch, verdicts: Sequence[Verdict], lane: Lane) -> None:
        """Carry out the decision on a batch."""
        if type(batch) is LookupBatch:
            verdicts = [of_lookup(verdict) for verdict in verdicts]
        decision = lane.triage.decide(batch, verdicts, is_stopping=self._stopping.is_set())
        if decision.stop is not None:
            self.stop(decision.stop)
        self._queue.put_first(*decision.halves)
        if decision.repeat is not None:
            wait = max(back_off(decision.repeat.attempt), self.rate_limiter.held_for())
            self._queue.put_later(decision.repeat, wait)
        if decision.updates:
            lane.finish(decision.updates, decision.verdicts)
            if type(batch) is LookupBatch and (why := _unsent(decision.verdicts)):
                # Nobody knows whose rows these are, so that no later row may be sent before them.
                self.stop(RetryLater(f"{self._operation.vendor}: {why.in_words}"))

    def _finish(self, updates: Sequence[UserUpdate], verdicts: Sequence[Verdict]) -> None:
        self._intake.finish(updates, verdicts)

    def _finish_untried(self, batch: Batch) -> None:
        lane = self._lanes[type(batch)]
        lane.finish(batch.updates, lane.triage.untried(batch))

    def _end(self, *, read_on: bool) -> None:
        """Wait for the requests in flight, then record a verdict for every update that is left."""
        self.traffic.duplicates = self._intake.duplicates
        self._stopping.set()
        if self._interruption is not None:
            self.stop(self._interruption)
        self._drain()
        for batch in self._queue.empty():
            self._finish_untried(batch)
        try:
            self._intake.abandon(read_on=read_on)
        except Exception as exception:  # from the source, while its remaining rows were counted
            self.stop(exception)
        except SourceInterrupted:
            pass

    def _drain(self) -> None:
        """Settle the batches in flight; once interrupted, only while there is time."""
        workers = self._workers
        while workers.in_progress:
            self._settle_ready(_POLL)
            if self._interruption is None:
                continue
            late = self._clock.monotonic() - self._interrupted_at - _GRACE
            if late > 0 and self._abort is not None:
                self._abort()
            if late > _ABORTING:
                for batch in workers.give_up():
                    # It still waits for a thread, its slot or a connection; or it is a look-up, and nothing was sent.
                    if batch.forbid() or type(batch) is LookupBatch:
                        self._finish_untried(batch)
                    else:
                        self._intake.finish(batch.updates, [TASK_ENDED] * len(batch))
        workers.close(None if self._interruption is None else _JOINING)


def _unsent(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the first verdict by which nothing was sent for now, or None."""
    return next((verdict for verdict in verdicts if verdict.status is Status.UNSENT), None)
