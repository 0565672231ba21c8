# SPDX-License-Identifier: Apache-2.0
"""Opens an Airflow connection to a database, and fetches the rows of a query."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.errors import is_database_error, refused_or_later
from airflow_provider_userattrs.sources.database.read_ahead import read_ahead
from airflow_provider_userattrs.sources.database.session import Session, configure_session
from airflow_provider_userattrs.sources.packages import database_package

#: Rows fetched at once, at most.
MAX_FETCHED = 1_000


class Database(NamedTuple):
    """An open connection.

    :param connection: the driver's connection.
    :param session: its session.
    :param placeholder: the placeholder for a value in its SQL.
    """

    connection: Any
    session: Session
    placeholder: str

    def query(
        self, cursor: Any, sql: str, parameters: Any, problem: str | None = None, at_once: int = MAX_FETCHED
    ) -> Generator[list[Any]]:
        """Yield the rows of a query in chunks of cells; after the last one an empty list.

        :param cursor: an open database cursor.
        :param sql: the query.
        :param parameters: the values of its placeholders.
        :param problem: the remedy if the query is refused, if a better one is known than to fix it.
        :param at_once: how many rows are fetched at once.
        :raises RefusedConfiguration: if the database refuses the query.
        :raises RetryLater: if the database fails while it is read.
        """
        refused, remedy = "sql is refused by the database", problem or "fix the query or its data"
        later = "sql could not be read to its end"
        try:
            _execute(cursor, sql, parameters, problem)
            fetch = partial(drivers.fetch, self.connection, cursor, at_once)
            # Psycopg's named cursors know their columns only after the first fetch.
            if drivers.driver(self.connection).startswith("psycopg"):
                yield from read_ahead(fetch, self.connection, at_once)
            while cursor.description is not None:
                yield fetch()
        except Exception as error:
            if is_database_error(error, self.connection):
                raise refused_or_later(error, refused, remedy, later) from None
            if isinstance(error, OSError):
                raise RetryLater(
                    f"{later} ({type(error).__name__}); check the network between the worker and the database"
                ) from None
            if isinstance(error, (ValueError, ArithmeticError, RecursionError)):  # its message may hold the value
                raise RefusedConfiguration(
                    f"{later}: the driver cannot read a value ({type(error).__name__}); {remedy}"
                ) from None
            raise
        yield []


def _execute(cursor: Any, sql: str, parameters: Any, problem: str | None) -> None:
    try:
        if parameters:
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql)
    except (LookupError, TypeError, ValueError) as error:  # from drivers that fill in the placeholders themselves
        if not problem:
            raise
        raise RefusedConfiguration(f"sql and its parameters do not fit ({type(error).__name__}); {problem}") from None


def connect(conn_id: str) -> Database:
    """Open a connection.

    :param conn_id: the Airflow connection.
    :raises RefusedConfiguration: if it is not one to an SQL database, or the database refuses it.
    :raises RetryLater: if the database cannot be reached now.
    """
    hook, connection = hook_of(conn_id), None
    try:
        connection = hook.get_conn()
        return Database(connection, configure_session(connection), hook.placeholder)
    except Exception as error:
        if connection is not None:
            drivers.close(connection, None)
        if not is_database_error(error, connection):
            raise
        name = f"conn_id {conn_id!r}"
        raise refused_or_later(
            error, f"{name} is refused by the database", "fix the connection", f"{name} cannot connect"
        ) from None


def database_of(conn_id: str) -> list[Any]:
    """Return which database a connection leads to, as far as Airflow knows."""
    from airflow_provider_userattrs._airflow import BaseHook

    connection: Any = BaseHook.get_connection(conn_id)
    return [connection.conn_type, connection.host, connection.port, connection.schema]


def hook_of(conn_id: str) -> Any:
    """Return the hook of a connection to an SQL database.

    :raises RefusedConfiguration: if it is none.
    """
    from airflow_provider_userattrs._airflow import AirflowException, BaseHook

    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError:
        raise RefusedConfiguration(
            f"conn_id {conn_id!r} needs apache-airflow-providers-common-sql; install it"
        ) from None
    connection: Any = BaseHook.get_connection(conn_id)
    try:
        hook = connection.get_hook()
    except (AirflowException, ImportError) as error:
        if not isinstance(error, ImportError) and "Unknown hook type" not in str(error):
            raise
        kind = connection.conn_type
        if not kind:
            raise RefusedConfiguration(f"conn_id {conn_id!r} has no type; set it to that of the database") from None
        package = database_package(kind)
        remedy = f"install {package}" if package else "check its type, or install the provider of that type"
        raise RefusedConfiguration(
            f"conn_id {conn_id!r} is of the type {kind!r}, whose hook cannot be imported; {remedy}"
        ) from None
    if not isinstance(hook, DbApiHook):
        raise RefusedConfiguration(
            f"conn_id {conn_id!r} is not a connection to an SQL database (its hook is {kind_of(hook)}); give "
            "one whose hook is a DbApiHook"
        )
    return hook
