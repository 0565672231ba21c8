# SPDX-License-Identifier: Apache-2.0
"""An open connection: sends one request, reads its response, and knows what is certain if none comes.

That depends on one fact, recorded where bytes are written: whether a byte of the request may have been sent.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any
from weakref import finalize

from airflow_provider_userattrs.hooks.response_reader import ResponseReader, Unreadable
from airflow_provider_userattrs.hooks.stream import Stream, time_left
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent
from airflow_provider_userattrs.push.model.operation import Response

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


class Connection:
    """One open connection; used by one thread only, except for `abort`.

    :param sock: the open socket, with TLS set up.
    :param name: the base URL, for messages.
    """

    def __init__(self, sock: Any, name: str) -> None:
        self._sock = sock
        self._stream = Stream(sock)
        self._name = name
        #: Whether it has not been closed on this side.
        self.is_open = True
        #: Closes the socket even if the hook is never closed.
        self._closer = finalize(self, _close, sock)
        #: Whether a byte of the request may have been sent.
        self._may_be_sent = False
        #: The response that was read last: its bytes, if they came at once and the connection stayed open, and it.
        self._last: tuple[bytes, Response] | None = None

    def is_reusable(self) -> bool:
        """Return whether the server keeps the connection open and has sent nothing unasked.

        Otherwise the connection is closed: the check consumes what was sent, and a second one would find nothing.
        """
        with suppress(OSError):
            if self.is_open and self._stream.received() is None:
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
        self._may_be_sent = keep = False
        try:
            if before_send is not None:
                before_send()
            unsent, early = self._send(request, until)
            response, keep = self._read(self._stream.receive(until) if early is None else early, until)
            if unsent:
                keep = False
                if response.status < 400:  # an error may come early, a success may not
                    raise Unreadable("a success before the request was complete")
        except (OSError, Unreadable) as error:
            keep = False
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
        self.is_open = False
        self._closer()

    def _send(self, request: bytes, until: float) -> tuple[int, bytes | None]:
        """Send the request until it is complete or the server responds or closes.

        It returns the number of bytes that are left, and what the server sent before they were gone, if it did.
        """
        rest = memoryview(request)
        time_left(until)
        while True:
            try:
                count = self._stream.send(rest[:_SEND_SIZE], until)
            except OSError:
                # What the kernel did not accept was not sent; what TLS reports as failed may have been sent in part.
                self._may_be_sent = self._may_be_sent or not self._stream.is_plain
                if len(rest) == len(request):
                    raise
                return len(rest), self._stream.received()  # it wants no more, and may have responded why
            self._may_be_sent = True
            rest = rest[count:]
            if not rest:
                return 0, None
            early = self._stream.received_before_room(until)
            if early is not None:
                return len(rest), early

    def _read(self, data: bytes, until: float) -> tuple[Response, bool]:
        """Read a response; return it, and whether the connection may be used again.

        Most are the same bytes as the one before, and are read once.

        :param data: its beginning, or all of it.
        :param until: the deadline, by the monotonic clock.
        """
        if self._last is not None and self._last[0] == data:
            return self._last[1], True
        reader = ResponseReader()
        reader.feed(data)
        is_whole = reader.is_complete
        while not reader.is_complete:
            reader.feed(self._stream.receive(until))
        response = reader.response()
        if reader.keeps_alive and is_whole:
            self._last = data, response
        return response, reader.keeps_alive


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
