# SPDX-License-Identifier: Apache-2.0
"""When the next request may be sent: the cap, a vendor's request to wait, the back-off of a retry."""

from __future__ import annotations

import random
from collections import deque
from math import ceil
from threading import Event, Lock

from airflow_provider_userattrs.push.model.clock import Clock

#: Seconds within which two times are equal: sums of intervals are not exact.
_EXACT = 1e-6

_FIRST_BACK_OFF = 1.0
_MAX_BACK_OFF = 60.0

#: When a vendor has too many requests, the rate is halved, to this share at least, and recovers by a tenth per second.
_SLOWER = 0.5
_MIN_SHARE = 0.05
_RECOVERY = 0.1


class RateLimiter:
    """Assigns every request of a push its slot; shared by all threads.

    Slots are reserved in order under a lock and waited for outside of it, one interval apart: no second's quota is
    sent in a burst, and none is lost while requests are waiting. Threads may wake up late for their slots, several at
    once; so what was really sent in the last second counts as well.

    Where a request takes many units, few fit into a second; then it is a minute's quota that no minute exceeds.

    :param rate: the cap per second, or None.
    :param clock: the source of time.
    :param wake: ends all waits when set.
    :param per_minute: whether the cap is kept in any minute, and not in any second.
    """

    def __init__(self, rate: float | None, clock: Clock, wake: Event, *, per_minute: bool = False) -> None:
        self._rate = rate
        self._interval = 1 / rate if rate else 0.0
        self._clock = clock
        self._wake = wake
        self._lock = Lock()
        now = clock.monotonic()
        self._next = now
        self._held_until = now
        self._share = 1.0  # of the full rate, when it began to recover
        self._recovering_from = now
        self._full_rate: float | None = rate
        self._counting_from = now
        self._counted = 0
        #: The times at which the last second's units were sent.
        self._sent: deque[float] | None = None if rate is None or per_minute else deque(maxlen=ceil(rate))
        #: The last minute's requests, if that is what counts: when each was sent, and its units.
        self._minute: deque[tuple[float, int]] = deque()
        self._in_minute = 0

    def wait(self, units: int) -> bool:
        """Wait until a request of so many units may be sent; return False if the wait was ended instead."""
        while not self._wake.is_set():
            with self._lock:
                now = self._clock.monotonic()
                if self._rate is None:
                    self._count(units, now)
                if self._share == 1.0 and self._next <= now >= self._held_until:  # the usual case
                    slot = now
                    self._next = now + units * self._interval
                else:
                    slot = max(self._next, self._held_until, now)
                    self._next = slot + units * self._interval_at(slot)
                pause = slot - now or self._admit(units, now)
            while pause > 0.0:
                self._clock.sleep(pause, self._wake)
                with self._lock:
                    # If the vendor asked to wait meanwhile, the slot is void, and a later one is taken.
                    if self._wake.is_set() or self._held_until > slot:
                        break
                    pause = self._admit(units, self._clock.monotonic())
            else:
                return True
        return False

    def hold(self, seconds: float) -> None:
        """Hold all requests for so many seconds."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def held_for(self) -> float:
        """Return for how many more seconds all requests are held."""
        with self._lock:
            return max(0.0, self._held_until - self._clock.monotonic())

    def slow_down(self) -> None:
        """Halve the rate, which then recovers gradually; several calls within a second count once."""
        with self._lock:
            now = self._clock.monotonic()
            if self._share < 1.0 and now < self._recovering_from + 1.0:
                return
            if self._rate is None and self._share == 1.0:
                self._full_rate = max(self._counted / max(now - self._counting_from, 0.1), 1.0)
            self._share = max(self._share_at(now) * _SLOWER, _MIN_SHARE)
            self._recovering_from = max(now, self._held_until)

    def _count(self, units: int, now: float) -> None:
        """Count what is sent where no cap is known, so that it can be halved."""
        if now - self._counting_from > 2.0:  # the rate of the last seconds counts, not that of an hour ago
            self._counted = round(self._counted / (now - self._counting_from))
            self._counting_from = now - 1.0
        self._counted += units

    def _admit(self, units: int, now: float) -> float:
        """Count a request as sent; if the last second's quota is used up, return how long to wait instead."""
        if self._rate is None:
            return 0.0
        sent = self._sent
        if sent is None:
            return self._admit_to_minute(units, now)
        a_second_ago = now - 1.0 + _EXACT
        while sent and sent[0] <= a_second_ago:
            sent.popleft()
        if len(sent) == sent.maxlen:
            return sent[0] + 1.0 - now
        sent.extend((now,) * units)
        return 0.0

    def _admit_to_minute(self, units: int, now: float) -> float:
        minute, quota = self._minute, (self._rate or 0.0) * 60.0
        while minute and minute[0][0] <= now - 60.0 + _EXACT:
            self._in_minute -= minute.popleft()[1]
        if minute and self._in_minute + units > quota + _EXACT:
            return minute[0][0] + 60.0 - now
        minute.append((now, units))
        self._in_minute += units
        return 0.0

    def _interval_at(self, now: float) -> float:
        share = self._share_at(now)
        if share < 1.0 and self._full_rate:
            return 1 / (self._full_rate * share)
        self._share = 1.0
        return self._interval

    def _share_at(self, now: float) -> float:
        return min(1.0, self._share + _RECOVERY * max(now - self._recovering_from, 0.0))


def back_off(attempt: int) -> float:
    """Return how many seconds to wait before the next attempt: exponential, with jitter."""
    longest = min(_MAX_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)
