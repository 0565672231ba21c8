# SPDX-License-Identifier: Apache-2.0
"""Converts values to the types that an author declares for columns of databases and files without such types.

=========  ==================================================================================
type       accepted values
=========  ==================================================================================
text       text; numbers, booleans, dates, times and UUIDs, as their text
integer    a number without a fraction, or its text (``44``, ``44.0``); a float below 2^53 only
float      a number or its text
decimal    a number or its text; a float below 2^53 only, by its shortest text; a number of JSON lines, every digit
boolean    true, t, yes, y, on, 1 and false, f, no, n, off, 0, in any case
date       ``2026-11-24`` or ``20261124``, or the date of a timestamp
timestamp  ISO 8601, with or without zone or ``UTC``; a date means its midnight
time       ``12:30`` or ``12:30:15.5``
uuid       text in any common form, or its 16 bytes
json       JSON text, where numbers that a float cannot hold become decimals; JSON that the driver has parsed
=========  ==================================================================================

NULL stays NULL, and an empty field of a CSV file is NULL in a column of any type but text, whatever `FileRows` is given
as ``null``. Numbers, booleans and times
may have blanks around them as text; ``1_000``, ``nan`` and digits that are not ASCII are not numbers. The missing
values of data libraries (NaN, NaT, NA) are invalid in every type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from airflow_provider_userattrs.push.mapping.numbers import as_integer, exact_text, parse_integer, parse_number
from airflow_provider_userattrs.push.mapping.scalars import check_missing, parse_boolean, plain
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import counted, did_you_mean, listed
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.iso_times import read_date, read_time, read_timestamp

Convert: TypeAlias = Callable[[Any], Any]

#: What converters raise on a value that they do not accept.
_ERRORS = (ValueError, TypeError, KeyError, ArithmeticError, AttributeError, RecursionError)

#: Types whose ``str`` is their text.
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
        number = parse_integer(value.strip())
    elif isinstance(value, (bytes, bytearray)):
        number = parse_integer(bytes(value).decode("ascii"))
    else:
        number = int(value) if isinstance(value, bool) else as_integer(value)
    if number is None:
        raise ValueError
    return number


def _float(value: Any) -> float:
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    number = parse_number(value, float)
    if number is None:
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    if isinstance(value, float):
        if value.is_integer():
            as_integer(value)  # raises if the float cannot hold the integer exactly
        return Decimal(repr(value))
    number = Decimal(value) if isinstance(value, (int, Decimal)) else parse_number(value, Decimal)
    if number is None:
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    boolean = parse_boolean(value)
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
    """Return the time of day, from the time since midnight that some drivers return.

    :raises ValueError: if it is not within a day.
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
    """Return a number of JSON exactly; infinity or zero if its exponent is too large."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return float(text)


def _number(text: str) -> Decimal | float:
    """Return a number as a float if the float's text is the same number, else as a decimal."""
    number, exact = float(text), decimal_in_json(text)
    return number if Decimal(repr(number)) == exact else exact


#: Name of a type -> converter.
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


def convert_row(
    row: dict[str, Any], types: Mapping[str, str], locate: Callable[[int], str] | None = None, number: int = 0
) -> Row | MalformedRow:
    """Return a row with its values converted to the types declared for their columns, or a malformed one.

    :param row: column -> value; converted in place.
    :param types: column -> name of a type.
    :param locate: returns where the row with a number is; None if it has no location.
    :param number: the row's number, for ``locate``.
    """
    raw = dict(row)
    try:
        convert(row, types)
    except InvalidRow as invalid:
        verdict = invalid.verdict if locate is None else invalid.verdict.at(locate(number))
        for fault in (verdict, *verdict.others):
            row[str(fault.attribute)] = None
        return MalformedRow(verdict, raw, types, fit=row)
    return row


def convert_columns(
    columns: Sequence[Sequence[Any]], names: Sequence[str], types: Mapping[str, str]
) -> list[Sequence[Any]] | None:
    """Return columns with their values converted to the types declared for them; None if a value cannot be converted.

    :param columns: the cells of each column.
    :param names: the columns' names.
    :param types: column -> name of a type.
    """
    converted = list(columns)
    try:
        for index, name in enumerate(names):
            if kind := types.get(name):
                converted[index] = [None if cell is None else _converted(cell, TYPES[kind]) for cell in columns[index]]
    except (InvalidRow, *_ERRORS):
        return None
    return converted


def convert(row: dict[str, Any], types: Mapping[str, str]) -> None:
    """Convert the values of a row to the types declared for their columns, in place.

    :param row: column -> value; columns it does not have are skipped.
    :param types: column -> name of a type.
    :raises InvalidRow: if values cannot be converted; the verdict names column and type, never the value.
    """
    faults = []
    for column, name in types.items():
        value = row.get(column)
        if value is None:
            continue
        try:
            row[column] = _converted(value, TYPES[name])
        except InvalidRow as invalid:
            faults.append(invalid.verdict.on(column))
        except _ERRORS:
            faults.append(
                Verdict(
                    Status.INVALID,
                    "wrong-type",
                    f"value is not of the type {name} that types declares",
                    "Fix the value, or declare another type for the column.",
                    attribute=column,
                )
            )
    if faults:
        raise InvalidRow(replace(faults[0], others=tuple(faults[1:])))


def _converted(value: Any, convert: Convert) -> Any:
    return convert(value if type(value) is str else _present(value))


def _present(value: Any) -> Any:
    verdict = check_missing(value)
    if verdict is not None:
        raise InvalidRow(verdict)
    return plain(value)


def check_columns(columns: list[str], types: Mapping[str, str], what: str, *, shown: bool = True) -> None:
    """Check the columns of a query or a file.

    :param columns: their names, in their order.
    :param types: column -> name of a type.
    :param what: the query or file, for errors.
    :param shown: whether errors may name columns. Those of a file must not be named: without a header line, the first
        line of a CSV file is a user.
    :raises RefusedConfiguration: if a name occurs twice, or a type is declared for a column that does not exist.
    """
    first: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if first.setdefault(column, number) != number:
            named = f" {column!r}" if shown or column in types else ""
            raise RefusedConfiguration(
                f"{what} has the same name{named} for columns {first[column]:,} and {number:,}; give each a unique name"
            )
    for column in types:
        if column not in first:
            others = f"the columns are {listed(columns)}"
            if not shown:
                others = f"it has {counted(len(columns), 'other')}; is there a header line?"
            hint = did_you_mean(column, columns) if shown else ""
            raise RefusedConfiguration(f"types names the column {column!r}{hint}, which {what} does not have; {others}")
