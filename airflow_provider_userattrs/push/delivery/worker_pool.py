# SPDX-License-Identifier: Apache-2.0
"""Threads that each have one request under way."""

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
    """Send batches side by side and hand back what each came to.

    A thread is started only when a batch finds none idle. Whoever waits for results is woken when few batches are left
    to send, and not for each: handing the processor to and fro would cost more than a small request. The threads are
    daemons: one that hangs in a system call cannot keep a process alive that was told to go.

    :param send: sends one batch; runs in a thread.
    :param most: how many threads there may be.
    """

    def __init__(self, send: Callable[[Batch], Result], most: int) -> None:
        self._send = send
        self._most = most
        self._tasks: SimpleQueue[Batch | None] = SimpleQueue()
        self._results: deque[tuple[Batch, Result | Exception]] = deque()  # appended to and taken from without a lock
        self._bell = Event()
        self._few = 0
        self._under_way: dict[int, Batch] = {}
        self._threads: list[Thread] = []

    @property
    def under_way(self) -> int:
        """Count the batches submitted whose result was not handed back yet."""
        return len(self._under_way)

    def submit(self, batch: Batch, most: int | None = None) -> None:
        """Send a batch as soon as a thread is free.

        :param batch: the batch.
        :param most: how many threads there may be for now, if fewer than in all.
        :raises RetryLater: if not even one thread can be started.
        """
        allowed = self._most if most is None else min(most, self._most)
        if len(self._under_way) >= len(self._threads) < allowed:
            # Each thread has its own copy of the context, so that what is logged there belongs to the task.
            context = contextvars.copy_context()
            name = f"userattrs-{len(self._threads)}"
            thread = Thread(target=context.run, args=(self._work,), name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the system allows no more of them
                if not self._threads:
                    raise RetryLater("No thread can be started on this worker; nothing can be sent") from error
                self._most = len(self._threads)
            else:
                self._threads.append(thread)
                self._few = len(self._threads) // 2
        self._under_way[id(batch)] = batch
        self._tasks.put(batch)

    def results(self, timeout: float | None) -> list[tuple[Batch, Result | Exception]]:
        """Return the batches that were sent and what each came to; none if there is none within ``timeout`` seconds."""
        ready = self._ready()
        if not ready:
            self._bell.clear()
            ready = self._ready()  # some may have come since
        if not ready:
            self._bell.wait(timeout)
            ready = self._ready()
        for batch, _ in ready:
            del self._under_way[id(batch)]
        return ready

    def give_up(self) -> list[Batch]:
        """Return what is still under way, begun or not, and wait for it no more."""
        batches = list(self._under_way.values())
        self._under_way.clear()
        return batches

    def close(self, timeout: float | None = None) -> None:
        """End all threads, each after the request it has under way.

        :param timeout: how many seconds to wait for all of them, or None for as long as it takes.
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
            del batch, result  # while this thread waits, their rows may go
            if self._tasks.qsize() <= self._few:
                self._bell.set()

    def _ready(self) -> list[tuple[Batch, Result | Exception]]:
        results = self._results
        return [results.popleft() for _ in range(len(results))]
