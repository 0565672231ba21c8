# SPDX-License-Identifier: Apache-2.0
"""What goes over one connection: whose answer is whose, and what is certain when something breaks."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hooks.wire_scripts import OPERATION, PERSONAL, echo, response
from wire_server import Peer

from airflow_provider_userattrs.hooks.connection import Connection
from airflow_provider_userattrs.push.model.errors import NoResponse

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


def test_each_response_belongs_to_its_own_request(start_server: Any, sender: Any) -> None:
    server = start_server(echo)
    send = sender(server)
    for number in range(20):
        assert send(b"%d" % number).body == b"%d" % number
    assert server.connections == 1


def test_the_same_response_is_read_once(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            first, second = response(request.body)[:-1], response(request.body)[-1:]
            peer.send(*((first, second) if request.body == b"in two" else (first + second,)))

    server = start_server(script)
    send = sender(server)
    same = send(b"same")
    for _ in range(3):
        assert send(b"same") is same
    assert send(b"other").body == b"other"
    assert send(b"same") is not same
    for _ in range(2):
        assert send(b"in two").body == b"in two"
    assert server.connections == 1


def test_a_response_that_was_seen_before_counts_with_what_follows_it(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.send(response(b"same") + (b"rubbish" if request.body == b"last" else b""))

    server = start_server(script)
    send = sender(server)
    for body in (b"first", b"second", b"last", b"first"):
        assert send(body).body == b"same"
    assert server.connections == 2, "what follows a response ends its connection"


@pytest.mark.parametrize("at", [0, 1, 3])
def test_interim_responses_are_skipped(start_server: Any, sender: Any, at: int) -> None:
    def script(peer: Peer) -> None:
        number = 0
        while (request := peer.request()) is not None:
            if number == at:
                peer.send(
                    INTERIM * 3 + b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Proc", b"essing\r\n\r\n" + INTERIM
                )
            peer.send(response(request.body))
            number += 1

    server = start_server(script)
    send = sender(server)
    for number in range(6):
        assert send(b"%d" % number).body == b"%d" % number
    assert server.connections == 1


@pytest.mark.parametrize("behind", [b"rubbish", b"HT", response(b"late")], ids=["rubbish", "a bit", "an answer"])
def test_bytes_sent_with_a_response_belong_to_no_other_request(start_server: Any, sender: Any, behind: bytes) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.send(response(request.body) + behind)

    send = sender(start_server(script))
    for number in range(4):
        body = b"%d" % number
        if behind == b"rubbish":
            assert send(body).body == body
        else:  # two answers, or what may become a second: which of them is the request's cannot be told
            with pytest.raises(NoResponse):
                send(body)


@pytest.mark.parametrize(
    "late", [response(b"late"), b"rubbish", b"\r\n", b""], ids=["answer", "rubbish", "blank", "end"]
)
def test_bytes_sent_after_a_response_belong_to_no_request(start_server: Any, sender: Any, late: bytes) -> None:
    result, more = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        peer.send(response(request.body))
        if peer.number == 0:
            result.wait(60)
            if late:
                peer.send(late)
            else:
                peer.sock.shutdown(socket.SHUT_RDWR)
            more.set()
        echo(peer)

    server = start_server(script)
    send = sender(server)
    assert send(b"first").body == b"first"
    result.set()
    assert more.wait(60)
    until = time.monotonic() + 60
    while hook_connection(send).is_reusable() and time.monotonic() < until:  # a proxy may have it still
        time.sleep(0.001)
    assert send(b"second").body == b"second"
    assert server.connections == 2


def hook_connection(send: Any) -> Connection:
    """Give the connection that the next request would go over."""
    connection: Connection = send.func.__self__._free[-1]._connection
    return connection


def test_a_late_body_of_a_204_belongs_to_no_request(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        if peer.number == 0:
            peer.send(b"HTTP/1.1 204 No Content\r\n\r\n", b'{"code":0}')
        else:
            peer.send(response(request.body))
        echo(peer)

    server = start_server(script)
    send = sender(server)
    assert send(b"first").status == 204
    assert send(b"second").body == b"second"
    assert server.connections == 2


def drip(start: bytes, again: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        while not peer.has_gone():
            peer.send(again)
            time.sleep(0.005)

    return script


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"y"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"y"),
    ],
    ids=["nothing", "half a head", "header", "headers", "body", "chunks", "trailers", "continue", "until it closes"],
)
def test_the_timeout_is_for_the_whole_response(start_server: Any, sender: Any, start: bytes, again: bytes) -> None:
    send = sender(start_server(drip(start, again)), read=0.6)  # on a busy machine TLS alone takes 0.2 s
    with pytest.raises(NoResponse, match="timed out"):
        send(b"{}")


def test_an_endless_response_is_cut_off(start_server: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    with pytest.raises(NoResponse, match="1 MiB"):
        sender(start_server(script))(b"{}")


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        f"HTTP/1.1 200 OK\r\nSet Cookie {PERSONAL}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {PERSONAL}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"HTTP/1.1 two {PERSONAL}\r\n\r\n".encode(),
        PERSONAL.encode(),
        b"",
    ],
    ids=["two lengths", "malformed header", "coding", "status", "rubbish", "nothing"],
)
def test_an_unreadable_response_leaves_doubt_and_is_not_quoted(
    start_server: Any, sender: Any, log: Any, first: bytes
) -> None:
    """Also with the first request of a connection: the request has arrived."""
    requests = []

    def script(peer: Peer) -> None:
        requests.append(peer.request())
        peer.send(first)

    send = sender(start_server(script))
    with pytest.raises(NoResponse) as error:
        send(b"{}")
    assert len(requests) == 1
    assert PERSONAL not in str(error.value)
    assert error.value.__suppress_context__
    assert PERSONAL not in log.everything()
    loud = {line.logger for line in log if line.level in ("warning", "error")}
    assert loud <= {"airflow.models.crypto"}, "Airflow 2 warns of the tests' home, which has no Fernet key"


def test_a_connection_that_breaks_once_the_request_was_applied_leaves_doubt(start_server: Any, sender: Any) -> None:
    applied = []

    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        applied.append(request.body)
        peer.reset()

    with pytest.raises(NoResponse):
        sender(start_server(script))(b'{"euid":1}')
    assert applied == [b'{"euid":1}']


def test_a_request_in_progress_can_be_aborted(start_server: Any, hook_of: Any, certificate: Path) -> None:
    arrived = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        arrived.set()
        peer.request()

    hook = hook_of("engagelab", host=start_server(script).url, extra={"verify": str(certificate)})
    ends: list[Exception] = []

    def push() -> None:
        try:
            hook.sender(OPERATION)(b"{}")
        except NoResponse as error:
            ends.append(error)

    thread = threading.Thread(target=push)
    thread.start()
    assert arrived.wait(60)
    hook.abort()
    thread.join(60)
    assert not thread.is_alive()
    assert len(ends) == 1


class OutOfTime(BaseException):
    pass


def test_a_response_that_was_not_awaited_belongs_to_no_request(start_server: Any, sender: Any) -> None:
    """As when Airflow's timeout interrupts a hook in the middle of a request."""

    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            if request.body == b"interrupted":
                os.kill(os.getpid(), signal.SIGUSR1)
                caught.wait(60)
            peer.send(response(request.body))

    def interrupt(*_: object) -> None:
        raise OutOfTime

    caught = threading.Event()
    server = start_server(script)
    send = sender(server)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(OutOfTime):
            send(b"interrupted")
    finally:
        signal.signal(signal.SIGUSR1, before)
        caught.set()
    assert send(b"next").body == b"next"
