# SPDX-License-Identifier: Apache-2.0
"""Wraps a query so that it returns its rows by key: all of them, a shard's, or those that earlier tries left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import Gap, decode_key
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.database.drivers import MYSQL

#: Placeholder of a value -> its form with a name.
_NAMED = {"%s": "%(userattrs_{})s", "?": ":userattrs_{}"}


#: SQLite has no hash function: a weighted sum of the first and the last characters of a text, mixed.
_SUM_OF_SQLITE = " + ".join(
    f"ifnull(unicode(substr(CAST({{key}} AS text), {index}, 1)), 0) * {weight}"
    for index, weight in zip(
        [*range(1, 9), *range(-8, 0)],
        [3, 7, 31, 127, 211, 307, 401, 503, 11, 37, 131, 223, 311, 409, 509, 613],
        strict=True,
    )
)
_TEXT_OF_SQLITE = f"((({_SUM_OF_SQLITE}) * 2654435761) >> 13)"

#: The driver's top-level package -> SQL for a key's hash, from 0 to 2**31 - 1.
_HASHES = {
    **dict.fromkeys(MYSQL, "(CRC32({key}) & 2147483647)"),
    "psycopg2": "(hashtext(CAST({key} AS text)) & 2147483647)",
    "psycopg": "(hashtext(CAST({key} AS text)) & 2147483647)",
    "sqlite3": f"(CASE typeof({{key}}) WHEN 'integer' THEN {{key}} ELSE {_TEXT_OF_SQLITE} END & 2147483647)",
}


def quoted(key: str, driver: str, sql: str) -> str:
    """Return a key quoted as the database requires, so that it may be a reserved word.

    :param key: the column.
    :param driver: the driver's top-level package.
    :param sql: the author's query.
    """
    if driver in ("psycopg", "psycopg2"):
        # PostgreSQL folds an unquoted name to lower case; whether the column's name is quoted shows in the query.
        return f'"{key}"' if f'"{key}"' in sql else f'"{key.lower()}"'
    if driver in (*MYSQL, "sqlite3"):  # SQLite reads "..." as text if there is no such column
        return f"`{key}`"
    return key


@dataclass(frozen=True)
class KeyRange:
    """Selects the rows above one key and up to another, inclusive.

    A row with a NULL key belongs to the first range, where it is refused.

    :param above: the key, encoded; None for the first range.
    :param upto: the key, encoded; None for the last range.
    """

    above: list[Any] | None
    upto: list[Any] | None

    @property
    def is_first(self) -> bool:
        """Return whether this is the first range."""
        return self.above is None

    def conditions(self, key: str, driver: str) -> list[tuple[str, Any]]:
        """Return the SQL conditions, each with the value to compare with."""
        bounds = ((f"{key} >", self.above), (f"{key} <=", self.upto))
        return [(condition, decode_key(bound)) for condition, bound in bounds if bound is not None]


@dataclass(frozen=True)
class KeyHash:
    """Selects the rows whose key's hash has a given remainder.

    :param remainder: the remainder, from 0.
    :param divisor: the number of shards.
    """

    remainder: int
    divisor: int

    @property
    def is_first(self) -> bool:
        """Return whether this is the first remainder, to which a row with a NULL key belongs."""
        return self.remainder == 0

    def conditions(self, key: str, driver: str) -> list[tuple[str, Any]]:
        """Return the SQL condition, with the value to compare with.

        :raises RefusedConfiguration: if there is no hash function for this database.
        """
        if driver not in _HASHES:
            raise RefusedConfiguration(
                f"keys cannot be hashed with the driver {driver}; use by='range', which stores the keys at the edges "
                "of the ranges in an XCom, in clear text"
            )
        # Only SQLite lacks MOD; with its driver a % need not be doubled.
        hashed = _HASHES[driver].format(key=key)
        remainder = f"{hashed} % {self.divisor}" if driver == "sqlite3" else f"MOD({hashed}, {self.divisor})"
        return [(f"{remainder} =", self.remainder)]


#: Which keys a shard reads.
KeyFilter: TypeAlias = KeyRange | KeyHash

ALL_KEYS = KeyRange(None, None)


class Selection(Enum):
    """Which of the filtered rows are read."""

    ALL = "all rows"
    SENT = "unfinished rows that may have been sent: up to the key `Unfinished.sent_upto`"
    NOT_SENT = "unfinished rows after that key"
    FINISHED = "all rows but the unfinished ones and those at the sides of gaps"
    COUNTED = "all rows, of which only the number is wanted"


def wrap(
    sql: str,
    parameters: Any,
    key: str,
    placeholder: str,
    *,
    unfinished: Unfinished | None = None,
    selection: Selection = Selection.ALL,
    key_filter: KeyFilter = ALL_KEYS,
    also: tuple[str, list[Any]] | None = None,
    driver: str = "",
) -> tuple[str, Any]:
    """Return a query that reads rows of another one in the order of their key, and its parameters.

    Unfinished rows come with the finished ones at the sides of their gaps: a database may hold a key in more detail
    than its driver returns, or consider two keys equal. The caller leaves them out by comparing the keys.

    :param sql: the author's query.
    :param parameters: its parameters: None, a sequence or a mapping.
    :param key: the quoted column.
    :param placeholder: the placeholder for a value in the hook's SQL.
    :param unfinished: what earlier tries left unfinished.
    :param selection: which rows; some need ``unfinished``. Finished rows are counted, not read.
    :param key_filter: which keys.
    :param also: a further condition with placeholders {}, and the values to compare with.
    :param driver: the driver's top-level package.
    :raises RefusedConfiguration: if the hook's placeholder is not supported, or the database has no hash function.
    """
    conditions = [f"{condition} {{}}" for condition, _ in key_filter.conditions(key, driver)]
    values = [value for _, value in key_filter.conditions(key, driver)]
    if also is not None:
        conditions.append(also[0])
        values += also[1]
    if unfinished is not None and selection is not Selection.ALL:
        for condition, compared in _unfinished(key, unfinished, selection):
            conditions.append(condition)
            values += compared
    is_count = selection in (Selection.FINISHED, Selection.COUNTED)
    columns, order = ("COUNT(*)", "") if is_count else ("*", f" ORDER BY {key}")
    if not conditions:
        return f"{_inner(sql, columns)}{order}", parameters
    placeholders: list[str] = []
    if values:
        if placeholder not in _NAMED:
            raise RefusedConfiguration(
                f"key is not supported by a hook whose placeholder is {placeholder!r}; give no key"
            )
        if not parameters:
            # Drivers interpret % only if there are parameters; MySQL's own connector takes %% as it is even then.
            parameters = ()
            if placeholder == "%s" and driver != "mysql":
                sql = sql.replace("%", "%%")
        if isinstance(parameters, dict):
            placeholders = [_NAMED[placeholder].format(number) for number in range(len(values))]
            parameters = {**parameters, **{f"userattrs_{number}": value for number, value in enumerate(values)}}
        else:
            placeholders = [placeholder] * len(values)
            parameters = (*parameters, *values)
    where = " AND ".join(conditions).format(*placeholders)
    if key_filter.is_first and selection is not Selection.FINISHED:
        # No condition is true for NULL. A row with a NULL key must be read, so that it is refused and not lost.
        where = f"({where}) OR {key} IS NULL"
    return f"{_inner(sql, columns)} WHERE {where}{order}", parameters


def _unfinished(key: str, unfinished: Unfinished, selection: Selection) -> Iterator[tuple[str, list[Any]]]:
    """Yield the SQL conditions, each with the values to compare with."""
    tries = [_in_gaps(key, gaps) for gaps in unfinished.tries]
    if selection is Selection.FINISHED:
        values = [value for _, compared in tries for value in compared]
        yield f"NOT ({' AND '.join(condition for condition, _ in tries)})", values
        return
    yield from tries
    if unfinished.sent_upto is not None:
        yield f"{key} {'<=' if selection is Selection.SENT else '>'} {{}}", [unfinished.sent_upto]


def _in_gaps(key: str, gaps: tuple[Gap, ...]) -> tuple[str, list[Any]]:
    """Return the SQL condition that a row is in one of a try's gaps, the rows at their sides included."""
    conditions, values = [], []
    for after, before in gaps:
        sides = [(f"{key} >= {{}}", after[:1]), (f"{key} <= {{}}", before[-1:])]
        conditions.append(" AND ".join(condition for condition, edge in sides if edge))
        values += [*after[:1], *before[-1:]]
    if len(conditions) == 1:
        return f"({conditions[0]})", values
    within = " OR ".join(f"({condition})" for condition in conditions)
    if not gaps[0].after:
        return f"({within})", values
    # The redundant lower bound for all gaps lets the database use an index.
    return f"({key} >= {{}} AND ({within}))", [gaps[0].after[0], *values]


def quantiles(sql: str, key: str, n: int) -> str:
    """Return a query for the keys that split rows into ``n`` ranges of equal size: the last of each but the last range.

    :param sql: the author's query.
    :param key: the quoted column.
    :param n: how many ranges.
    """
    tiles = f"SELECT {key} AS k, NTILE({n}) OVER (ORDER BY {key}) AS tile FROM ({_inner(sql)}) a"
    following = f"SELECT k, tile, LEAD(tile) OVER (ORDER BY k) AS next_tile FROM ({tiles} WHERE {key} IS NOT NULL) b"
    return f"SELECT k FROM ({following}) c WHERE next_tile > tile ORDER BY k"


def row_count(sql: str) -> str:
    """Return a query for the number of another one's rows."""
    return _inner(sql, "COUNT(*)")


def without_rows(sql: str) -> str:
    """Return a query that has the columns of another one and returns no row."""
    return f"{_inner(sql)} WHERE 1 = 0"


def _inner(sql: str, columns: str = "*") -> str:
    # The line breaks end a comment on the last line of the query.
    return f"SELECT {columns} FROM (\n{_without_end(sql)}\n) userattrs_rows"


def _without_end(sql: str) -> str:
    """Return a query without the semicolon that ends it and the comments after that."""
    from sqlparse import lexer, tokens  # required by common.sql

    end = len(sql)
    at = end
    for kind, text in reversed([*lexer.tokenize(sql)]):  # type: ignore[no-untyped-call]
        at -= len(text)
        if text == ";":
            end = at
        elif kind not in tokens.Whitespace and kind not in tokens.Comment:
            break
    return sql[:end].strip().rstrip(";").rstrip()  # databases differ in what a comment is
