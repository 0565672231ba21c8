# SPDX-License-Identifier: Apache-2.0
"""When the next request may go: the cap, the vendor's word to wait, the back-off of a retry."""

from __future__ import annotations

import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from threading import Event, Lock

from airflow_provider_userattrs.push.clock import Clock
from airflow_provider_userattrs.push.endpoint import Answer

#: Statuses with which a vendor asks to wait. Retry-After: RFC 9110, 10.2.3.
BUSY = frozenset({429, 503})

#: `x-ratelimit-reset` is documented as seconds left and as epoch seconds; up to this it is seconds left.
#: https://www.moengage.com/docs/api/data/data-overview, https://www.moengage.com/docs/api/rate-limits
_LONGEST_RESET = 3600

_FIRST_BACK_OFF = 1.0
_LONGEST_BACK_OFF = 60.0


class Pacer:
    """Give every request of a push its slot; one for all threads.

    Slots are reserved in order under a lock and waited for outside of it, one interval apart: no second's quota goes
    out in a burst, and none is lost while requests are waiting.

    :param rate: the cap per second, or None.
    :param clock: tells the time.
    :param wake: ends all waiting when set.
    """

    def __init__(self, rate: float | None, clock: Clock, wake: Event) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._clock = clock
        self._wake = wake
        self._lock = Lock()
        self._next = clock.monotonic()
        self._held_until = clock.monotonic()

    def wait(self, units: int) -> bool:
        """Wait until a request of so many units may go; return False if the waiting was ended instead."""
        while not self._wake.is_set():
            with self._lock:
                now = self._clock.monotonic()
                slot = max(self._next, self._held_until, now)
                self._next = slot + units * self._interval
            if slot > now:
                self._clock.sleep(slot - now, self._wake)
            with self._lock:
                # The vendor may have asked to wait meanwhile: then the slot is void, and a later one is taken.
                if self._held_until <= slot:
                    return not self._wake.is_set()
        return False

    def hold(self, seconds: float) -> None:
        """Let no request go before so many seconds have passed."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def held_for(self) -> float:
        """Return for how many seconds no request may go."""
        with self._lock:
            return max(0.0, self._held_until - self._clock.monotonic())


def asked_to_wait(answer: Answer, now: float) -> float | None:
    """Return for how many seconds an answer asks to send nothing, or None.

    :param answer: the vendor's answer.
    :param now: seconds since the epoch.
    """
    headers = answer.headers
    waits = []
    if answer.status in BUSY:
        waits.append(_retry_after(headers, now))
    if answer.status in BUSY or headers.get("x-ratelimit-remaining") == "0":
        waits.append(_reset(headers, now))
    return max((wait for wait in waits if wait is not None), default=None)


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    moment = _http_date(text)
    return None if moment is None else max(0.0, moment - _vendor_time(headers, now))


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    text = headers.get("x-ratelimit-reset", "").strip()
    if not text.isdecimal():
        return None
    return float(text) if int(text) <= _LONGEST_RESET else max(0.0, float(text) - _vendor_time(headers, now))


def _vendor_time(headers: Mapping[str, str], now: float) -> float:
    """Return the time by the vendor's clock, so that a wrong clock here does no harm."""
    sent = _http_date(headers.get("date", ""))
    return now if sent is None else sent


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def back_off(attempt: int) -> float:
    """Return how many seconds to wait after so many tries: doubling, and spread so that threads do not meet."""
    longest = min(_LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)
