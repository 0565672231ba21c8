# SPDX-License-Identifier: Apache-2.0
"""How each database driver is made to stream, and to go on past a cell that it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from airflow_provider_userattrs.sources.database import cells

#: Takes a connection, gives a cursor that does not fetch all rows at once.
Open: TypeAlias = Callable[[Any], Any]

#: The top packages of MySQL's drivers.
MYSQL = ("MySQLdb", "pymysql", "mysql")

#: A server-side cursor's name; each push has a connection of its own.
_NAME = "userattrs"


def _psycopg2(connection: Any) -> Any:
    from psycopg2.extensions import cursor
    from psycopg2.extras import register_uuid

    class Cursor(cursor):  # type: ignore[misc]
        gave_unreadable = False

    # The connection may be set to another kind of cursor, whose rows are no tuples.
    opened = connection.cursor(_NAME, cursor_factory=Cursor)
    register_uuid(conn_or_curs=opened)
    cells.register_psycopg2_casts(opened)
    return opened


def _psycopg(connection: Any) -> Any:
    from psycopg.rows import tuple_row

    opened = connection.cursor(_NAME)
    opened.row_factory = tuple_row
    return opened


def _mysqlclient(connection: Any) -> Any:
    from MySQLdb.cursors import SSCursor

    cells.keep_mysqlclient_dates(connection.converter)
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


def driver(connection: Any) -> str:
    """Return the top package of a connection's driver."""
    return type(connection).__module__.partition(".")[0]


def open_cursor(connection: Any) -> Any:
    """Return a cursor that streams, where the driver can."""
    opener = _STREAMING.get(driver(connection))
    return opener(connection) if opener else connection.cursor()


class CellByCell(list[Any]):
    """Hold rows of which some have cells that are `cells.Unreadable`."""


def fetch(connection: Any, cursor: Any, most: int) -> list[Any]:
    """Return the next rows, at most so many: as `CellByCell` if one has a cell that the driver cannot read."""
    rows: list[Any]
    if driver(connection) != "psycopg":
        rows = cursor.fetchmany(most)
        if getattr(cursor, "gave_unreadable", False):
            cursor.gave_unreadable = False
            return CellByCell(rows)
        return rows
    from psycopg import DataError

    before = cursor.pgresult
    try:
        rows = cursor.fetchmany(most)
    except (DataError, ValueError, ArithmeticError, RecursionError) as error:
        # An error of the server's has an SQLSTATE, and no rows came. Without one it is of the quick code that makes
        # Python values of the rows, all or none.
        if getattr(error, "sqlstate", None) or cursor.pgresult is before:
            raise
        return CellByCell(_cell_by_cell(cursor))
    return rows


def _cell_by_cell(cursor: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that psycopg fetched last."""
    result, adapters = cursor.pgresult, cursor.adapters
    loaders = []
    for place in range(result.nfields):
        kind, form = result.ftype(place), result.fformat(place)
        loader = adapters.get_loader(kind, form) or adapters.get_loader(0, form)  # 0: as text
        loaders.append(cells.careful(loader(kind, cursor).load))
    for number in range(result.ntuples):
        yield tuple(load(result.get_value(number, place)) for place, load in enumerate(loaders))


def close(connection: Any, cursor: Any) -> None:
    """Close a connection, whatever state it is in.

    An unbuffered cursor of MySQL is not closed first: it would read the rest of its rows.
    """
    name = driver(connection)
    if cursor is not None and name == "psycopg":  # it warns of cursors left open
        with suppress(Exception):
            cursor.close()
    if name == "pymysql":  # it would still read the rest, from nowhere, when the cursor is collected
        with suppress(AttributeError):
            connection._result.unbuffered_active = False
    connection.close()
