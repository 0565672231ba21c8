# SPDX-License-Identifier: Apache-2.0
"""Rows of a database."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import asdict
from itertools import chain
from typing import Any

from airflow_provider_userattrs.push.bookmark import Bookmark
from airflow_provider_userattrs.push.errors import InvalidRow, RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.update import MalformedRow, Row
from airflow_provider_userattrs.sources import drivers, keyset
from airflow_provider_userattrs.sources.arguments import check_text, check_types, refuse
from airflow_provider_userattrs.sources.column_types import Convert, check_columns, convert
from airflow_provider_userattrs.sources.key_query import WHOLE, KeyHash, KeyPart, KeyRange, wrap
from airflow_provider_userattrs.sources.sql_order import has_certain_order
from airflow_provider_userattrs.sources.templates import is_deferred

#: Rows fetched at once, and rows between two bookmarks.
_FETCH = 1_000

#: A name that needs no quotes in any database.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SqlRows:
    """Read rows through any connection whose hook is a common.sql ``DbApiHook``.

    Rows are streamed: 1,000 at a time are in memory, whatever the query returns.

    :param sql: one SELECT, or the name of a ``.sql`` file of the DAG's folder; may be a template.
    :param conn_id: the Airflow connection; may be a template.
    :param parameters: the values of the query's placeholders, a list, a tuple or a dict as the driver takes it; may
        hold templates.
    :param key: a column of the query that is unique and never NULL. With it rows are read in its order, and a retry
        reads only those after the last one sent; without it a retry reads all of them and counts.
    :param types: column -> type, for databases that do not have the type: text, integer, float, decimal, boolean,
        date, timestamp, time, uuid, json.
    :raises ValueError: when the DAG is parsed, if an argument cannot work.
    """

    template_fields = ("sql", "conn_id", "parameters")
    template_ext = (".sql",)

    def __init__(
        self,
        sql: str,
        *,
        conn_id: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        key: str | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        check_text("sql", sql, "give one SELECT, or the name of a .sql file of the DAG's folder")
        check_text("conn_id", conn_id, "give the id of an Airflow connection")
        fit = parameters is None or (
            isinstance(parameters, (Sequence, Mapping)) and not isinstance(parameters, (str, bytes))
        )
        if not fit and not is_deferred(parameters):
            refuse("parameters", parameters, "give a list, a tuple or a dict of values")
        if key is not None and (not isinstance(key, str) or not _NAME.fullmatch(key)):
            refuse("key", key, "give a column of letters, digits and _; in sql, name it so with AS")
        check_types(types)
        self.sql = sql
        self.conn_id = conn_id
        self.parameters = parameters
        self.key = key
        self.types = dict(types or {})
        #: The keys whose rows are read; `shards` splits a source by it.
        self.part: KeyPart = WHOLE

    def __repr__(self) -> str:
        return f"SqlRows(conn_id={self.conn_id!r}, key={self.key!r})"

    def where(self, part: KeyPart) -> SqlRows:
        """Return this source for a part of the keys."""
        narrowed = copy(self)
        narrowed.part = part
        return narrowed

    def arguments(self) -> dict[str, Any]:
        """Return what `from_arguments` makes this source of again, as JSON but for the parameters' own types."""
        return {
            "sql": self.sql,
            "conn_id": self.conn_id,
            "parameters": self.parameters,
            "key": self.key,
            "types": self.types,
            "part": asdict(self.part),
        }

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> SqlRows:
        """Return the source that `arguments` described."""
        given = dict(arguments)
        part = given.pop("part")
        source = cls(**given)
        source.part = KeyHash(**part) if "divisor" in part else KeyRange(**part)
        return source

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Bookmark]:
        """Yield the rows, and bookmarks if there is a key.

        :param after: a place from one of the bookmarks; None for all rows.
        :raises RefusedConfiguration: if the connection is no database's, the query does not work, or the key is
            NULL, repeats, goes backwards or is of no fit type.
        :raises RetryLater: if the database fails while it is read.
        """
        if after is not None and self.key is None:
            raise RefusedConfiguration("key is not set, so sql cannot go on from a place; start at the first row")
        last = None if after is None else keyset.decode_key(after)
        hook = _hook(self.conn_id)
        connection = hook.get_conn()
        cursor = None
        try:
            sql, parameters = self.sql, self.parameters
            if self.key is not None:
                driver = drivers.driver(connection)
                sql, parameters = wrap(
                    sql, parameters, self.key, hook.placeholder, after=last, part=self.part, driver=driver
                )
            cursor = drivers.open_cursor(connection)
            batches = _fetch(connection, cursor, sql, parameters)
            yield from self._read(connection, cursor, batches, last)
        finally:
            drivers.close(connection, cursor)

    def identity(self) -> Any:
        """Return what changes when the query or its parameters do, by their digest."""
        parts = json.dumps(
            [self.sql, self.parameters, repr(self.part)], default=lambda value: [type(value).__name__, str(value)]
        )
        return {"conn_id": self.conn_id, "key": self.key, "query": hashlib.sha256(parts.encode()).hexdigest()}

    def check_resume(self) -> str | None:
        """Return a warning if a retry counts past rows whose order may have changed."""
        if self.key is not None:
            return None
        if not has_certain_order(self.sql):
            return (
                "sql has no certain ORDER BY, so a retry may count past other rows than those sent; give key= a "
                "column that is unique and never NULL, or order by one"
            )
        return None

    def _read(
        self, connection: Any, cursor: Any, batches: Iterator[list[Any]], last: Any
    ) -> Iterator[Row | MalformedRow | Bookmark]:
        first = next(batches)
        if cursor.description is None:
            raise RefusedConfiguration("sql returns no rows; give one SELECT")
        names = [column[0] for column in cursor.description]
        check_columns(names, self.types, "sql")
        place = _key_place(names, self.key) if self.key is not None else None
        watch = keyset.KeyWatch(self.key or "", last)
        values = drivers.value_converters(connection, cursor.description)
        make = _maker(names, values, self.types)
        if place is None:
            for batch in chain([first], batches):
                if not batch:
                    return
                yield from map(make, batch)
            return
        word = dict(values).get(place, _same)
        batch = first
        while batch:
            marked = batch is first
            for cells in batch:
                before, key = watch.last, cells[place]
                if watch.passes(key if key is None else word(key)) and not marked:
                    # One a fetch, as soon as it is sure that the rows before it end there.
                    yield Bookmark(keyset.encode_key(before))
                    marked = True
                yield make(cells)
            batch = next(batches)


def _same(value: Any) -> Any:
    return value


def _maker(
    names: list[str], values: list[tuple[int, Convert]], types: Mapping[str, str]
) -> Callable[[Any], Row | MalformedRow]:
    """Return what makes a row of the cells that the cursor gives."""

    def plain(cells: Any) -> dict[str, Any]:
        return dict(zip(names, cells))  # noqa: B905  as many cells as names: the driver sees to it

    def worded(cells: Any) -> dict[str, Any]:
        row = plain(cells)
        for place, word in values:
            if (value := cells[place]) is not None:
                row[names[place]] = word(value)
        return row

    make = worded if values else plain

    def typed(cells: Any) -> Row | MalformedRow:
        row = make(cells)
        raw = dict(row)
        try:
            convert(row, types)
        except InvalidRow as invalid:
            return MalformedRow(invalid.verdict, raw)
        return row

    return typed if types else make


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


def _fetch(connection: Any, cursor: Any, sql: str, parameters: Any) -> Iterator[list[Any]]:
    """Yield what is fetched at once, at last empty lists."""
    try:
        if parameters:
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql)
        # Psycopg's named cursors know their columns only once something was fetched.
        while drivers.driver(connection).startswith("psycopg") or cursor.description is not None:
            yield cursor.fetchmany(_FETCH)
    except Exception as error:
        if not drivers.is_database_error(connection, error):
            raise
        # The database's own text may repeat values of rows.
        words = drivers.describe(error)
        if drivers.is_for_good(error):
            raise RefusedConfiguration(
                f"sql is refused by the database ({words}); mend the query or its data"
            ) from None
        raise RetryLater(f"sql could not be read to its end ({words}); the database's log says more") from None
    yield []


def _key_place(names: list[str], key: str) -> int:
    """Return where the key is among the columns; databases fold the case of names, each in its way."""
    for fold in (str, str.lower):
        if fold(key) in (folded := [fold(name) for name in names]):
            return folded.index(fold(key))
    raise RefusedConfiguration(f"key {key!r} is no column of sql, which gives {', '.join(names)[:300]}")
