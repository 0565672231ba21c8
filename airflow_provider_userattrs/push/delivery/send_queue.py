# SPDX-License-Identifier: Apache-2.0
"""Which batch is sent next: one that is due again, one made ready before, a look-up, or the intake's next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.circuit_breaker import CircuitBreaker
from airflow_provider_userattrs.push.delivery.intake import Intake
from airflow_provider_userattrs.push.delivery.lookups import Lookups
from airflow_provider_userattrs.push.delivery.retry_queue import RetryQueue
from airflow_provider_userattrs.push.model.clock import Clock

#: Batches that may wait for their next attempt while others succeed.
_MAX_DELAYED = 1_000


class SendQueue:
    """Gives one batch after the other; new rows are read only while few batches wait for their next attempt.

    :param intake: gathers the updates into batches.
    :param clock: the source of time.
    :param circuit_breaker: knows whether the last requests failed.
    :param concurrency: maximum requests in flight.
    :param count_retry: called with a batch before it is sent again.
    :param announce: called with a batch before it is sent for the first time.
    :param lookups: the rows whose users are looked up first; None if there are none.
    """

    def __init__(
        self,
        intake: Intake,
        clock: Clock,
        circuit_breaker: CircuitBreaker,
        concurrency: int,
        *,
        count_retry: Callable[[Batch], None],
        announce: Callable[[Batch], None] | None = None,
        lookups: Lookups | None = None,
    ) -> None:
        #: Whether there was no row to read when a batch was last asked for.
        self.is_out_of_rows = False
        self._intake = intake
        self._clock = clock
        self._circuit_breaker = circuit_breaker
        self._min_delayed = 2 * concurrency
        self._count_retry = count_retry
        self._announce = announce
        self._lookups = lookups
        self._ready: deque[Batch] = deque()
        self._retries = RetryQueue()

    @property
    def is_calm(self) -> bool:
        """Return whether nothing waits for its next attempt, or may soon; only a response changes that."""
        return not (self._ready or self._retries or self._circuit_breaker.is_suspicious)

    def take(self, in_progress: int) -> Batch | None:
        """Return the batch to send next, or None if there is none at the moment.

        :param in_progress: the number of batches that were taken and have no verdict.
        :raises Exception: whatever the source raises.
        """
        if self._retries and (batch := self._retries.take(self._clock.monotonic())):
            self._count_retry(batch)
            return batch
        if self._ready:
            return self._ready.popleft()
        if self._intake.is_interrupted or (self._is_full(in_progress) and not self._circuit_breaker.wants_probe):
            self.is_out_of_rows = False
            return None
        return self.take_new()

    def take_new(self) -> Batch | None:
        """Return a batch that was never sent, or None if there is none at the moment.

        :raises Exception: whatever the source raises.
        """
        self.is_out_of_rows = False
        lookups = None if self._intake.is_interrupted else self._lookups
        if lookups is not None and (ids := lookups.next_batch()) is not None:
            return ids
        batch = self._intake.next_batch()
        if batch is None:
            if lookups is not None and lookups.are_pending:
                return lookups.next_batch()
            self.is_out_of_rows = True
        elif self._announce is not None:
            self._ready.append(batch)  # so that it is not lost if announcing fails
            self._announce(batch)
            self._ready.pop()
        return batch

    def put_first(self, *batches: Batch) -> None:
        """Have batches sent next, in their order."""
        self._ready.extendleft(reversed(batches))

    def put_later(self, batch: Batch, wait: float) -> None:
        """Have a batch sent again in so many seconds."""
        self._retries.add(self._clock.monotonic() + wait, batch)

    def due_in(self) -> float | None:
        """Return in how many seconds the next batch is due again, or None if there is none."""
        return self._retries.due_in(self._clock.monotonic())

    def empty(self) -> list[Batch]:
        """Remove and return the batches that were ready or would have been sent again."""
        batches = [*self._ready, *self._retries.empty()]
        self._ready.clear()
        return batches

    def _is_full(self, in_progress: int) -> bool:
        """Return whether so many batches wait for their next attempt, or may soon, that no further row is read."""
        if self._circuit_breaker.is_suspicious:
            return len(self._retries) + in_progress >= self._min_delayed
        return len(self._retries) >= _MAX_DELAYED
