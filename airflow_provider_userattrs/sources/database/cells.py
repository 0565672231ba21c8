# SPDX-License-Identifier: Apache-2.0
"""Converts the values that database drivers return for some types.

========================  ==============================================================================
database type             value in a row
========================  ==============================================================================
MySQL BIT                 integer, with every client
MySQL TIME                time of day; a duration is unreadable
MySQL SET                 text: its members, separated by commas
MySQL DATE, DATETIME,     a zero date (``0000-00-00``) is NULL; a day that does not exist is unreadable
TIMESTAMP
MySQL JSON                the parsed JSON; MariaDB's JSON is text
PostgreSQL date,          the years 1 to 9999; ``infinity`` is unreadable
timestamp, timestamptz
PostgreSQL time, timetz   up to 23:59:59.999999; ``24:00`` is unreadable
PostgreSQL bytea          bytes
PostgreSQL inet, cidr     text
PostgreSQL json, jsonb    the parsed JSON
========================  ==============================================================================

An unreadable value makes its own row `invalid`, and no other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.column_types import Convert, time_of_day

UNREADABLE = Verdict(
    Status.INVALID,
    "unreadable",
    "value that Python cannot represent, such as infinity, a year beyond 9999 or a time beyond 24 hours",
    "Fix the value, or convert it to NULL or text in the query.",
)


class Unreadable:
    """Stands in for a value that the driver cannot convert.

    :param text: the value, as the database writes it.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def readable(value: Any) -> Any:
    """Return a value unchanged.

    :raises InvalidRow: if it is, or holds, `Unreadable`.
    """
    if type(value) is Unreadable or (type(value) is list and any(type(item) is Unreadable for item in value)):
        raise InvalidRow(UNREADABLE)
    return value


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value


def _bits(value: Any) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)


def _time(value: Any) -> Any:
    return time_of_day(value) if isinstance(value, timedelta) else value


def _mysql_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    # A day that does not exist comes as text.
    if str(value).startswith("0000-00-00"):
        return None
    raise InvalidRow(UNREADABLE)


def _set(value: Any) -> Any:
    return ",".join(sorted(value)) if isinstance(value, set) else value


#: MySQL's codes for types (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html) and flags of columns
#: (https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__column__definition__flags.html).
MYSQL_TIMESTAMP = 7
_MYSQL_DATES = (MYSQL_TIMESTAMP, 10, 12)  # the others are DATE, DATETIME
_MYSQL: dict[Any, Convert] = {
    **dict.fromkeys(_MYSQL_DATES, _mysql_date),
    11: _time,  # TIME
    16: _bits,  # BIT
    245: _json,  # JSON
}
_ENUM, _SET = 256, 2048

#: PostgreSQL's OIDs of types (https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat).
_JSONS, _JSON_ARRAYS = (114, 3802), (199, 3807)
_TEXTS = (18, 19, 25, 1042, 1043)
_BYTEA, _INET, _CIDR = 17, 869, 650


class TimeTexts:
    """Converts the texts that PostgreSQL writes of times.

    :param parse: reads ISO 8601, as PostgreSQL writes it; what it does not read is read by ``cast``.
    :param cast: the cast of psycopg2.
    :param cursor: the database cursor.
    """

    def __init__(self, parse: Convert, cast: Callable[[str, Any], Any], cursor: Any) -> None:
        self._parse = parse
        self._cast = cast
        self._cursor = cursor

    def __call__(self, text: str) -> Any:
        """Convert one text.

        :raises InvalidRow: if Python has no such time.
        """
        return readable(_psycopg2_value(self._cast, text, self._cursor))

    def all(self, texts: Sequence[str]) -> list[Any]:
        """Convert many texts in a third of the time.

        :raises InvalidRow: if Python has no such time as one of them.
        """
        try:
            return list(map(self._parse, texts))
        except ValueError:
            return list(map(self, texts))


def convert_cells(cells: Sequence[Any], converter: Convert) -> Sequence[Any]:
    """Return the cells of a column, converted; a NULL stays NULL.

    :param cells: the cells.
    :param converter: converts a cell.
    """
    if isinstance(converter, TimeTexts) and None not in cells:
        return converter.all(cells)
    return [None if cell is None else converter(cell) for cell in cells]


#: The driver's top-level package -> its code for a type -> converter.
_CONVERTERS: dict[str, Mapping[Any, Convert]] = {
    # bytea comes as a memoryview.
    "psycopg2": {_BYTEA: bytes},
    # inet and cidr come as objects of ipaddress.
    "psycopg": {_INET: str, _CIDR: str},
    "MySQLdb": _MYSQL,
    "pymysql": _MYSQL,
    "mysql": _MYSQL,
}


def converters(driver: str, cursor: Any) -> dict[int, Convert]:
    """Return the columns that need conversion, by index, and their converters.

    :param driver: the driver's top-level package.
    :param cursor: the database cursor, after the first fetch.
    """
    by_type = _CONVERTERS.get(driver, {})
    if driver in ("psycopg", "psycopg2") and returns_bytes(cursor):
        by_type = {**by_type, **dict.fromkeys(_TEXTS, bytes.decode)}
    if driver == "psycopg2":
        by_type = {**by_type, **_time_texts(cursor)}
    by_index = {index: by_type[column[1]] for index, column in enumerate(cursor.description) if column[1] in by_type}
    if driver == "mysql":
        by_index |= {index: _set for index, flags in enumerate(_flags(driver, cursor)) if flags & _SET}
    return by_index


def returns_bytes(cursor: Any) -> bool:
    """Return whether text comes as bytes: from a PostgreSQL database without an encoding (SQL_ASCII)."""
    return bool(cursor.connection.info.parameter_status("client_encoding") == "SQL_ASCII")


def is_sorted_by_index(driver: str, cursor: Any, index: int) -> bool:
    """Return whether a column is sorted by its values' index but compared as text, as MySQL's ENUM and SET are."""
    flags = _flags(driver, cursor)
    return bool(flags and flags[index] & (_ENUM | _SET))


def _flags(driver: str, cursor: Any) -> list[int]:
    """Return the flags of MySQL's columns; an empty list for other databases."""
    if driver == "MySQLdb":
        return list(cursor.description_flags)
    if driver == "mysql":
        return [column[7] for column in cursor.description]
    if driver == "pymysql":
        return [field.flags for field in cursor._result.fields]
    return []


def or_unreadable(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap a driver's loader of a cell, so that it returns `Unreadable` instead of raising."""

    def loaded(raw: Any) -> Any:
        try:
            return None if raw is None else load(raw)
        except Exception:  # a loader may raise anything
            return Unreadable(bytes(raw).decode("utf-8", "backslashreplace"))

    return loaded


#: The times that psycopg2 is asked for as text, and what reads it: many at once, and before Python 3.11 not all.
_PARSERS: dict[str, Convert] = {
    "DATE": date.fromisoformat,
    "DATETIME": datetime.fromisoformat,
    "DATETIMETZ": datetime.fromisoformat,
}


def _time_texts(cursor: Any) -> dict[Any, Convert]:
    """Return the converters of times that psycopg2 returns as text, by type."""
    from psycopg2 import extensions

    casts = {name: getattr(extensions, f"PY{name}") for name in _PARSERS}
    return {kind: TimeTexts(_PARSERS[name], cast, cursor) for name, cast in casts.items() for kind in cast.values}


def register_psycopg2_casts(cursor: Any) -> None:
    """Make a psycopg2 cursor return times as text, which `converters` converts.

    Of the other types it returns `Unreadable` instead of raising, and sets its ``gave_unreadable`` then.
    """
    from psycopg2 import extensions

    for name in ("DATE", "TIME", "DATETIME", "DATETIMETZ", "INTERVAL"):
        kind, kinds = getattr(extensions, f"PY{name}"), getattr(extensions, f"PY{name}ARRAY")
        cast = extensions.new_type(kind.values, name, _psycopg2_cast(kind))
        as_text = extensions.new_type(kind.values, name, extensions.UNICODE)
        extensions.register_type(as_text if name in _PARSERS else cast, cursor)
        extensions.register_type(extensions.new_array_type(kinds.values, f"{name}ARRAY", cast), cursor)
    jsons = extensions.new_type(_JSONS, "JSON", _psycopg2_cast(lambda text, _: json.loads(text)))
    extensions.register_type(jsons, cursor)
    extensions.register_type(extensions.new_array_type(_JSON_ARRAYS, "JSONARRAY", jsons), cursor)
    if returns_bytes(cursor):
        extensions.register_type(extensions.BYTES, cursor)


def _psycopg2_cast(plain: Callable[[str, Any], Any]) -> Callable[[str | None, Any], Any]:
    def cast(text: str | None, cursor: Any) -> Any:
        if text is None:
            return None
        value = _psycopg2_value(plain, text, cursor)
        if type(value) is Unreadable:
            cursor.gave_unreadable = True
        return value

    return cast


def _psycopg2_value(plain: Callable[[str, Any], Any], text: str, cursor: Any) -> Any:
    """Return what psycopg2 reads in a text; `Unreadable` if it cannot."""
    # psycopg2 itself turns infinity into the last day of the year 9999, and 24:00 into midnight.
    if text[-1] != "y" and text[:3] != "24:":
        with suppress(Exception):
            return plain(text, cursor)
    return Unreadable(text)


def keep_mysqlclient_dates(convert: dict[Any, Any]) -> None:
    """Make mysqlclient return a day that does not exist as text; by itself it returns NULL.

    :param convert: the connection's converters, by the code of the type.
    """
    from MySQLdb.converters import conversions

    for kind in _MYSQL_DATES:
        convert[kind] = _or_text(conversions[kind])


def _or_text(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def parsed(text: str) -> Any:
        value = parse(text)
        return text if value is None else value

    return parsed
