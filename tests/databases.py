# SPDX-License-Identifier: Apache-2.0
"""Connections to a PostgreSQL of this test run's own, and to SQLite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import Postgres


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Postgres]:
    with Postgres() as cluster:
        yield cluster


@pytest.fixture(params=["psycopg2", "psycopg"])
def postgres(request: pytest.FixtureRequest, _cluster: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """Connect ``warehouse`` to PostgreSQL, through each of the two drivers the provider knows."""
    # The provider takes the newer driver where it is installed; here both are.
    monkeypatch.setattr("airflow.providers.postgres.hooks.postgres.USE_PSYCOPG3", request.param == "psycopg")
    where = {"conn_type": "postgres", "host": "127.0.0.1", "port": _cluster.port, "login": "tester"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**where, "schema": "postgres"}))
    _cluster.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return _cluster


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
