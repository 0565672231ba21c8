# SPDX-License-Identifier: Apache-2.0
"""The time, as the sandbox sees it; a test puts its own in place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Clock:
    """The time of day and the time that only goes forward, both in seconds."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
