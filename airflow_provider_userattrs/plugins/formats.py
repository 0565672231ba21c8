# SPDX-License-Identifier: Apache-2.0
"""Numbers, durations and times as the pages write them."""

from __future__ import annotations

from datetime import datetime, timezone


def number(value: float) -> str:
    """Format a count in full, and a rate with two significant digits."""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 10 else f"{value:,.1f}"


def duration(seconds: float) -> str:
    """Format a duration, such as "4.2 s", "3 min 20 s" or "1 h 2 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, rest_of_hour = divmod(minutes, 60)
    return f"{hours:,} h {rest_of_hour} min" if hours else f"{minutes} min {rest} s"


def moment(time: datetime) -> str:
    """Format a time in UTC, to the minute."""
    return f"{time.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
