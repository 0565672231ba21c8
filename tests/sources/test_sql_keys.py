# SPDX-License-Identifier: Apache-2.0
"""Queries that are read by key, and resumed at any of its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sources.sql_rows import check_resuming, finished_up_to, only_rows, source

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.shards import split
from airflow_provider_userattrs.sources.sql import SqlRows

BEHIND_SEVEN = finished_up_to(7).as_dict()


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
def test_reading_resumes_from_any_key(postgres: Any, key: str) -> None:
    rows = source(f"SELECT {key} AS id, n FROM generate_series(1, 3500) n -- all", key="id")
    assert check_resuming(rows) == 3_500


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
    assert check_resuming(rows) >= 2_000


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


def test_a_null_key_is_noticed_also_when_resuming(postgres: Any) -> None:
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
    assert check_resuming(source("SELECT n AS User_Id FROM generate_series(1, 1500) n", key="USER_ID")) == 1_500


@pytest.mark.parametrize("name", ["order", "User", "select"])
def test_a_key_may_be_a_reserved_word(postgres: Any, name: str) -> None:
    rows = source(f'SELECT n AS "{name}" FROM generate_series(1, 1500) n', key=name)
    assert check_resuming(rows) == 1_500
    assert [len(only_rows(part.rows())) for part in split(rows, 3)] == [500, 500, 500]


def test_an_enum_is_a_key(postgres: Any) -> None:
    labels = ", ".join(f"'{number * 7919 % 3571}'" for number in range(1_500))
    postgres.execute(
        f"CREATE TYPE label AS ENUM ({labels})", "CREATE TABLE users AS SELECT unnest(enum_range(NULL::label)) AS id"
    )
    assert check_resuming(source("SELECT id FROM users", key="id")) == 1_500


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
