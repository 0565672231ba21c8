# SPDX-License-Identifier: Apache-2.0
"""What goes over one connection: whose answer is whose, and what is certain when something breaks."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from wire_server import Peer, WireServer, proxy

from airflow_provider_userattrs.hooks.connection import Connection
from airflow_provider_userattrs.push.model.errors import NoResponse, NotSent
from airflow_provider_userattrs.vendors.engagelab import api as engagelab

OPERATION = engagelab.OPERATIONS["increase"]
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
#: What a server tells that must not get into a log or an error.
TOLD = "ada@example.com"


def answer(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def echo(peer: Peer) -> None:
    """Answer each request with its own body."""
    while (request := peer.request()) is not None:
        peer.send(answer(request.body))


@pytest.fixture(params=["http", "https", "http by a proxy", "https by a proxy"])
def way(
    request: pytest.FixtureRequest, wire_server: Callable[..., WireServer], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., WireServer]:
    """Start a server that is reached by each way there is: plain or TLS, directly or by a proxy."""
    scheme, _, by_proxy = request.param.partition(" ")
    if by_proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name)
        monkeypatch.setenv(f"{scheme}_proxy", wire_server(proxy).url)
    return lambda script: wire_server(script, tls=scheme == "https")


@pytest.fixture
def sender(hook_of: Callable[..., Any], certificate: Path) -> Callable[..., Callable[[bytes], Any]]:
    """Give what sends a body to a server."""

    def make(server: WireServer, timeout: float = 30, read: float | None = None) -> Callable[[bytes], Any]:
        extra = {"verify": str(certificate), "timeout": [timeout, read or timeout]}
        send: Callable[[bytes], Any] = hook_of("engagelab", host=server.url, extra=extra).sender(OPERATION)
        return send

    return make


def test_each_answer_is_that_of_its_own_request(way: Any, sender: Any) -> None:
    server = way(echo)
    send = sender(server)
    for number in range(20):
        assert send(b"%d" % number).body == b"%d" % number
    assert server.connections == 1


@pytest.mark.parametrize("at", [0, 1, 3])
def test_interim_answers_are_read_past(way: Any, sender: Any, at: int) -> None:
    def script(peer: Peer) -> None:
        number = 0
        while (request := peer.request()) is not None:
            if number == at:
                peer.send(
                    INTERIM * 3 + b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Proc", b"essing\r\n\r\n" + INTERIM
                )
            peer.send(answer(request.body))
            number += 1

    server = way(script)
    send = sender(server)
    for number in range(6):
        assert send(b"%d" % number).body == b"%d" % number
    assert server.connections == 1


@pytest.mark.parametrize("behind", [b"rubbish", b"HT", answer(b"late")], ids=["rubbish", "a bit", "an answer"])
def test_what_stands_behind_an_answer_is_nobodys(way: Any, sender: Any, behind: bytes) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.send(answer(request.body) + behind)

    send = sender(way(script))
    for number in range(4):
        body = b"%d" % number
        if behind == b"rubbish":
            assert send(body).body == body
        else:  # two answers, or what may become a second: which of them is the request's cannot be told
            with pytest.raises(NoResponse):
                send(body)


@pytest.mark.parametrize("late", [answer(b"late"), b"rubbish", b"\r\n", b""], ids=["answer", "rubbish", "blank", "end"])
def test_what_comes_after_an_answer_is_nobodys(way: Any, sender: Any, late: bytes) -> None:
    told, more = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        peer.send(answer(request.body))
        if peer.number == 0:
            told.wait(10)
            if late:
                peer.send(late)
            else:
                peer.sock.shutdown(socket.SHUT_RDWR)
            more.set()
        echo(peer)

    server = way(script)
    send = sender(server)
    assert send(b"first").body == b"first"
    told.set()
    assert more.wait(10)
    for _ in range(1_000):  # a proxy may have it still
        if not hook_connection(send).is_reusable():
            break
        time.sleep(0.001)
    assert send(b"second").body == b"second"
    assert server.connections == 2


def hook_connection(send: Any) -> Connection:
    """Give the connection that this thread's next request would go over."""
    connection: Connection = send.func.__self__._local.route._connection
    return connection


def test_a_late_body_of_a_204_is_nobodys(way: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        if peer.number == 0:
            peer.send(b"HTTP/1.1 204 No Content\r\n\r\n", b'{"code":0}')
        else:
            peer.send(answer(request.body))
        echo(peer)

    server = way(script)
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
def test_the_time_is_for_the_whole_answer(way: Any, sender: Any, start: bytes, again: bytes) -> None:
    send = sender(way(drip(start, again)), read=0.15)
    with pytest.raises(NoResponse, match="timed out"):
        send(b"{}")


def test_a_flood_ends(way: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    with pytest.raises(NoResponse, match="1 MiB"):
        sender(way(script))(b"{}")


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        f"HTTP/1.1 200 OK\r\nSet Cookie {TOLD}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Encoding: {TOLD}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"HTTP/1.1 two {TOLD}\r\n\r\n".encode(),
        TOLD.encode(),
        b"",
    ],
    ids=["two lengths", "malformed header", "coding", "status", "rubbish", "nothing"],
)
def test_an_answer_that_is_none_leaves_doubt_and_no_word_of_it(way: Any, sender: Any, log: Any, first: bytes) -> None:
    """Also with the first request of a connection: the request has arrived."""
    requests = []

    def script(peer: Peer) -> None:
        requests.append(peer.request())
        peer.send(first)

    send = sender(way(script))
    with pytest.raises(NoResponse) as error:
        send(b"{}")
    assert len(requests) == 1
    assert TOLD not in str(error.value)
    assert error.value.__suppress_context__
    assert TOLD not in log.everything()
    loud = {line.logger for line in log if line.level in ("warning", "error")}
    assert loud <= {"airflow.models.crypto"}, "Airflow 2 warns of the tests' home, which has no Fernet key"


def test_a_connection_that_breaks_once_the_request_was_applied_leaves_doubt(way: Any, sender: Any) -> None:
    applied = []

    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        applied.append(request.body)
        peer.reset()

    with pytest.raises(NoResponse):
        sender(way(script))(b'{"euid":1}')
    assert applied == [b'{"euid":1}']


# A request that is answered before it is complete.

#: More than a system takes in for a program that does not read.
LARGE = b" " * (16 << 20)


def test_a_refusal_may_come_early(way: Any, sender: Any) -> None:
    leave = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(answer(b"large", b"400 Bad Request"))
            leave.wait(10)  # and reads nothing more
        else:
            echo(peer)

    server = way(script)
    send = sender(server, read=1)
    early = send(LARGE)
    assert (early.status, early.body) == (400, b"large")
    assert send(b"next").body == b"next"
    assert server.connections == 2
    leave.set()


def test_a_refusal_with_which_the_connection_is_closed_may_be_lost(way: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(answer(b"large", b"400 Bad Request"))
        else:
            echo(peer)

    send = sender(way(script), read=1)
    with suppress(NoResponse):
        assert send(LARGE).status == 400
    assert send(b"next").body == b"next"


def test_a_yes_may_not(way: Any, sender: Any) -> None:
    leave = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number == 0:
            peer.head()
            peer.send(answer(b'{"code":0,"message":"success"}'))
            leave.wait(10)
        else:
            echo(peer)

    send = sender(way(script), read=1)
    with pytest.raises(NoResponse, match="before the request was complete"):
        send(LARGE)
    assert send(b"next").body == b"next"
    leave.set()


def test_a_request_larger_than_any_buffer_arrives_whole(way: Any, sender: Any) -> None:
    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            peer.send(answer(b"%d" % len(request.body)))

    server = way(script)
    send = sender(server)
    for _ in range(2):
        assert send(LARGE).body == b"%d" % len(LARGE)
    assert server.connections == 1


# What has left.


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


def test_no_time_left_is_nothing_sent(pair: Any) -> None:
    ours, theirs = pair
    with pytest.raises(NotSent, match="timed out"):
        Connection(ours, "there").exchange(b"POST", 0)
    assert theirs.recv(10) == b""


# Proxies.


@pytest.mark.parametrize(
    "told",
    [
        b"",
        f"HTTP/1.1 502 {TOLD}\r\n\r\n".encode(),
        b"HTTP/1.1 200 Connection established\r\n\r\nrubbish",
        b"HTTP/1.1 200 Connection established\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 Connection est",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["nothing", "502", "200 and rubbish", "200 and a body", "half a 200", "rubbish", "100"],
)
def test_a_proxy_without_a_tunnel_sent_nothing(
    sender: Any, wire_server: Any, monkeypatch: pytest.MonkeyPatch, told: bytes, log: Any
) -> None:
    asked = []

    def script(peer: Peer) -> None:
        asked.append(peer.head())
        peer.send(told)

    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("https_proxy", wire_server(script).url)
    server = wire_server(echo, tls=True)
    with pytest.raises(NotSent) as error:
        sender(server)(b"{}")
    assert TOLD not in str(error.value) + log.everything()
    assert asked[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % server.port)
    assert b"Authorization" not in asked[0]
    assert server.connections == 0


@pytest.mark.parametrize("again", [b"", b"X: y\r\n"], ids=["silent", "endless"])
def test_a_proxy_that_takes_its_time_sent_nothing(
    sender: Any, wire_server: Any, monkeypatch: pytest.MonkeyPatch, again: bytes
) -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 Connection established\r\n")
        while not peer.has_gone():
            peer.send(again)
            time.sleep(0.005)

    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("https_proxy", wire_server(script).url)
    with pytest.raises(NotSent, match="timed out"):
        sender(wire_server(echo, tls=True), timeout=0.15)(b"{}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_credentials_for_the_proxy_are_the_proxys_alone(
    sender: Any, wire_server: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    asked, seen = [], []

    def noting(peer: Peer) -> None:
        asked.append(peer.head())
        proxy(peer)

    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            seen.append(request.head)
            peer.send(answer(b"{}"))

    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv(f"{scheme}_proxy", wire_server(noting).url.replace("//", "//me:the-secret@"))
    send = sender(wire_server(script, tls=scheme == "https"))
    for _ in range(2):
        assert send(b"{}").status == 200
    assert asked[0].count(b"Proxy-Authorization: Basic bWU6dGhlLXNlY3JldA==") == 1
    assert (b"Proxy-Authorization" in seen[0]) == (scheme == "http")  # a plain proxy of this kind passes all on
    assert len(asked) == 1
    assert len(seen) == 2


# Being broken off.


def test_a_request_under_way_may_be_broken_off(way: Any, hook_of: Any, certificate: Path) -> None:
    arrived = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        arrived.set()
        peer.request()

    hook = hook_of("engagelab", host=way(script).url, extra={"verify": str(certificate)})
    ends: list[Exception] = []

    def push() -> None:
        try:
            hook.sender(OPERATION)(b"{}")
        except NoResponse as error:
            ends.append(error)

    thread = threading.Thread(target=push)
    thread.start()
    assert arrived.wait(10)
    hook.abort()
    thread.join(10)
    assert not thread.is_alive()
    assert len(ends) == 1


class OutOfTime(BaseException):
    pass


def test_an_answer_nobody_waited_for_is_nobodys(way: Any, sender: Any) -> None:
    """As when Airflow's timeout interrupts a hook in the middle of a request."""

    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            if request.body == b"interrupted":
                os.kill(os.getpid(), signal.SIGUSR1)
                caught.wait(10)
            peer.send(answer(request.body))

    def interrupt(*_: object) -> None:
        raise OutOfTime

    caught = threading.Event()
    server = way(script)
    send = sender(server)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(OutOfTime):
            send(b"interrupted")
    finally:
        signal.signal(signal.SIGUSR1, before)
        caught.set()
    assert send(b"next").body == b"next"
