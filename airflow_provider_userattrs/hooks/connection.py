# SPDX-License-Identifier: Apache-2.0
"""An open connection: one request out, one answer back, and what is certain when none comes.

That follows from one fact, noted where bytes are written: whether a byte of the request may have left.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any
from weakref import finalize

from airflow_provider_userattrs.hooks.answer_reader import AnswerReader, Unreadable
from airflow_provider_userattrs.push.model.errors import NoAnswer, NotSent
from airflow_provider_userattrs.push.model.operation import Answer

#: Bytes received at a time: a TLS record holds no more.
_MOST_RECEIVED = 16_384

#: Bytes sent before it is looked whether an answer came in already. Most requests are smaller.
_MOST_SENT = 65_536

#: Causes that whoever runs Airflow can look into, in their words.
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host's name is not known"),
    (ConnectionRefusedError, "refused"),
    (ConnectionResetError, "reset by the other side"),
    (TimeoutError, "timed out"),
)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)

#: What a read that must not wait raises when there is nothing to read.
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError)


class Connection:
    """Send one request at a time and read its answer; used by one thread alone, but for `abort`.

    :param sock: the open socket, TLS and all.
    :param name: where it leads, for messages.
    """

    def __init__(self, sock: Any, name: str) -> None:
        self._sock = sock
        self._name = name
        #: Who forgets to close a hook leaves nothing open.
        self._end = finalize(self, _close, sock)
        #: Whether a byte of the request may have left.
        self._may_have_left = False

    @property
    def is_open(self) -> bool:
        """Tell whether it was not closed yet, here."""
        return self._end.alive

    def is_silent(self) -> bool:
        """Tell whether the other side keeps the connection open and has sent nothing that was not asked for.

        If not, it is closed: to look takes away what was sent, and the next look would find nothing.
        """
        with suppress(OSError):
            if self.is_open and self._received() is None:
                return True
        self.close()
        return False

    def exchange(self, request: bytes, timeout: float, leave: Callable[[], None] | None = None) -> Answer:
        """Send a request and return its answer, whatever its status.

        Afterwards the connection is open only if the answer was complete, ordinary and the last thing that came.

        :param request: head and body.
        :param timeout: seconds for all of it.
        :param leave: called right before the first byte is written.
        :raises NotSent: if no byte of the request has left.
        :raises NoAnswer: if one may have, and no answer came back.
        """
        until = monotonic() + timeout
        reader = AnswerReader()
        self._may_have_left = keep = False
        try:
            if leave is not None:
                leave()
            unsent = self._send(request, until, reader)
            while not reader.is_complete:
                self._sock.settimeout(time_left(until))
                reader.feed(self._sock.recv(_MOST_RECEIVED))
            answer = reader.answer()
            if unsent and answer.status < 400:  # a refusal needs no whole request, a yes does
                raise Unreadable("it came before the request was complete")
            keep = reader.keeps_alive and not unsent
        except (OSError, Unreadable) as error:
            if self._may_have_left:
                raise NoAnswer(f"No answer from {self._name} ({why(error)})") from None
            raise NotSent(f"No connection to {self._name} ({why(error)})", why(error)) from None
        finally:
            if not keep:
                self.close()
        return answer

    def abort(self) -> None:
        """Break off the request under way; its thread sees the connection closed."""
        shut_down(self._sock)

    def close(self) -> None:
        """Close the connection."""
        self._end()

    def _send(self, request: bytes, until: float, reader: AnswerReader) -> int:
        """Send the request until it is answered, refused or complete; return how many bytes of it are left."""
        rest = memoryview(request)
        while True:
            self._sock.settimeout(time_left(until))
            try:
                count = self._sock.send(rest[:_MOST_SENT])
            except OSError:
                # What the kernel did not take has not left; what TLS reports as failed may have left in part.
                self._may_have_left = self._may_have_left or type(self._sock) is not socket.socket
                if len(rest) == len(request):
                    raise
                count = 0  # the rest is not wanted, and why may have been answered
            else:
                self._may_have_left = True
                rest = rest[count:]
                if not rest:
                    return 0
            early = self._received()
            if early is not None:
                reader.feed(early)
            if early is not None or not count:
                return len(rest)

    def _received(self) -> bytes | None:
        """Return what came in already, nothing at all if the other side closed, or None."""
        self._sock.settimeout(0)
        try:
            data: bytes = self._sock.recv(_MOST_RECEIVED)
        except _NOTHING_YET:
            return None
        return data


def _close(sock: Any) -> None:
    with suppress(OSError):
        sock.close()


def shut_down(sock: Any) -> None:
    """End a connection in both directions, whoever is at work with it, and leave it to them to close it."""
    while not isinstance(sock, socket.socket) and hasattr(sock, "socket"):  # TLS in TLS
        sock = sock.socket
    if isinstance(sock, socket.socket):
        with suppress(OSError):
            # Not the method of a TLS socket: that one would let the other thread go on in the clear.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def time_left(until: float) -> float:
    """Return the seconds up to a moment of the monotonic clock.

    :param until: the moment.
    :raises TimeoutError: if it has passed.
    """
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def why(error: Exception) -> str:
    """Say in a few words what went wrong; an error's own text may hold an address with a secret, or the vendor's words.

    :param error: what was raised.
    """
    for link in chain(error):
        if isinstance(link, Unreadable):
            return str(link)
        for kind, words in _CAUSES:
            if isinstance(link, kind):
                return words
        if isinstance(link, OSError) and link.errno in _NO_ROUTE:
            return "no route to the host"
    return type(error).__name__


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from.

    :param error: what was raised.
    """
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__, *link.args]
