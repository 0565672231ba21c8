# SPDX-License-Identifier: Apache-2.0
"""The types an author may declare for a column, for databases and files that have no such type.

=========  ==================================================================================
type       what it takes
=========  ==================================================================================
text       text as it is; numbers, booleans, dates, times and UUIDs as their text
integer    a number without a fraction, or its text (``44``, ``44.0``); a float below 2^53 only
float      a number or its text
decimal    a number or its text; a float below 2^53 only, by its shortest text; numbers of JSON lines by theirs
boolean    true, t, yes, y, on, 1 and false, f, no, n, off, 0, in any case
date       ``2026-11-24`` or ``20261124``, or the date of a timestamp
timestamp  ISO 8601, with or without zone or ``UTC``; a date is its midnight
time       ``12:30`` or ``12:30:15.5``
uuid       its text in any usual form, or its 16 bytes
json       JSON text, with numbers that no float holds as decimals; what the driver has read stays as it is
=========  ==================================================================================

A NULL stays one, and so does an empty field of a CSV file in a column of any type but text. Text of a number, a
boolean or a time may have blanks around it; ``1_000``, ``nan`` and digits that are not ASCII are no numbers. What a
data library has for a missing value is a value of no type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from airflow_provider_userattrs.push.mapping.scalars import boolean_of, integer_of, missing, number_of, plain, whole
from airflow_provider_userattrs.push.mapping.values import exact_text
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.iso_times import read_date, read_time, read_timestamp

Convert: TypeAlias = Callable[[Any], Any]

#: What is written as its text.
_SCALARS = (str, int, float, date, time, UUID)


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8")
    if isinstance(value, Decimal):
        return exact_text(value)
    if isinstance(value, _SCALARS):
        return str(value)
    raise TypeError


def _integer(value: Any) -> int:
    if isinstance(value, str):
        number = integer_of(value.strip())
    elif isinstance(value, (bytes, bytearray)):
        number = integer_of(bytes(value).decode("ascii"))
    else:
        number = int(value) if isinstance(value, bool) else whole(value)
    if number is None:
        raise ValueError
    return number


def _float(value: Any) -> float:
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    number = number_of(value, float)
    if number is None:
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    if isinstance(value, float):
        if value.is_integer():
            whole(value)  # refuses one that may stand for several
        return Decimal(repr(value))
    number = Decimal(value) if isinstance(value, (int, Decimal)) else number_of(value, Decimal)
    if number is None:
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    boolean = boolean_of(value)
    if boolean is None:
        raise ValueError
    return boolean


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else read_date(value)


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else read_timestamp(value)


def time_of_day(since_midnight: timedelta) -> time:
    """Return the time of day that is so long after midnight; some drivers give that for a time.

    :raises ValueError: if there is none within the day.
    """
    if not timedelta(0) <= since_midnight < timedelta(days=1):
        raise ValueError
    return (datetime.min + since_midnight).time()


def _time(value: Any) -> time:
    if isinstance(value, timedelta):
        return time_of_day(value)
    return value if isinstance(value, time) else read_time(value)


def _uuid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    return UUID(bytes=bytes(value)) if isinstance(value, (bytes, bytearray, memoryview)) else UUID(value)


def _json(value: Any) -> Any:
    return json.loads(value, parse_float=_number) if isinstance(value, (str, bytes, bytearray)) else value


def decimal_in_json(text: str) -> Decimal | float:
    """Return a number as JSON writes it, exactly; infinite or zero, if its exponent is beyond all bounds."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return float(text)


def _number(text: str) -> Decimal | float:
    """Return a number as a float, if the float's text is the same number."""
    number, exact = float(text), decimal_in_json(text)
    return number if Decimal(repr(number)) == exact else exact


#: name -> from what the database or the file gives to the value.
TYPES: dict[str, Convert] = {
    "text": _text,
    "integer": _integer,
    "float": _float,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "time": _time,
    "uuid": _uuid,
    "json": _json,
}


def convert(row: dict[str, Any], types: Mapping[str, str]) -> None:
    """Turn the values of a row into the types declared for their columns, in place.

    :param row: column -> value; a column it does not have is passed over.
    :param types: column -> name of a type.
    :raises InvalidRow: if a value cannot be of its type; the verdict names column and type, never the value.
    """
    for column, name in types.items():
        value = row.get(column)
        if value is None:
            continue
        try:
            row[column] = TYPES[name](value if type(value) is str else _present(value))
        except InvalidRow as invalid:
            raise InvalidRow(invalid.verdict.on(column)) from None
        except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError, RecursionError):
            raise InvalidRow(
                Verdict(
                    Status.INVALID,
                    "wrong-type",
                    f"value is no {name}, as types declares it",
                    "Mend the value, or declare another type for the column.",
                ).on(column)
            ) from None


def _present(value: Any) -> Any:
    verdict = missing(value)
    if verdict is not None:
        raise InvalidRow(verdict)
    return plain(value)


def check_columns(columns: list[str], types: Mapping[str, str], what: str, *, shown: bool = True) -> None:
    """Check the columns that came with the rows.

    :param columns: their names, in their order.
    :param types: column -> name of a type.
    :param what: what gave the columns, for the error.
    :param shown: whether the error may name them. Those of a file may not be names: without a header line the first
        line of a CSV file is a user.
    :raises RefusedConfiguration: if a name comes twice, or a type is declared for a column that is not there.
    """
    first: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if first.setdefault(column, number) != number:
            named = f" {column!r}" if shown or column in types else ""
            raise RefusedConfiguration(
                f"{what} gives columns {first[column]} and {number} the same name{named}; give each a name of its own"
            )
    for column in types:
        if column not in first:
            given = ", ".join(columns)[:300] if shown else f"{len(columns)} others; is there a header line?"
            raise RefusedConfiguration(
                f"types declares a column {column!r} that {what} does not give; it gives {given}"
            )
