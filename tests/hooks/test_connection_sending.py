# SPDX-License-Identifier: Apache-2.0
"""What has been sent of a request: large ones, early refusals, a kernel that takes no more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

import pytest
from hooks.wire_scripts import echo, response
from wire_server import Peer

from airflow_provider_userattrs.hooks.connection import Connection
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent

# A request that is answered before it is complete.

#: More than a system takes in for a program that does not read.
LARGE = b" " * (16 << 20)


def test_a_refusal_may_come_early(start_server: Any, sender: Any) -> None:
    leave = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(response(b"large", b"400 Bad Request"))
            leave.wait(60)  # and reads nothing more
        else:
            echo(peer)

    server = start_server(script)
    send = sender(server)
    early = send(LARGE)
    assert (early.status, early.body) == (400, b"large")
    assert send(b"next").body == b"next"
    assert server.connections == 2
    leave.set()


def test_a_refusal_with_which_the_connection_is_closed_may_be_lost(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(response(b"large", b"400 Bad Request"))
        else:
            echo(peer)

    send = sender(start_server(script))
    with suppress(NoResponse):
        assert send(LARGE).status == 400
    assert send(b"next").body == b"next"


def test_a_success_may_not_come_early(start_server: Any, sender: Any) -> None:
    leave = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(response(b'{"code":0,"message":"success"}'))
            leave.wait(60)
        else:
            echo(peer)

    send = sender(start_server(script))
    with pytest.raises(NoResponse, match="before the request was complete"):
        send(LARGE)
    assert send(b"next").body == b"next"
    leave.set()


def test_a_request_larger_than_any_buffer_arrives_whole(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.send(response(b"%d" % len(request.body)))

    server = start_server(script)
    send = sender(server)
    for _ in range(2):
        assert send(LARGE).body == b"%d" % len(LARGE)
    assert server.connections == 1


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_what_the_kernel_does_not_take_has_not_left(pair: Any) -> None:
    ours, theirs = pair
    connection = Connection(ours, "there")
    assert connection.is_reusable()
    theirs.close()
    assert not connection.is_reusable()
    with pytest.raises(NotSent):
        connection.exchange(b"POST", 5)
    assert not connection.is_open


def test_one_byte_that_left_leaves_doubt(pair: Any) -> None:
    ours, theirs = pair
    connection = Connection(ours, "there")

    def take_a_byte() -> None:
        theirs.recv(1)
        theirs.close()

    thread = threading.Thread(target=take_a_byte)
    thread.start()
    with pytest.raises(NoResponse):
        connection.exchange(b"POST", 5)
    thread.join()
    assert not connection.is_open


class TakesOneSlice:
    """A socket that takes one slice of a request; `waits` is set once the sender waits for it to take more."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.waits = threading.Event()
        self._is_full = False

    def send(self, data: memoryview) -> int:
        if self._is_full:
            self.waits.set()
            return self._sock.send(data)
        self._is_full = True
        count = self._sock.send(data)
        self._sock.settimeout(0)
        with suppress(BlockingIOError):
            while self._sock.send(data):
                pass
        return count

    def fileno(self) -> int:
        if self._is_full:
            self.waits.set()
        return self._sock.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def test_a_refusal_is_read_while_no_more_can_be_sent(pair: Any) -> None:
    ours, theirs = pair
    sock = TakesOneSlice(ours)

    def refuse() -> None:
        sock.waits.wait()
        theirs.sendall(response(b"large", b"400 Bad Request"))

    thread = threading.Thread(target=refuse)
    thread.start()
    start = monotonic()
    assert Connection(sock, "there").exchange(LARGE, 60).status == 400
    assert monotonic() - start < 30, "only the deadline ended the wait"
    thread.join()


def test_without_time_left_nothing_is_sent(pair: Any) -> None:
    ours, theirs = pair
    with pytest.raises(NotSent, match="timed out"):
        Connection(ours, "there").exchange(b"POST", 0)
    assert theirs.recv(10) == b""
