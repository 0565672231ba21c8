# SPDX-License-Identifier: Apache-2.0
"""Database connections that are waited for in a C library, where no signal of Python's is heard: how they come back."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any

from airflow_provider_userattrs.push.model.errors import SourceInterrupted

#: How a query is called off from another thread: PEP 249 has no way, and these drivers have one of these methods
#: (psycopg2, psycopg, oracledb: https://www.psycopg.org/docs/connection.html#connection.cancel; sqlite3, duckdb:
#: https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.interrupt).
_CALLING_OFF = ("cancel", "interrupt")

#: Seconds for which a source that is left waits until its query is called off.
_LONGEST = 0.5

_lock = Lock()
_waits: list[_Wait] = []


@contextmanager
def breakable(connection: Any) -> Iterator[None]:
    """Let what is waited for at a connection be broken off by another thread; call it off if the source is left.

    :param connection: a driver's.
    """
    wait = _Wait(connection)
    with _lock:
        _waits.append(wait)
    try:
        yield
    except SourceInterrupted:
        wait.call_off().join(_LONGEST)
        raise
    finally:
        with _lock:
            _waits.remove(wait)


def break_off() -> None:
    """Call off what each connection is waited for; if it was called off before, cut the connection itself."""
    with _lock:
        for wait in _waits:
            if wait.is_called_off:
                _cut(wait.connection)
            else:
                wait.call_off()


class _Wait:
    """Hold a connection that is waited for."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.is_called_off = False

    def call_off(self) -> Thread:
        """Call it off, in a thread of its own: some drivers ask the server, which may not answer."""
        self.is_called_off = True
        thread = Thread(target=_call_off, args=(self.connection,), name="userattrs-call-off", daemon=True)
        thread.start()
        return thread


def _call_off(connection: Any) -> None:
    for name in _CALLING_OFF:
        with suppress(Exception):  # each driver has exceptions of its own
            getattr(connection, name)()


def _cut(connection: Any) -> None:
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
