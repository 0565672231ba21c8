# SPDX-License-Identifier: Apache-2.0
"""Times as the text that a vendor's API takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import pendulum

from airflow_provider_userattrs.push.mapping.values import Convert, Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

OUT_OF_RANGE = Verdict(
    Status.INVALID,
    "time-out-of-range",
    "time before the year 1 or after 9999 in the time zone it is sent in",
    "Send NULL in place of such a time, or one that is some days further from the limit.",
)


def time_zone(name: str) -> tzinfo:
    """Return a time zone.

    :param name: an IANA name such as ``"Europe/Berlin"``.
    :raises ValueError: if there is none of that name.
    """
    try:
        return pendulum.timezone(name)
    except Exception:  # what is raised depends on what is wrong with the name
        raise ValueError(f"timezone is {name!r}, which is not a time zone; use an IANA name such as 'UTC'") from None


def local_text(zone: tzinfo, form: Callable[[datetime], str], *, to: str = "second") -> Convert:
    """Return a converter from a datetime to its text in local time.

    :param zone: the time zone of the text, and of naive datetimes.
    :param form: returns the text of a naive datetime in that zone.
    :param to: the precision of the text, ``"second"`` or ``"minute"``; what is cut off is noted.
    """
    note = f"time cut to the {to}"
    to_minute = to == "minute"
    is_utc = zone.utcoffset(None) == timedelta(0)  # a zone with daylight saving time has no offset of its own

    def convert(value: datetime) -> Any:
        local = value
        if (its := value.tzinfo) is not None and not (is_utc and (its is timezone.utc or not value.utcoffset())):
            local = _moved(value, zone).replace(tzinfo=None)
        text = form(local)
        return Noted(text, note) if local.microsecond or (to_minute and local.second) else text

    return convert


def utc_text(zone: tzinfo) -> Convert:
    """Return a converter from a datetime to ``YYYY-MM-DDTHH:MM:SSZ``.

    :param zone: the time zone of naive datetimes.
    """

    def convert(value: datetime) -> Any:
        utc = value
        if value.tzinfo is not timezone.utc:
            utc = _moved(value if value.tzinfo else value.replace(tzinfo=zone), timezone.utc)
        parts = utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second
        text = "%04d-%02d-%02dT%02d:%02d:%02dZ" % parts  # noqa: UP031  twice as fast as format specifiers
        return Noted(text, "time cut to the second") if utc.microsecond else text

    return convert


def _moved(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        raise InvalidRow(OUT_OF_RANGE) from None
