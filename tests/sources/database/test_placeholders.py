# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a query's placeholders, once its database or the driver has refused it."""

from __future__ import annotations

from typing import Any

import pytest
from sources.sql_rows import source

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.database.placeholders import placeholder_problem

NOT_NAMED = "write its placeholders as %(name)s, or %s in order, which this database takes, not as :name"
NOT_QMARK = "write its placeholders as %(name)s, or %s in order, which this database takes, not as ?"
NOT_PYFORMAT = "write its placeholders as :name, or ? in order, which this database takes, not as %(name)s"
QUOTES = "write its placeholders without quotes around them"
PERCENT = "with parameters, write each percent sign twice (%%)"


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "MySQLdb", "pymysql", "mysql"])
@pytest.mark.parametrize(
    ("where", "parameters", "problem"),
    [
        ("a > %(since)s", {"since": 1}, None),
        ("a > %s", [1], None),
        ("a > 1", None, None),
        ("a > :since", {"since": 1}, NOT_NAMED),
        ("a > :since", None, NOT_NAMED),
        ("a > ?", [1], NOT_QMARK),
        ("a ? 'key'", None, None),  # an operator of PostgreSQL's
        ("a::text = ':since' AND b > '10:30' -- :since", None, None),
        ("a > '%(since)s'", {"since": 1}, QUOTES),
        ("a > '%s'", [1], QUOTES),
        ("a LIKE 'x%' AND b = %(b)s", {"b": 1}, PERCENT),
        ("a % 2 = 0 AND b = %(b)s", {"b": 1}, PERCENT),
        ("a LIKE 'x%%' AND a %% 2 = 0 AND b = %(b)s", {"b": 1}, None),
        ("a LIKE 'x%'", None, None),
        ("a > %(since)s AND a < %(until)s", {"since": 1}, "give parameters a value for 'until'"),
        ("a > %(since)s AND b > %(since)s", None, "give parameters as a dict with a value for 'since'"),
        ("a > %(since)s", [1], "give parameters as a dict with a value for 'since'"),
        ("a > %s", {"since": 1}, "parameters is a dict, so write each placeholder as %(name)s"),
        ("a > %s AND a < %s", (1,), "give parameters a value for each of its placeholders: 2, not 1"),
    ],
)
def test_percent_signs(driver: str, where: str, parameters: Any, problem: str | None) -> None:
    assert placeholder_problem(f"SELECT a FROM t WHERE {where}", parameters, driver) == problem


@pytest.mark.parametrize(
    ("where", "parameters", "problem"),
    [
        ("a > :since", {"since": 1}, None),
        ("a > ?", [1], None),
        ("a LIKE 'x%' AND a % 2 = 0 AND b = :b", {"b": 1}, None),
        ("a > %(since)s", {"since": 1}, NOT_PYFORMAT),
        ("a > %(since)s", None, NOT_PYFORMAT),
        ("a > :since AND a < :until", {"since": 1}, "give parameters a value for 'until'"),
        ("a > ?", {"since": 1}, "parameters is a dict, so write each placeholder as :name"),
        ("a > ?", [1, 2], "give parameters a value for each of its placeholders: 1, not 2"),
    ],
)
def test_colons(where: str, parameters: Any, problem: str | None) -> None:
    assert placeholder_problem(f"SELECT a FROM t WHERE {where}", parameters, "sqlite3") == problem


def test_a_database_whose_placeholders_are_not_known() -> None:
    assert placeholder_problem("SELECT :a, %s, ?", [1], "oracledb") is None


# On real databases: each is refused for good, and says what to write


def refused(sql: str, **arguments: Any) -> str:
    with pytest.raises(RefusedConfiguration) as raised:
        list(source(sql, **arguments).rows())
    return str(raised.value)


@pytest.mark.parametrize("key", [None, "a"])
def test_postgresql(postgres: Any, key: str | None) -> None:
    assert refused("SELECT 1 AS a WHERE 1 = :x", parameters={"x": 1}, key=key).endswith(f"); {NOT_NAMED}")
    assert refused("SELECT 1 AS a WHERE 'x' LIKE 'x%' AND 1 = %(x)s", parameters={"x": 1}, key=key).endswith(PERCENT)
    assert refused("SELECT 1 AS a WHERE 1 = %(x)s", parameters={"y": 1}, key=key).endswith("a value for 'x'")


@pytest.mark.parametrize("key", [None, "a"])
def test_mariadb(mariadb: Any, key: str | None) -> None:
    assert refused("SELECT 1 AS a WHERE 1 = :x", parameters={"x": 1}, key=key).endswith(f"); {NOT_NAMED}")
    assert refused("SELECT 1 AS a WHERE 1 = ?", parameters=[1], key=key).endswith(f"); {NOT_QMARK}")


@pytest.mark.parametrize("key", [None, "a"])
def test_sqlite(sqlite: Any, key: str | None) -> None:
    sqlite("CREATE TABLE t (a)")
    assert refused("SELECT a FROM t WHERE a > %(x)s", parameters={"x": 1}, key=key) == (
        f"sql is refused by the database (OperationalError: syntax error); {NOT_PYFORMAT}"
    )
    assert refused("SELECT a FROM t WHERE a > :x", parameters={"y": 1}, key=key).endswith("a value for 'x'")
