# SPDX-License-Identifier: Apache-2.0
"""How many batches may be under way: few at first, all that the author allows some 40 ms later.

So a vendor that refuses the credentials, or all rows, is sent few requests. What other windows gain is in
docs/benchmarks.md.
"""

from __future__ import annotations

from airflow_provider_userattrs.push.model.clock import Clock

_START, _GROWTH = 2, 4

#: Seconds for which the window is full before it grows.
INTERVAL = 0.02

#: Users that may be ready, so that no thread waits for its next batch: what is ready takes memory by them.
_MOST_READY = 800


class Concurrency:
    """Multiply what may be in flight while the window is full.

    :param most: requests in flight at most.
    :param clock: tells the time.
    :param users: users that a batch may hold.
    :param has_ready: whether batches may be ready besides; what is announced before it is sent would be in doubt.
    """

    def __init__(self, most: int, clock: Clock, *, users: int = 1, has_ready: bool = True) -> None:
        self.now = min(_START, most)
        self._most = most
        self._most_ready = max(_MOST_READY // users, 1) if has_ready else 0
        self._clock = clock
        self._since = clock.monotonic()

    @property
    def window(self) -> int:
        """Return how many batches may be under way: in flight, and ready so that no thread waits for its next."""
        return self.now + min(self.now * (1 if self.now == 1 else 2), self._most_ready)

    @property
    def may_grow(self) -> bool:
        """Tell whether the ceiling is not reached yet."""
        return self.now < self._most

    def grow(self) -> None:
        """Allow more, if it is time; call it while the window is full."""
        now = self._clock.monotonic()
        if now - self._since >= INTERVAL:
            self.now, self._since = min(self.now * _GROWTH, self._most), now
