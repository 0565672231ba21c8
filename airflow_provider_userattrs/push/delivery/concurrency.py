# SPDX-License-Identifier: Apache-2.0
"""How many requests may be in flight now: what rate and latency ask for, up to the author's ceiling."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.clock import Clock

_START = 2

#: Seconds of evidence before a step up.
INTERVAL = 0.02

#: Users that may be ready for idle threads, and besides for a vendor that answers faster than batches are made.
_READY, _AHEAD = 800, 128

#: From this share of a processor on, more threads would only get in each other's way.
_BUSY = 0.9

#: Up to this share, four times as many threads are no trouble either.
_IDLE = 0.25


class Concurrency:
    """Multiply what may be in flight while all of it waits for the vendor, and for nothing else.

    :param most: the ceiling.
    :param clock: tells the time.
    :param users: users that a batch may hold: what is ready takes memory by them.
    :param may_run_ahead: whether more may be ready than idle threads could want at once.
    """

    def __init__(self, most: int, clock: Clock, *, users: int = 1, may_run_ahead: bool = True) -> None:
        self.now = min(_START, most)
        self._most = most
        self._most_ready = max(_READY // users, 1)
        self._most_ahead = _AHEAD // users if may_run_ahead else 0
        self._ahead = 0
        self._clock = clock
        self._since = clock.monotonic()
        self._used = clock.processor()

    @property
    def window(self) -> int:
        """Return how many batches may be under way: in flight, and ready so that no thread waits for its next."""
        return self.now + min(self.now * (1 if self.now == 1 else 2), self._most_ready) + self._ahead

    @property
    def may_grow(self) -> bool:
        """Tell whether the ceiling is not reached yet."""
        return self.now < self._most

    def is_due(self) -> bool:
        """Tell whether there is evidence enough for a step up."""
        return self._clock.monotonic() - self._since >= INTERVAL

    def grow(self, *, paced: bool) -> None:
        """Allow more, for what is in flight has been full for a while.

        :param paced: whether requests wait for their slot: then more of them would only wait too.
        """
        now, used = self._clock.monotonic(), self._clock.processor()
        busy = (used - self._used) / (now - self._since)
        if not paced and busy < _BUSY:
            self.now = min(self.now * (4 if busy < _IDLE else 2), self._most)
        elif not paced:
            # Faster than this process: it saves time only to change less often between threads.
            self._ahead = min(max(2 * self._ahead, 2 * self.now), self._most_ahead)
        self._since, self._used = now, used
