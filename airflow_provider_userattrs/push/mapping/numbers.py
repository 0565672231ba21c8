# SPDX-License-Identifier: Apache-2.0
"""Integers, floats and decimals, as values and as text: which of them are exact, and how they are written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import orjson

from airflow_provider_userattrs.push.mapping.scalars import NOT_A_NUMBER, check_missing, plain
from airflow_provider_userattrs.push.mapping.values import Bulk
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

Number = TypeVar("Number", float, Decimal)

#: Digits a number may have before or after its point. Written out, ``1e9999999`` would take minutes.
MAX_DIGITS = 10_000

TOO_MANY_DIGITS = Verdict(
    Status.INVALID,
    "number-too-large",
    f"number of over {MAX_DIGITS:,} digits when written out",
    "Fix the number: no attribute holds as many digits.",
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
    "number beyond the range of a double-precision float (1.8e308)",
    "Send a smaller number, or its text where the vendor's attribute is text.",
)
INEXACT_INTEGER = Verdict(
    Status.INVALID,
    "inexact-integer",
    "floating-point number of 2^53 or more, from which the integer cannot be recovered",
    "Read the column as an integer, a decimal or text; in a data frame, integers with gaps as Int64.",
)

#: A float holds every integer below this one, by its size in bytes (IEEE 754); above it, neighbours share a float.
_EXACT_BELOW = {2: 2**11, 4: 2**24}
_DOUBLE = 2**53

#: Integers of fewer digits all fit in 64 bits.
_DIGITS_OF_64_BITS = 19

_INTEGER_TEXT = re.compile(r"[+-]?[0-9]+(\.0+)?")


def as_integer(value: Any) -> int | None:
    """Return the integer that a number is, or None if it is no number or has a fraction.

    :raises InvalidRow: if the value is missing, too large, or a float so large that it may have been another integer.
    """
    if type(value) is int:
        return value
    verdict = check_missing(value)
    if verdict:
        raise InvalidRow(verdict)
    exact_below = _EXACT_BELOW.get(getattr(value, "itemsize", 8), _DOUBLE)
    value = plain(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not value.is_integer():
            return None
        return int(_exact(value, exact_below))
    return _decimal_as_integer(value) if isinstance(value, Decimal) else None


def _decimal_as_integer(value: Decimal) -> int | None:
    if not value.is_finite():
        return None
    if value.adjusted() > MAX_DIGITS:
        raise InvalidRow(TOO_MANY_DIGITS)
    if value != value.to_integral_value():
        return None
    # An exponent, as in 1.2345678901234568E+17, means that it was written from a float: its last digits are unknown.
    if value.adjusted() >= 15 and int(value.as_tuple().exponent) > 0:
        _exact(value, _DOUBLE)
    return int(value)


def _exact(value: Any, below: int) -> Any:
    if abs(value) >= below:
        raise InvalidRow(INEXACT_INTEGER)
    return value


def parse_integer(text: str) -> int | None:
    """Return the integer in a text, or None: ASCII digits, with or without a sign, and a trailing ``.0`` at most.

    :raises InvalidRow: if it was written from a float so large that it may have been another integer.
    """
    if text.isdecimal() and text.isascii() and len(text) < 4_000:
        return int(text)
    if not _INTEGER_TEXT.fullmatch(text):
        return None
    digits, point, _ = text.partition(".")
    number = _int(digits)
    return number if number is None or not point else int(_exact(number, _DOUBLE))


def _int(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:  # Python reads no more than 4,300 digits
        return None


def parse_number(text: str, kind: Callable[[str], Number]) -> Number | None:
    """Return the number in a text, or None; ``1_000``, NaN and infinity do not count as numbers.

    :param text: the text.
    :param kind: ``float``, or ``Decimal`` for all of its digits.
    """
    if not text.isascii() or "_" in text or "n" in text or "N" in text:  # every spelling of NaN and infinity has an n
        return None
    try:
        return kind(text)
    except (ValueError, ArithmeticError):
        return None


def finite(value: float) -> float:
    """Return a float, if JSON can represent it.

    :raises InvalidRow: if it is NaN or infinite.
    """
    if math.isfinite(value):
        return value
    raise InvalidRow(NOT_A_NUMBER)


def are_finite(values: Sequence[float]) -> bool:
    """Tell whether JSON can represent all of the floats."""
    return all(map(math.isfinite, values))


def exact_number(value: Decimal) -> Any:
    """Return a Decimal as a JSON number with all of its digits.

    :raises InvalidRow: if an integer of 64 bits or a double-precision float could not hold it.
    """
    if value.adjusted() >= _DIGITS_OF_64_BITS - 1:
        if value == value.to_integral_value() and not -(2**63) <= value < 2**64:
            raise InvalidRow(TOO_LARGE_A_NUMBER)
        if math.isinf(float(value)):
            raise InvalidRow(BEYOND_DOUBLE)
    return orjson.Fragment(exact_text(value))


def exact_numbers(values: Sequence[Decimal]) -> Bulk | None:
    """Return what `exact_number` returns for each of many values; None if one is large, or no number."""
    texts = list(map(str, values))
    if max(map(len, texts)) >= _DIGITS_OF_64_BITS or _has_letters(texts):
        return None
    return Bulk(list(map(orjson.Fragment, texts)))


def exact_texts(values: Sequence[Decimal | float]) -> list[str] | None:
    """Return what `exact_text` returns for each of many values of one type; None if one is no number, or very large."""
    texts = list(map(str, values))
    return None if _has_letters(texts) else texts


def _has_letters(texts: Sequence[str]) -> bool:
    """Tell whether one of the texts of numbers has an exponent, or is NaN or infinity."""
    joined = "".join(texts).lower()
    return "e" in joined or "n" in joined


def exact_text(value: Decimal | float) -> str:
    """Return a number as its exact decimal text, without an exponent.

    :raises InvalidRow: if it is NaN, infinite or too long.
    """
    number = value if isinstance(value, Decimal) else Decimal(repr(finite(float(value))))
    if not number.is_finite():
        raise InvalidRow(NOT_A_NUMBER)
    text = str(number)
    if "E" not in text:
        return text
    if abs(number.adjusted()) > MAX_DIGITS:
        raise InvalidRow(TOO_MANY_DIGITS)
    return format(number, "f")
