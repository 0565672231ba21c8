# SPDX-License-Identifier: Apache-2.0
"""Makes each database driver stream its rows, and continue after a cell that it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from airflow_provider_userattrs.sources.database.cells import keep_mysqlclient_dates, returns_bytes
from airflow_provider_userattrs.sources.database.psycopg2_casts import register_casts
from airflow_provider_userattrs.sources.database.unreadable import or_unreadable

#: Takes a connection and returns a database cursor that does not fetch all rows at once.
Open: TypeAlias = Callable[[Any], Any]

#: The top-level packages of MySQL's drivers.
MYSQL = ("MySQLdb", "pymysql", "mysql")

#: The name of a server-side cursor; each push has a connection of its own.
_NAME = "userattrs"


def _psycopg2(connection: Any) -> Any:
    from psycopg2.extensions import cursor
    from psycopg2.extras import register_uuid

    class Cursor(cursor):  # type: ignore[misc]
        gave_unreadable = False

    # The connection's own cursor_factory may return rows that are not tuples.
    opened = connection.cursor(_NAME, cursor_factory=Cursor)
    register_uuid(conn_or_curs=opened)
    register_casts(opened, text_as_bytes=returns_bytes(opened))
    return opened


def _psycopg(connection: Any) -> Any:
    from psycopg.rows import tuple_row

    opened = connection.cursor(_NAME)
    opened.row_factory = tuple_row
    return opened


def _mysqlclient(connection: Any) -> Any:
    from MySQLdb.cursors import SSCursor

    keep_mysqlclient_dates(connection.converter)
    return connection.cursor(SSCursor)


def _pymysql(connection: Any) -> Any:
    from pymysql.cursors import SSCursor

    return connection.cursor(SSCursor)


def _mysql_connector(connection: Any) -> Any:
    return connection.cursor(buffered=False, dictionary=False)


#: The driver's top-level package -> how it streams. Psycopg fetches a whole result unless the cursor is named
#: (https://www.psycopg.org/docs/usage.html#server-side-cursors), MySQL's drivers unless it is unbuffered
#: (https://mysqlclient.readthedocs.io/user_guide.html#using-and-extending).
_STREAMING: dict[str, Open] = {
    "psycopg2": _psycopg2,
    "psycopg": _psycopg,
    "MySQLdb": _mysqlclient,
    "pymysql": _pymysql,
    "mysql": _mysql_connector,
}


def driver(connection: Any) -> str:
    """Return the top-level package of a connection's driver."""
    return type(connection).__module__.partition(".")[0]


def open_cursor(connection: Any) -> Any:
    """Return a database cursor that streams, if the driver can."""
    opener = _STREAMING.get(driver(connection))
    return opener(connection) if opener else connection.cursor()


class CellByCell(list[Any]):
    """Rows that were read cell by cell; some cells are `Unreadable`."""


def fetch(connection: Any, cursor: Any, limit: int) -> list[Any]:
    """Return the next rows, up to a limit; as `CellByCell` if the driver cannot read a cell of them."""
    rows: list[Any]
    if driver(connection) != "psycopg":
        rows = cursor.fetchmany(limit)
        if getattr(cursor, "gave_unreadable", False):
            cursor.gave_unreadable = False
            return CellByCell(rows)
        return rows
    from psycopg import DataError

    before = cursor.pgresult
    try:
        rows = cursor.fetchmany(limit)
    except (DataError, ValueError, ArithmeticError, RecursionError) as error:
        # An error of the server has an SQLSTATE, and there are no rows. One without is from psycopg's conversion to
        # Python values, which converts all rows or none.
        if getattr(error, "sqlstate", None) or cursor.pgresult is before:
            raise
        return CellByCell(_cell_by_cell(cursor))
    return rows


def _cell_by_cell(cursor: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that psycopg fetched last."""
    result, adapters = cursor.pgresult, cursor.adapters
    loaders = []
    for column in range(result.nfields):
        kind, form = result.ftype(column), result.fformat(column)
        loader = adapters.get_loader(kind, form) or adapters.get_loader(0, form)  # 0: as text
        loaders.append(or_unreadable(loader(kind, cursor).load))
    for row in range(result.ntuples):
        yield tuple(load(result.get_value(row, column)) for column, load in enumerate(loaders))


def close(connection: Any, cursor: Any) -> None:
    """Close a connection in any state. What was read stays read, so that an error on closing is of no concern.

    MySQL's unbuffered cursors are not closed first: they would read the rest of their rows.
    """
    name = driver(connection)
    if cursor is not None and name == "psycopg":  # it warns about cursors left open
        with suppress(Exception):
            cursor.close()
    if name == "pymysql":  # else it tries to read the rest from the closed connection when the cursor is collected
        with suppress(AttributeError):
            connection._result.unbuffered_active = False
    with suppress(Exception):  # SQLite refuses in another thread, where an abandoned generator may be collected
        connection.close()
