# SPDX-License-Identifier: Apache-2.0
"""Rows of a real PostgreSQL, through both of its drivers, and of SQLite."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from reading import behind, goes_on_everywhere, only_rows, rest, source
from servers import free_port

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.shards import split
from airflow_provider_userattrs.sources.sql import SqlRows

BEHIND_SEVEN = behind(7).as_dict()
UUID_1 = UUID("12345678-1234-5678-1234-567812345678")


# PostgreSQL


def test_values_arrive_as_postgresql_means_them(postgres: Any) -> None:
    (row,) = source(
        f"""SELECT 1 AS i, 9007199254740993::bigint AS b, 12.340::numeric AS d, 1.5::float8 AS f, true AS t,
        'ä'::text AS s, NULL AS n, date '2026-11-24' AS day, timestamp '2026-11-24 10:00:00.123456' AS naive,
        timestamptz '2026-11-24 10:00:00+02' AS aware, time '10:30' AS clock, '{UUID_1}'::uuid AS u,
        ARRAY[1, 2] AS a, ARRAY['{UUID_1}']::uuid[] AS us, '{{"a": [1, null]}}'::json AS j, '{{"a": 1.5}}'::jsonb AS jb,
        '\\x0001'::bytea AS raw"""
    ).rows()
    aware = row.pop("aware")  # type: ignore[union-attr]
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
    assert type(row["u"]) is UUID
    assert type(row["raw"]) is bytes
    assert str(row["d"]) == "12.340"


def test_rows_are_streamed(postgres: Any) -> None:
    # A whole result would divide by zero before the first row was there.
    rows = source("SELECT 1 / (5000 - n) AS x, n FROM generate_series(1, 1000000) n").rows()
    assert [row["n"] for row in islice(rows, 4_000)] == list(range(1, 4_001))  # type: ignore[index]
    rows.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("parameters", [[10], (10,)])
def test_parameters_are_values(postgres: Any, parameters: Any) -> None:
    rows = source("SELECT n FROM generate_series(1, 20) n WHERE n > %s", parameters=parameters)
    assert [row["n"] for row in rows.rows()] == list(range(11, 21))  # type: ignore[index]


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


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "infinity"),
        ("date", "-infinity"),
        ("date", "0044-03-15 BC"),
        ("date", "10000-01-01"),
        ("timestamp", "infinity"),
        ("timestamp", "0044-03-15 00:00:00 BC"),
        ("timestamp", "294276-12-31 23:59:59"),
        ("timestamptz", "infinity"),
        ("timestamptz", "-infinity"),
        ("timestamptz", "0044-03-15 00:00:00+00 BC"),
        ("timestamptz", "10000-01-01 00:00:00+00"),
        ("time", "24:00:00"),
        ("timetz", "24:00:00+02"),
        ("date[]", "{2026-11-24,infinity}"),
        ("timestamptz[]", "{infinity}"),
        ("jsonb", "1e5000"),
    ],
)
def test_a_value_that_python_has_not_costs_its_row(postgres: Any, kind: str, value: str) -> None:
    rows = list(
        source(
            f"""SELECT n AS id, 'text' AS t, NULL AS nothing, CASE WHEN n = 1200 THEN %s::{kind} END AS at,
            date '2026-11-24' AS day, '{{1}}'::int[] AS a, CASE WHEN n <> 2100 THEN '\\x00'::bytea END AS raw
            FROM generate_series(1, 2500) n""",
            parameters=[value],
        ).rows()
    )
    assert len(rows) == 2_500
    bad = rows.pop(1_199)
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.status, bad.verdict.code, bad.verdict.attribute) == ("invalid", "unreadable", "at")
    assert value.replace("infinity", "not said") not in repr(bad.verdict)
    assert bad.raw["id"] == 1_200
    assert bad.raw["day"] == date(2026, 11, 24)
    if kind != "jsonb":
        assert bad.raw["at"] in (value, value.strip("{}").split(","), [date(2026, 11, 24), "infinity"])
    good = {"t": "text", "nothing": None, "at": None, "day": date(2026, 11, 24), "a": [1], "raw": b"\0"}
    assert rows[1_198] == {"id": 1_199, **good}
    assert rows[1_199] == {"id": 1_201, **good}
    assert rows[2_098] == {"id": 2_100, **good, "raw": None}


@pytest.mark.usefixtures("connections")
def test_a_push_of_a_user_who_was_never_seen(
    postgres: Any, push: Any, control: Any, counted: Any, tmp_path: Any
) -> None:
    sql = "SELECT n AS euid, CASE n WHEN 2 THEN date '-infinity' END AS seen, 'a' AS a FROM generate_series(1, 3) n"
    run = push(source(sql, key="euid"), rejects_path=str(tmp_path / "rejects.jsonl"))
    counted(run.report, 3)
    assert run.counts == {"accepted": 2, "invalid": 1}
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["attributes"]) == ("unreadable", {"seen": 1})
    assert [control.user("engagelab", n) is not None for n in (1, 2, 3)] == [True, False, True]
    _, reject = Path(run.report["rejects_path"]).read_text().splitlines()
    assert json.loads(reject)["row"] == {"euid": 2, "seen": "-infinity", "a": "a"}


def test_a_key_that_python_has_not_is_refused(postgres: Any) -> None:
    sql = "SELECT d FROM (VALUES (date '2026-11-24'), ('infinity')) v(d)"
    with pytest.raises(RefusedConfiguration, match=r"key 'd' has a value that Python cannot represent"):
        list(source(sql, key="d").rows())


def test_what_is_not_a_plain_type(postgres: Any) -> None:
    postgres.execute("CREATE EXTENSION IF NOT EXISTS hstore", "CREATE TYPE mood AS ENUM ('sad', 'happy')")
    (row,) = source(
        """SELECT inet '10.0.0.1' AS host, inet '10.0.0.1/24' AS part, cidr '10.0.0.0/8' AS net, 'sad'::mood AS mood,
        hstore('a', '1') AS h, money '12.50' AS cash, numeric 'NaN' AS nan, bit '101' AS bits,
        '{sad,happy}'::mood[]::text[] AS moods"""
    ).rows()
    assert isinstance(row, dict)
    assert str(row.pop("nan")) == "NaN"
    assert row == {
        "host": "10.0.0.1",
        "part": "10.0.0.1/24",
        "net": "10.0.0.0/8",
        "mood": "sad",
        "h": '"a"=>"1"',
        "cash": "$12.50",
        "bits": "101",
        "moods": ["sad", "happy"],
    }


def test_text_of_a_database_that_takes_any_bytes(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not postgres.execute("SELECT 1 FROM pg_database WHERE datname = 'any_bytes'"):
        postgres.create_database("any_bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    change_connection(monkeypatch, schema="any_bytes")
    good, bad = source("SELECT 'a' || chr(195) || chr(169) AS t, 1 AS n UNION ALL SELECT chr(233), 2 ORDER BY n").rows()
    assert good == {"t": "aé", "n": 1}
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.status, bad.verdict.attribute) == ("invalid", "t")
    change_connection(monkeypatch, extra={"client_encoding": "LATIN1"})
    assert list(source("SELECT chr(233) AS t").rows()) == [{"t": "é"}]


def test_letters_arrive_whatever_the_connection_says(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, extra={"client_encoding": "LATIN1"})
    assert list(source("SELECT 'Жä😀' AS t").rows()) == [{"t": "Жä😀"}]


def change_connection(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", json.dumps({**json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"]), **fields})
    )


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


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"login": "nobody"}, 'role "nobody" does not exist'),
        ({"schema": "nowhere"}, 'database "nowhere" does not exist'),
    ],
)
def test_a_login_that_is_refused_is_refused_for_good(
    postgres: Any, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], words: str
) -> None:
    change_connection(monkeypatch, **changed)
    with pytest.raises(RefusedConfiguration, match=f"conn_id 'warehouse' is refused .*{words}"):
        list(source("SELECT 1").rows())


@pytest.mark.parametrize(
    ("conn_type", "words"),
    [
        ("mssql", "is of the type 'mssql', .*; install apache-airflow-providers-microsoft-mssql"),
        ("snowflake", "is of the type 'snowflake', .*; install apache-airflow-providers-snowflake"),
        ("made_up", "is of the type 'made_up', .*; check its type, or install the provider of that type"),
        ("", "has no type; check its type"),
    ],
    ids=["mssql", "snowflake", "unknown", "none"],
)
def test_a_connection_without_its_provider_names_the_package(
    push: Any, connections: Any, monkeypatch: pytest.MonkeyPatch, conn_type: str, words: str
) -> None:
    """And the task is not tried again for it."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": conn_type, "host": "127.0.0.1"}))
    run = push(source("SELECT 1 AS euid"), retries=2)
    assert run.state == "failed"
    assert [type(error).__name__ for error in run.log.errors] == ["AirflowFailException"]
    assert re.search(f"conn_id 'warehouse' {words}", str(run.error))


def test_a_server_that_is_away_is_passing(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, port=free_port())
    with pytest.raises(RetryLater, match="conn_id 'warehouse' cannot connect"):
        list(source("SELECT 1").rows())


@pytest.mark.parametrize(
    ("sql", "words"),
    [("pg_cancel_backend", "57014: canceling statement"), ("pg_terminate_backend", "could not be read to its end")],
)
def test_what_is_passing(postgres: Any, sql: str, words: str) -> None:
    with pytest.raises(RetryLater, match=words):
        list(source(f"SELECT {sql}(pg_backend_pid()), pg_sleep(10)").rows())
    with pytest.raises(RetryLater, match=words):
        list(source(f"SELECT {sql}(pg_backend_pid()), pg_sleep(10), 1 AS id", key="id").rows())


def test_a_query_that_is_dropped_is_opened_anew_behind_the_last_key(postgres: Any, log: Any) -> None:
    read = []
    for item in source("SELECT n AS id, 'user ' || n AS name FROM generate_series(1, 20000) n", key="id").rows():
        if isinstance(item, dict):
            read.append(item["id"])
            if len(read) in (1, 10_000):
                postgres.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
    assert read == list(range(1, 20_001))
    assert len([text for text in log.texts if "run again from the last row on" in text]) == 2


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT oid FROM pg_class, pg_proc", "42702: column reference"),
        ("SELECT 1 FROM pg_authid", "42501: permission denied"),
        ("SELECT nothing(1)", "42883: function nothing"),
        ("SELECT 1::nothing", '42704: type "nothing" does not exist'),
        ("SELECT relname, count(*) FROM pg_class", "42803: column"),
        ("SELEC 'ada@example.com'", r"42601\)"),
        ("SELECT 2147483647 + n FROM generate_series(1, 2) n", r"22003\)"),
    ],
)
def test_a_query_that_cannot_work_is_refused(
    postgres: Any, monkeypatch: pytest.MonkeyPatch, sql: str, words: str
) -> None:
    if not postgres.execute("SELECT 1 FROM pg_roles WHERE rolname = 'reader'"):
        postgres.execute("CREATE ROLE reader LOGIN")
    change_connection(monkeypatch, login="reader")
    with pytest.raises(RefusedConfiguration, match=words) as caught:
        list(source(sql).rows())
    assert "ada" not in str(caught.value)


@pytest.mark.parametrize("sql", ["CREATE TABLE t (a int)", "DELETE FROM pg_class"])
def test_no_select(postgres: Any, sql: str) -> None:
    with pytest.raises(RefusedConfiguration):
        list(source(sql).rows())


def test_two_columns_of_one_name(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="the same name 'a' for columns 1 and 2"):
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
        ("SELECT 'NaN'::numeric AS n", "a NaN"),
        ("SELECT 1 AS m", "key names the column 'n', which sql does not have; the columns are m"),
    ],
)
def test_a_key_that_would_lose_rows_is_refused(postgres: Any, sql: str, what: str) -> None:
    with pytest.raises(RefusedConfiguration, match=what):
        list(source(sql, key="n").rows())


def test_a_null_key_is_seen_also_after_a_bookmark(postgres: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="NULL"):
        list(source("SELECT NULLIF(n, 5) AS n FROM generate_series(1, 10) n", key="n").rows(after=BEHIND_SEVEN))


@pytest.mark.parametrize("parameters", [None, {"least": 1}])
def test_a_key_that_is_no_column(postgres: Any, parameters: Any) -> None:
    sql = "SELECT 1 AS id, 2 AS age" if parameters is None else "SELECT 1 AS id, 2 AS age WHERE 1 = %(least)s"
    reads: list[Callable[[SqlRows], Any]] = [
        lambda query: list(query.rows()),
        lambda query: split(query, 2),
        lambda query: split(query, 2, "range"),
    ]
    for read in reads:
        with pytest.raises(RefusedConfiguration) as raised:
            read(source(sql, key="idd", parameters=parameters))
        assert str(raised.value) == (
            "key names the column 'idd' (did you mean 'id'?), which sql does not have; the columns are id, age"
        )


def test_a_key_may_be_named_in_any_case(postgres: Any) -> None:
    assert goes_on_everywhere(source("SELECT n AS User_Id FROM generate_series(1, 1500) n", key="USER_ID")) == 1_500


@pytest.mark.parametrize("name", ["order", "User", "select"])
def test_a_key_may_be_a_word_of_sql(postgres: Any, name: str) -> None:
    rows = source(f'SELECT n AS "{name}" FROM generate_series(1, 1500) n', key=name)
    assert goes_on_everywhere(rows) == 1_500
    assert [len(only_rows(part.rows())) for part in split(rows, 3)] == [500, 500, 500]


def test_an_enum_is_a_key(postgres: Any) -> None:
    labels = ", ".join(f"'{number * 7919 % 3571}'" for number in range(1_500))
    postgres.execute(
        f"CREATE TYPE label AS ENUM ({labels})", "CREATE TABLE users AS SELECT unnest(enum_range(NULL::label)) AS id"
    )
    assert goes_on_everywhere(source("SELECT id FROM users", key="id")) == 1_500


def test_a_second_statement_is_refused(postgres: Any) -> None:
    postgres.execute("CREATE TABLE users AS SELECT 1 AS id")
    with pytest.raises(ValueError, match="second statement"):
        source("SELECT id FROM users; DELETE FROM users")
    rows = source("{{ query }}")
    rows.sql = "SELECT ';' AS a; -- one\nDELETE FROM users"
    with pytest.raises(RefusedConfiguration, match="second statement"):
        list(rows.rows())
    assert list(source("SELECT ';' AS a; -- one; statement\n;").rows()) == [{"a": ";"}]


@pytest.mark.parametrize(
    "place",
    [7, "x", ["int", "x"], [], {"a": 1}, {**BEHIND_SEVEN, "type": "nothing"}, {**BEHIND_SEVEN, "tries": [[7]]}],
)
def test_a_cursor_of_another_source_is_refused(place: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="after is not a cursor of this source"):
        list(source("SELECT 1 AS n", key="n").rows(after=place))


def test_without_a_key_a_query_cannot_be_resumed(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="read without a key and cannot be resumed"):
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
    assert not isinstance(second, (MalformedRow, Keys))
    assert second["active"] is False
    assert second["seen"] == datetime(2026, 11, 24, 10)
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.status, bad.verdict.attribute) == ("invalid", "active")
    assert "maybe" not in repr(bad.verdict)
    assert bad.raw["active"] == "maybe"
    assert bad.types == types, "a replay converts the row to them once it is mended"


@pytest.mark.usefixtures("users")
def test_a_type_for_a_column_that_is_not_there() -> None:
    with pytest.raises(RefusedConfiguration, match="'nothing'"):
        list(source("SELECT id FROM users", types={"nothing": "date"}).rows())


def test_sqlite_goes_on_by_key(sqlite: Any) -> None:
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3500) SELECT n AS id FROM c"
    assert goes_on_everywhere(source(numbers, key="id")) == 3_500
    assert goes_on_everywhere(source(f"{numbers} WHERE n > ?", key="id", parameters=[500])) == 3_000
    assert goes_on_everywhere(source(f"{numbers} WHERE n > :low", key="id", parameters={"low": 500})) == 3_000


def test_texts_that_a_collation_takes_for_one_are_distinct_reasons(sqlite: Any) -> None:
    sqlite("CREATE TABLE t (id TEXT COLLATE NOCASE)")
    sqlite(*(f"INSERT INTO t VALUES ('{n:05}a'), ('{n:05}A')" for n in range(1_000)))
    rows = source("SELECT id FROM t", key="id")
    items = list(rows.rows())
    marks = [item for item in items if isinstance(item, Keys)]
    keys = [key for mark in marks for key in mark.keys]
    for at in (0, 1, 998, 999, 1_000, 1_001):
        finished = keys[at - 1 : at + 1] if at % 2 else keys[at : at + 1]
        left = rest(rows, Unfinished().behind([Gap(tuple(finished), ())]))
        assert sorted(row["id"] for row in left) == sorted(keys[at + 1 :])


def test_text_that_is_none_costs_its_row_alone(sqlite: Any) -> None:
    sqlite("CREATE TABLE t AS SELECT 'a' AS a UNION ALL SELECT CAST(x'ff' AS TEXT)")
    assert list(source("SELECT a FROM t").rows()) == [{"a": "a"}, {"a": "\udcff"}]


@pytest.mark.parametrize("key", ["order", "Order"])
def test_a_word_of_sql_is_a_key_of_sqlite(sqlite: Any, key: str) -> None:
    rows = source("SELECT 1 AS 'order' UNION SELECT 2", key=key)
    assert only_rows(rows.rows()) == [{"order": 1}, {"order": 2}]
    assert rest(rows, behind(1)) == [{"order": 2}]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT a FROM nowhere", "no such table: nowhere"),
        ("SELECT nowhere", "no such column: nowhere"),
        ("SELEC 'ada@example.com'", r"OperationalError: syntax error\)"),
    ],
)
def test_a_query_that_sqlite_refuses(sqlite: Any, sql: str, words: str) -> None:
    with pytest.raises(RefusedConfiguration, match=words):
        list(source(sql).rows())


def test_a_key_that_is_no_column_of_sqlite(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration) as raised:
        list(source("SELECT 1 AS user_id, 2 AS age", key="userid").rows())
    assert str(raised.value) == (
        "key names the column 'userid' (did you mean 'user_id'?), which sql does not have; the columns are user_id, age"
    )


def test_a_key_beside_a_query_that_does_not_work(sqlite: Any) -> None:
    with pytest.raises(RefusedConfiguration, match="no such table: nowhere"):
        list(source("SELECT * FROM nowhere", key="id").rows())


@pytest.mark.parametrize("key", [None, "a"])
def test_the_columns_are_known_once_a_query_has_run(sqlite: Any, key: str | None) -> None:
    query = source("SELECT 1 AS a, 2 AS b WHERE 1 = 0", key=key)
    assert query.column_names() is None
    assert list(query.rows()) == []
    assert query.column_names() == ["a", "b"]


def test_a_locked_sqlite_is_passing(sqlite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3
    from contextlib import closing

    sqlite("CREATE TABLE t (a)")
    path = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])["host"]
    change_connection(monkeypatch, extra={"timeout": 0})
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RetryLater, match="could not be read"):
            list(source("SELECT a FROM t").rows())


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
        ({"sql": 5}, "sql is 5"),
        ({"conn_id": None}, "conn_id is None"),
        ({"parameters": "ada"}, "parameters is a str"),
        ({"parameters": 5}, "parameters is an int"),
        ({"key": "a b"}, "key is the text"),
        ({"key": "id; DROP TABLE x"}, "key is the text"),
        ({"types": {"a": "money"}}, r"types\['a'\] is not a known type"),
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
