# SPDX-License-Identifier: Apache-2.0
"""Rows of a real MariaDB, through mysqlclient, mysql-connector-python and pymysql."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from servers import free_port
from sources.sql_rows import check_resuming, finished_up_to, know_berlin, only_rows, source, unfinished_rows

from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.resume.unfinished import Unfinished
from airflow_provider_userattrs.sources.shards import split

#: As many users as there are numbers.
USERS = "SELECT seq AS id FROM seq_1_to_3500"

#: More than the server sends before anything is read.
MANY = "SELECT seq AS id, REPEAT('x', 100) AS name FROM seq_1_to_500000"


@pytest.fixture
def change_connection(mariadb: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**fields: Any) -> None:
        connection = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])
        extra = {**connection["extra"], **fields.pop("extra", {})}
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**connection, **fields, "extra": extra}))

    return change


# Values


def test_values_arrive_as_the_database_means_them(mariadb: Any) -> None:
    mariadb.execute(
        """CREATE TABLE users (i INT, b BIGINT UNSIGNED, d DECIMAL(38, 2), f DOUBLE, t TINYINT(1), bit1 BIT,
        bit9 BIT(9), y YEAR, s VARCHAR(9), e ENUM ('x', 'y'), st SET ('a', 'b'), day DATE, naive DATETIME(6),
        stamp TIMESTAMP(6), clock TIME(6), j JSON, raw VARBINARY(9), txt TEXT, blb BLOB, u UUID, n INT)""",
        """INSERT INTO users VALUES (1, 18446744073709551615, 123456789012345678901234567890123456.10, 1.5, 1, 1, 257,
        2026, 'ä😀', 'y', 'b,a', '2026-11-24', '2026-11-24 10:00:00.123456', '2026-11-24 10:00:00.123456',
        '10:30:15.5', '{"a": 1}', 'v', 'tä', 'b', '12345678-1234-5678-1234-567812345678', NULL)""",
    )
    (row,) = source("SELECT * FROM users").rows()
    assert row == {
        "i": 1,
        "b": 18446744073709551615,
        "d": Decimal("123456789012345678901234567890123456.10"),
        "f": 1.5,
        "t": 1,
        "bit1": 1,
        "bit9": 257,
        "y": 2026,
        "s": "ä😀",
        "e": "y",
        "st": "a,b",
        "day": date(2026, 11, 24),
        "naive": datetime(2026, 11, 24, 10, 0, 0, 123456),
        "stamp": datetime(2026, 11, 24, 10, 0, 0, 123456),
        "clock": time(10, 30, 15, 500000),
        "j": '{"a": 1}',  # MariaDB's JSON is text
        "raw": b"v",
        "txt": "tä",
        "blb": b"b",
        "u": "12345678-1234-5678-1234-567812345678",
        "n": None,
    }


def test_declared_types(mariadb: Any) -> None:
    mariadb.execute(
        "CREATE TABLE users (active BIT, seats BIT(9), clock TIME, more JSON, tiny TINYINT(1))",
        "INSERT INTO users VALUES (1, 257, '10:30', '[1]', 0), (0, 2, '23:59:59', 'null', 1)",
    )
    types = {"active": "boolean", "seats": "integer", "clock": "time", "more": "json", "tiny": "boolean"}
    assert list(source("SELECT * FROM users", types=types).rows()) == [
        {"active": True, "seats": 257, "clock": time(10, 30), "more": [1], "tiny": False},
        {"active": False, "seats": 2, "clock": time(23, 59, 59), "more": None, "tiny": True},
    ]


def test_a_zero_date_is_null_and_a_duration_makes_its_row_invalid(mariadb: Any) -> None:
    mariadb.execute(
        "SET sql_mode = ''",
        "CREATE TABLE users (id INT, day DATE, seen DATETIME(6), stamp TIMESTAMP NULL, clock TIME)",
        "INSERT INTO users VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00', '10:30')",
        "INSERT INTO users VALUES (2, NULL, NULL, NULL, '-25:00:01')",
    )
    zero, duration = source("SELECT * FROM users ORDER BY id").rows()
    assert zero == {"id": 1, "day": None, "seen": None, "stamp": None, "clock": time(10, 30)}
    assert isinstance(duration, MalformedRow)
    assert (duration.verdict.status, duration.verdict.attribute) == ("invalid", "clock")


@pytest.mark.parametrize("column", ["day", "seen"])
def test_a_day_that_does_not_exist_makes_its_row_invalid(mariadb: Any, request: Any, column: str) -> None:
    mariadb.execute(
        "SET sql_mode = ''",
        "CREATE TABLE users (id INT, day DATE, seen DATETIME)",
        "INSERT INTO users VALUES (1, '2026-00-15', '2026-00-15'), (2, '2026-11-24', '2026-11-24')",
    )
    bad, good = source(f"SELECT id, {column} FROM users ORDER BY id").rows()
    assert isinstance(good, dict)
    assert good[column] is not None
    if "connector" in request.node.name:  # it gives NULL by itself
        assert bad == {"id": 1, column: None}
    else:
        assert isinstance(bad, MalformedRow)
        assert (bad.verdict.status, bad.verdict.attribute) == ("invalid", column)
        assert bad.raw[column].startswith("2026-00-15")


@pytest.mark.parametrize("charset", ["latin1", "utf8"])
def test_letters_arrive_whatever_the_connections_charset(
    mariadb: Any, change_connection: Callable[..., None], charset: str
) -> None:
    change_connection(extra={"charset": charset})
    mariadb.execute("CREATE TABLE users (name VARCHAR(9))", "INSERT INTO users VALUES ('Жä😀')")
    assert list(source("SELECT name FROM users WHERE name > %s", parameters=["Ж"]).rows()) == [{"name": "Жä😀"}]


def test_letters_arrive_whatever_the_servers_charset(mariadb: Any) -> None:
    mariadb.execute("CREATE TABLE users (name VARCHAR(9))", "INSERT INTO users VALUES ('Жä😀')")
    mariadb.execute("SET GLOBAL init_connect = 'SET character_set_results = latin1'")
    try:
        assert list(source("SELECT name FROM users").rows()) == [{"name": "Жä😀"}]
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")


def test_rows_are_streamed_and_the_connection_is_closed(mariadb: Any) -> None:
    rows = source(MANY).rows()
    assert len(list(islice(rows, 4_000))) == 4_000
    assert mariadb.sessions() == 1
    rows.close()  # type: ignore[attr-defined]
    assert any(mariadb.sessions() == 0 for _ in range(1_000))


# Errors


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nowhere FROM users", r"1054: Unknown column 'nowhere'"),
        ("SELECT id FROM nowhere", r"1146: Table 'test\.nowhere' doesn't exist"),
        ("SELECT * FROM (SELECT id, id FROM users) u", r"1060: Duplicate column name 'id'"),
        ("SELECT 9223372036854775807 + id FROM users", r"Error 1690\)"),
        ("SELECT id FROM users WHERE id = (SELECT id FROM users)", r"1242: Subquery returns more than 1 row"),
        ("SELECT nowhere(id) FROM users", r"1305: FUNCTION test\.nowhere does not exist"),
        ("SELECT users.id FROM users, users u WHERE id > 1", r"1052: Column 'id' in "),
        ("SELECT * FROM mysql.user", r"1142: SELECT command denied to user 'tester'"),
        ("SELEC 'ada@example.com'", r"1064: syntax error at line 1\)"),
        ("SELECT id FROM users WHERE 'ada@example.com' REGEXP '('", r"Error 1139\)"),
    ],
)
def test_a_query_that_cannot_work_is_refused_by_number(mariadb: Any, sql: str, words: str) -> None:
    mariadb.execute("CREATE TABLE users (id BIGINT)", "INSERT INTO users VALUES (1), (2)")
    with pytest.raises(RefusedConfiguration, match=words) as caught:
        list(source(sql).rows())
    assert "ada" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("changed", "number"), [({"login": "nobody", "password": "secret"}, 1045), ({"schema": "nowhere"}, 1044)]
)
def test_a_login_that_is_refused_is_refused_for_good(
    change_connection: Callable[..., None], changed: dict[str, str], number: int
) -> None:
    change_connection(**changed)
    with pytest.raises(RefusedConfiguration, match=rf"conn_id 'warehouse' is refused .* {number}: Access denied"):
        list(source("SELECT 1").rows())


def test_an_unavailable_server_is_transient(change_connection: Callable[..., None]) -> None:
    change_connection(port=free_port())
    with pytest.raises(RetryLater, match=r"cannot connect \(\w+ 200[23]\)"):
        list(source("SELECT 1").rows())


def test_an_ended_session_is_transient(mariadb: Any) -> None:
    rows = source(MANY).rows()
    next(rows)
    mariadb.kill_sessions()
    with pytest.raises(RetryLater, match=r"could not be read to its end \(\w+ \d+\)"):
        list(rows)


def test_a_time_limit_is_transient(mariadb: Any) -> None:
    with pytest.raises(RetryLater, match="1969"):
        list(source("SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(10)").rows())


# Pushes


@pytest.mark.usefixtures("connections")
def test_a_push_from_mysql(mariadb: Any, push: Any, control: Any, counted: Any, tmp_path: Any) -> None:
    mariadb.execute(
        "CREATE TABLE users (`order` INT PRIMARY KEY, euid TEXT, vip BIT, wakes TIME, plan ENUM ('gold', 'basic'))",
        "INSERT INTO users VALUES (1, '1', 1, '07:30', 'basic'), (2, '2', 0, '100:00', 'gold')",
        "INSERT INTO users VALUES (3, '3', 0, NULL, 'gold')",
    )
    types = {"vip": "boolean", "wakes": "text"}
    rows = source("SELECT * FROM users", key="order", types=types)
    run = push(rows, rejects_path=str(tmp_path / "rejects.jsonl"))
    counted(run.report, 3)
    assert run.counts == {"accepted": 2, "invalid": 1}
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["attributes"]) == ("unreadable", {"wakes": 1})
    assert control.user("engagelab", 1)["properties"] == {"vip": True, "wakes": "07:30:00", "plan": "basic"}
    assert control.user("engagelab", 3)["properties"] == {"vip": False, "plan": "gold"}
    assert control.user("engagelab", 2) is None


@pytest.mark.usefixtures("connections")
def test_a_push_that_the_database_refuses(mariadb: Any, push: Any) -> None:
    run = push(source("SELECT nowhere FROM (SELECT 1 AS euid) u"), retries=2)
    assert run.state == "failed"
    assert "1054: Unknown column 'nowhere'" in run.report["failure"]
    assert len(run.log.errors) == 1  # no retry is spent


# A query that the database drops


def read_dropping(mariadb: Any, rows: Any, at: set[int]) -> list[Any]:
    """Read rows, and have the server end the session behind some of them."""
    read: list[Any] = []
    for row in rows:
        if isinstance(row, Keys):
            continue
        read.append(row)
        if len(read) in at:
            mariadb.kill_sessions()
    return read


def test_a_key_that_is_no_column(mariadb: Any) -> None:
    with pytest.raises(RefusedConfiguration) as raised:
        list(source("SELECT 1 AS id, 2 AS age", key="idd").rows())
    assert str(raised.value) == (
        "key names the column 'idd' (did you mean 'id'?), which sql does not have; the columns are id, age"
    )


def test_a_dropped_query_is_run_again_after_the_last_key(mariadb: Any, log: Any) -> None:
    read = read_dropping(mariadb, source(MANY, key="id").rows(), {1, 150_000, 300_000})
    assert [row["id"] for row in read] == list(range(1, 500_001))
    doubts_and_rows = [text for text in log.texts if "run again from the last row on" in text]
    assert len(doubts_and_rows) == 3
    assert all("could not be read to its end (" in text and "xx" not in text for text in doubts_and_rows)


def test_unfinished_rows_are_read_on_after_the_last_key(mariadb: Any) -> None:
    gaps = Unfinished().after_try([Gap((7,), (100_000,)), Gap((200_000,), ())])
    read = read_dropping(mariadb, source(MANY, key="id").rows(after=gaps.as_dict()), {1, 50_000, 250_000})
    assert [row["id"] for row in read] == [*range(8, 100_000), *range(200_001, 500_001)]


def test_keys_that_the_database_considers_equal_are_not_lost(mariadb: Any) -> None:
    mariadb.execute(
        "CREATE TABLE users (id VARCHAR(9), name CHAR(200), KEY (id))",
        "INSERT INTO users SELECT CONCAT(LPAD(seq DIV 2, 6, '0'), IF(seq % 2, 'a', 'A')), 'x' FROM seq_2_to_200001",
    )
    read = read_dropping(mariadb, source("SELECT * FROM users", key="id").rows(), {1, 1_000, 2_001, 100_000})
    assert len(read) == len({row["id"] for row in read}) == 200_000


def test_a_query_that_is_dropped_before_a_row_is_left_to_the_next_try(mariadb: Any) -> None:
    mariadb.execute("SET GLOBAL max_statement_time = 0.01")
    try:
        with pytest.raises(RetryLater, match="1969"):
            list(source("SELECT SLEEP(10) + seq AS id FROM seq_1_to_2", key="id").rows())
    finally:
        mariadb.execute("SET GLOBAL max_statement_time = 0")


# Keys


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("INT", "seq"),
        ("BIGINT UNSIGNED", "18446744073709551615 - seq"),
        ("DECIMAL(38, 6)", "12345678901234567890123456789012 + seq / 1000000"),
        ("DATE", "DATE '1000-01-01' + INTERVAL seq DAY"),
        ("DATETIME(6)", "TIMESTAMP '2020-01-01 00:00:00' + INTERVAL seq MICROSECOND"),
        ("TIMESTAMP(6)", "TIMESTAMP '2020-01-01 00:00:00' + INTERVAL seq MICROSECOND"),
        ("VARCHAR(32)", "MD5(seq)"),
        ("CHAR(32)", "MD5(seq)"),
        ("VARCHAR(32) CHARACTER SET latin1", "CONCAT('é', seq)"),
        ("BINARY(16)", "UNHEX(MD5(seq))"),
        ("UUID", "CONCAT(LPAD(HEX(seq * 7919 % 3571), 8, '0'), '-0000-4000-8000-', LPAD(seq, 12, '0'))"),
        ("BIT(20)", "seq"),
    ],
)
def test_every_key_gives_exactly_the_rows_after_it(mariadb: Any, kind: str, key: str) -> None:
    mariadb.execute(
        f"CREATE TABLE users (id {kind} PRIMARY KEY, n INT)",
        f"INSERT INTO users SELECT {key}, seq FROM seq_1_to_3500",
    )
    assert check_resuming(source("SELECT id, n FROM users", key="id")) == 3_500


@pytest.mark.parametrize("kind", ["ENUM ('z', 'a')", "SET ('z', 'a')"])
def test_a_key_that_is_sorted_by_index_is_refused(mariadb: Any, kind: str) -> None:
    mariadb.execute(f"CREATE TABLE users (id {kind} PRIMARY KEY)", "INSERT INTO users VALUES ('z'), ('a')")
    with pytest.raises(RefusedConfiguration, match=r"key 'id' is an ENUM or SET.*CAST\(id AS CHAR\)"):
        list(source("SELECT id FROM users", key="id").rows())
    text = source("SELECT CAST(id AS CHAR) AS id FROM users", key="id")
    assert only_rows(text.rows()) == [{"id": "a"}, {"id": "z"}]
    assert unfinished_rows(text, finished_up_to("a")) == [{"id": "z"}]


def test_a_timestamp_that_may_show_an_hour_twice_is_no_key(mariadb: Any) -> None:
    mariadb.execute(
        "SET time_zone = '+00:00'",
        "CREATE TABLE users (id TIMESTAMP PRIMARY KEY)",
        "INSERT INTO users VALUES ('2026-10-25 00:30'), ('2026-10-25 01:10')",
    )
    know_berlin(mariadb)
    mariadb.execute("""SET GLOBAL init_connect = "SET time_zone = 'Europe/Berlin'" """)
    try:
        with pytest.raises(RefusedConfiguration, match=r"UNIX_TIMESTAMP\(id\)"):
            list(source("SELECT id FROM users", key="id").rows())
        seconds = source("SELECT UNIX_TIMESTAMP(id) AS id FROM users", key="id")
        assert len(only_rows(seconds.rows())) == 2
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")


@pytest.mark.parametrize("name", ["order", "Group", "key"])
def test_a_key_may_be_a_reserved_word(mariadb: Any, name: str) -> None:
    rows = source(f"SELECT seq AS `{name}` FROM seq_1_to_1500", key=name)
    assert len(only_rows(rows.rows())) == 1_500
    assert unfinished_rows(rows, finished_up_to(1_499)) == [{name: 1_500}]
    assert [len(only_rows(part.rows())) for part in split(rows, 3)] == [500, 500, 500]


def test_split_by_hash(mariadb: Any) -> None:
    parts = [[row["id"] for row in only_rows(part.rows())] for part in split(source(USERS, key="id"), 4, by="hash")]
    assert sorted(number for part in parts for number in part) == list(range(1, 3_501))
    assert all(len(part) > 500 for part in parts)
