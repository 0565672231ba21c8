# SPDX-License-Identifier: Apache-2.0
"""Connections to a PostgreSQL and a MariaDB of this test run's own, and to SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from servers import MariaDB, Postgres, missing
from versions import SQLALCHEMY


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Postgres]:
    with Postgres() as cluster:
        yield cluster


@pytest.fixture(params=["psycopg2", "psycopg"])
def postgres(request: pytest.FixtureRequest, _cluster: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """Connect ``warehouse`` to PostgreSQL, through each of the two drivers the provider knows."""
    if request.param == "psycopg" and Version("2") > SQLALCHEMY:
        pytest.skip("psycopg 3: Airflow's provider takes it beside SQLAlchemy 2, from Airflow 3.1 on")
    # The provider takes the newer driver where it is installed; here both are.
    hook = import_module("airflow.providers.postgres.hooks.postgres")
    monkeypatch.setattr(hook, "USE_PSYCOPG3", request.param == "psycopg", raising=False)
    where = {"conn_type": "postgres", "host": "127.0.0.1", "port": _cluster.port, "login": "tester"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**where, "schema": "postgres"}))
    _cluster.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return _cluster


@pytest.fixture(scope="session")
def _mariadb() -> Iterator[MariaDB]:
    for package in ("airflow.providers.mysql", "MySQLdb", "mysql.connector", "pymysql"):
        if not _is_installed(package):
            missing(f"{package} (the extra dev-mysql) is not installed")
    with MariaDB() as server:
        server.execute("CREATE DATABASE IF NOT EXISTS test", "CREATE USER tester", database="mysql")
        yield server


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(params=["mysqlclient", "mysql-connector-python", "pymysql"])
def mariadb(request: pytest.FixtureRequest, _mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch) -> MariaDB:
    """Connect ``warehouse`` to MariaDB, through the two clients the provider knows and one that authors bring."""
    where = {"conn_type": "mysql", "host": "127.0.0.1", "port": _mariadb.port, "login": "tester", "schema": "test"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**where, "extra": {"client": request.param}}))
    if request.param == "pymysql":
        monkeypatch.setattr("airflow.providers.mysql.hooks.mysql.MySqlHook.get_conn", _pymysql_connection)
    _mariadb.execute(
        "DROP DATABASE test",
        "CREATE DATABASE test CHARACTER SET utf8mb4",
        "GRANT SELECT, EXECUTE ON test.* TO tester",
        database="mysql",
    )
    return _mariadb


def _pymysql_connection(hook: Any) -> Any:
    import pymysql

    given = hook.connection
    return pymysql.connect(
        host=given.host,
        port=given.port,
        user=given.login,
        password=given.password or "",
        database=given.schema,
        charset=given.extra_dejson.get("charset", ""),
    )


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Connect ``warehouse`` to SQLite, and run statements there."""
    import sqlite3
    from contextlib import closing

    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def execute(*statements: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return execute
