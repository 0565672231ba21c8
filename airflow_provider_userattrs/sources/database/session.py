# SPDX-License-Identifier: Apache-2.0
"""Configures the session of a database connection, so that text arrives in UTF-8 without loss."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.cells import MYSQL_TIMESTAMP, is_sorted_by_index
from airflow_provider_userattrs.sources.database.errors import describe, is_database_error, is_transient

log = logging.getLogger(__name__)

#: Time zones of MySQL without summer time.
_FIXED_ZONE = re.compile(r"UTC|GMT|[+-]\d\d?:\d\d", re.IGNORECASE)


@dataclass(frozen=True)
class Session:
    """A connection's session.

    :param driver: the driver's top-level package.
    :param repeats_an_hour: whether MySQL may show two TIMESTAMPs alike, when summer time ends.
    """

    driver: str
    repeats_an_hour: bool = False

    def check_key(self, cursor: Any, index: int) -> None:
        """Check that a column is sorted as it is compared; else resuming a push would lose rows.

        :param cursor: the database cursor, after the first fetch.
        :param index: the index of the column.
        :raises RefusedConfiguration: if it is not.
        """
        if self.driver not in drivers.MYSQL:
            return
        name, kind = cursor.description[index][:2]
        if is_sorted_by_index(self.driver, cursor, index):
            raise RefusedConfiguration(
                f"key {name!r} is an ENUM or SET, which MySQL sorts by the index of its values and compares as text; "
                f"in sql, use CAST({name} AS CHAR) AS a new column, and give that as key"
            )
        if kind == MYSQL_TIMESTAMP and self.repeats_an_hour:
            raise RefusedConfiguration(
                f"key {name!r} is a TIMESTAMP in a time zone with summer time, where an hour repeats; in sql, use "
                f"UNIX_TIMESTAMP({name}) AS a new column, and give that as key, or set the session's time_zone to "
                "'+00:00'"
            )


def configure_session(connection: Any) -> Session:
    """Make a connection return text in UTF-8 without loss, and return its session."""
    name = drivers.driver(connection)
    if name in drivers.MYSQL:
        return Session(name, _configure_mysql(connection))
    if name in ("psycopg", "psycopg2"):
        _configure_postgresql(name, connection)
    elif name == "sqlite3":
        # SQLite stores any bytes as text. Those that are not UTF-8 become lone surrogates, which make a row invalid.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return Session(name)


def _configure_mysql(connection: Any) -> bool:
    """Make MySQL write UTF-8; return whether its session's time zone may repeat an hour."""
    zone = "UTC"
    cursor = drivers.open_cursor(connection)
    try:
        cursor.execute("SELECT @@character_set_results, @@session.time_zone, @@system_time_zone")
        ((charset, zone, system_zone),) = cursor.fetchall()
        zone = system_zone if zone == "SYSTEM" else zone
        if charset != "utf8mb4":  # the server writes a ? for characters that another charset lacks
            _write_utf8(connection)
    except Exception as error:
        if not is_database_error(error, connection) or is_transient(error):
            raise
        log.warning(
            "The connection could not be set to UTF-8 (%s), so characters may arrive as ?. Set charset in its extra.",
            describe(error),
        )
    finally:
        cursor.close()
    return not _FIXED_ZONE.fullmatch(zone)


def _write_utf8(connection: Any) -> None:
    """Change the charset through the driver's own method, so that the driver decodes by it too."""
    names = ("set_charset_collation", "set_character_set", "set_charset")
    next(getattr(connection, name) for name in names if hasattr(connection, name))("utf8mb4")


def _configure_postgresql(name: str, connection: Any) -> None:
    """Make PostgreSQL write UTF-8, unless the database has no encoding (SQL_ASCII)."""
    server, client = (connection.info.parameter_status(f"{side}_encoding") for side in ("server", "client"))
    if server in (None, "SQL_ASCII") or client in ("UTF8", "UNICODE"):
        return
    if name == "psycopg2":
        connection.set_client_encoding("UTF8")
    else:
        connection.execute("SET client_encoding TO 'UTF8'")
