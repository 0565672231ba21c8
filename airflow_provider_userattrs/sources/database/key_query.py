# SPDX-License-Identifier: Apache-2.0
"""A query read in the order of its key: for a part of the keys, or for those that earlier tries left unfinished."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.keys import decode_key
from airflow_provider_userattrs.push.resume.unfinished import Gap, Unfinished
from airflow_provider_userattrs.sources.database.drivers import MYSQL

#: What stands for a value in SQL -> how one with a name is written.
_NAMED = {"%s": "%(userattrs_{})s", "?": ":userattrs_{}"}


#: SQLite has no hash: the first and the last characters of a text, each with a weight, and mixed.
_SUM_OF_SQLITE = " + ".join(
    f"ifnull(unicode(substr(CAST({{key}} AS text), {place}, 1)), 0) * {weight}"
    for place, weight in zip(
        [*range(1, 9), *range(-8, 0)],
        [3, 7, 31, 127, 211, 307, 401, 503, 11, 37, 131, 223, 311, 409, 509, 613],
        strict=True,
    )
)
_TEXT_OF_SQLITE = f"((({_SUM_OF_SQLITE}) * 2654435761) >> 13)"

#: the driver's top package -> what is the same for a key each time, from 0 to 2**31 - 1. Other databases have other
#: functions, or none.
_HASHES = {
    **dict.fromkeys(MYSQL, "(CRC32({key}) & 2147483647)"),
    "psycopg2": "(hashtext(CAST({key} AS text)) & 2147483647)",
    "psycopg": "(hashtext(CAST({key} AS text)) & 2147483647)",
    "sqlite3": f"(CASE typeof({{key}}) WHEN 'integer' THEN {{key}} ELSE {_TEXT_OF_SQLITE} END & 2147483647)",
}


def quoted(key: str, driver: str, sql: str) -> str:
    """Return a key as a database takes it for a column, also if it is a word of SQL.

    :param key: the column.
    :param driver: the driver's top package.
    :param sql: the author's query.
    """
    if driver in ("psycopg", "psycopg2"):
        # It folds a name without quotes to lower case; the query tells if the column's has them.
        return f'"{key}"' if f'"{key}"' in sql else f'"{key.lower()}"'
    if driver in (*MYSQL, "sqlite3"):  # SQLite takes "..." for text where there is no such column
        return f"`{key}`"
    return key


@dataclass(frozen=True)
class KeyRange:
    """Select the rows above one key and up to another.

    A row without a key belongs to the first range, where it is refused.

    :param above: the key, encoded; None for the first range.
    :param upto: the key, encoded; None for the last range.
    """

    above: list[Any] | None
    upto: list[Any] | None

    @property
    def is_first(self) -> bool:
        """Tell whether this is the first range."""
        return self.above is None

    def conditions(self, key: str, driver: str) -> list[tuple[str, Any]]:
        """Return the conditions on the rows, each with the value it is compared with."""
        bounds = ((f"{key} >", self.above), (f"{key} <=", self.upto))
        return [(condition, decode_key(bound)) for condition, bound in bounds if bound is not None]


@dataclass(frozen=True)
class KeyHash:
    """Select the rows whose key's hash leaves one remainder.

    :param remainder: from 0.
    :param divisor: how many remainders there are.
    """

    remainder: int
    divisor: int

    @property
    def is_first(self) -> bool:
        """Tell whether this is the first remainder, to which a row without a key belongs."""
        return self.remainder == 0

    def conditions(self, key: str, driver: str) -> list[tuple[str, Any]]:
        """Return the condition on the rows, with the value it is compared with.

        :raises RefusedConfiguration: if there is no hash for this database.
        """
        if driver not in _HASHES:
            raise RefusedConfiguration(
                f"there is no hash of a key for the driver {driver}; by='range' splits it, and hands over the keys at "
                "the edges of its ranges in an XCom, in clear"
            )
        # MOD is a function everywhere but in SQLite, where a % needs no second one.
        hashed = _HASHES[driver].format(key=key)
        remainder = f"{hashed} % {self.divisor}" if driver == "sqlite3" else f"MOD({hashed}, {self.divisor})"
        return [(f"{remainder} =", self.remainder)]


KeyPart: TypeAlias = KeyRange | KeyHash

#: All rows.
WHOLE = KeyRange(None, None)


class Which(Enum):
    """Say which rows of a part are read."""

    ALL = "all"
    SENT = "unfinished, up to the key up to which they may have been sent"
    NOT_SENT = "unfinished, behind that key"
    FINISHED = "all but the unfinished ones and those beside them"


def wrap(
    sql: str,
    parameters: Any,
    key: str,
    placeholder: str,
    *,
    unfinished: Unfinished | None = None,
    which: Which = Which.ALL,
    part: KeyPart = WHOLE,
    driver: str = "",
) -> tuple[str, Any]:
    """Return a query, and its parameters, in the order of its key: for a part of the keys, or the unfinished of them.

    What is unfinished includes the finished rows beside it, for a database may keep a key more exactly than its driver
    gives it, or take two for the same: whoever reads leaves them out by the exact keys.

    :param sql: the author's query.
    :param parameters: its parameters: None, a sequence or a mapping.
    :param key: the column.
    :param placeholder: what stands for a value in the hook's SQL.
    :param unfinished: what earlier tries left.
    :param which: which rows; all but `Which.ALL` need ``unfinished``. Finished ones are counted and not read.
    :param part: which keys.
    :param driver: the driver's top package.
    :raises RefusedConfiguration: if the hook's placeholder cannot be used, or the database has no hash.
    """
    conditions = [f"{condition} {{}}" for condition, _ in part.conditions(key, driver)]
    values = [value for _, value in part.conditions(key, driver)]
    if unfinished is not None and which is not Which.ALL:
        for condition, compared in _unfinished(key, unfinished, which):
            conditions.append(condition)
            values += compared
    columns, order = ("COUNT(*)", "") if which is Which.FINISHED else ("*", f" ORDER BY {key}")
    if not conditions:
        return f"{_inner(sql, columns)}{order}", parameters
    marks: list[str] = []
    if values:
        if placeholder not in _NAMED:
            raise RefusedConfiguration(
                f"key cannot be used with a hook whose placeholder is {placeholder!r}; leave it out"
            )
        if not parameters:
            # Without parameters a driver leaves % alone; with them it does not.
            parameters = ()
            if placeholder == "%s":
                sql = sql.replace("%", "%%")
        if isinstance(parameters, dict):
            marks = [_NAMED[placeholder].format(number) for number in range(len(values))]
            parameters = {**parameters, **{f"userattrs_{number}": value for number, value in enumerate(values)}}
        else:
            marks = [placeholder] * len(values)
            parameters = (*parameters, *values)
    where = " AND ".join(conditions).format(*marks)
    if part.is_first and which is not Which.FINISHED:
        # A NULL is after no key. Left out it would be lost; read, it is refused.
        where = f"({where}) OR {key} IS NULL"
    return f"{_inner(sql, columns)} WHERE {where}{order}", parameters


def _unfinished(key: str, unfinished: Unfinished, which: Which) -> Iterator[tuple[str, list[Any]]]:
    """Yield conditions, each with the values it is compared with."""
    tries = [_in_gaps(key, gaps) for gaps in unfinished.tries]
    if which is Which.FINISHED:
        yield f"NOT ({' AND '.join(condition for condition, _ in tries)})", [each for _, some in tries for each in some]
        return
    yield from tries
    if unfinished.sent_upto is not None:
        yield f"{key} {'<=' if which is Which.SENT else '>'} {{}}", [unfinished.sent_upto]


def _in_gaps(key: str, gaps: tuple[Gap, ...]) -> tuple[str, list[Any]]:
    """Return the condition that a row lies in one of a try's gaps, its sides included."""
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
    # Said once more for all gaps together, it lets an index begin there.
    return f"({key} >= {{}} AND ({within}))", [gaps[0].after[0], *values]


def quantiles(sql: str, key: str, parts: int) -> str:
    """Return a query for the last key of each of so many parts of equal size but the last.

    :param sql: the author's query.
    :param key: the column.
    :param parts: how many parts.
    """
    tiles = f"SELECT {key} AS k, NTILE({parts}) OVER (ORDER BY {key}) AS tile FROM ({_inner(sql)}) a"
    following = f"SELECT k, tile, LEAD(tile) OVER (ORDER BY k) AS next_tile FROM ({tiles} WHERE {key} IS NOT NULL) b"
    return f"SELECT k FROM ({following}) c WHERE next_tile > tile ORDER BY k"


def _inner(sql: str, columns: str = "*") -> str:
    # The line breaks end a comment on the query's last line.
    return f"SELECT {columns} FROM (\n{_without_end(sql)}\n) userattrs_rows"


def _without_end(sql: str) -> str:
    """Return a query without the semicolon that ends it, and without the comments behind that."""
    from sqlparse import lexer, tokens  # common.sql brings it

    end = len(sql)
    at = end
    for kind, text in reversed([*lexer.tokenize(sql)]):  # type: ignore[no-untyped-call]
        at -= len(text)
        if text == ";":
            end = at
        elif kind not in tokens.Whitespace and kind not in tokens.Comment:
            break
    return sql[:end].strip().rstrip(";").rstrip()  # what is a comment to one database is none to another
