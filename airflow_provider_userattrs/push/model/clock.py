# SPDX-License-Identifier: Apache-2.0
"""The engine's source of time; tests replace it."""

from __future__ import annotations

import time
from threading import Event


class Clock:
    """The time, and a way to wait."""

    #: Returns seconds that never decrease.
    monotonic = staticmethod(time.monotonic)

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float, wake: Event) -> None:
        """Wait for ``seconds``, or until ``wake`` is set."""
        wake.wait(seconds)
