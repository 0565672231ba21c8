# SPDX-License-Identifier: Apache-2.0
"""What a single value is, whichever database, file or library it came from.

Integers, numbers as text, booleans, ids and missing values are read here and nowhere else: attributes, the ids that
name users, hashes, declared types and rejects files all go by it. Libraries are told by their types' names and never
imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral, Rational, Real
from typing import Any, TypeVar
from uuid import UUID

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

_TO_NULL = "Turn missing values (NaN, NaT, NA) and infinities into NULL upstream."
NOT_A_NUMBER = Verdict(Status.INVALID, "not-a-number", "value is NaN or infinite, which JSON cannot hold", _TO_NULL)
NOT_A_TIME = Verdict(Status.INVALID, "not-a-time", "value is NaT, which is no point in time", _TO_NULL)
NOT_A_VALUE = Verdict(Status.INVALID, "not-a-value", "value is the mark of a data library for a missing one", _TO_NULL)
#: Digits a number may have before or behind its point. Written out, ``1e9999999`` would take minutes.
MOST_DIGITS = 10_000

TOO_MANY_DIGITS = Verdict(
    Status.INVALID,
    "number-too-large",
    f"number of over {MOST_DIGITS:,} digits when written out",
    "Mend the number: no attribute holds as many digits.",
)
INEXACT_INTEGER = Verdict(
    Status.INVALID,
    "inexact-integer",
    "floating-point number of 2^53 or more, which cannot say which integer it was",
    "Read the column as an integer, a decimal or text; a data frame's integers with gaps as its type Int64.",
)

Number = TypeVar("Number", float, Decimal)

_PLAIN = frozenset({str, int, float, bool, Decimal, type(None), bytes, list, tuple, dict, UUID})

#: A float holds each integer below this one, by its size in bytes (IEEE 754); from there on several become one.
_EXACT_BELOW = {2: 2**11, 4: 2**24}
_DOUBLE = 2**53

#: Types that are nothing but the mark of a missing value: pandas' and masked numpy arrays'.
MARKS = frozenset({"NAType", "MaskedConstant"})

#: numpy's scalars for which Python has no equal.
_NO_EQUAL = frozenset({"timedelta64", "longdouble", "clongdouble", "complex64", "complex128", "void", "object_"})

_WHOLE_TEXT = re.compile(r"[+-]?[0-9]+(\.0+)?")

_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}

#: Texts that programs write where there was no value, in lower case.
_NO_ID = frozenset(
    {"nan", "nat", "na", "n/a", "#n/a", "<na>", "null", "(null)", "<null>", "none", "nil", "undefined"}
    | {"\\n", '""', "''", "(empty)"}
)
LONGEST_NO_ID = max(map(len, _NO_ID))
BLANKS_AROUND = "id with blanks or line breaks around it"
LIKE_NO_ID = "id that reads like a missing value"
FROM_FLOAT = "floating-point number sent as the integer it is"


def is_foreign(kind: type) -> bool:
    """Tell whether values of a type are to be made Python's own first, if they have an equal there."""
    if issubclass(kind, Enum) or _is_numpy(kind):
        return True
    if issubclass(kind, (int, float)):
        return issubclass(kind, float) and kind is not float  # a JSON encoder takes subclasses of int, and no others
    return issubclass(kind, Integral) or (issubclass(kind, Real) and not issubclass(kind, Rational))


def _is_numpy(kind: type) -> bool:
    """Tell whether a type is one of numpy's scalars; an array is none."""
    return kind.__module__ == "numpy" and any(base.__name__ == "generic" for base in kind.__mro__)


def plain(value: Any) -> Any:
    """Return a value as one of Python's own types where it has an equal there, and as it is where it has none.

    Members of enumerations become their values, scalars of numeric libraries become ``int``, ``float``, ``bool``,
    ``str``, ``date`` or ``datetime``.
    """
    kind = type(value)
    if kind in _PLAIN or not is_foreign(kind):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if _is_numpy(kind):
        return _plain_numpy(value)
    return int(value) if isinstance(value, Integral) else float(value)


def _plain_numpy(value: Any) -> Any:
    name = type(value).__name__
    if name in _NO_EQUAL:
        return value
    if name == "datetime64":
        # In nanoseconds, item() would be a bare integer.
        moment = value.item() if str(value.dtype).endswith("[D]") else value.astype("datetime64[us]").item()
        return value if moment is None or isinstance(moment, int) else moment
    return value.item()


def missing(value: Any) -> Verdict | None:
    """Return the verdict on a value that stands for none (NaN, NaT, NA, a masked element), or None on any other."""
    name = type(value).__name__
    if name in MARKS:
        return NOT_A_VALUE
    if isinstance(value, Decimal):
        return NOT_A_NUMBER if value.is_nan() else None
    if isinstance(value, datetime) or name == "datetime64":
        return NOT_A_TIME if value != value else None  # nothing but a missing time differs from itself
    if isinstance(value, float) or (isinstance(value, Real) and _is_numpy(type(value))):
        return NOT_A_NUMBER if value != value else None
    return None


def whole(value: Any) -> int | None:
    """Return the integer that a number is, or None if it is no number or has a fraction.

    :raises InvalidRow: if the value is missing, too large, or a float so large that it may have been another integer.
    """
    if type(value) is int:
        return value
    verdict = missing(value)
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
    return _whole_decimal(value) if isinstance(value, Decimal) else None


def _whole_decimal(value: Decimal) -> int | None:
    if not value.is_finite():
        return None
    if value.adjusted() > MOST_DIGITS:
        raise InvalidRow(TOO_MANY_DIGITS)
    if value != value.to_integral_value():
        return None
    # With an exponent, as in 1.2345678901234568E+17, it was written from a float: its last digits are not known.
    if value.adjusted() >= 15 and int(value.as_tuple().exponent) > 0:
        _exact(value, _DOUBLE)
    return int(value)


def _exact(value: Any, below: int) -> Any:
    if abs(value) >= below:
        raise InvalidRow(INEXACT_INTEGER)
    return value


def integer_of(text: str) -> int | None:
    """Return the integer that a text is, or None: ASCII digits with a sign or without, and perhaps ``.0`` behind.

    :raises InvalidRow: if it was written from a float so large that it may have been another integer.
    """
    if text.isdecimal() and text.isascii() and len(text) < 4_000:
        return int(text)
    if not _WHOLE_TEXT.fullmatch(text):
        return None
    digits, point, _ = text.partition(".")
    number = _int(digits)
    return number if number is None or not point else int(_exact(number, _DOUBLE))


def _int(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:  # Python reads no more than 4,300 digits
        return None


def number_of(text: str, kind: Callable[[str], Number]) -> Number | None:
    """Return the number that a text is, or None; ``1_000``, NaN and infinity are none.

    :param text: the text.
    :param kind: ``float``, or ``Decimal`` for all of its digits.
    """
    if not text.isascii() or "_" in text or "n" in text or "N" in text:  # all of NaN and infinity have an n
        return None
    try:
        return kind(text)
    except (ValueError, ArithmeticError):
        return None


def boolean_of(value: Any) -> bool | None:
    """Return the boolean that a value is, or None: true and false, 1 and 0, and their usual words in any case."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower())
    value = plain(value)
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, (int, float, Decimal)) and value in (0, 1) else None


def wrong_type(verdict: Verdict, value: Any) -> InvalidRow:
    """Return the error of a value that names no user, for its type: a verdict, with the type's name."""
    return InvalidRow(replace(verdict, meaning=f"{verdict.meaning}, but of type {type(value).__name__}"))


def id_text(value: Any) -> str | None:
    """Return the text of what names a user, or None if it is nothing that can: text, UUIDs and whole numbers are.

    :raises InvalidRow: if the value is missing, or a float so large that it may have been another integer.
    """
    if isinstance(value, Enum):
        value = plain(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    number = whole(value)
    return None if number is None else _digits(number)


def _digits(number: int) -> str | None:
    try:
        return str(number)
    except ValueError:  # Python writes no more than 4,300 digits
        return None


def id_note(text: str) -> str | None:
    """Return what is odd about an id, in a few words, or None; it is sent as it is."""
    if text.strip() != text:
        return BLANKS_AROUND
    return LIKE_NO_ID if len(text) <= LONGEST_NO_ID and text.lower() in _NO_ID else None
