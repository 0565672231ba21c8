# SPDX-License-Identifier: Apache-2.0
"""Parses dates and times in ISO 8601, as databases and files write them.

``fromisoformat`` accepts fewer forms on Python 3.10 than on later versions. Because it is fast it is tried first, but
only on forms that the expressions here accept too, so that every version of Python gives the same result.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo

_DATE = r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})"
_ZONE = r"(?:([Zz]|UTC)|([+-])([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?)"
_TIME = rf"([0-9]{{2}}):([0-9]{{2}})(?::([0-9]{{2}})(?:[.,]([0-9]{{1,9}}))?)? ?{_ZONE}?"
_DATES = re.compile(_DATE)
_TIMES = re.compile(_TIME)
_TIMESTAMPS = re.compile(rf"{_DATE}(?:[Tt ]{_TIME})?")


def read_date(text: str) -> date:
    """Return a date: ``2026-11-24`` or ``20261124``.

    :raises ValueError: if the text is not a date.
    """
    text = text.strip()
    if len(text) == 10 and text[4] == text[7] == "-":
        return date.fromisoformat(text)
    year, _, month, day = _groups(_DATES, text)
    return date(int(year), int(month), int(day))


def read_time(text: str) -> time:
    """Return a time of day: ``12:30`` or ``12:30:15.5``, with or without zone; truncated to microseconds.

    :raises ValueError: if the text is not a time.
    """
    text = text.strip()
    if text[2:3] == ":":
        try:
            return time.fromisoformat(text)
        except ValueError:
            pass
    hour, minute, second, fraction, *zone = _groups(_TIMES, text)
    return time(int(hour), int(minute), int(second or 0), _microseconds(fraction), tzinfo=_zone(*zone))


def read_timestamp(text: str) -> datetime:
    """Return a timestamp, truncated to microseconds; a date means its midnight.

    :raises ValueError: if the text is not a timestamp.
    """
    text = text.strip()
    if len(text) > 18 and text[4] == text[7] == "-" and text[13] == text[16] == ":" and text[10] in "Tt ":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    year, _, month, day, hour, minute, second, fraction, *zone = _groups(_TIMESTAMPS, text)
    if hour is None:
        return datetime(int(year), int(month), int(day))
    clock = int(hour), int(minute), int(second or 0), _microseconds(fraction)
    return datetime(int(year), int(month), int(day), *clock, tzinfo=_zone(*zone))


def _groups(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = form.fullmatch(text)
    if match is None:
        raise ValueError
    return match.groups()


def _microseconds(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def _zone(utc: str | None, sign: str | None, hours: str, minutes: str | None, seconds: str | None) -> tzinfo | None:
    if utc:
        return timezone.utc
    if not sign:
        return None
    east = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    return timezone(east if sign == "+" else -east)
