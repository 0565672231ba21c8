# SPDX-License-Identifier: Apache-2.0
"""What a database driver gives for a cell, and what a row holds for it.

========================  ==============================================================================
database's type           in a row
========================  ==============================================================================
MySQL BIT                 an integer, by whichever client
MySQL TIME                a time of day; a duration is none
MySQL SET                 its members as text, with commas between them
MySQL DATE, DATETIME,     a zero date (``0000-00-00``) is NULL; a day that no calendar has is none
TIMESTAMP
MySQL JSON                what the JSON says; MariaDB's JSON is text
PostgreSQL date,          within the years 1 to 9999; ``infinity`` is none
timestamp, timestamptz
PostgreSQL time, timetz   up to 23:59:59.999999; ``24:00`` is none
PostgreSQL bytea          bytes
PostgreSQL inet, cidr     text
PostgreSQL json, jsonb    what the JSON says
========================  ==============================================================================

What is none costs its row, and no other: the row is `invalid`, by its column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.sources.column_types import Convert, time_of_day

UNREADABLE = Verdict(
    Status.INVALID,
    "unreadable",
    "value that Python cannot hold, such as infinity, a year beyond 9999 or a time beyond 24 hours",
    "Mend the value, or turn it into NULL or text in the query.",
)


class Unreadable:
    """Stand for a cell whose value its driver cannot give.

    :param text: the value, as the database writes it.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def readable(value: Any) -> Any:
    """Return a value that the driver could read.

    :raises InvalidRow: if it could not.
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
    # A day that no calendar has comes as text.
    if str(value).startswith("0000-00-00"):
        return None
    raise InvalidRow(UNREADABLE)


def _set(value: Any) -> Any:
    return ",".join(sorted(value)) if isinstance(value, set) else value


#: MySQL's codes of types (https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html) and flags of columns
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

#: the driver's top package -> its code of a type -> what is made of such a value.
_VALUES: dict[str, Mapping[Any, Convert]] = {
    # bytea comes as a memoryview.
    "psycopg2": {_BYTEA: bytes},
    # inet and cidr come as objects.
    "psycopg": {_INET: str, _CIDR: str},
    "MySQLdb": _MYSQL,
    "pymysql": _MYSQL,
    "mysql": _MYSQL,
}


def converters(driver: str, cursor: Any) -> dict[int, Convert]:
    """Return the columns, by their place, whose values need a word, and the word.

    :param driver: the driver's top package.
    :param cursor: the cursor, once it knows its columns.
    """
    known = _VALUES.get(driver, {})
    if driver in ("psycopg", "psycopg2") and gives_bytes(cursor):
        known = {**known, **dict.fromkeys(_TEXTS, bytes.decode)}
    words = {place: known[column[1]] for place, column in enumerate(cursor.description) if column[1] in known}
    if driver == "mysql":
        words |= {place: _set for place, flags in enumerate(_flags(driver, cursor)) if flags & _SET}
    return words


def gives_bytes(cursor: Any) -> bool:
    """Tell whether text comes as bytes: from a PostgreSQL that does not know its encoding."""
    return bool(cursor.connection.info.parameter_status("client_encoding") == "SQL_ASCII")


def is_sorted_by_index(driver: str, cursor: Any, place: int) -> bool:
    """Tell whether a column is sorted by the index of its values though compared as text: MySQL's ENUM or SET."""
    flags = _flags(driver, cursor)
    return bool(flags and flags[place] & (_ENUM | _SET))


def _flags(driver: str, cursor: Any) -> list[int]:
    """Return the flags of MySQL's columns; for other databases none."""
    if driver == "MySQLdb":
        return list(cursor.description_flags)
    if driver == "mysql":
        return [column[7] for column in cursor.description]
    if driver == "pymysql":
        return [field.flags for field in cursor._result.fields]
    return []


def careful(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a driver's function that reads a cell, made to give `Unreadable` for what it cannot read."""

    def loaded(raw: Any) -> Any:
        try:
            return None if raw is None else load(raw)
        except Exception:  # the drivers' functions raise as they like
            return Unreadable(bytes(raw).decode("utf-8", "backslashreplace"))

    return loaded


def register_psycopg2_casts(cursor: Any) -> None:
    """Have a cursor of psycopg2 give `Unreadable` for what it cannot read, and note it as ``gave_unreadable``."""
    from psycopg2 import extensions

    for name in ("DATE", "TIME", "DATETIME", "DATETIMETZ", "INTERVAL"):
        kind, kinds = getattr(extensions, f"PY{name}"), getattr(extensions, f"PY{name}ARRAY")
        cast = extensions.new_type(kind.values, name, _psycopg2_cast(kind))
        extensions.register_type(cast, cursor)
        extensions.register_type(extensions.new_array_type(kinds.values, f"{name}ARRAY", cast), cursor)
    jsons = extensions.new_type(_JSONS, "JSON", _psycopg2_cast(lambda text, _: json.loads(text)))
    extensions.register_type(jsons, cursor)
    extensions.register_type(extensions.new_array_type(_JSON_ARRAYS, "JSONARRAY", jsons), cursor)
    if gives_bytes(cursor):
        extensions.register_type(extensions.BYTES, cursor)


def _psycopg2_cast(plain: Callable[[str, Any], Any]) -> Callable[[str | None, Any], Any]:
    def cast(text: str | None, cursor: Any) -> Any:
        if text is None:
            return None
        # By itself psycopg2 makes the last day of the year 9999 of infinity, and midnight of 24:00.
        if text[-1] != "y" and text[:3] != "24:":
            try:
                return plain(text, cursor)
            except Exception:
                pass
        cursor.gave_unreadable = True
        return Unreadable(text)

    return cast


def keep_mysqlclient_dates(convert: dict[Any, Any]) -> None:
    """Have mysqlclient give a day that no calendar has as text; by itself it makes NULL of it.

    :param convert: the connection's converters, by code of type.
    """
    from MySQLdb.converters import conversions

    for kind in _MYSQL_DATES:
        convert[kind] = _or_text(conversions[kind])


def _or_text(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def parsed(text: str) -> Any:
        value = parse(text)
        return text if value is None else value

    return parsed
