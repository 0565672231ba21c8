# SPDX-License-Identifier: Apache-2.0
"""Batches that wait for their next attempt."""

from __future__ import annotations

import heapq
from itertools import count

from airflow_provider_userattrs.push.delivery.batching import Batch


class RetryQueue:
    """Keeps batches until they are due, the earliest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Batch]] = []
        self._sequence = count()

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due: float, batch: Batch) -> None:
        """Keep a batch until it is due."""
        heapq.heappush(self._heap, (due, next(self._sequence), batch))

    def take(self, now: float) -> Batch | None:
        """Return a batch that is due, or None."""
        return heapq.heappop(self._heap)[2] if self._heap and self._heap[0][0] <= now else None

    def due_in(self, now: float) -> float | None:
        """Return in how many seconds the next batch is due, or None if there is none."""
        return max(self._heap[0][0] - now, 0.0) if self._heap else None

    def empty(self) -> list[Batch]:
        """Remove and return all batches."""
        batches = [batch for *_, batch in sorted(self._heap)]
        self._heap.clear()
        return batches
