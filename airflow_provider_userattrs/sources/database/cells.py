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
from datetime import date, timedelta
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.sources.column_types import Convert, time_of_day
from airflow_provider_userattrs.sources.database.psycopg2_casts import TimeTexts, time_texts
from airflow_provider_userattrs.sources.database.unreadable import UNREADABLE


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
_TEXTS = (18, 19, 25, 1042, 1043)
_BYTEA, _INET, _CIDR = 17, 869, 650


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
        by_type = {**by_type, **time_texts(cursor)}
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
