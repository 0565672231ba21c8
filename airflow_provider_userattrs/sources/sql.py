# SPDX-License-Identifier: Apache-2.0
"""Reads rows from a database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, cast

from airflow_provider_userattrs.changes import Watermark
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.digest import digest
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.arguments import check_text, check_types, refuse_argument
from airflow_provider_userattrs.sources.chunks import one_by_one
from airflow_provider_userattrs.sources.database import drivers
from airflow_provider_userattrs.sources.database.connection import MAX_FETCHED, connect, database_of
from airflow_provider_userattrs.sources.database.key_query import ALL_KEYS, KeyFilter, KeyHash, KeyRange, quoted
from airflow_provider_userattrs.sources.database.key_reader import KeyReader
from airflow_provider_userattrs.sources.database.query import TWO_STATEMENTS, Query, column_index
from airflow_provider_userattrs.sources.database.statement import holds_two_statements
from airflow_provider_userattrs.sources.database.window import Times, Window, read_times
from airflow_provider_userattrs.sources.templates import is_deferred

__all__ = ["SqlRows"]

_QUERY = re.compile(r"\s*(SELECT|WITH)\s", re.IGNORECASE)

_SECOND = timedelta(seconds=1)

#: A name that needs no quotes in any database.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_query(text: str) -> bool:
    """Return whether a text looks like a query."""
    return _QUERY.match(text) is not None


class SqlRows:
    """Read rows through any Airflow connection whose hook is a common.sql ``DbApiHook``.

    Rows are streamed, 1,000 at a time.

    :param sql: one SELECT, or the name of a ``.sql`` file in the DAG's folder; may be a template.
    :param conn_id: the Airflow connection; may be a template.
    :param parameters: the values of the query's placeholders: a list, a tuple or a dict, as the driver takes it; may
        hold templates.
    :param key: a column of the query that is unique and never NULL. With a key, rows are read in its order, and a
        retry of the task reads only the unfinished ones; without it, a retry starts at the first row. It becomes
        an attribute only if ``attributes=`` lists it.
    :param types: column -> type, for databases that do not have the type: text, integer, float, decimal, boolean,
        date, timestamp, time, uuid, json.
    :param since: `Watermark`, to read only the rows that are new since the last push, and those that failed; None to
        read all. It needs ``key``, and ``changed_only`` of the operator.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    template_fields = ("sql", "conn_id", "parameters")
    template_ext = (".sql",)

    #: Whether all rows have the same columns.
    are_alike = True

    #: Whether the columns are declared; errors may name them then.
    are_declared = True

    def __init__(
        self,
        sql: str,
        *,
        conn_id: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        key: str | None = None,
        types: Mapping[str, str] | None = None,
        since: Watermark | None = None,
    ) -> None:
        check_text("sql", sql, "give one SELECT, or the name of a .sql file in the DAG's folder")
        if not is_deferred(sql) and not sql.endswith(self.template_ext) and holds_two_statements(sql):
            raise ValueError(TWO_STATEMENTS)
        check_text("conn_id", conn_id, "give the id of an Airflow connection")
        is_collection = isinstance(parameters, (Sequence, Mapping)) and not isinstance(parameters, (str, bytes))
        if parameters is not None and not is_collection and not is_deferred(parameters):
            raise ValueError(f"parameters is {kind_of(parameters)}; give a list, a tuple or a dict of values")
        if key is not None and (not isinstance(key, str) or not _NAME.fullmatch(key)):
            refuse_argument("key", key, "give a column of letters, digits and _; in sql, rename it with AS")
        check_types(types)
        if since is not None:
            _check_since(since, key, types)
        self.sql = sql
        self.conn_id = conn_id
        self.parameters = parameters
        self.key = key
        self.types = dict(types or {})
        #: Which keys are read. `shards` splits a source by it.
        self.key_filter: KeyFilter = ALL_KEYS
        self.since = since
        #: Which rows are read. `within` sets it.
        self.window: Window | None = None
        self._at_once = MAX_FETCHED
        self._names: list[str] | None = None

    def __repr__(self) -> str:
        return f"SqlRows(conn_id={self.conn_id!r}, key={self.key!r})"

    def column_names(self) -> list[str] | None:
        """Return the query's columns once it has been read; None before."""
        return self._names

    def where(self, key_filter: KeyFilter) -> SqlRows:
        """Return this source, limited to some keys."""
        limited = copy(self)
        limited.key_filter = key_filter
        return limited

    def within(self, window: Window) -> SqlRows:
        """Return this source, limited to the rows of a window."""
        limited = copy(self)
        limited.window = window
        return limited

    def first(self, limit: int) -> SqlRows:
        """Return this source for one who reads the first rows alone: no more are fetched at once."""
        limited = copy(self)
        limited._at_once = max(1, min(limit, MAX_FETCHED))
        return limited

    def read_times(self) -> Times:
        """Ask the database for its time, and for the type of the column that ``since`` names.

        :raises RefusedConfiguration: if the database is not supported, or the column is none of times.
        :raises RetryLater: if the database fails.
        """
        since = cast("Watermark", self.since)
        return read_times(self._query, since.column, since.timezone)

    def arguments(self) -> dict[str, Any]:
        """Return the source as JSON, for `from_arguments`; parameters keep their types."""
        return {
            "sql": self.sql,
            "conn_id": self.conn_id,
            "parameters": self.parameters,
            "key": self.key,
            "types": self.types,
            "key_filter": asdict(self.key_filter),
            "since": None if (since := self.since) is None else [since.column, since.lag / _SECOND, since.timezone],
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> SqlRows:
        """Return the source that `arguments` describes."""
        given = dict(arguments)
        key_filter = given.pop("key_filter")
        if (since := given.get("since")) is not None:
            column, lag, zone = since
            given["since"] = Watermark(column, lag=timedelta(seconds=lag), timezone=zone)
        source = cls(**given)
        source.key_filter = KeyHash(**key_filter) if "divisor" in key_filter else KeyRange(**key_filter)
        return source

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Keys]:
        """Yield the rows, and their keys if there is a key; `chunks` describes the rest."""
        return one_by_one(self.chunks(after))

    def chunks(self, after: Any = None) -> Iterator[Chunk | Keys]:
        """Yield the rows in chunks, each after its keys if there is a key.

        :param after: what earlier tries left unfinished, as `Unfinished.as_dict` describes it; None for all rows.
        :raises RefusedConfiguration: if the connection is not one to a database, the query does not work, or the key
            is NULL, not unique, not in order or of an unsupported type.
        :raises RetryLater: if the database fails while it is read.
        """
        if self.key is None:
            if after is not None:
                raise RefusedConfiguration("sql is read without a key and cannot be resumed; start at the first row")
            yield from self._query.chunks()
            return
        try:
            unfinished = None if after is None else Unfinished.from_dict(after)
        except ValueError:
            raise RefusedConfiguration("after is not a cursor of this source; start at the first row") from None
        reader = KeyReader(self._query)
        yield from reader.all_rows() if unfinished is None else reader.unfinished_rows(unfinished)

    def count(self) -> int:
        """Have the database count the rows, also those that ``since`` leaves out; it runs the query once more.

        :raises RefusedConfiguration: if the connection or the query does not work.
        :raises RetryLater: if the database fails.
        """
        return self._query.count()

    def check_key(self) -> None:
        """Check that the key is a column of the query.

        :raises RefusedConfiguration: if it is none.
        """
        self._query.check_key()

    def quoted_key(self) -> str:
        """Return the key, quoted as the database requires."""
        database = connect(self.conn_id)
        drivers.close(database.connection, None)
        return quoted(str(self.key), database.session.driver, self.sql)

    def any_key(self) -> tuple[Any, str]:
        """Return the key of an arbitrary row, or None if there is no row, and the driver's top-level package."""
        query = replace(self._query, key=None)
        with query.open() as opened:
            fetched = next(opened.fetched)
            maker = query.row_maker(opened)
            keys = maker.keys(fetched, column_index(maker.names, str(self.key)))
            return (keys[0] if keys else None), opened.session.driver

    def identity(self) -> Any:
        """Return a value that changes when the query or its parameters do; it holds their digest."""
        query = digest([self.sql, self.parameters, self.key_filter])
        since = {} if self.since is None else {"since": [self.since.column, self.since.timezone]}
        return {"conn_id": self.conn_id, "key": self.key, "query": query, **since}

    def query_digest(self) -> str:
        """Return a digest that changes when rows or values are read from elsewhere, or by another column of times."""
        since = self.since and [self.since.column, self.since.timezone]
        return digest([self.sql, self.parameters, database_of(self.conn_id), self.key, self.types, since])

    def check_resume(self) -> str | None:
        """Return why a retry cannot resume where the last try stopped, or None if it can.

        An ORDER BY would not be enough: rows deleted or inserted in between shift all those after them.
        """
        if self.key is not None:
            return None
        return (
            "sql is read without key= (a column that is unique and never NULL), so the rows sent cannot be identified"
        )

    @property
    def _query(self) -> Query:
        return Query(
            self.sql,
            self.conn_id,
            self.parameters,
            self.types,
            self.key,
            self.key_filter,
            self.window,
            self._at_once,
            on_columns=self._note_columns,
        )

    def _note_columns(self, names: list[str]) -> None:
        self._names = names


def _check_since(since: Any, key: str | None, types: Mapping[str, str] | None) -> None:
    if not isinstance(since, Watermark):
        refuse_argument("since", since, "give Watermark('updated_at'), or None to read all rows")
    if key is None:
        raise ValueError(
            "since needs key=, a column that is unique and never NULL: rows that fail are read again by it"
        )
    if types and key in types:
        raise ValueError(
            f"types names the key {key!r}, by which rows that fail are read again, as the database has it; convert "
            "another column"
        )
