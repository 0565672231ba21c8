# SPDX-License-Identifier: Apache-2.0
"""From Python and database values to what a vendor's API takes.

Each vendor has one table from type to converter; this module holds the pieces the tables are made of. A converter
returns the value to send, or raises `InvalidRow`. What changes its form on the way, though not its meaning, comes
back as `Noted`, so that the report can say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from numbers import Integral, Rational, Real
from typing import Any, NoReturn, TypeAlias

import orjson
import pendulum

from airflow_provider_userattrs.push.errors import InvalidRow
from airflow_provider_userattrs.push.outcome import Status, Verdict
from airflow_provider_userattrs.push.update import UserUpdate

Convert: TypeAlias = Callable[[Any], Any]

NOT_A_NUMBER = Verdict(
    Status.INVALID,
    "not-a-number",
    "value is NaN or infinite, which JSON cannot hold",
    "Turn NaN and infinities into NULL upstream.",
)
NOT_A_TIME = Verdict(
    Status.INVALID, "not-a-time", "value is NaT, which is no point in time", "Turn NaT into NULL upstream."
)
NOT_UTF8 = Verdict(
    Status.INVALID,
    "not-utf-8",
    "text with a lone surrogate, which UTF-8 cannot hold",
    "Decode the text with the encoding it was written in.",
)
TOO_LARGE_A_NUMBER = Verdict(
    Status.INVALID,
    "number-too-large",
    "integer beyond 64 bits",
    "Send the number as text if the vendor's attribute is text.",
)
UNCONVERTIBLE = Verdict(Status.INVALID, "unconvertible", "value cannot be converted", "Convert the value upstream.")


class Noted:
    """Carry a converted value and what was done to it.

    :param value: the value to send.
    :param note: what changed, in a few words.
    """

    __slots__ = ("note", "value")

    def __init__(self, value: Any, note: str) -> None:
        self.value = value
        self.note = note


class ValueTable(dict[type, Convert]):
    """Look up the converter of a type; a type not named is served by the nearest one that is.

    :param types: type -> converter.
    """

    def __init__(self, types: Mapping[type, Convert]) -> None:
        super().__init__(types)

    def __missing__(self, kind: type) -> Convert:
        convert = self[kind] = self._nearest(kind)
        return convert

    def _nearest(self, kind: type) -> Convert:
        if issubclass(kind, Enum):
            return lambda value: self[type(value.value)](value.value)
        if issubclass(kind, datetime):
            return self._unless_not_a_time(self[datetime]) if datetime in self else self.get(object) or no_place(kind)
        if issubclass(kind, float) and kind is not float:  # that of a numeric library is none to a JSON encoder
            return lambda value: self[float](float(value))
        for base in kind.__mro__[:-1]:
            if base in self:
                return self[base]
        # Scalars of numeric libraries register with these, and are neither int nor float.
        if issubclass(kind, Integral) and not issubclass(kind, int):
            return lambda value: self[int](int(value))
        if issubclass(kind, Real) and not issubclass(kind, (Rational, float)):
            return lambda value: self[float](float(value))
        return self.get(object) or no_place(kind)

    @staticmethod
    def _unless_not_a_time(convert: Convert) -> Convert:
        def checked(value: Any) -> Any:
            if value != value:  # only a missing time differs from itself
                raise InvalidRow(NOT_A_TIME)
            return convert(value)

        return checked


def as_is(value: Any) -> Any:
    """Return the value unchanged."""
    return value


def refuse(verdict: Verdict) -> Convert:
    """Return a converter that refuses every value."""

    def convert(_: Any) -> NoReturn:
        raise InvalidRow(verdict)

    return convert


def plain(value: Any) -> Any:
    """Return the value of an enumeration's member; anything else as it is."""
    return value.value if isinstance(value, Enum) else value


def no_place(kind: type) -> Convert:
    """Return a converter that refuses every value, by the name of its type."""
    return refuse(
        Verdict(
            Status.INVALID,
            "type",
            f"no place for a value of type {kind.__name__}",
            "Convert the value upstream, or leave the attribute out.",
        )
    )


def finite(value: float) -> float:
    """Return a float that JSON can hold."""
    if math.isfinite(value):
        return value
    raise InvalidRow(NOT_A_NUMBER)


def exact_number(value: Decimal) -> Any:
    """Return a Decimal as a JSON number with all of its digits."""
    return orjson.Fragment(exact_text(value))


def exact_text(value: Decimal | float) -> str:
    """Return a number as its exact decimal text, without an exponent."""
    number = value if isinstance(value, Decimal) else Decimal(repr(finite(float(value))))
    if not number.is_finite():
        raise InvalidRow(NOT_A_NUMBER)
    text = str(number)
    return format(number, "f") if "E" in text else text


def time_zone(name: str) -> tzinfo:
    """Return a time zone.

    :param name: an IANA name such as ``"Europe/Berlin"``.
    :raises ValueError: if there is none of that name.
    """
    try:
        return pendulum.timezone(name)
    except Exception:  # what is raised depends on what is wrong with the name
        raise ValueError(f"timezone is {name!r}, which names no time zone; use an IANA name such as 'UTC'") from None


def clock_text(zone: tzinfo, form: Callable[[datetime], str], *, to: str = "second") -> Convert:
    """Return a converter from a datetime to text as a clock in ``zone`` shows it.

    :param zone: where the clock hangs; a naive datetime is taken to be of this zone.
    :param form: the text of a datetime, made of its fields and not of its zone.
    :param to: what the text is exact to, ``"second"`` or ``"minute"``; what is cut off is noted.
    """
    note = f"time cut to the {to}"
    to_minute = to == "minute"
    is_utc = zone.utcoffset(None) == timedelta(0)  # a zone with summer time does not tell without a moment

    def convert(value: datetime) -> Any:
        local = value
        if (its := value.tzinfo) is not None and not (is_utc and (its is timezone.utc or not value.utcoffset())):
            local = value.astimezone(zone).replace(tzinfo=None)
        text = form(local)
        return Noted(text, note) if local.microsecond or (to_minute and local.second) else text

    return convert


def utc_text(zone: tzinfo) -> Convert:
    """Return a converter from a datetime to ``YYYY-MM-DDTHH:MM:SSZ``; a naive one is taken to be of ``zone``."""

    def convert(value: datetime) -> Any:
        utc = value
        if value.tzinfo is not timezone.utc:
            utc = (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(timezone.utc)
        parts = utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second
        text = "%04d-%02d-%02dT%02d:%02d:%02dZ" % parts  # noqa: UP031  twice as fast as format specifiers
        return Noted(text, "time cut to the second") if utc.microsecond else text

    return convert


def fault(value: Any) -> Verdict:
    """Say why a converted value cannot be written as JSON."""
    if isinstance(value, str):
        return NOT_UTF8
    if isinstance(value, int):
        return TOO_LARGE_A_NUMBER
    if isinstance(value, dict):
        return next((fault(part) for pair in value.items() for part in pair if unwritable(part)), UNCONVERTIBLE)
    if isinstance(value, list):
        return next((fault(part) for part in value if unwritable(part)), UNCONVERTIBLE)
    return UNCONVERTIBLE


def unwritable(value: Any) -> bool:
    """Tell whether a converted value cannot be written as JSON."""
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False


def unwritable_attribute(update: UserUpdate) -> Verdict:
    """Say which attribute of an update cannot be written as JSON, and why."""
    for name, value in (*update.attributes.items(), *((name, None) for name in update.unset)):
        for part in (name, value):
            if unwritable(part):
                return fault(part).on(str(name)[:80])
    return fault(update.user) if unwritable(update.user) else UNCONVERTIBLE
