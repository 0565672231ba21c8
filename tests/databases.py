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
    return _connect_postgres(_cluster, request.param, monkeypatch)


def _connect_postgres(cluster: Postgres, driver: str, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    if driver == "psycopg" and Version("2") > SQLALCHEMY:
        pytest.skip("psycopg 3: Airflow's provider takes it beside SQLAlchemy 2, from Airflow 3.1 on")
    # The provider takes the newer driver where it is installed; here both are.
    hook = import_module("airflow.providers.postgres.hooks.postgres")
    monkeypatch.setattr(hook, "USE_PSYCOPG3", driver == "psycopg", raising=False)
    where = {"conn_type": "postgres", "host": "127.0.0.1", "port": cluster.port, "login": "tester"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**where, "schema": "postgres"}))
    cluster.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return cluster


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
    return _connect_mariadb(_mariadb, request.param, monkeypatch)


def _connect_mariadb(server: MariaDB, client: str, monkeypatch: pytest.MonkeyPatch) -> MariaDB:
    where = {"conn_type": "mysql", "host": "127.0.0.1", "port": server.port, "login": "tester", "schema": "test"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**where, "extra": {"client": client}}))
    if client == "pymysql":
        monkeypatch.setattr("airflow.providers.mysql.hooks.mysql.MySqlHook.get_conn", _pymysql_connection)
    server.execute(
        "DROP DATABASE test",
        "CREATE DATABASE test CHARACTER SET utf8mb4",
        "GRANT SELECT, EXECUTE ON test.* TO tester",
        database="mysql",
    )
    return server


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


@pytest.fixture(params=["sqlite", "psycopg2", "psycopg", "mysqlclient", "mysql-connector-python", "pymysql"])
def written_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Connect ``warehouse`` to each database through each of its drivers, to write there; give a schema, or None."""
    if request.param == "sqlite":
        request.getfixturevalue("sqlite")
        return None
    if request.param.startswith("psycopg"):
        cluster = _connect_postgres(request.getfixturevalue("_cluster"), request.param, monkeypatch)
        cluster.execute("DROP SCHEMA IF EXISTS airflow CASCADE", "CREATE SCHEMA airflow")
        return "airflow"
    server = _connect_mariadb(request.getfixturevalue("_mariadb"), request.param, monkeypatch)
    server.execute("GRANT ALL ON test.* TO tester", database="mysql")
    return None
