# SPDX-License-Identifier: Apache-2.0
"""An open socket that is read and written with deadlines: it never blocks, and waits in `poll` alone.

A socket with a timeout of its own costs two system calls more for each read or write.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Any

#: Maximum bytes received at once: the size of a TLS record.
_RECEIVE_SIZE = 16_384

#: Raised by a non-blocking read or write that cannot go on yet -> what to wait for. TLS may have to read to write.
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

#: Milliseconds that `poll` takes at most.
_MAX_WAIT = 2_000_000_000.0


class Stream:
    """Reads and writes an open socket; used by one thread at a time.

    :param sock: the socket, with TLS set up.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        #: urllib3's TLS within TLS calls the socket below until it is done, and so needs that to block.
        self._is_nested = not isinstance(sock, socket.socket)
        #: Returns whether there may be bytes that were read from the system already.
        self._has_buffered: Callable[[], Any] = _always if self._is_nested else getattr(sock, "pending", _never)
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)
        sock.settimeout(0)

    @property
    def is_plain(self) -> bool:
        """Return whether what the system did not take was not sent; TLS may have sent a part."""
        return type(self._sock) is socket.socket

    def send(self, data: memoryview | bytes, until: float) -> int:
        """Send as much as the system takes, and wait until it takes any; return the number of bytes.

        :param data: the bytes.
        :param until: the deadline, by the monotonic clock.
        """
        if self._is_nested:
            self._sock.settimeout(time_left(until))
            try:
                return int(self._sock.send(data))
            finally:
                self._sock.settimeout(0)
        while True:
            try:
                return int(self._sock.send(data))
            except _WOULD_BLOCK as error:
                self._wait(error, select.POLLOUT, until)

    def receive(self, until: float) -> bytes:
        """Wait for what the other side sends next, and return it; empty if it closed the connection.

        :param until: the deadline, by the monotonic clock.
        """
        if not self._has_buffered() and not self._readable.poll(_milliseconds(until)):
            raise TimeoutError
        while True:
            try:
                return self._sock.recv(_RECEIVE_SIZE)  # type: ignore[no-any-return]
            except _WOULD_BLOCK as error:
                self._wait(error, select.POLLIN, until)

    def received(self) -> bytes | None:
        """Return what was received so far, empty if the other side closed the connection; None if nothing was."""
        if not self._has_buffered() and not self._readable.poll(0):
            return None
        try:
            return self._sock.recv(_RECEIVE_SIZE)  # type: ignore[no-any-return]
        except _WOULD_BLOCK:
            return None

    def received_before_room(self, until: float) -> bytes | None:
        """Wait until there is something to read, and return it, or None once the system takes more to send.

        :param until: the deadline, by the monotonic clock.
        """
        while (data := self.received()) is None:
            events = self._poll(select.POLLIN | select.POLLOUT, until)
            if events and not events[0][1] & select.POLLIN:
                return None
        return data

    def _wait(self, error: Exception, events: int, until: float) -> None:
        if isinstance(error, ssl.SSLWantReadError):
            events = select.POLLIN
        elif isinstance(error, ssl.SSLWantWriteError):
            events = select.POLLOUT
        self._poll(events, until)

    def _poll(self, events: int, until: float) -> list[tuple[int, int]]:
        poller = select.poll()
        poller.register(self._sock, events)
        return poller.poll(_milliseconds(until))


def time_left(until: float) -> float:
    """Return the seconds until a deadline.

    :param until: the deadline, by the monotonic clock.
    :raises TimeoutError: if it has passed.
    """
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _milliseconds(until: float) -> float:
    return min(time_left(until) * 1_000, _MAX_WAIT)


def _always() -> bool:
    return True


def _never() -> bool:
    return False
