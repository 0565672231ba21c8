# SPDX-License-Identifier: Apache-2.0
"""Rows of a database."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import asdict
from typing import Any

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.resume.unfinished import Edge, Gap, Unfinished
from airflow_provider_userattrs.sources.arguments import check_text, check_types, refuse
from airflow_provider_userattrs.sources.column_types import check_columns
from airflow_provider_userattrs.sources.database import drivers, keyset
from airflow_provider_userattrs.sources.database.blocking import breakable
from airflow_provider_userattrs.sources.database.cells import converters
from airflow_provider_userattrs.sources.database.connection import connect
from airflow_provider_userattrs.sources.database.key_query import WHOLE, KeyHash, KeyPart, KeyRange, Which, quoted, wrap
from airflow_provider_userattrs.sources.database.row_maker import RowMaker
from airflow_provider_userattrs.sources.database.session import Session
from airflow_provider_userattrs.sources.database.statement import holds_two_statements
from airflow_provider_userattrs.sources.templates import is_deferred

__all__ = ["SqlRows"]

logger = logging.getLogger(__name__)

#: A name that needs no quotes in any database.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TWO_STATEMENTS = "sql holds a second statement behind a semicolon; give one SELECT"


class SqlRows:
    """Read rows through any connection whose hook is a common.sql ``DbApiHook``.

    Rows are streamed: 1,000 at a time are in memory, whatever the query returns.

    :param sql: one SELECT, or the name of a ``.sql`` file of the DAG's folder; may be a template.
    :param conn_id: the Airflow connection; may be a template.
    :param parameters: the values of the query's placeholders, a list, a tuple or a dict as the driver takes it; may
        hold templates.
    :param key: a column of the query that is unique and never NULL. With it rows are read in its order, and a retry
        reads only those that are not finished; without it a retry starts at the first row.
    :param types: column -> type, for databases that do not have the type: text, integer, float, decimal, boolean,
        date, timestamp, time, uuid, json.
    :raises ValueError: when the DAG is parsed, if an argument cannot work.
    """

    template_fields = ("sql", "conn_id", "parameters")
    template_ext = (".sql",)

    #: Whether all rows have the same columns.
    are_alike = True

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
        if not is_deferred(sql) and not sql.endswith(self.template_ext) and holds_two_statements(sql):
            raise ValueError(_TWO_STATEMENTS)
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

    def rows(self, after: Any = None) -> Iterator[Row | MalformedRow | Keys]:
        """Yield the rows, and their keys if there is a key.

        :param after: what earlier tries left unfinished, as `Unfinished` says it; None for all rows.
        :raises RefusedConfiguration: if the connection is no database's, the query does not work, or the key is
            NULL, repeats, goes backwards or is of no fit type.
        :raises RetryLater: if the database fails while it is read.
        """
        if self.key is None:
            if after is not None:
                raise RefusedConfiguration("key is not set, so sql cannot go on from a place; start at the first row")
            with self._opened() as (session, cursor, batches):
                batch = next(batches)
                maker = self._maker(session, cursor)
                while batch:
                    yield from maker.rows(batch)
                    batch = next(batches)
            return
        try:
            unfinished = None if after is None else Unfinished.from_dict(after)
        except ValueError:
            raise RefusedConfiguration("after is no place of this source; start at the first row") from None
        yield from self._read_all() if unfinished is None else self._read_rest(unfinished)

    def quoted_key(self) -> str:
        """Return the key as the database takes it for a column, whatever it is called."""
        database = connect(self.conn_id)
        drivers.close(database.connection, None)
        return quoted(str(self.key), database.session.driver, self.sql)

    def first_key(self) -> tuple[Any, str]:
        """Return the key of a row, whichever comes first, and the driver's top package; None if there is no row."""
        unordered = copy(self)
        unordered.key = None
        with unordered._opened() as (session, cursor, batches):
            batch = next(batches)
            maker = unordered._maker(session, cursor)
            keys = maker.keys(batch, _key_place(maker.names, str(self.key)))
            return (keys[0] if keys else None), session.driver

    def identity(self) -> Any:
        """Return what changes when the query or its parameters do, by their digest."""
        parts = json.dumps(
            [self.sql, self.parameters, repr(self.part)], default=lambda value: [type(value).__name__, str(value)]
        )
        return {"conn_id": self.conn_id, "key": self.key, "query": hashlib.sha256(parts.encode()).hexdigest()}

    def check_resume(self) -> str | None:
        """Return why a retry cannot go on where the last try stopped, or None.

        Not even an ORDER BY would do: rows that are deleted or inserted in between move all that follow.
        """
        if self.key is not None:
            return None
        return "sql is read without key= (a column that is unique and never NULL), so no row can be found again"

    @contextmanager
    def _opened(self, **which: Any) -> Iterator[tuple[Session, Any, Iterator[list[Any]]]]:
        """Yield session, cursor and what is fetched.

        :param which: which rows, as `wrap` takes it.
        """
        sql, parameters = self.sql, self.parameters
        if holds_two_statements(sql):
            raise RefusedConfiguration(_TWO_STATEMENTS)
        database = connect(self.conn_id)
        cursor, driver = None, database.session.driver
        try:
            if self.key is not None:
                key = quoted(self.key, driver, sql)
                sql, parameters = wrap(
                    sql, parameters, key, database.placeholder, part=self.part, driver=driver, **which
                )
            cursor = drivers.open_cursor(database.connection)
            with breakable(database.connection):
                yield database.session, cursor, database.query(cursor, sql, parameters)
        finally:
            drivers.close(database.connection, cursor)

    def _maker(self, session: Session, cursor: Any) -> RowMaker:
        """Return what makes rows of the cells that a cursor gives, once something was fetched."""
        if cursor.description is None:
            raise RefusedConfiguration("sql returns no rows; give one SELECT")
        names = [column[0] for column in cursor.description]
        check_columns(names, self.types, "sql")
        return RowMaker(names, converters(session.driver, cursor), self.types)

    def _read_all(self) -> Iterator[Row | MalformedRow | Keys]:
        watch = keyset.KeyWatch(str(self.key))
        for keys, rows in self._fetched():
            yield Keys(keys, watch.pass_all(keys))
            yield from rows

    def _read_rest(self, unfinished: Unfinished) -> Iterator[Row | MalformedRow | Keys]:
        """Yield what is unfinished: first what may have been sent, which the database alone can tell."""
        watch = keyset.KeyWatch(str(self.key), unfinished.kind)
        beside: set[Any] = set()
        for which in (Which.NOT_SENT,) if unfinished.sent_upto is None else (Which.SENT, Which.NOT_SENT):
            for keys, rows in self._fetched(beside, unfinished, which):
                alike = watch.pass_all(keys)
                if which is Which.NOT_SENT and keys[0] == unfinished.sent_upto:
                    # A driver may cut what the database compares; so the last row sent is found behind itself.
                    yield Keys(keys[:1], in_doubt=True)
                    yield next(rows)
                    keys, alike = keys[1:], [number - 1 for number in alike if number]
                yield Keys(keys, alike, in_doubt=which is Which.SENT)
                yield from rows
        finished = self._count_finished(unfinished)
        yield Keys((), still_there=None if finished is None else finished + len(beside))

    def _count_finished(self, unfinished: Unfinished) -> int | None:
        """Return how many rows there still are of those that are finished, without the ones beside unfinished ones."""
        if not unfinished.tries:
            return 0
        with suppress(RetryLater), self._opened(unfinished=unfinished, which=Which.FINISHED) as (_, _, batches):
            [(count,)] = next(batches)
            return int(count)
        return None

    def _fetched(
        self, beside: set[Any] | None = None, unfinished: Unfinished | None = None, which: Which = Which.ALL
    ) -> Iterator[tuple[list[Any], Iterator[Row | MalformedRow]]]:
        """Yield keys and rows of what is fetched at once, without the finished rows beside the unfinished ones.

        A query that the database drops while rows are on their way, as MySQL does when it waits for a minute, is opened
        anew behind the last row.

        :param beside: takes the keys of the rows left out.
        :param unfinished: what earlier tries left, as `wrap` takes it.
        :param which: which rows, as `wrap` takes it.
        """
        unfinished = unfinished or Unfinished()
        finished = edges = unfinished.edges
        last: Edge = ()
        behind = {"unfinished": unfinished, "which": which}
        while True:
            read = 0
            try:
                for keys, batch, maker in self._batches(**behind):
                    if edges and (left_out := edges.intersection(keys)):
                        if beside is not None:
                            beside |= left_out & finished
                        kept = [number for number, key in enumerate(keys) if key not in left_out]
                        keys, batch = [keys[number] for number in kept], type(batch)(batch[number] for number in kept)
                    if keys:
                        yield keys, maker.rows(batch)
                        last, read = keyset.alike_at_end([*last, *keys]), read + len(keys)
                return
            except RetryLater as error:
                if not read:
                    raise
                logger.info("%s; after %s rows it is opened anew behind the last one", error, f"{read:,}")
            rest = Which.NOT_SENT if which is Which.ALL else which
            behind = {"unfinished": unfinished.behind([Gap(last, ())]), "which": rest}
            edges = finished | set(last)

    def _batches(self, **which: Any) -> Iterator[tuple[list[Any], list[Any], RowMaker]]:
        """Yield the keys of what is fetched at once, the cells, and what makes rows of them."""
        with self._opened(**which) as (session, cursor, batches):
            batch = next(batches)
            maker = self._maker(session, cursor)
            place = _key_place(maker.names, str(self.key))
            session.check_key(cursor, place)
            while batch:
                yield maker.keys(batch, place), batch, maker
                batch = next(batches)


def _key_place(names: list[str], key: str) -> int:
    """Return where the key is among the columns; databases fold the case of names, each in its way."""
    for fold in (str, str.lower):
        if fold(key) in (folded := [fold(name) for name in names]):
            return folded.index(fold(key))
    raise RefusedConfiguration(f"key {key!r} is no column of sql, which gives {', '.join(names)[:300]}")
