# SPDX-License-Identifier: Apache-2.0
"""MoEngage's rate limit: users in a fixed window, with x-ratelimit-* headers on every response.

Headers: https://www.moengage.com/docs/api/data/data-overview gives the reset as the seconds left,
https://www.moengage.com/docs/api/rate-limits as UTC epoch seconds; the switch moengage.reset_style has both.
"""

from __future__ import annotations

import math

from ..clock import Clock
from ..switches import Switches


class RateLimiter:
    """Counts users in windows; the first request after a window's end opens the next.

    :param switches: the switches.
    :param limit: the switch with the users in a window.
    :param clock: the source of time.
    """

    def __init__(self, switches: Switches, limit: str, clock: Clock) -> None:
        self._switches = switches
        self._limit = limit
        self._clock = clock
        self._window_start = -math.inf
        self._used = 0

    def take(self, users: int = 1) -> tuple[bool, dict[str, str]]:
        """Count a request's users; return whether they are within the limit, and the headers of the response."""
        limit, window = self._switches[self._limit], self._switches["moengage.rate_window"]
        if not limit:
            return True, {}
        now = self._clock.monotonic()
        if now - self._window_start >= window:
            self._window_start, self._used = now, 0
        passes = self._used + users <= limit
        self._used += users * passes
        left = self._window_start + window - now
        reset = left if self._switches["moengage.reset_style"] == "seconds" else self._clock.now() + left
        return passes, {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self._used)),
            "x-ratelimit-reset": str(math.ceil(reset)),
        }
