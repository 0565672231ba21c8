# SPDX-License-Identifier: Apache-2.0
"""The clock of the sandbox; tests replace it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Clock:
    """Wall-clock time and monotonic time, both in seconds."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
