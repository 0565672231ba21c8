# SPDX-License-Identifier: Apache-2.0
"""How many batches may be in progress: few at first, and all that the author allows some 40 ms later.

So a vendor that refuses the credentials or all rows receives few requests. docs/benchmarks.md compares other windows.
"""

from __future__ import annotations

from airflow_provider_userattrs.push.model.clock import Clock

_START, _GROWTH = 2, 4

#: Seconds for which the window is full before it grows.
INTERVAL = 0.02

#: Maximum users in batches that are ready, so that no thread waits for its next batch: they take memory.
_MAX_READY = 800


class Concurrency:
    """Grows the window of requests in flight while it is full.

    :param limit: maximum requests in flight.
    :param clock: the source of time.
    :param users: users that a batch may hold; None for any number.
    :param has_ready: whether further batches may be ready; announced but not yet sent, they would be in doubt.
    """

    def __init__(self, limit: int, clock: Clock, *, users: int | None = 1, has_ready: bool = True) -> None:
        self.now = min(_START, limit)
        self._limit = limit
        self._max_ready = max(_MAX_READY // (users or _MAX_READY), 1) if has_ready else 0
        self._clock = clock
        self._since = clock.monotonic()

    @property
    def window(self) -> int:
        """Return how many batches may be in progress: in flight, or ready for the next thread."""
        return self.now + min(self.now * (1 if self.now == 1 else 2), self._max_ready)

    @property
    def may_grow(self) -> bool:
        """Return whether the limit is not reached yet."""
        return self.now < self._limit

    def grow(self) -> None:
        """Allow more, if it is time; to be called while the window is full."""
        now = self._clock.monotonic()
        if now - self._since >= INTERVAL:
            self.now, self._since = min(self.now * _GROWTH, self._limit), now
