# SPDX-License-Identifier: Apache-2.0
"""Values as the tables of a log take them: text that fits its column, times in UTC."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.task.push_log.tables import LENGTHS


def cut(column: str, text: str | None) -> str | None:
    """Return a text as its column takes it: printable, and no longer than it may be."""
    return None if text is None else printable(text, LENGTHS.get(column))


def moment(seconds: float) -> str:
    """Return a time as text in UTC, which every database takes as a time."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S.%f}"


def as_moment(value: Any) -> str | None:
    """Return a time that a driver has read as `moment` writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        naive = value if value.tzinfo is None else value.astimezone(timezone.utc)
        return f"{naive:%Y-%m-%d %H:%M:%S.%f}"
    return str(value)
