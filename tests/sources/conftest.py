# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of this test run's own, on loopback, and connections to it and to SQLite."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

_WITHOUT = "USERATTRS_WITHOUT_POSTGRESQL"
_NEEDED = (
    f"these tests need PostgreSQL's initdb and pg_ctl (Debian's package postgresql); install it, or set {_WITHOUT}=1 "
    "to go without them"
)


def _program(name: str) -> str:
    """Find one of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        pytest.fail(_NEEDED, pytrace=False)
    return found


class Postgres:
    """A cluster that runs as long as the tests do."""

    def __init__(self) -> None:
        self._programs = {name: _program(name) for name in ("initdb", "pg_ctl")}
        self.folder = Path(tempfile.mkdtemp(prefix="userattrs-pg-"))
        # PostgreSQL does not run as root.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            import pwd

            names = {entry.pw_name for entry in pwd.getpwall()}
            user = "postgres" if "postgres" in names else "nobody"
            entry = pwd.getpwnam(user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -F"
        self._run("pg_ctl", "-D", data, "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, *statements: str) -> list[Any]:
        """Run statements and return what the last one gives."""
        import psycopg2

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="tester", dbname="postgres")
        try:
            with connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def sessions(self) -> int:
        """Count the connections that push from it."""
        ((count,),) = self.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return int(count)

    def _run(self, program: str, *arguments: str) -> None:
        log = self.folder.parent / f"{self.folder.name}.out"
        try:
            with log.open("w") as output:
                subprocess.run(
                    [self._programs[program], *arguments],
                    check=True,
                    stdout=output,
                    stderr=output,
                    cwd=self.folder,
                    timeout=120,
                    env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                    **self._as,
                )
        finally:
            log.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Postgres]:
    if os.environ.get(_WITHOUT):
        pytest.skip(f"{_WITHOUT} is set")
    cluster = Postgres()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


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
