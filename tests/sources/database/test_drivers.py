# SPDX-License-Identifier: Apache-2.0
"""What a driver's connection goes through when its rows are not read to their end."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from threading import Thread

import pytest

from airflow_provider_userattrs.sources.database import drivers


def _rows_of(connection: sqlite3.Connection) -> Generator[int]:
    try:
        yield from (1, 2)
    finally:
        drivers.close(connection, None)


def test_rows_may_be_let_go_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets nobody but the thread that opened a connection close it; garbage is collected in any thread."""
    raised: list[BaseException] = []
    monkeypatch.setattr("threading.excepthook", lambda args: raised.append(args.exc_value))
    connection = sqlite3.connect(":memory:")
    rows = _rows_of(connection)
    next(rows)
    thread = Thread(target=rows.close)
    thread.start()
    thread.join()
    assert not raised
    connection.close()


def test_an_error_on_closing_does_not_hide_why_the_rows_ended() -> None:
    class Connection:
        def close(self) -> None:
            raise OSError("the connection is gone already")

    def read() -> None:
        try:
            raise ValueError("the query failed")
        finally:
            drivers.close(Connection(), None)

    with pytest.raises(ValueError, match="the query failed"):
        read()
