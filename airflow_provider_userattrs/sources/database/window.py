# SPDX-License-Identifier: Apache-2.0
"""Limits a query to rows that are new by a column of times, and asks the database for the time and the columns' types.

A bound is compared as the column's own type, so that an index is used, except in SQLite, which has no type for times.

========================  ======================================================================================
column                    compared with
========================  ======================================================================================
PostgreSQL timestamptz    the moment
PostgreSQL timestamp      the wall clock of the time zone
PostgreSQL, MySQL date    the day there
MySQL DATETIME            the wall clock of the time zone
MySQL TIMESTAMP           the moment, by FROM_UNIXTIME
SQLite                    text of UTC, or of the time zone if that is behind, with datetime(column)
========================  ======================================================================================

The time zone is the watermark's; if it has none, UTC or that of the database's session, whichever is behind.
Where clocks are set back, an hour repeats, and a wall clock names two moments; the bound is the earlier one then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.database.cells import MYSQL_TIMESTAMP
from airflow_provider_userattrs.sources.database.drivers import MYSQL
from airflow_provider_userattrs.sources.database.key_query import without_rows
from airflow_provider_userattrs.sources.database.query import Query, column_index

#: Values in one IN (...); Oracle takes 1,000, and a planner does not take more better.
_IN = 500

_POSTGRESQL = ("psycopg", "psycopg2")

#: The driver's top-level package -> a query for the time in UTC, and for that of the session's time zone.
_NOW = {
    **dict.fromkeys(_POSTGRESQL, "SELECT now(), LOCALTIMESTAMP"),
    **dict.fromkeys(MYSQL, "SELECT UTC_TIMESTAMP(6), NOW(6)"),
    "sqlite3": "SELECT {}, {}".format(*(f"strftime('%Y-%m-%d %H:%M:%f', 'now'{at})" for at in ("", ", 'localtime'"))),
}

_HOUR = timedelta(hours=1)


class _Bound(NamedTuple):
    """How a column is compared with a bound.

    :param column: SQL for the column.
    :param bound: SQL for the bound.
    :param value: moment, time zone, whether an hour may repeat in the session -> the value.
    :param has_zone: whether the column's values are moments.
    """

    column: str
    bound: str
    value: Callable[[datetime, tzinfo, bool], Any]
    has_zone: bool = False


def _wall(since: datetime, zone: tzinfo) -> datetime:
    """Return the earliest that a clock in a zone shows from a moment on."""
    offsets = [(since + ahead).astimezone(zone).utcoffset() or timedelta(0) for ahead in (timedelta(0), timedelta(1))]
    return (since.astimezone(timezone.utc) + min(offsets)).replace(tzinfo=None)


def _text(since: datetime, zone: tzinfo) -> str:
    return min(_wall(since, timezone.utc), _wall(since, zone)).isoformat(" ")


_MOMENT = _Bound("{}", "{{}}", lambda since, _, __: since, has_zone=True)
_WALL = _Bound("{}", "{{}}", lambda since, zone, _: _wall(since, zone))
_DAY = _Bound("{}", "{{}}", lambda since, zone, _: _wall(since, zone).date())
_UNIX = _Bound(
    "{}", "FROM_UNIXTIME({{}})", lambda since, _, repeats: int(since.timestamp()) - 3_600 * repeats, has_zone=True
)
#: Midnight may be a day, written without a time, in which the row changed as late as its last second.
_TEXT = _Bound(
    "datetime({0}, CASE time({0}) WHEN '00:00:00' THEN '86399 seconds' ELSE '0 seconds' END)",
    "{{}}",
    lambda since, zone, _: _text(since, zone),
)

#: The driver's code for a type -> how it is compared: PostgreSQL's OIDs and MySQL's codes, as in `cells`.
_OF_POSTGRESQL = {1184: _MOMENT, 1114: _WALL, 1082: _DAY}
_OF_MYSQL = {MYSQL_TIMESTAMP: _UNIX, 12: _WALL, 10: _DAY}


@dataclass(frozen=True)
class Window:
    """Selects the rows whose time is not before a moment, those without a time, and those with some keys.

    :param column: the column of times.
    :param bound: how it is compared.
    :param value: the value that it is compared with.
    :param keys: the keys.
    """

    column: str
    bound: _Bound
    value: Any
    keys: tuple[Any, ...] = ()

    def condition(self, column: str, key: str) -> tuple[str, list[Any]]:
        """Return the SQL condition with placeholders {}, and the values to compare with.

        :param column: the quoted column of times.
        :param key: the quoted key.
        """
        times = self.bound.column.format(column)
        conditions = [f"{times} >= {self.bound.bound.format()}", f"{times} IS NULL"]
        for chunk in _chunks(self.keys):
            conditions.append(f"{key} IN ({', '.join(['{}'] * len(chunk))})")
        return f"({' OR '.join(conditions)})", [self.value, *self.keys]


class Times(NamedTuple):
    """The database's time, the query's columns, and how that of times is compared.

    :param now: the time in UTC.
    :param column: the column.
    :param bound: how it is compared.
    :param zone: the time zone of a column without one.
    :param behind: how far the clock of such a column may be behind that of ``zone``.
    :param repeats_an_hour: whether the session's clock may show an hour twice.
    :param columns: the name of each column of the query, and the driver's code for its type.
    """

    now: datetime
    column: str
    bound: _Bound
    zone: tzinfo
    behind: timedelta
    repeats_an_hour: bool
    columns: list[tuple[str, Any]]

    def window(self, since: datetime, keys: tuple[Any, ...]) -> Window:
        """Return the window from a moment on.

        :param since: the moment.
        :param keys: the keys of further rows.
        """
        first = since if self.bound.has_zone else since - self.behind
        return Window(self.column, self.bound, self.bound.value(first, self.zone, self.repeats_an_hour), keys)


def read_times(query: Query, column: str, zone: str | None) -> Times:
    """Ask the database for its time, and for the type of a column.

    :param query: the query.
    :param column: the column of times.
    :param zone: the time zone of a column without one; None for UTC or the session's, whichever is behind.
    :raises RefusedConfiguration: if the database is not supported, or the column is none of times.
    :raises RetryLater: if the database fails.
    """
    asked = replace(query, sql=without_rows(query.sql), key=None)
    with asked.open() as opened:
        driver, session = opened.session.driver, opened.session
        if driver not in _NOW:
            raise RefusedConfiguration(
                f"since works with PostgreSQL, MySQL, MariaDB and SQLite, and this connection's driver is {driver}; "
                "leave since out, and select the new rows in sql, with the times of the run"
            )
        next(opened.fetched)
        columns = [(each[0], each[1]) for each in opened.cursor.description or ()]
        index = column_index([name for name, _ in columns], column, "since")
        bound = _bound(driver, columns[index][1])
    if bound is None:
        raise RefusedConfiguration(
            f"since names the column {column!r}, which is no timestamp, datetime or date; convert it in sql"
        )
    clock = replace(query, sql=_NOW[driver], parameters=None, key=None, types={}, on_columns=None)
    with clock.open() as opened:
        fetched = next(opened.fetched)
        [cells] = clock.row_maker(opened).chunk(fetched).rows
    now, local = (datetime.fromisoformat(cell) if isinstance(cell, str) else cell for cell in cells)
    now = now.replace(tzinfo=timezone.utc) if now.tzinfo is None else now.astimezone(timezone.utc)
    behind = now.replace(tzinfo=None) - local
    # Another hour, because at the mark summer time may not have begun.
    behind = behind + _HOUR if zone is None and behind > _HOUR / 4 else timedelta(0)
    return Times(now, column, bound, time_zone(zone or "UTC"), behind, session.repeats_an_hour, columns)


def _bound(driver: str, kind: Any) -> _Bound | None:
    if driver == "sqlite3":
        return _TEXT
    return (_OF_MYSQL if driver in MYSQL else _OF_POSTGRESQL).get(kind)


def _chunks(keys: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    return (keys[at : at + _IN] for at in range(0, len(keys), _IN))
