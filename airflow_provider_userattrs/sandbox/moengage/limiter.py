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
    """Counts users in windows; the first request after a window's end opens the next."""

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self._window_start = -math.inf
        self._used = 0

    def take(self) -> tuple[bool, dict[str, str]]:
        """Count one user's update; return whether it is within the limit, and the headers of the response."""
        limit, window = self._switches["moengage.rate_limit"], self._switches["moengage.rate_window"]
        if not limit:
            return True, {}
        now = self._clock.monotonic()
        if now - self._window_start >= window:
            self._window_start, self._used = now, 0
        passes = self._used < limit
        self._used += passes
        left = self._window_start + window - now
        reset = left if self._switches["moengage.reset_style"] == "seconds" else self._clock.now() + left
        return passes, {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self._used)),
            "x-ratelimit-reset": str(math.ceil(reset)),
        }
