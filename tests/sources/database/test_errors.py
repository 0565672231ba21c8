# SPDX-License-Identifier: Apache-2.0
"""What a database's error means, by its number."""

from __future__ import annotations

import sqlite3
from importlib import import_module

import pytest
from servers import missing

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.sources.database import errors as database_errors
from airflow_provider_userattrs.sources.database.errors import (
    describe,
    is_database_error,
    is_transient,
    refused_or_later,
)


def mysql_error(client: str, number: int, text: str) -> Exception:
    """Return an error of a client of MySQL's, as the client makes it."""
    module = {"mysqlclient": "MySQLdb", "pymysql": "pymysql.err", "mysql-connector-python": "mysql.connector.errors"}
    try:
        errors = import_module(module[client])
    except ImportError:
        missing(f"{client} (the extra dev-mysql) is not installed")
    made: Exception
    if client == "mysql-connector-python":
        made = (
            errors.get_mysql_exception(number, text, "HY000")
            if number < 2_000
            else errors.OperationalError(text, number)
        )
    else:
        made = errors.OperationalError(number, text)
    return made


@pytest.mark.parametrize("client", ["mysqlclient", "pymysql", "mysql-connector-python"])
@pytest.mark.parametrize("number", [1040, 1053, 1205, 1213, 1317, 1927, 1969, 2002, 2003, 2006, 2013, 2055, 3024, 4031])
def test_transient_errors_of_mysql(client: str, number: int) -> None:
    error = mysql_error(client, number, "of ada@example.com")
    assert is_database_error(error)
    assert is_transient(error)
    assert describe(error).endswith(f"Error {number}")


@pytest.mark.parametrize("client", ["mysqlclient", "pymysql", "mysql-connector-python"])
@pytest.mark.parametrize("number", [1064, 1139, 1264, 1292, 1365, 1366, 1406, 1690, 3141, 4038])
def test_what_may_hold_values_at_mysql(client: str, number: int) -> None:
    error = mysql_error(client, number, "of ada@example.com")
    assert not is_transient(error)
    assert describe(error).endswith(f"Error {number}")


@pytest.mark.parametrize("client", ["mysqlclient", "pymysql", "mysql-connector-python"])
@pytest.mark.parametrize("number", [1044, 1045, 1049, 1052, 1054, 1060, 1142, 1143, 1146, 1305, 2059])
def test_what_holds_names_at_mysql(client: str, number: int) -> None:
    error = mysql_error(client, number, "Table 't'")
    assert not is_transient(error)
    assert describe(error).endswith(f"Error {number}: Table 't'")


def test_a_number_has_one_meaning() -> None:
    transient, names, values = (getattr(database_errors, f"_MYSQL_{kind}") for kind in ("TRANSIENT", "NAMES", "VALUES"))
    assert not transient & names
    assert not transient & values
    assert not names & values


@pytest.mark.parametrize(
    ("state", "passing"),
    [
        ("08006", True),
        ("25P03", True),
        ("40001", True),
        ("40P01", True),
        ("53300", True),
        ("55P03", True),
        ("57014", True),
        ("57P01", True),
        ("57P03", True),
        ("58030", True),
        ("XX000", True),
        ("0A000", False),
        ("22003", False),
        ("22P02", False),
        ("28P01", False),
        ("3D000", False),
        ("42601", False),
        ("42703", False),
        ("57P04", False),
    ],
)
def test_sqlstates(state: str, passing: bool) -> None:
    from psycopg.errors import lookup

    error = lookup(state)("of ada@example.com")
    assert is_transient(error) is passing
    assert describe(error).endswith(f" {state}")
    raised = refused_or_later(error, "refused", "mend it", "later")
    assert type(raised) is (RetryLater if passing else RefusedConfiguration)
    assert "ada" not in str(raised)


@pytest.mark.parametrize(
    ("kind", "passing"),
    [
        ("OperationalError", True),
        ("InterfaceError", True),
        ("InternalError", True),
        ("ProgrammingError", False),
        ("DataError", False),
        ("NotSupportedError", False),
    ],
)
def test_a_driver_that_gives_the_kind_alone(kind: str, passing: bool) -> None:
    error = type(kind, (sqlite3.DatabaseError,), {})("of ada@example.com")
    assert is_database_error(error)
    assert is_transient(error) is passing
    assert describe(error) == kind


@pytest.mark.parametrize(("text", "passing"), [("no such table: users", False), ("database is locked", True)])
def test_sqlite_without_a_result_code(text: str, passing: bool) -> None:
    assert is_transient(sqlite3.OperationalError(text)) is passing


def test_the_base_class_is_known_by_the_connection() -> None:
    from contextlib import closing

    class Base(Exception):
        pass

    class Connection:
        Error = Base

    assert is_database_error(Base(), Connection())
    assert not is_database_error(Base())
    assert not is_database_error(ValueError(), Connection())
    with closing(sqlite3.connect(":memory:")) as connection:
        assert is_database_error(sqlite3.Error(), connection)
        assert not is_database_error(OSError(), connection)
