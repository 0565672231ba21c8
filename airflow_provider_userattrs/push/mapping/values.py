# SPDX-License-Identifier: Apache-2.0
"""From Python and database values to what a vendor's API takes.

Each vendor has one table from type to converter; this module holds the pieces the tables are made of. A converter
returns the value to send, or raises `InvalidRow`. What changes its form on the way, though not its meaning, comes
back as `Noted`, so that the report can say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

import orjson
import pendulum

from airflow_provider_userattrs.push.mapping.scalars import (
    MARKS,
    MOST_DIGITS,
    NOT_A_NUMBER,
    NOT_A_VALUE,
    TOO_MANY_DIGITS,
    is_foreign,
    missing,
    plain,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

Convert: TypeAlias = Callable[[Any], Any]

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
    "Send a smaller number, or its text where the vendor's attribute is text.",
)
BEYOND_DOUBLE = Verdict(
    Status.INVALID,
    "number-too-large",
    "number beyond what a double-precision float holds (1.8e308)",
    "Send a smaller number, or its text where the vendor's attribute is text.",
)
NULL_IN_LIST = Verdict(
    Status.INVALID,
    "null-in-list",
    "list with a missing element (NULL, NaN, NaT or NA)",
    "Leave missing elements out of the list.",
)
UNCONVERTIBLE = Verdict(Status.INVALID, "unconvertible", "value cannot be converted", "Convert the value upstream.")


#: Integers of fewer digits all fit in 64 bits.
_DIGITS_OF_64_BITS = 19


class Noted:
    """Carry a converted value and what was done to it.

    :param value: the value to send.
    :param note: what changed or is odd about it, in a few words.
    :param attribute: what the note is on; None for the attribute that the value is of.
    """

    __slots__ = ("attribute", "note", "value")

    def __init__(self, value: Any, note: str, attribute: str | None = None) -> None:
        self.value = value
        self.note = note
        self.attribute = attribute


class LibraryFloat:
    """Stand in a table for the floats of numeric libraries, of four bytes or two as well."""


class ValueTable(dict[type, Convert]):
    """Look up the converter of a type; a type not named is served by the nearest one that is.

    :param types: type -> converter. One for `LibraryFloat` is given such floats as they are: their size decides up to
        where they are certain integers.
    """

    def __init__(self, types: Mapping[type, Convert]) -> None:
        super().__init__(types)

    def __missing__(self, kind: type) -> Convert:
        convert = self[kind] = self._nearest(kind)
        return convert

    def _nearest(self, kind: type) -> Convert:
        if kind.__name__ in MARKS:
            return refuse(NOT_A_VALUE)
        if is_foreign(kind):
            return self._converted_first
        fallback: Convert = self.get(object) or no_place(kind)
        if issubclass(kind, datetime):
            return unless_missing(self.get(datetime, fallback))
        for base in kind.__mro__[:-1]:
            if base in self:
                return self[base]
        return unless_missing(fallback) if issubclass(kind, (float, Decimal)) else fallback

    def _converted_first(self, value: Any) -> Any:
        """Convert what has an equal among Python's own types as that."""
        known = plain(value)
        kind = type(known)
        if kind is float and LibraryFloat in self:
            return self[LibraryFloat](value)
        if kind is not type(value):
            return self[kind](known)
        return unless_missing(self.get(object) or no_place(kind))(value)


def unless_missing(convert: Convert) -> Convert:
    """Return a converter that refuses missing values for what they are."""

    def checked(value: Any) -> Any:
        verdict = missing(value)
        if verdict is not None:
            raise InvalidRow(verdict)
        return convert(value)

    return checked


def elements(values: Sequence[Any]) -> list[Any]:
    """Return the elements of a list as Python's own types.

    :raises InvalidRow: if one is missing.
    """
    if any(value is None or missing(value) for value in values):
        raise InvalidRow(NULL_IN_LIST)
    return [plain(value) for value in values]


def as_is(value: Any) -> Any:
    """Return the value unchanged."""
    return value


def refuse(verdict: Verdict) -> Convert:
    """Return a converter that refuses every value."""

    def convert(_: Any) -> NoReturn:
        raise InvalidRow(verdict)

    return convert


def no_place(kind: type) -> Convert:
    """Return a converter that refuses every value, by the name of its type."""
    return refuse(
        Verdict(
            Status.INVALID,
            "type",
            f"values of type {kind.__name__} cannot be sent",
            "Convert the value upstream, or leave the attribute out.",
        )
    )


def finite(value: float) -> float:
    """Return a float that JSON can hold."""
    if math.isfinite(value):
        return value
    raise InvalidRow(NOT_A_NUMBER)


def exact_number(value: Decimal) -> Any:
    """Return a Decimal as a JSON number with all of its digits, within what an integer and a float may be as well."""
    if value.adjusted() >= _DIGITS_OF_64_BITS - 1:
        if value == value.to_integral_value() and not -(2**63) <= value < 2**64:
            raise InvalidRow(TOO_LARGE_A_NUMBER)
        if math.isinf(float(value)):
            raise InvalidRow(BEYOND_DOUBLE)
    return orjson.Fragment(exact_text(value))


def exact_text(value: Decimal | float) -> str:
    """Return a number as its exact decimal text, without an exponent."""
    number = value if isinstance(value, Decimal) else Decimal(repr(finite(float(value))))
    if not number.is_finite():
        raise InvalidRow(NOT_A_NUMBER)
    text = str(number)
    if "E" not in text:
        return text
    if abs(number.adjusted()) > MOST_DIGITS:
        raise InvalidRow(TOO_MANY_DIGITS)
    return format(number, "f")


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
