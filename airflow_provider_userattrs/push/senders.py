# SPDX-License-Identifier: Apache-2.0
"""Threads that each have one request under way."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

from airflow_provider_userattrs.push.batching import Batch
from airflow_provider_userattrs.push.endpoint import Answer

#: What sending a batch came to: the answer, the exception instead of one, or None if it was not tried.
Result: TypeAlias = "Answer | Exception | None"


class Senders:
    """Send batches side by side and hand back what each came to.

    A thread is started only when a batch finds none idle, and every thread has ended when `close` returns.

    :param send: sends one batch; runs in a thread.
    :param most: how many threads there may be.
    """

    def __init__(self, send: Callable[[Batch], Result], most: int) -> None:
        self.under_way = 0
        self._send = send
        self._most = most
        self._tasks: SimpleQueue[Batch | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Batch, Result]] = SimpleQueue()
        self._threads: list[Thread] = []

    def submit(self, batch: Batch) -> None:
        """Send a batch as soon as a thread is free."""
        self.under_way += 1
        if self.under_way > len(self._threads) < self._most:
            # Each thread has its own copy of the context, so that what is logged there belongs to the task.
            context = contextvars.copy_context()
            thread = Thread(target=context.run, args=(self._work,), name=f"userattrs-{len(self._threads)}")
            thread.start()
            self._threads.append(thread)
        self._tasks.put(batch)

    def result(self, timeout: float | None) -> tuple[Batch, Result] | None:
        """Return a batch and what it came to; None if there is none within ``timeout`` seconds."""
        try:
            result = self._results.get(timeout=timeout)
        except Empty:
            return None
        self.under_way -= 1
        return result

    def close(self) -> None:
        """End all threads, each after the request it has under way."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (batch := self._tasks.get()) is not None:
            result: Result
            try:
                result = self._send(batch)
            except Exception as exception:
                result = exception
            self._results.put((batch, result))
