# SPDX-License-Identifier: Apache-2.0
"""An open connection: sends one request, reads its response, and knows what is certain if none comes.

That depends on one fact, recorded where bytes are written: whether a byte of the request may have been sent.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any
from weakref import finalize

from airflow_provider_userattrs.hooks.response_reader import ResponseReader, Unreadable
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent
from airflow_provider_userattrs.push.model.operation import Response

#: Maximum bytes received at once: the size of a TLS record.
_RECEIVE_SIZE = 16_384

#: Bytes sent before checking for an early response. Most requests are smaller.
_SEND_SIZE = 65_536

#: Error -> what an administrator can look into.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host name cannot be resolved"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset by the server"),
    (TimeoutError, "timed out"),
)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)

#: Raised by a non-blocking read when there is nothing to read.
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError)


class Connection:
    """One open connection; used by one thread only, except for `abort`.

    :param sock: the open socket, with TLS set up.
    :param name: the base URL, for messages.
    """

    def __init__(self, sock: Any, name: str) -> None:
        self._sock = sock
        self._name = name
        #: Closes the socket even if the hook is never closed.
        self._closer = finalize(self, _close, sock)
        #: Whether a byte of the request may have been sent.
        self._may_be_sent = False

    @property
    def is_open(self) -> bool:
        """Return whether it has not been closed on this side."""
        return self._closer.alive

    def is_reusable(self) -> bool:
        """Return whether the server keeps the connection open and has sent nothing unasked.

        Otherwise the connection is closed: the check consumes what was sent, and a second one would find nothing.
        """
        with suppress(OSError):
            if self.is_open and self._received() is None:
                return True
        self.close()
        return False

    def exchange(self, request: bytes, timeout: float, before_send: Callable[[], None] | None = None) -> Response:
        """Send a request and return its response, whatever its status.

        Afterwards the connection is open only if the response was complete and allows another request.

        :param request: head and body.
        :param timeout: seconds for the whole exchange.
        :param before_send: called right before the first byte is sent; if it raises, nothing is sent.
        :raises NotSent: if no byte of the request was sent.
        :raises NoResponse: if one may have been, and no readable response came back.
        """
        until = monotonic() + timeout
        reader = ResponseReader()
        self._may_be_sent = keep = False
        try:
            if before_send is not None:
                before_send()
            unsent = self._send(request, until, reader)
            while not reader.is_complete:
                self._sock.settimeout(time_left(until))
                reader.feed(self._sock.recv(_RECEIVE_SIZE))
            response = reader.response()
            if unsent and response.status < 400:  # an error may come early, a success may not
                raise Unreadable("a success before the request was complete")
            keep = reader.keeps_alive and not unsent
        except (OSError, Unreadable) as error:
            if self._may_be_sent:
                raise NoResponse(f"No readable response from {self._name} ({describe(error)})") from None
            raise NotSent(f"No connection to {self._name} ({describe(error)})", describe(error)) from None
        finally:
            if not keep:
                self.close()
        return response

    def abort(self) -> None:
        """Abort the request in progress; its thread sees a closed connection."""
        shut_down(self._sock)

    def close(self) -> None:
        """Close the connection."""
        self._closer()

    def _send(self, request: bytes, until: float, reader: ResponseReader) -> int:
        """Send the request until it is complete or the server responds or closes; return the number of bytes left."""
        rest = memoryview(request)
        while True:
            self._sock.settimeout(time_left(until))
            try:
                count = self._sock.send(rest[:_SEND_SIZE])
            except OSError:
                # What the kernel did not accept was not sent; what TLS reports as failed may have been sent in part.
                self._may_be_sent = self._may_be_sent or type(self._sock) is not socket.socket
                if len(rest) == len(request):
                    raise
                count = 0  # the server wants no more, and may have responded why
            else:
                self._may_be_sent = True
                rest = rest[count:]
                if not rest:
                    return 0
            early = self._early(until) if count else self._received()
            if early is not None:
                reader.feed(early)
            if early is not None or not count:
                return len(rest)

    def _early(self, until: float) -> bytes | None:
        """Return what the server sent before the request was complete; None if it takes more of it instead."""
        while (early := self._received()) is None:
            poller = select.poll()
            poller.register(self._sock, select.POLLIN | select.POLLOUT)
            events = poller.poll(time_left(until) * 1000)
            if events and not events[0][1] & select.POLLIN:
                return None
        return early

    def _received(self) -> bytes | None:
        """Return what was received so far, empty if the server closed the connection; None if nothing was."""
        self._sock.settimeout(0)
        try:
            data: bytes = self._sock.recv(_RECEIVE_SIZE)
        except _WOULD_BLOCK:
            return None
        return data


def _close(sock: Any) -> None:
    with suppress(OSError):
        sock.close()


def shut_down(sock: Any) -> None:
    """Shut a socket down in both directions, whichever thread uses it; that thread closes it."""
    while not isinstance(sock, socket.socket) and hasattr(sock, "socket"):  # TLS in TLS
        sock = sock.socket
    if isinstance(sock, socket.socket):
        with suppress(OSError):
            # Not the TLS socket's own method, after which the other thread would continue without TLS.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def time_left(until: float) -> float:
    """Return the seconds until a deadline.

    :param until: the deadline, by the monotonic clock.
    :raises TimeoutError: if it has passed.
    """
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def describe(error: Exception) -> str:
    """Return a short description of an error; its own text may hold an address with a secret, or vendor's text.

    :param error: what was raised.
    """
    for link in chain(error):
        if isinstance(link, Unreadable):
            return str(link)
        for kind, description in _CAUSES:
            if isinstance(link, kind):
                return description
        if isinstance(link, OSError) and link.errno in _NO_ROUTE:
            return "no route to the host"
    return type(error).__name__


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes.

    :param error: what was raised.
    """
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        link = pending.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        pending += [link.__cause__, link.__context__, *link.args]
