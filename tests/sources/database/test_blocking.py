# SPDX-License-Identifier: Apache-2.0
"""A query that another thread reads is stopped, whenever that is asked for."""

from __future__ import annotations

import socket
from threading import Event

from airflow_provider_userattrs.sources.database.blocking import stop_query


class Query:
    """A connection whose server has the query only when it is cancelled for so many times."""

    def __init__(self, cancelled_at: int) -> None:
        self._left = cancelled_at
        self._socket, self._server = socket.socketpair()
        self.ended = Event()

    def fileno(self) -> int:
        return self._socket.fileno()

    def cancel(self) -> None:
        self._left -= 1
        if not self._left:
            self.ended.set()

    def is_cut(self) -> bool:
        self._server.setblocking(False)
        try:
            return self._server.recv(1) == b""
        except BlockingIOError:
            return False

    def close(self) -> None:
        self._socket.close()
        self._server.close()


def test_a_query_that_the_server_does_not_have_yet_is_cancelled_again() -> None:
    query = Query(cancelled_at=2)
    waited = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return query.ended.wait(60 if len(waited) == 2 else 0)

    stop_query(query, wait)
    assert len(waited) == 2
    assert not query.is_cut()
    query.close()


def test_a_connection_that_no_cancellation_stops_is_cut_after_half_a_second() -> None:
    query = Query(cancelled_at=1_000)
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    stop_query(query, wait)
    assert query.is_cut()
    *cancelling, cutting = waited
    assert sum(cancelling) == 0.5 == cutting
    query.close()
