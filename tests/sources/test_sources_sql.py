# SPDX-License-Identifier: Apache-2.0
"""Rows of a real PostgreSQL, through both of its drivers, and of SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timezone
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.bookmark import Keys
from airflow_provider_userattrs.push.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.unfinished import Gap, Unfinished
from airflow_provider_userattrs.push.update import MalformedRow
from airflow_provider_userattrs.sources.sql import SqlRows

BEHIND_SEVEN = Unfinished().behind([Gap((7,), ())]).as_dict()
UUID_1 = UUID("12345678-1234-5678-1234-567812345678")


def source(sql: str, **arguments: Any) -> SqlRows:
    return SqlRows(sql, conn_id="warehouse", **arguments)


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Keys)]


def goes_on_everywhere(rows: SqlRows) -> int:
    """Check that reading goes on behind each of some rows, and within gaps between them; return how many rows."""
    items = list(rows.rows())
    every, keys = only_rows(items), [key for item in items if isinstance(item, Keys) for key in item.keys]
    assert len(keys) == len(every)
    behind = Unfinished()
    for at in {0, 1, len(keys) // 3, 999, 1_000, len(keys) - 1} & set(range(len(keys))):
        assert rest(rows, behind.behind([Gap((keys[at],), ())])) == every[at + 1 :]
    third = len(keys) // 3
    gaps = [Gap((), (keys[2],)), Gap((keys[5],), (keys[third],)), Gap((keys[2 * third],), ())]
    left = every[:2] + every[6:third] + every[2 * third + 1 :]
    assert rest(rows, behind.behind(gaps)) == left
    again = [Gap((), (keys[1],)), Gap((keys[7],), ())]
    assert rest(rows, behind.behind(gaps).behind(again)) == every[:1] + every[8:third] + every[2 * third + 1 :]
    sent = replace(behind.behind(gaps), sent_upto=keys[7])
    assert rest(rows, sent) == left
    assert [row for doubtful, row in told(rows, sent) if doubtful] == every[:2] + every[6:8]
    return len(every)


def rest(rows: SqlRows, unfinished: Unfinished) -> list[Any]:
    return [row for _, row in told(rows, unfinished)]


def told(rows: SqlRows, unfinished: Unfinished) -> Iterator[tuple[bool, Any]]:
    """Yield each unfinished row, and whether it may have been sent."""
    keys = Keys(())
    for item in rows.rows(after=json.loads(json.dumps(unfinished.as_dict()))):
        if isinstance(item, Keys):
            keys = item
        else:
            yield keys.in_doubt, item
    assert keys.still_there is not None


# PostgreSQL


def test_values_arrive_as_postgresql_means_them(postgres: Any) -> None:
    (row,) = source(
        f"""SELECT 1 AS i, 9007199254740993::bigint AS b, 12.340::numeric AS d, 1.5::float8 AS f, true AS t,
        'ä'::text AS s, NULL AS n, date '2026-11-24' AS day, timestamp '2026-11-24 10:00:00.123456' AS naive,
        timestamptz '2026-11-24 10:00:00+02' AS aware, time '10:30' AS clock, '{UUID_1}'::uuid AS u,
        ARRAY[1, 2] AS a, ARRAY['{UUID_1}']::uuid[] AS us, '{{"a": [1, null]}}'::json AS j, '{{"a": 1.5}}'::jsonb AS jb,
        '\\x0001'::bytea AS raw"""
    ).rows()
    aware = row.pop("aware")  # type: ignore[union-attr, call-arg]
    assert aware == datetime(2026, 11, 24, 8, tzinfo=timezone.utc)
    assert aware.tzinfo is not None
    assert row == {
        "i": 1,
        "b": 9007199254740993,
        "d": Decimal("12.340"),
        "f": 1.5,
        "t": True,
        "s": "ä",
        "n": None,
        "day": date(2026, 11, 24),
        "naive": datetime(2026, 11, 24, 10, 0, 0, 123456),
        "clock": time(10, 30),
        "u": UUID_1,
        "a": [1, 2],
        "us": [UUID_1],
        "j": {"a": [1, None]},
        "jb": {"a": 1.5},
        "raw": b"\x00\x01",
    }
    assert type(row["u"]) is UUID  # type: ignore[index]
    assert type(row["raw"]) is bytes  # type: ignore[index]
    assert str(row["d"]) == "12.340"  # type: ignore[index]


def test_rows_are_streamed(postgres: Any) -> None:
    # A whole result would divide by zero before the first row was there.
    rows = source("SELECT 1 / (5000 - n) AS x, n FROM generate_series(1, 1000000) n").rows()
    assert [row["n"] for row in islice(rows, 4_000)] == list(range(1, 4_001))  # type: ignore[index, call-overload]
    rows.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("parameters", [[10], (10,)])
def test_parameters_are_values(postgres: Any, parameters: Any) -> None:
    rows = source("SELECT n FROM generate_series(1, 20) n WHERE n > %s", parameters=parameters)
    assert [row["n"] for row in rows.rows()] == list(range(11, 21))  # type: ignore[index, call-overload]


def test_parameters_by_name_and_what_looks_like_sql(postgres: Any) -> None:
    text = "x'; DROP TABLE users; --%"
    assert list(source("SELECT %(a)s::text AS a", parameters={"a": text}).rows()) == [{"a": text}]


@pytest.mark.parametrize("ending", [0, 1, 2_500, None])
def test_the_connection_is_closed_whatever_happens(postgres: Any, ending: int | None) -> None:
    rows = source("SELECT n FROM generate_series(1, 5000) n", key="n").rows()
    for _ in islice(rows, ending):
        pass
    if ending:
        assert postgres.sessions() == 1
    rows.close()  # type: ignore[attr-defined]
    assert _no_session(postgres)


def _no_session(postgres: Any) -> bool:
    """Wait for the server to have seen that a connection is gone: it ends its sessions in its own time."""
    return any(postgres.sessions() == 0 for _ in range(1_000))


def test_the_connection_is_closed_after_an_error(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration):
        list(source("SELECT 1 / (n - 1500) FROM generate_series(1, 2000) n").rows())
    assert _no_session(postgres)


def test_an_error_says_nothing_of_a_row(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="22P02") as caught:
        list(source("SELECT mail::int FROM (VALUES ('ada@example.com')) v(mail)").rows())
    assert "ada" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("sql", ["SELECT nowhere FROM pg_class", "SELECT 1 FROM nowhere"])
def test_an_error_names_what_is_not_there(postgres: Any, sql: str) -> None:
    with pytest.raises(RefusedConfiguration, match=r"nowhere.* does not exist"):
        list(source(sql).rows())


def test_a_database_that_goes_away_is_passing(postgres: Any) -> None:
    rows = source("SELECT n FROM generate_series(1, 500000) n").rows()
    next(rows)
    postgres.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(RetryLater, match="could not be read to its end"):
        list(rows)


@pytest.mark.parametrize("sql", ["CREATE TABLE t (a int)", "DELETE FROM pg_class"])
def test_no_select(postgres: Any, sql: str) -> None:
    with pytest.raises(RefusedConfiguration):
        list(source(sql).rows())


def test_two_columns_of_one_name(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="columns 1 and 2 the same name 'a'"):
        list(source("SELECT 1 AS a, 2 AS a").rows())


def test_no_rows(postgres: Any) -> None:
    assert list(source("SELECT 1 AS a WHERE false").rows()) == []
    assert list(source("SELECT 1 AS a WHERE false", key="a").rows()) == []


# Keys


@pytest.mark.parametrize(
    "key",
    [
        "n",
        "n::text",
        "n::numeric / 7",
        "date '2020-01-01' + n",
        "timestamp '2020-01-01' + n * interval '1.000001 s'",
        "timestamptz '2020-01-01+00' + n * interval '1.000001 s'",
        "md5(n::text)::uuid",
        "decode(md5(n::text), 'hex')",
    ],
)
def test_reading_goes_on_from_any_key(postgres: Any, key: str) -> None:
    rows = source(f"SELECT {key} AS id, n FROM generate_series(1, 3500) n -- all", key="id")
    assert goes_on_everywhere(rows) == 3_500


@pytest.mark.parametrize(
    "end", [";", " -- all", " -- all\n;", "; -- end", ";;\n-- a; b\n/* end; */ ;\n", " WHERE n # 0 > 0;"]
)
def test_a_key_whatever_the_query_ends_with(postgres: Any, end: str) -> None:
    rows = source(f"SELECT n, ';--' AS t FROM generate_series(1, 1500) n{end}", key="n")
    assert [row["n"] for row in rows.rows() if isinstance(row, dict)] == list(range(1, 1_501))


@pytest.mark.parametrize("parameters", [None, ["%7%"], {"like": "%7%"}])
def test_a_key_with_parameters_and_percent_signs(postgres: Any, parameters: Any) -> None:
    mark = {type(None): "'%7%'", list: "%s", dict: "%(like)s"}[type(parameters)]
    rows = source(
        f"WITH u AS (SELECT n FROM generate_series(1, 9000) n) SELECT n FROM u WHERE n::text LIKE {mark};",
        key="n",
        parameters=parameters,
    )
    assert goes_on_everywhere(rows) >= 2_000


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT NULLIF(n, 5) AS n FROM generate_series(1, 10) n", "NULL"),
        ("SELECT n / 2 AS n FROM generate_series(1, 10) n", "twice"),
        ("SELECT n::float8 AS n FROM generate_series(1, 10) n", "float"),
        ("SELECT n > 5 AS n FROM generate_series(5, 6) n", "bool"),
        ("SELECT 'NaN'::numeric AS n", "Decimal"),
        ("SELECT 1 AS m", "42703"),
    ],
)
def test_a_key_that_would_lose_rows_is_refused(postgres: Any, sql: str, what: str) -> None:
    with pytest.raises(RefusedConfiguration, match=what):
        list(source(sql, key="n").rows())


def test_a_null_key_is_seen_also_after_a_bookmark(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="NULL"):
        list(source("SELECT NULLIF(n, 5) AS n FROM generate_series(1, 10) n", key="n").rows(after=BEHIND_SEVEN))


def test_a_key_may_be_named_in_any_case(postgres: Any) -> None:
    assert goes_on_everywhere(source("SELECT n AS User_Id FROM generate_series(1, 1500) n", key="USER_ID")) == 1_500


@pytest.mark.parametrize(
    "place",
    [7, "x", ["int", "x"], [], {"a": 1}, {**BEHIND_SEVEN, "type": "nothing"}, {**BEHIND_SEVEN, "tries": [[7]]}],
)
def test_a_place_of_something_else(place: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="place"):
        list(source("SELECT 1 AS n", key="n").rows(after=place))


def test_without_a_key_there_is_no_place_to_go_on_from(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="key is not set"):
        list(source("SELECT 1 AS n").rows(after=BEHIND_SEVEN))


# SQLite


@pytest.fixture
def users(sqlite: Callable[..., None]) -> None:
    sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, active, born, amount, tag, more, seen)",
        f"INSERT INTO users VALUES (1, 1, '1980-02-29', '1.10', '{UUID_1}', '[1]', '2026-11-24T10:00:00Z')",
        "INSERT INTO users VALUES (2, 'no', NULL, 2.5, NULL, 'null', '2026-11-24 10:00:00')",
        "INSERT INTO users VALUES (3, 'maybe', NULL, NULL, NULL, NULL, NULL)",
    )


@pytest.mark.usefixtures("users")
def test_declared_types() -> None:
    types = {
        "active": "boolean",
        "born": "date",
        "amount": "decimal",
        "tag": "uuid",
        "more": "json",
        "seen": "timestamp",
    }
    first, second, bad = source("SELECT * FROM users ORDER BY id", types=types).rows()
    seen = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)
    assert first == {
        "id": 1,
        "active": True,
        "born": date(1980, 2, 29),
        "amount": Decimal("1.10"),
        "tag": UUID_1,
        "more": [1],
        "seen": seen,
    }
    assert second["active"] is False  # type: ignore[index]
    assert second["seen"] == datetime(2026, 11, 24, 10)  # type: ignore[index]
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.status, bad.verdict.attribute) == ("invalid", "active")
    assert "maybe" not in repr(bad.verdict)
    assert bad.raw["active"] == "maybe"


@pytest.mark.usefixtures("users")
def test_a_type_for_a_column_that_is_not_there() -> None:
    with pytest.raises(RefusedConfiguration, match="'nothing'"):
        list(source("SELECT id FROM users", types={"nothing": "date"}).rows())


def test_sqlite_goes_on_by_key(sqlite: Any) -> None:
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3500) SELECT n AS id FROM c"
    assert goes_on_everywhere(source(numbers, key="id")) == 3_500
    assert goes_on_everywhere(source(f"{numbers} WHERE n > ?", key="id", parameters=[500])) == 3_000
    assert goes_on_everywhere(source(f"{numbers} WHERE n > :low", key="id", parameters={"low": 500})) == 3_000


def test_texts_that_a_collation_takes_for_one_are_told_apart(sqlite: Any) -> None:
    sqlite("CREATE TABLE t (id TEXT COLLATE NOCASE)")
    sqlite(*(f"INSERT INTO t VALUES ('{n:05}a'), ('{n:05}A')" for n in range(1_000)))
    rows = source("SELECT id FROM t", key="id")
    items = list(rows.rows())
    marks = [item for item in items if isinstance(item, Keys)]
    keys = [key for mark in marks for key in mark.keys]
    assert [number for mark in marks for number in mark.alike] == list(range(1, 1_000, 2)) * 2
    for at in (0, 1, 998, 999, 1_000, 1_001):
        finished = keys[at - 1 : at + 1] if at % 2 else keys[at : at + 1]
        left = rest(rows, Unfinished().behind([Gap(tuple(finished), ())]))
        assert sorted(row["id"] for row in left) == sorted(keys[at + 1 :])


def test_a_key_of_several_types(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="more than one type"):
        list(source("SELECT 1 AS id UNION ALL SELECT 'a'", key="id").rows())


def test_sql_that_gives_no_rows(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="no rows"):
        list(source("CREATE TABLE t (a)").rows())


# What a DAG author sees


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sql": ""}, "sql is empty"),
        ({"sql": 5}, "sql is a int"),
        ({"conn_id": None}, "conn_id is a NoneType"),
        ({"parameters": "ada"}, "parameters is a str"),
        ({"parameters": 5}, "parameters is a int"),
        ({"key": "a b"}, "key is a str"),
        ({"key": "id; DROP TABLE x"}, "key is a str"),
        ({"types": {"a": "money"}}, r"types\['a'\] is no known type"),
        ({"types": ["a"]}, "types is a list"),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SqlRows(**{"sql": "SELECT 1", "conn_id": "warehouse", **arguments})


def test_a_connection_to_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", '{"conn_type": "smtp"}')
    with pytest.raises(RefusedConfiguration, match="SmtpHook"):
        list(source("SELECT 1").rows())


@pytest.mark.parametrize("sql", ["SELECT 1 AS a", "SELECT 1 AS a ORDER BY a"])
def test_without_a_key_a_retry_starts_at_the_first_row(sql: str) -> None:
    assert "key=" in str(source(sql).check_resume())
    assert source(sql, key="a").check_resume() is None


def test_identity_and_repr_say_nothing_of_parameters() -> None:
    one, two = (source("SELECT %s", parameters=[mail], key="id") for mail in ("ada@example.com", "bob@example.com"))
    assert one.identity() != two.identity()
    assert one.identity() == source("SELECT %s", parameters=["ada@example.com"], key="id").identity()
    assert one.identity() != source("SELECT %s ", parameters=["ada@example.com"], key="id").identity()
    assert "ada" not in json.dumps(one.identity()) + repr(one) + str(one)
