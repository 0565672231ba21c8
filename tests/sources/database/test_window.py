# SPDX-License-Identifier: Apache-2.0
"""Which rows a window selects in real databases: each type of time, in each zone, with and without an index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pendulum
import pytest
from sources.sql_rows import check_resuming, know_berlin, only_rows, source

from airflow_provider_userattrs.changes import Watermark
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.database.window import _wall
from airflow_provider_userattrs.sources.sql import SqlRows

#: In UTC. In Berlin, clocks go back from 03:00 to 02:00 at 01:00 UTC on this day.
MARK = datetime(2026, 10, 25, 0, 40, tzinfo=timezone.utc)

AT = Watermark("at")

#: The times of rows, in minutes after the mark.
MINUTES = (-90, -30, -1, 0, 1, 30, 90)


def read(
    sql: str = "SELECT id, at FROM t", *, since: datetime = MARK, keys: tuple[Any, ...] = (), zone: str | None = "UTC"
) -> SqlRows:
    rows = source(sql, key="id", since=Watermark("at", timezone=zone))
    return rows.within(rows.read_times().window(since, keys))


def ids(rows: SqlRows) -> list[Any]:
    return [row["id"] for row in only_rows(rows.rows())]


def texts(zone: str = "UTC", suffix: str = "") -> list[str]:
    """Return what a clock in a zone shows at the rows' times."""
    times = [(MARK + timedelta(minutes=minutes)).astimezone(pendulum.timezone(zone)) for minutes in MINUTES]
    return [f"{time:%Y-%m-%d %H:%M:%S}{suffix}" for time in times]


def fill(execute: Callable[..., None], kind: str, times: list[str], *before: str) -> None:
    """Make a table of the rows, and two more: one without a time, and one of long ago."""
    execute(
        *before,
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, at {kind})",
        *(f"INSERT INTO t VALUES ({number}, '{time}')" for number, time in enumerate(times)),
        "INSERT INTO t VALUES (7, NULL)",
        "INSERT INTO t VALUES (8, '2001-01-01 00:00:00')",
    )


def test_a_wall_clock_names_the_earliest_moment() -> None:
    berlin = pendulum.timezone("Europe/Berlin")
    since = [MARK + timedelta(minutes=minutes) for minutes in (-3_000, 0, 30, 3_000)]
    assert [f"{_wall(time, berlin):%d %H:%M}" for time in since] == ["23 00:40", "25 01:40", "25 02:10", "27 03:40"]
    for start in range(-60 * 30, 60 * 30, 7):
        moment = MARK + timedelta(minutes=start)
        shown = [(moment + timedelta(minutes=later)).astimezone(berlin) for later in range(0, 200, 5)]
        assert _wall(moment, berlin) <= min(time.replace(tzinfo=None) for time in shown)


@pytest.mark.parametrize("session", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    ("kind", "zone", "expected"),
    [
        ("timestamptz", "UTC", [3, 4, 5, 6]),
        ("timestamptz", "Asia/Tokyo", [3, 4, 5, 6]),
        ("timestamp", "UTC", [3, 4, 5, 6]),
        ("timestamp", "Asia/Tokyo", [3, 4, 5, 6]),
        # What the clock shows from the mark on is 01:40 at the earliest, as an hour repeats soon.
        ("timestamp", "Europe/Berlin", [1, 2, 3, 4, 5, 6]),
        ("date", "UTC", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_postgresql(postgres: Any, kind: str, zone: str, expected: list[int], session: str) -> None:
    written = texts("UTC", "+00") if kind == "timestamptz" else texts(zone)
    fill(postgres.execute, kind, written, f"ALTER ROLE tester SET timezone = '{session}'")
    try:
        assert ids(read(zone=zone)) == [*expected, 7]
        assert ids(read(zone=zone, keys=(8, 999))) == [*expected, 7, 8]
        now = source("SELECT * FROM t", key="id", since=AT).read_times().now
    finally:
        postgres.execute("ALTER ROLE tester RESET timezone")
    assert abs(now - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert now.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("session", "kind", "expected"),
    [
        ("America/New_York", "timestamp", [0, 1, 2, 3, 4, 5, 6]),
        ("America/New_York", "timestamptz", [3, 4, 5, 6]),
        ("UTC", "timestamp", [3, 4, 5, 6]),
        ("Asia/Tokyo", "timestamp", [3, 4, 5, 6]),
        ("America/New_York", "date", [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_without_a_zone_a_session_whose_clock_is_behind_misses_no_row(
    postgres: Any, session: str, kind: str, expected: list[int]
) -> None:
    written = texts("UTC", "+00") if kind == "timestamptz" else texts(session if "York" in session else "UTC")
    fill(postgres.execute, kind, written, f"ALTER ROLE tester SET timezone = '{session}'")
    try:
        assert ids(read(zone=None)) == [*expected, 7]
    finally:
        postgres.execute("ALTER ROLE tester RESET timezone")


@pytest.mark.parametrize(("session", "expected"), [("-05:00", [0, 1, 2, 3, 4, 5, 6]), ("+05:00", [3, 4, 5, 6])])
def test_a_session_behind_in_mariadb(mariadb: Any, session: str, expected: list[int]) -> None:
    fill(mariadb.execute, "DATETIME NULL", texts("America/New_York" if session == "-05:00" else "UTC"))
    mariadb.execute(f"""SET GLOBAL init_connect = "SET time_zone = '{session}'" """)
    try:
        assert ids(read(zone=None)) == [*expected, 7]
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")


@pytest.mark.parametrize("session", ["+00:00", "+05:00", "Europe/Berlin"])
@pytest.mark.parametrize(
    ("kind", "zone", "expected"),
    [
        ("TIMESTAMP", "UTC", [3, 4, 5, 6]),
        ("TIMESTAMP(6)", "Asia/Tokyo", [3, 4, 5, 6]),
        ("DATETIME", "UTC", [3, 4, 5, 6]),
        ("DATETIME(3)", "Asia/Tokyo", [3, 4, 5, 6]),
        ("DATETIME", "Europe/Berlin", [1, 2, 3, 4, 5, 6]),
        ("DATE", "UTC", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_mariadb(mariadb: Any, kind: str, zone: str, expected: list[int], session: str) -> None:
    is_moment = kind.startswith("TIMESTAMP")
    if is_moment and session == "Europe/Berlin":
        expected = [1, 2, *expected]  # in its session, an hour repeats
    know_berlin(mariadb)
    kind = f"{kind} NULL"
    fill(lambda *sql: mariadb.execute("SET time_zone = '+00:00'", *sql), kind, texts("UTC" if is_moment else zone))
    mariadb.execute(f"""SET GLOBAL init_connect = "SET time_zone = '{session}'" """)
    try:
        assert ids(read(zone=zone)) == [*expected, 7]
        assert ids(read(zone=zone, keys=(8, 999))) == [*expected, 7, 8]
        now = source("SELECT * FROM t", key="id", since=AT).read_times().now
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")
    assert abs(now - datetime.now(timezone.utc)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("written", "zone", "expected"),
    [
        (texts(), "UTC", [3, 4, 5, 6]),
        (texts(suffix=".000"), "UTC", [3, 4, 5, 6]),
        (texts(suffix="Z"), "UTC", [3, 4, 5, 6]),
        (texts("Asia/Tokyo", "+09:00"), "UTC", [3, 4, 5, 6]),
        ([text.replace(" ", "T") for text in texts()], "UTC", [3, 4, 5, 6]),
        (texts("Asia/Tokyo"), "UTC", [0, 1, 2, 3, 4, 5, 6]),
        (texts("Asia/Tokyo"), "Asia/Tokyo", [0, 1, 2, 3, 4, 5, 6]),
        (texts("America/New_York"), "America/New_York", [3, 4, 5, 6]),
        (texts("Europe/Berlin"), "Europe/Berlin", [0, 1, 2, 3, 4, 5, 6]),
    ],
    ids=["plain", "fraction", "Z", "offset", "T", "Tokyo as UTC", "Tokyo", "New York", "Berlin"],
)
def test_sqlite(sqlite: Callable[..., None], written: list[str], zone: str, expected: list[int]) -> None:
    fill(sqlite, "TEXT", written)
    assert ids(read(zone=zone)) == [*expected, 7]
    assert ids(read(zone=zone, keys=(8, 999))) == [*expected, 7, 8]
    now = source("SELECT * FROM t", key="id", since=AT).read_times().now
    assert abs(now - datetime.now(timezone.utc)) < timedelta(minutes=1)


def test_what_sqlite_cannot_read_as_a_time_is_read_as_a_row(sqlite: Callable[..., None]) -> None:
    sqlite(
        "CREATE TABLE t (id INTEGER, at)",
        "INSERT INTO t VALUES (1, 1764000000), (2, 'soon'), (3, '2099-01-01'), (4, ''), (5, x'00')",
    )
    assert ids(read()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("day", ["2026-10-25", " 2026-10-25", "2026-10-25 00:00", "2026-10-25T00:00:00Z"])
def test_a_day_in_sqlite_may_be_any_time_of_it(sqlite: Callable[..., None], day: str) -> None:
    fill(sqlite, "TEXT", [day, "2026-10-24", "2026-10-26", "2026-10-24 23:59:59", "2026-10-25 00:00:01"])
    assert ids(read()) == [0, 2, 7]
    assert ids(read(since=datetime(2026, 10, 25, tzinfo=timezone.utc))) == [0, 2, 4, 7]


def test_a_time_without_end_is_always_in_the_window(postgres: Any) -> None:
    postgres.execute(
        "CREATE TABLE t (id int, at timestamptz)", "INSERT INTO t VALUES (1, 'infinity'), (2, '-infinity'), (3, NULL)"
    )
    assert ids(read("SELECT id, at FROM t WHERE id <> 1")) == [3]
    query = "SELECT id, LEAST(at, '9999-01-01') AS at FROM t"
    assert ids(read(query)) == [1, 3]


@pytest.mark.parametrize("kind", ["text", "bigint", "time", "jsonb", "timestamptz[]"])
def test_a_column_of_something_else_is_refused(postgres: Any, kind: str) -> None:
    postgres.execute(f"CREATE TABLE t (id int, at {kind})")
    with pytest.raises(RefusedConfiguration, match="since names the column 'at', which is no timestamp, datetime or"):
        read()


@pytest.mark.parametrize("kind", ["BIGINT", "VARCHAR(20)", "TIME", "YEAR"])
def test_a_column_of_something_else_is_refused_in_mariadb(mariadb: Any, kind: str) -> None:
    mariadb.execute(f"CREATE TABLE t (id INT, at {kind})")
    with pytest.raises(RefusedConfiguration, match="since names the column 'at', which is no timestamp, datetime or"):
        read()


def test_parameters_percent_signs_and_comments_stay_what_they_are(mariadb: Any) -> None:
    fill(mariadb.execute, "DATETIME NULL", texts())
    query = "SELECT id, '5%' AS share, at FROM t WHERE id < {}; -- the end"
    window = read(query.format(5)).window
    assert window is not None
    assert ids(read(query.format(5), keys=(0,))) == [0, 3, 4]
    assert only_rows(read(query.format(5)).rows())[-1]["share"] == "5%"
    for written, parameters in (("%s", [5]), ("%(upto)s", {"upto": 5})):
        rows = source(query.replace(" '5%' AS share,", "").format(written), key="id", parameters=parameters, since=AT)
        assert rows.read_times().now > MARK - timedelta(days=365)
        assert ids(rows.within(window)) == [3, 4]


@pytest.mark.parametrize(
    "keys",
    [
        (1, 2, 10**12),
        ("ada@example.com", "O'Hara", "ä😀", "%s", "{}"),
        (date(2026, 1, 2), date(2026, 1, 3)),
        (UUID(int=1), UUID(int=2)),
        (datetime(2026, 1, 2, 3, 4, 5, 678), datetime(2026, 1, 3)),
    ],
    ids=["int", "text", "date", "uuid", "timestamp"],
)
def test_rows_are_asked_for_by_keys_of_every_type(postgres: Any, keys: tuple[Any, ...]) -> None:
    kind = {int: "bigint", str: "text", date: "date", UUID: "uuid", datetime: "timestamp"}[type(keys[0])]
    written = "', '".join(str(key).replace("'", "''") for key in keys)
    query = f"SELECT id, timestamptz '2001-01-01' AS at FROM unnest(ARRAY['{written}']::{kind}[]) id"
    assert set(ids(read(query, keys=keys[:-1]))) == set(keys[:-1])


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 10_000])
def test_as_many_keys_as_are_remembered(sqlite: Callable[..., None], count: int) -> None:
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 12000)"
    sqlite("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT)", f"INSERT INTO t {numbers} SELECT n, '2001-01-01' FROM c")
    keys = tuple(range(1, count + 1))
    assert ids(read(keys=keys)) == list(keys)


def test_as_many_keys_in_postgresql(postgres: Any) -> None:
    postgres.execute("CREATE TABLE t AS SELECT n AS id, timestamp '2001-01-01' AS at FROM generate_series(1, 12000) n")
    keys = tuple(range(1, 10_001))
    assert ids(read(keys=keys)) == list(keys)


def test_as_many_keys_in_mariadb(mariadb: Any) -> None:
    mariadb.execute("CREATE TABLE t AS SELECT seq AS id, TIMESTAMP('2001-01-01') AS at FROM seq_1_to_12000")
    keys = tuple(range(1, 10_001))
    assert ids(read(keys=keys)) == list(keys)


def test_a_retry_reads_the_rest_of_a_window(postgres: Any) -> None:
    postgres.execute(
        "CREATE TABLE t AS SELECT n AS id, timestamp '2026-10-25' + n * interval '1 minute' AS at "
        "FROM generate_series(1, 3000) n"
    )
    unlimited = read(keys=(3, 5, 7))

    class Limited(SqlRows):
        """The same, without a count of what is still there."""

        def rows(self, after: Any = None) -> Any:
            from airflow_provider_userattrs.push.model.cursor import Keys

            for item in super().rows(after):
                if isinstance(item, Keys) and not item.keys:
                    assert item.still_there is None
                    item = Keys((), still_there=0)
                yield item

    unlimited.__class__ = Limited
    assert check_resuming(unlimited) == 3_000 - 39 + 3


def test_indexes_are_used(postgres: Any) -> None:
    postgres.execute(
        "CREATE TABLE t AS SELECT n AS id, timestamptz '2026-01-01' + n * interval '1 minute' AS at "
        "FROM generate_series(1, 300000) n",
        "CREATE UNIQUE INDEX by_id ON t (id)",
        "CREATE INDEX by_time ON t (at)",
        "ANALYZE t",
    )
    window = read(since=datetime(2026, 7, 28, tzinfo=timezone.utc), keys=(1, 2)).window
    assert window is not None
    condition, values = window.condition("at", "id")
    where = condition.format(*[f"'{value}'" for value in values])
    plan = postgres.execute(f"EXPLAIN SELECT * FROM (SELECT id, at FROM t) r WHERE {where} ORDER BY id")
    assert "by_time" in str(plan)
    assert "by_id" in str(plan)
    assert "Seq Scan" not in str(plan)


def test_names_are_quoted_as_the_database_requires(postgres: Any) -> None:
    postgres.execute('CREATE TABLE t ("Id" int, "order" timestamptz)', "INSERT INTO t VALUES (1, now())")
    rows = source('SELECT "Id", "order" FROM t', key="Id", since=Watermark("order"))
    assert len(only_rows(rows.within(rows.read_times().window(MARK, (1,))).rows())) == 1


def test_another_database_is_refused(sqlite: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fill(sqlite, "TEXT", texts())
    monkeypatch.setattr("airflow_provider_userattrs.sources.database.window._NOW", {})
    with pytest.raises(RefusedConfiguration, match="since works with PostgreSQL, MySQL, MariaDB and SQLite, and this"):
        read()
