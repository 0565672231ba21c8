# SPDX-License-Identifier: Apache-2.0
"""Interrupts database calls that block in a C library, where Python's signal handlers do not run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any

from airflow_provider_userattrs.push.model.errors import SourceInterrupted

#: The drivers' methods that cancel a query from another thread; PEP 249 has none (psycopg2, psycopg, oracledb:
#: https://www.psycopg.org/docs/connection.html#connection.cancel; sqlite3, duckdb:
#: https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.interrupt).
_CANCEL_METHODS = ("cancel", "interrupt")

#: Seconds that an interrupted source waits for the cancellation of its query.
_CANCEL_TIMEOUT = 0.5

#: How often it is asked for in that time: a server that does not have the query yet cancels nothing.
_CANCELLATIONS = 5

_lock = Lock()
_active: list[_Active] = []


@contextmanager
def interruptible(connection: Any) -> Iterator[None]:
    """Let `interrupt_connections` interrupt a connection while it is read; cancel its query if the source is.

    :param connection: the driver's connection.
    """
    active = _Active(connection)
    with _lock:
        _active.append(active)
    try:
        yield
    except SourceInterrupted:
        active.cancel().join(_CANCEL_TIMEOUT)
        raise
    finally:
        with _lock:
            _active.remove(active)


def interrupt_connections() -> None:
    """Cancel the query of each connection that is being read; at the second call, cut the connection itself."""
    with _lock:
        for active in _active:
            if active.is_cancelled:
                _cut(active.connection)
            else:
                active.cancel()


def stop_query(connection: Any, wait: Callable[[float], bool]) -> None:
    """Cancel the query of a connection that another thread reads, or else cut the connection.

    :param connection: the driver's connection.
    :param wait: waits for the other thread for some seconds; returns whether it has ended its call.
    """
    for _ in range(_CANCELLATIONS):
        _Active(connection).cancel()
        if wait(_CANCEL_TIMEOUT / _CANCELLATIONS):
            return
    _cut(connection)
    wait(_CANCEL_TIMEOUT)


class _Active:
    """A connection that is being read."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.is_cancelled = False

    def cancel(self) -> Thread:
        """Cancel its query, in a thread: some drivers ask the server, which may not respond."""
        self.is_cancelled = True
        thread = Thread(target=_cancel, args=(self.connection,), name="userattrs-cancel", daemon=True)
        thread.start()
        return thread


def _cancel(connection: Any) -> None:
    for name in _CANCEL_METHODS:
        with suppress(Exception):  # each driver has its own exceptions
            getattr(connection, name)()


def _cut(connection: Any) -> None:
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)
