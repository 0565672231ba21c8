# SPDX-License-Identifier: Apache-2.0
"""A query on an Airflow connection: opened, fetched in chunks, and made into rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import PushError, RefusedConfiguration
from airflow_provider_userattrs.push.model.phrases import did_you_mean, listed
from airflow_provider_userattrs.sources.column_types import check_columns
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.blocking import interruptible
from airflow_provider_userattrs.sources.database.cells import converters
from airflow_provider_userattrs.sources.database.connection import MAX_FETCHED, connect
from airflow_provider_userattrs.sources.database.key_query import (
    ALL_KEYS,
    KeyFilter,
    Selection,
    quoted,
    row_count,
    without_rows,
    wrap,
)
from airflow_provider_userattrs.sources.database.placeholders import placeholder_problem
from airflow_provider_userattrs.sources.database.row_maker import RowMaker
from airflow_provider_userattrs.sources.database.session import Session
from airflow_provider_userattrs.sources.database.statement import holds_two_statements

TWO_STATEMENTS = "sql has a second statement after a semicolon; give one SELECT"

#: What SQLite calls the second column `n` of a subquery: `n:1`.
_RENAMED = re.compile(r".+:\d+", re.DOTALL)


class Limit(Protocol):
    """Selects rows by more than their key."""

    @property
    def column(self) -> str:
        """Return the column that it needs."""

    def condition(self, column: str, key: str) -> tuple[str, list[Any]]:
        """Return an SQL condition with placeholders {}, and the values to compare with.

        :param column: the quoted column.
        :param key: the quoted key.
        """


class OpenQuery(NamedTuple):
    """A query that is being read.

    :param session: the session of its connection.
    :param cursor: the database cursor.
    :param fetched: the cells of the rows, as many at once as `Database.query` fetches; at last empty lists.
    """

    session: Session
    cursor: Any
    fetched: Generator[list[Any]]


@dataclass(frozen=True)
class Query:
    """A query.

    :param sql: one SELECT.
    :param conn_id: the Airflow connection.
    :param parameters: the values of its placeholders.
    :param types: column -> name of its declared type.
    :param key: the column by which rows are read in order; None to read them in the database's order.
    :param key_filter: which keys are read.
    :param limit: which of the rows are read, for a query with a key; None for all.
    :param at_once: how many rows are fetched at once.
    :param on_columns: called with the names of the columns, once the query has run.
    """

    sql: str
    conn_id: str
    parameters: Any
    types: Mapping[str, str]
    key: str | None = None
    key_filter: KeyFilter = ALL_KEYS
    limit: Limit | None = None
    at_once: int = MAX_FETCHED
    on_columns: Callable[[list[str]], None] | None = None

    @contextmanager
    def open(self, **selection: Any) -> Iterator[OpenQuery]:
        """Run the query.

        :param selection: which rows to read, as `wrap` takes it.
        :raises RefusedConfiguration: if the connection or the query does not work.
        :raises RetryLater: if the database fails.
        """
        sql, parameters = self.sql, self.parameters
        if holds_two_statements(sql):
            raise RefusedConfiguration(TWO_STATEMENTS)
        database = connect(self.conn_id)
        cursor, driver = None, database.session.driver
        try:
            if self.key is not None:
                key = quoted(self.key, driver, sql)
                limit = self.limit
                sql, parameters = wrap(
                    sql,
                    parameters,
                    key,
                    database.placeholder,
                    key_filter=self.key_filter,
                    also=None if limit is None else limit.condition(quoted(limit.column, driver, sql), key),
                    driver=driver,
                    **selection,
                )
            cursor = drivers.open_cursor(database.connection)
            with interruptible(database.connection):
                problem = placeholder_problem(self.sql, self.parameters, driver)
                fetched = database.query(cursor, sql, parameters, problem, self.at_once)
                with closing(fetched):  # before the connection
                    yield OpenQuery(database.session, cursor, fetched)
        finally:
            drivers.close(database.connection, cursor)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows."""
        with self.open() as opened:
            fetched = next(opened.fetched)
            maker = self.row_maker(opened)
            while fetched:
                yield maker.chunk(fetched)
                fetched = next(opened.fetched)

    def count(self) -> int:
        """Return how many rows there are, whatever ``limit`` is."""
        counting = replace(self, limit=None, on_columns=None)
        if self.key is None:
            opening = replace(counting, sql=row_count(self.sql)).open()
        else:
            opening = counting.open(selection=Selection.COUNTED)
        with opening as opened:
            [[count]] = next(opened.fetched)
            return int(count)

    def check_key(self) -> None:
        """Check that the key is a column of the query, once the database has refused to read by it.

        :raises RefusedConfiguration: if it is none; where the query itself does not work, its own error says more.
        """
        if names := self._own_names(sql=without_rows(self.sql)):
            column_index(names, str(self.key))

    def row_maker(self, opened: OpenQuery) -> RowMaker:
        """Return what makes rows of the fetched cells. The first rows must have been fetched."""
        if opened.cursor.description is None:
            raise RefusedConfiguration("sql returns no rows; give one SELECT")
        names = [column[0] for column in opened.cursor.description]
        if self.on_columns is not None:
            self.on_columns(names)
        is_wrapped = self.key is not None and opened.session.driver == "sqlite3"
        if is_wrapped and any(_RENAMED.fullmatch(name) for name in names):
            check_columns(self._own_names(), {}, "sql")
        check_columns(names, self.types, "sql")
        return RowMaker(names, converters(opened.session.driver, opened.cursor), self.types)

    def _own_names(self, **changes: Any) -> list[str]:
        """Return the columns of the query, run by itself and not by its key; none if that fails."""
        with suppress(PushError), replace(self, key=None, **changes).open() as opened:
            next(opened.fetched)
            return [column[0] for column in opened.cursor.description or ()]
        return []


def column_index(names: list[str], key: str, parameter: str = "key") -> int:
    """Return the index of the key among the columns. Databases fold the case of names, each in its own way.

    :param names: the columns.
    :param key: the key.
    :param parameter: which parameter names it, for the error.
    :raises RefusedConfiguration: if it is not among them.
    """
    for fold in (str, str.lower):
        if fold(key) in (folded := [fold(name) for name in names]):
            return folded.index(fold(key))
    raise RefusedConfiguration(
        f"{parameter} names the column {key!r}{did_you_mean(key, names)}, which sql does not have; the columns are "
        f"{listed(names)}"
    )
