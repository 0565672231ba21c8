# SPDX-License-Identifier: Apache-2.0
"""How each database driver is made to stream, and what of its values needs a word."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

from airflow_provider_userattrs.sources.column_types import Convert

#: Takes a connection, gives a cursor that does not fetch all rows at once.
Open: TypeAlias = Callable[[Any], Any]

#: A server-side cursor's name; each push has a connection of its own.
_NAME = "userattrs"


def _psycopg2(connection: Any) -> Any:
    from psycopg2.extensions import cursor
    from psycopg2.extras import register_uuid

    # The connection may be set to another kind of cursor, whose rows are no tuples.
    opened = connection.cursor(_NAME, cursor_factory=cursor)
    register_uuid(conn_or_curs=opened)
    return opened


def _psycopg(connection: Any) -> Any:
    from psycopg.rows import tuple_row

    opened = connection.cursor(_NAME)
    opened.row_factory = tuple_row
    return opened


def _mysqlclient(connection: Any) -> Any:
    from MySQLdb.cursors import SSCursor

    return connection.cursor(SSCursor)


def _pymysql(connection: Any) -> Any:
    from pymysql.cursors import SSCursor

    return connection.cursor(SSCursor)


def _mysql_connector(connection: Any) -> Any:
    return connection.cursor(buffered=False, dictionary=False)


#: the driver's top package -> how it streams. Psycopg fetches a whole result but through a named cursor
#: (https://www.psycopg.org/docs/usage.html#server-side-cursors), MySQL's drivers but through an unbuffered one
#: (https://mysqlclient.readthedocs.io/user_guide.html#using-and-extending).
_STREAMING: dict[str, Open] = {
    "psycopg2": _psycopg2,
    "psycopg": _psycopg,
    "MySQLdb": _mysqlclient,
    "pymysql": _pymysql,
    "mysql": _mysql_connector,
}

#: the driver's top package -> its code of a type -> what is made of such a value.
_VALUES: dict[str, dict[Any, Convert]] = {
    "psycopg2": {17: bytes},  # bytea comes as a memoryview
    # JSON comes as text (MySQL's FIELD_TYPE.JSON).
    "MySQLdb": {245: json.loads},
    "pymysql": {245: json.loads},
    "mysql": {245: json.loads},
}


def driver(connection: Any) -> str:
    """Return the top package of a connection's driver."""
    return type(connection).__module__.partition(".")[0]


def open_cursor(connection: Any) -> Any:
    """Return a cursor that streams, where the driver can."""
    opener = _STREAMING.get(driver(connection))
    return opener(connection) if opener else connection.cursor()


def value_converters(connection: Any, description: Any) -> list[tuple[int, Convert]]:
    """Return the columns, by their place, whose values need a word, and the word.

    :param connection: the connection.
    :param description: the cursor's.
    """
    converters = _VALUES.get(driver(connection), {})
    return [(place, converters[column[1]]) for place, column in enumerate(description) if column[1] in converters]


def close(connection: Any, cursor: Any) -> None:
    """Close a connection, whatever state it is in.

    An unbuffered cursor of MySQL is not closed first: it would read the rest of its rows.
    """
    if cursor is not None and driver(connection) == "psycopg":  # it warns of cursors left open
        with suppress(Exception):
            cursor.close()
    connection.close()


#: SQLSTATEs of PostgreSQL whose message holds names and no values
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_NAMES_ONLY = {"42P01", "42703", "42883", "42501", "57014", "3F000"}

#: Kinds of database errors (PEP 249) that a retry would only repeat.
_FOR_GOOD = {"ProgrammingError", "DataError", "IntegrityError", "NotSupportedError"}


def is_database_error(connection: Any, error: Exception) -> bool:
    """Tell whether an exception is the driver's own."""
    module = sys.modules.get(driver(connection))
    kind = getattr(module, "Error", None)
    return isinstance(kind, type) and isinstance(error, kind)


def is_for_good(error: Exception) -> bool:
    """Tell whether a retry would end the same way."""
    return any(kind.__name__ in _FOR_GOOD for kind in type(error).__mro__)


def describe(error: Exception) -> str:
    """Return what may be said of a database's error: its own text may repeat a row's values."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    words = type(error).__name__ + (f" {state}" if state else "")
    text = getattr(getattr(error, "diag", None), "message_primary", None) if state in _NAMES_ONLY else None
    if text is None and str(error).startswith(("no such table:", "no such column:")):  # SQLite
        text = str(error)
    return f"{words}: {text}" if text else words
