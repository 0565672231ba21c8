# SPDX-License-Identifier: Apache-2.0
"""The session of a database connection: made to give all text whole, in UTF-8."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.cells import MYSQL_TIMESTAMP, is_sorted_by_index
from airflow_provider_userattrs.sources.database.errors import describe, is_database_error, is_passing

logger = logging.getLogger(__name__)

#: Time zones of MySQL that have no hour twice.
_STEADY_ZONE = re.compile(r"UTC|GMT|[+-]\d\d?:\d\d", re.IGNORECASE)


@dataclass(frozen=True)
class Session:
    """Say what is known of a connection's session.

    :param driver: the driver's top package.
    :param repeats_an_hour: whether MySQL's TIMESTAMPs may show an hour of autumn twice.
    """

    driver: str
    repeats_an_hour: bool = False

    def check_key(self, cursor: Any, place: int) -> None:
        """Check that a column is sorted as it is compared; else a resume would lose rows.

        :param cursor: the cursor, once it knows its columns.
        :param place: which column.
        :raises RefusedConfiguration: if it is not.
        """
        if self.driver not in drivers.MYSQL:
            return
        name, kind = cursor.description[place][:2]
        if is_sorted_by_index(self.driver, cursor, place):
            raise RefusedConfiguration(
                f"key {name!r} is an ENUM or SET, which MySQL sorts by the index of its values and compares as text; "
                f"in sql, name CAST({name} AS CHAR) so with AS"
            )
        if kind == MYSQL_TIMESTAMP and self.repeats_an_hour:
            raise RefusedConfiguration(
                f"key {name!r} is a TIMESTAMP in a time zone that may have an hour twice; in sql, name "
                f"UNIX_TIMESTAMP({name}) so with AS, or set the session's time_zone to '+00:00'"
            )


def settle(connection: Any) -> Session:
    """Have a connection give all text whole, and return what is known of its session."""
    name = drivers.driver(connection)
    if name in drivers.MYSQL:
        return Session(name, _settle_mysql(connection))
    if name in ("psycopg", "psycopg2"):
        _settle_postgresql(name, connection)
    elif name == "sqlite3":
        # SQLite takes any bytes for text. What is no UTF-8 becomes lone surrogates, for which no vendor has a place.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    return Session(name)


def _settle_mysql(connection: Any) -> bool:
    """Have MySQL write UTF-8 and tell whether its session's time zone may have an hour twice."""
    zone = "UTC"
    cursor = drivers.open_cursor(connection)
    try:
        cursor.execute("SELECT @@character_set_results, @@session.time_zone, @@system_time_zone")
        ((letters, zone, system_zone),) = cursor.fetchall()
        zone = system_zone if zone == "SYSTEM" else zone
        if letters != "utf8mb4":  # in any other the server writes a ? for letters that it lacks
            _write_utf8(connection)
    except Exception as error:
        if not is_database_error(error, connection) or is_passing(error):
            raise
        logger.warning(
            "The connection could not be set to UTF-8 (%s), so there may be a ? for letters: set its charset",
            describe(error),
        )
    finally:
        cursor.close()
    return not _STEADY_ZONE.fullmatch(zone)


def _write_utf8(connection: Any) -> None:
    """Change the character set by the driver's own function, so that it knows: mysql-connector's, and the others'."""
    names = ("set_charset_collation", "set_character_set", "set_charset")
    next(getattr(connection, name) for name in names if hasattr(connection, name))("utf8mb4")


def _settle_postgresql(name: str, connection: Any) -> None:
    """Have PostgreSQL write UTF-8, unless it does not know the encoding of its own text."""
    server, client = (connection.info.parameter_status(f"{side}_encoding") for side in ("server", "client"))
    if server in (None, "SQL_ASCII") or client in ("UTF8", "UNICODE"):
        return
    if name == "psycopg2":
        connection.set_client_encoding("UTF8")
    else:
        connection.execute("SET client_encoding TO 'UTF8'")
