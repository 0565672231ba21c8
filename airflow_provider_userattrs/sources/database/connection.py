# SPDX-License-Identifier: Apache-2.0
"""A connection of Airflow's to a database, and what a query of it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.errors import is_database_error, refused_or_later
from airflow_provider_userattrs.sources.database.session import Session, settle

#: Rows fetched at once.
_FETCH = 1_000


class Database(NamedTuple):
    """Hold an open connection.

    :param connection: the driver's.
    :param session: what is known of its session.
    :param placeholder: what stands for a value in its SQL.
    """

    connection: Any
    session: Session
    placeholder: str

    def query(self, cursor: Any, sql: str, parameters: Any) -> Iterator[list[Any]]:
        """Yield the rows of a query, as many as are fetched at once; at last empty lists.

        :raises RefusedConfiguration: if the database refuses the query.
        :raises RetryLater: if it fails while it is read.
        """
        refused, remedy = "sql is refused by the database", "mend the query or its data"
        later = "sql could not be read to its end"
        try:
            if parameters:
                cursor.execute(sql, parameters)
            else:
                cursor.execute(sql)
            # Psycopg's named cursors know their columns only once something was fetched.
            while drivers.driver(self.connection).startswith("psycopg") or cursor.description is not None:
                yield drivers.fetch(self.connection, cursor, _FETCH)
        except Exception as error:
            if is_database_error(error, self.connection):
                raise refused_or_later(error, refused, remedy, later) from None
            if isinstance(error, OSError):
                raise RetryLater(f"{later} ({type(error).__name__})") from None
            if isinstance(error, (ValueError, ArithmeticError, RecursionError)):  # its text may hold the value
                raise RefusedConfiguration(
                    f"{later}: the driver cannot read a value ({type(error).__name__}); {remedy}"
                ) from None
            raise
        yield []


def connect(conn_id: str) -> Database:
    """Return an open connection.

    :param conn_id: Airflow's connection.
    :raises RefusedConfiguration: if it is no database's, or the database refuses it.
    :raises RetryLater: if there is no connection to be had now.
    """
    hook, connection = _hook(conn_id), None
    try:
        connection = hook.get_conn()
        return Database(connection, settle(connection), hook.placeholder)
    except Exception as error:
        if connection is not None:
            drivers.close(connection, None)
        if not is_database_error(error, connection):
            raise
        name = f"conn_id {conn_id!r}"
        raise refused_or_later(
            error, f"{name} is refused by the database", "mend the connection", f"{name} gives no connection"
        ) from None


def _hook(conn_id: str) -> Any:
    from airflow.providers.common.compat.sdk import BaseHook

    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError:
        raise RefusedConfiguration("SqlRows needs apache-airflow-providers-common-sql; install it") from None
    connection: Any = BaseHook.get_connection(conn_id)
    hook = connection.get_hook()
    if not isinstance(hook, DbApiHook):
        raise RefusedConfiguration(
            f"conn_id {conn_id!r} is a connection to no SQL database (its hook is a {type(hook).__name__}); give one "
            "whose hook is a DbApiHook"
        )
    return hook
