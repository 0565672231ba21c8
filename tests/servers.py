# SPDX-License-Identifier: Apache-2.0
"""Servers of this test run's own, on loopback: PostgreSQL, MariaDB and Redis."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from typing_extensions import Self

#: When set, a server that is not installed is a failure, and no reason to go without it.
_REQUIRED = "USERATTRS_REQUIRE_SERVERS"

_POSTGRESQL = "PostgreSQL's initdb and pg_ctl (Debian's package postgresql) are not installed"
_MARIADB = "mariadbd (Debian's package mariadb-server) is not installed"
_REDIS = "redis-server (Debian's package redis-server) is not installed"


def missing(what: str) -> NoReturn:
    """Skip the test for what is not installed, or fail where everything must be."""
    if os.environ.get(_REQUIRED):
        pytest.fail(what, pytrace=False)
    pytest.skip(f"{what}: not tested here")


def _program(name: str, otherwise: str) -> str:
    """Find a program; Debian keeps PostgreSQL's off the PATH, and MariaDB's off that of users."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin")]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places))) or missing(otherwise)


def _account(*names: str) -> dict[str, Any]:
    """Return the first of some users, as subprocess takes it: PostgreSQL and MariaDB do not run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in names if name in known)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """A server that runs as long as a ``with`` block."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


class Postgres(Server):
    """A cluster, with all that it keeps in a folder of its own."""

    def __init__(self) -> None:
        self._programs = {name: _program(name, _POSTGRESQL) for name in ("initdb", "pg_ctl")}
        self.folder = Path(tempfile.mkdtemp(prefix="userattrs-pg-"))
        self._as = _account("postgres", "nobody")
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        self.port = free_port()

    def start(self) -> None:
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.go_on()

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self) -> None:
        """End the server at once, and keep its data."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def go_on(self) -> None:
        """Start the server on the data it has."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -F"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start")

    def execute(self, *statements: str) -> list[Any]:
        """Run statements and return what the last one gives."""
        with closing(self.connect()) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str) -> None:
        with closing(self.connect()) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {name}")

    def ask(self, sql: str, parameters: Any, database: str) -> list[Any]:
        """Return what a query of another database gives."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found: list[Any] = cursor.fetchall()
            return found

    def connect(self, database: str = "postgres") -> Any:
        import psycopg2

        return psycopg2.connect(host="127.0.0.1", port=self.port, user="tester", dbname=database)

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
                    timeout=900,
                    env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                    **self._as,
                )
        finally:
            log.unlink(missing_ok=True)


class MariaDB(Server):
    """A MariaDB, with all that it keeps in a folder of its own."""

    def __init__(self) -> None:
        self._programs = {name: _program(name, _MARIADB) for name in ("mariadb-install-db", "mariadbd")}
        self.folder = Path(tempfile.mkdtemp(prefix="userattrs-mariadb-"))
        self._as = _account("mysql", "nobody")
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self._rest = Thread()

    def start(self) -> None:
        data = f"--datadir={self.folder / 'data'}"
        subprocess.run(
            [self._programs["mariadb-install-db"], "--no-defaults", data, "--auth-root-authentication-method=normal"],
            check=True,
            capture_output=True,
            timeout=900,
            **self._as,
        )
        where = [f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder / 'socket'}"]
        where.append("--default-time-zone=+00:00")
        quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-name-resolve"]
        self._process = subprocess.Popen(
            [self._programs["mariadbd"], "--no-defaults", data, f"--pid-file={self.folder / 'pid'}", *where, *quick],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **self._as,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "ready for connections" in line:
                # Unread, what it says later would stop it.
                self._rest = Thread(target=self._process.stderr.read, daemon=True)
                self._rest.start()
                return
        pytest.fail("mariadbd did not start", pytrace=False)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._rest.ident is not None:
                self._rest.join()
            assert self._process.stderr is not None
            self._process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, *statements: str, database: str = "test") -> list[Any]:
        """Run statements and return what the last one gives."""
        import pymysql

        with (
            closing(
                pymysql.connect(host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True)
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def kill_sessions(self) -> None:
        """End the connections that push from it."""
        self.execute("KILL USER tester")

    def sessions(self) -> int:
        """Count the connections that push from it."""
        ((count,),) = self.execute("SELECT count(*) FROM information_schema.processlist WHERE user = 'tester'")
        return int(count)


class Redis(Server):
    """A server that keeps nothing."""

    def __init__(self) -> None:
        self._program = _program("redis-server", _REDIS)
        self.port = free_port()

    def start(self) -> None:
        command = [self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return
        pytest.fail("redis-server did not start", pytrace=False)

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()
