# SPDX-License-Identifier: Apache-2.0
"""How many requests may be in flight now: what rate and latency ask for, up to the author's ceiling."""

from __future__ import annotations

from airflow_provider_userattrs.push.clock import Clock

_START = 2

#: Seconds of evidence before a step up.
_INTERVAL = 0.02

#: From this share of a processor on, more threads would only get in each other's way.
_BUSY = 0.9

#: Up to this share, four times as many threads are no trouble either.
_IDLE = 0.25


class Concurrency:
    """Multiply what may be in flight while all of it waits for the vendor, and for nothing else.

    :param most: the ceiling.
    :param clock: tells the time.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self.now = min(_START, most)
        self._most = most
        self._clock = clock
        self._since = clock.monotonic()
        self._used = clock.processor()

    @property
    def window(self) -> int:
        """Return how many batches may be under way: in flight, and ready so that no thread waits for its next."""
        return self.now * (2 if self.now == 1 else 3)

    def grow(self, *, paced: bool) -> None:
        """Allow more, if what is in flight has been full for a while.

        :param paced: whether requests wait for their slot: then more of them would only wait too.
        """
        if self.now == self._most:
            return
        elapsed = self._clock.monotonic() - self._since
        if elapsed < _INTERVAL:
            return
        busy = (self._clock.processor() - self._used) / elapsed
        if not paced and busy < _BUSY:
            self.now = min(self.now * (4 if busy < _IDLE else 2), self._most)
        self._since = self._clock.monotonic()
        self._used = self._clock.processor()
