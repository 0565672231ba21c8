# SPDX-License-Identifier: Apache-2.0
"""Queries on PostgreSQL: values, errors, connections that fail."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import date, datetime, time, timezone
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from servers import free_port
from sources.sql_rows import UUID_1, change_connection, source

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow


def test_values_arrive_with_postgresqls_meaning(postgres: Any) -> None:
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


def test_an_error_shows_nothing_of_a_row(postgres: Any) -> None:
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
def test_a_value_without_a_python_type_makes_its_row_invalid(postgres: Any, kind: str, value: str) -> None:
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
def test_a_push_of_an_unreadable_timestamp(postgres: Any, push: Any, control: Any, counted: Any, tmp_path: Any) -> None:
    sql = "SELECT n AS euid, CASE n WHEN 2 THEN date '-infinity' END AS seen, 'a' AS a FROM generate_series(1, 3) n"
    run = push(source(sql, key="euid"), rejects_path=str(tmp_path / "rejects.jsonl"))
    counted(run.report, 3)
    assert run.counts == {"accepted": 2, "invalid": 1}
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["attributes"]) == ("unreadable", {"seen": 1})
    assert [control.user("engagelab", n) is not None for n in (1, 2, 3)] == [True, False, True]
    _, reject = Path(run.report["rejects_path"]).read_text().splitlines()
    assert json.loads(reject)["row"] == {"euid": 2, "seen": "-infinity", "a": "a"}


def test_a_key_without_a_python_type_is_refused(postgres: Any) -> None:
    sql = "SELECT d FROM (VALUES (date '2026-11-24'), ('infinity')) v(d)"
    with pytest.raises(RefusedConfiguration, match=r"key 'd' has a value that Python cannot represent"):
        list(source(sql, key="d").rows())


def test_types_beyond_the_plain_ones(postgres: Any) -> None:
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


def test_letters_arrive_whatever_the_connections_charset(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, extra={"client_encoding": "LATIN1"})
    assert list(source("SELECT 'Жä😀' AS t").rows()) == [{"t": "Жä😀"}]


@pytest.mark.parametrize("sql", ["SELECT nowhere FROM pg_class", "SELECT 1 FROM nowhere"])
def test_an_error_names_what_is_missing(postgres: Any, sql: str) -> None:
    with pytest.raises(RefusedConfiguration, match=r"nowhere.* does not exist"):
        list(source(sql).rows())


def test_a_database_that_shuts_down_is_transient(postgres: Any) -> None:
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
        ("", "has no type; set it to that of the database"),
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


def test_an_unavailable_server_is_transient(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change_connection(monkeypatch, port=free_port())
    with pytest.raises(RetryLater, match="conn_id 'warehouse' cannot connect"):
        list(source("SELECT 1").rows())


@pytest.mark.parametrize(
    ("sql", "words"),
    [("pg_cancel_backend", "57014: canceling statement"), ("pg_terminate_backend", "could not be read to its end")],
)
def test_transient_errors(postgres: Any, sql: str, words: str) -> None:
    with pytest.raises(RetryLater, match=words):
        list(source(f"SELECT {sql}(pg_backend_pid()), pg_sleep(10)").rows())
    with pytest.raises(RetryLater, match=words):
        list(source(f"SELECT {sql}(pg_backend_pid()), pg_sleep(10), 1 AS id", key="id").rows())


def test_a_dropped_query_is_run_again_after_the_last_key(postgres: Any, log: Any) -> None:
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


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/Sao_Paulo"])
def test_times_are_those_that_psycopg2_reads(postgres: Any, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """They are asked for as text, and read column by column."""
    import psycopg2

    change_connection(monkeypatch, extra={"options": f"-c timezone={zone}"})
    columns = {
        "date": ["0001-01-01", "9999-12-31", "2026-11-24", None],
        "timestamp": ["0001-01-01", "9999-12-31 23:59:59.999999", "2026-11-24 10:00:00.5", "2026-11-24 10:00", None],
        "timestamptz": ["0002-01-01", "9998-12-31 23:59:59.99", "1850-06-01", "2026-03-29 01:30", "2000-01-01", None],
    }
    for kind, texts in columns.items():
        for values in (texts, [text for text in texts if text]):
            listed = ", ".join("(NULL)" if text is None else f"('{text}')" for text in values)
            sql = f"SELECT v::{kind} AS at, 'null'::json AS nothing FROM (VALUES {listed}) t(v)"
            with closing(
                psycopg2.connect(host="127.0.0.1", port=postgres.port, user="tester", dbname="postgres")
            ) as own:
                own.set_session(autocommit=True)
                cursor = own.cursor()
                cursor.execute(f"SET TIME ZONE '{zone}'")
                cursor.execute(sql)
                expected = [at for at, _ in cursor.fetchall()]
            read: list[Any] = list(source(sql).rows())
            assert [row["at"] for row in read] == expected
            assert [row["at"] and row["at"].isoformat() for row in read] == [at and at.isoformat() for at in expected]
            assert {row["nothing"] for row in read} == {None}
