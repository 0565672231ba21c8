# SPDX-License-Identifier: Apache-2.0
"""Threads that send one batch each at a time."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeVar

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.model.errors import RetryLater

Result = TypeVar("Result")


class WorkerPool(Generic[Result]):
    """Sends batches in parallel and returns their results.

    A thread is started only if none is idle. Results are signalled in groups, when the queue is nearly empty: waking
    the loop for each would cost more than a small request. The threads are daemons, so that one that hangs in a system
    call cannot keep the process alive.

    :param send: sends one batch; called in a thread.
    :param limit: maximum number of threads.
    """

    def __init__(self, send: Callable[[Batch], Result], limit: int) -> None:
        self._send = send
        self._limit = limit
        self._tasks: SimpleQueue[Batch | None] = SimpleQueue()
        self._results: deque[tuple[Batch, Result | Exception]] = deque()  # deque's own methods are atomic: no lock
        self._signal = Event()
        self._nearly_empty = 0
        self._in_progress: dict[Batch, None] = {}
        self._threads: list[Thread] = []

    @property
    def in_progress(self) -> int:
        """Return the number of batches submitted whose results have not been returned."""
        return len(self._in_progress)

    def submit(self, batch: Batch, limit: int | None = None) -> None:
        """Send a batch as soon as a thread is free.

        :param batch: the batch.
        :param limit: maximum number of threads for now, if below the pool's.
        :raises RetryLater: if not even one thread can be started.
        """
        threads = len(self._threads)
        if threads < self._limit and threads <= len(self._in_progress) and (limit is None or threads < limit):
            # Each thread has its own copy of the context, so that what is logged there belongs to the task.
            context = contextvars.copy_context()
            name = f"userattrs-{threads}"
            thread = Thread(target=context.run, args=(self._work,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the system allows no more threads
                if not self._threads:
                    raise RetryLater(
                        "No thread can be started on this worker; allow it more processes and threads, or run fewer "
                        "tasks on it at one time, then retry the task"
                    ) from error
                self._limit = len(self._threads)
            else:
                self._threads.append(thread)
                self._nearly_empty = len(self._threads) // 2
        self._in_progress[batch] = None
        self._tasks.put(batch)

    def results(self, timeout: float | None) -> list[tuple[Batch, Result | Exception]]:
        """Return the batches that were sent and their results; empty after ``timeout`` seconds without any."""
        ready = self._ready()
        if not ready:
            self._signal.clear()
            ready = self._ready()  # some may have arrived since
        if not ready:
            self._signal.wait(timeout)
            ready = self._ready()
        for batch, _ in ready:
            del self._in_progress[batch]
        return ready

    def give_up(self) -> list[Batch]:
        """Return the batches in progress, sent or not, and no longer wait for them."""
        batches = list(self._in_progress)
        self._in_progress.clear()
        return batches

    def close(self, timeout: float | None = None) -> None:
        """End all threads, each after its request in progress.

        :param timeout: how many seconds to wait for all of them, or None for no limit.
        """
        for _ in self._threads:
            self._tasks.put(None)
        until = None if timeout is None else monotonic() + timeout
        for thread in self._threads:
            thread.join(None if until is None else max(until - monotonic(), 0.0))

    def _work(self) -> None:
        while (batch := self._tasks.get()) is not None:
            result: Result | Exception
            try:
                result = self._send(batch)
            except Exception as exception:
                result = exception
            self._results.append((batch, result))
            del batch, result  # frees their rows while this thread waits
            # What is signalled already will be looked at; setting it again takes a lock.
            if self._tasks.qsize() <= self._nearly_empty and not self._signal.is_set():
                self._signal.set()

    def _ready(self) -> list[tuple[Batch, Result | Exception]]:
        results = self._results
        return [results.popleft() for _ in range(len(results))]
