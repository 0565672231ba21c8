# SPDX-License-Identifier: Apache-2.0
"""Time, as the engine sees it; a test puts its own in this place."""

from __future__ import annotations

import time
from threading import Event


class Clock:
    """Tell the time and let it pass."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float, wake: Event) -> None:
        """Let ``seconds`` pass, or less if ``wake`` is set meanwhile."""
        wake.wait(seconds)
