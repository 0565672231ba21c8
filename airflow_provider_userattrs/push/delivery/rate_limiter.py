# SPDX-License-Identifier: Apache-2.0
"""When the next request may go: the cap, the vendor's word to wait, the back-off of a retry."""

from __future__ import annotations

import random
from collections import deque
from math import ceil
from threading import Event, Lock

from airflow_provider_userattrs.push.model.clock import Clock

#: Seconds within which two moments are the same: sums of intervals are not exact.
_EXACT = 1e-6

_FIRST_BACK_OFF = 1.0
_LONGEST_BACK_OFF = 60.0

#: After a refusal the pace is halved, and comes back by so much of itself a second.
_SLOWER = 0.5
_LEAST_SHARE = 0.05
_RECOVERY = 0.1


class RateLimiter:
    """Give every request of a push its slot; one for all threads.

    Slots are reserved in order under a lock and waited for outside of it, one interval apart: no second's quota goes
    out in a burst, and none is lost while requests are waiting. A thread may wake late for its slot, and several at
    once; so what really went in the last second counts as well.

    :param rate: the cap per second, or None.
    :param clock: tells the time.
    :param wake: ends all waiting when set.
    """

    def __init__(self, rate: float | None, clock: Clock, wake: Event) -> None:
        self._rate = rate
        self._clock = clock
        self._wake = wake
        self._lock = Lock()
        now = clock.monotonic()
        self._next = now
        self._held_until = now
        self._share = 1.0  # of the pace, when it began to come back
        self._recovering_from = now
        self._pace: float | None = rate  # what there is a share of
        self._counting_from = now
        self._counted = 0
        #: When the last second's worth of units went.
        self._went: deque[float] | None = None if rate is None else deque(maxlen=ceil(rate))

    def wait(self, units: int) -> bool:
        """Wait until a request of so many units may go; return False if the waiting was ended instead."""
        while not self._wake.is_set():
            with self._lock:
                now = self._clock.monotonic()
                slot = max(self._next, self._held_until, now)
                if now - self._counting_from > 2.0:  # the pace of the last seconds counts, not that of an hour ago
                    self._counted = round(self._counted / (now - self._counting_from))
                    self._counting_from = now - 1.0
                self._counted += units
                self._next = slot + units * self._interval(slot)
                pause = slot - now or self._go(units, now)
            while pause > 0.0:
                self._clock.sleep(pause, self._wake)
                with self._lock:
                    # The vendor may have asked to wait meanwhile: then the slot is void, and a later one is taken.
                    if self._wake.is_set() or self._held_until > slot:
                        break
                    pause = self._go(units, self._clock.monotonic())
            else:
                return True
        return False

    def hold(self, seconds: float) -> None:
        """Let no request go before so many seconds have passed."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def held_for(self) -> float:
        """Return for how many seconds no request may go."""
        with self._lock:
            return max(0.0, self._held_until - self._clock.monotonic())

    def slow_down(self) -> None:
        """Halve the pace after a refusal; it comes back bit by bit. Refusals of one moment count once."""
        with self._lock:
            now = self._clock.monotonic()
            if self._share < 1.0 and now < self._recovering_from + 1.0:
                return
            if self._rate is None and self._share == 1.0:
                self._pace = max(self._counted / max(now - self._counting_from, 0.1), 1.0)
            self._share = max(self._share_at(now) * _SLOWER, _LEAST_SHARE)
            self._recovering_from = max(now, self._held_until)

    def _go(self, units: int, now: float) -> float:
        """Note that a request goes; if it would be too many in a second, return for how long instead."""
        went = self._went
        if went is None:
            return 0.0
        if len(went) == went.maxlen and (early := went[0] + 1.0 - now) > _EXACT:
            return early
        went.extend([now] * units)
        return 0.0

    def _interval(self, now: float) -> float:
        if self._share < 1.0:
            share = self._share_at(now)
            if share < 1.0 and self._pace:
                return 1 / (self._pace * share)
            self._share = 1.0
        return 1 / self._rate if self._rate else 0.0

    def _share_at(self, now: float) -> float:
        return min(1.0, self._share + _RECOVERY * max(now - self._recovering_from, 0.0))


def back_off(attempt: int) -> float:
    """Return how many seconds to wait after so many tries: doubling, and spread so that threads do not meet."""
    longest = min(_LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)
