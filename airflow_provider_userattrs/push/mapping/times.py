# SPDX-License-Identifier: Apache-2.0
"""Times as the text that a vendor's API takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import orjson
import pendulum

from airflow_provider_userattrs.push.mapping.values import Bulk, Convert, ConvertMany, Noted
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
    is_utc = _is_utc(zone)

    def convert(value: datetime) -> Any:
        local = value
        if (its := value.tzinfo) is not None and not (is_utc and (its is timezone.utc or not value.utcoffset())):
            local = _moved(value, zone).replace(tzinfo=None)
        text = form(local)
        return Noted(text, note) if local.microsecond or (to_minute and local.second) else text

    return convert


def local_texts(zone: tzinfo, *, dates: str, to: str = "second") -> ConvertMany:
    """Return what converts many datetimes to texts in local time, such as ``2023-12-12 00:56:23``.

    :param zone: the time zone of the texts, and of naive datetimes.
    :param dates: what separates year, month and day.
    :param to: the precision of the texts, ``"second"`` or ``"minute"``; what is cut off is noted.
    """
    to_minute = to == "minute"
    size = len("2023-12-12 00:56" if to_minute else "2023-12-12 00:56:23")
    is_utc = _is_utc(zone)

    def convert(values: Sequence[datetime]) -> Bulk | None:
        zones = {value.tzinfo for value in values}
        if not all(its is None or _is_utc(its) for its in zones) or not (is_utc or zones == {None}):
            return None
        joined, width = _iso_texts(values)
        joined = joined.replace("-", dates).replace("T", " ")
        texts = [joined[start : start + size] for start in range(0, len(joined), width)]
        return Bulk(texts, f"time cut to the {to}", _finer(values, to_minute=to_minute))

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


def utc_texts(zone: tzinfo) -> ConvertMany:
    """Return what converts many datetimes to ``YYYY-MM-DDTHH:MM:SSZ``.

    :param zone: the time zone of naive datetimes.
    """
    size = len("2023-12-12T00:56:23")

    def convert(values: Sequence[datetime]) -> Bulk | None:
        if not all(_is_utc(zone if its is None else its) for its in {value.tzinfo for value in values}):
            return None
        joined, width = _iso_texts(values)
        texts = [f"{joined[start : start + size]}Z" for start in range(0, len(joined), width)]
        return Bulk(texts, "time cut to the second", _finer(values))

    return convert


def _moved(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        raise InvalidRow(OUT_OF_RANGE) from None


def _is_utc(zone: tzinfo) -> bool:
    """Tell whether a time zone is UTC at all times; one with daylight saving time has no offset of its own."""
    return zone is timezone.utc or zone.utcoffset(None) == timedelta(0)


def _iso_texts(values: Sequence[datetime]) -> tuple[str, int]:
    """Return the ISO texts of datetimes in one string, to the second, and how many characters apart they begin.

    :param values: naive datetimes, and such as have no offset from UTC; what follows the second is the same for all.
    """
    options = orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
    joined = orjson.dumps(values, option=options).decode()[2:-2]
    width = len("2023-12-12T00:56:23Z") + len('","')
    if len(joined) + len('","') != width * len(values):
        raise ValueError("a text of another size")
    return joined, width


def _finer(values: Sequence[datetime], *, to_minute: bool = False) -> list[int]:
    """Return the indexes of the times that the text does not say in full."""
    return [index for index, time in enumerate(values) if time.microsecond or (to_minute and time.second)]
