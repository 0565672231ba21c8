# SPDX-License-Identifier: Apache-2.0
"""Requests by a proxy, with and without a tunnel."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hooks.wire_scripts import PERSONAL, echo, response
from wire_server import Peer, proxy

from airflow_provider_userattrs.push.model.errors import NotSent


@pytest.mark.parametrize(
    "result",
    [
        b"",
        f"HTTP/1.1 502 {PERSONAL}\r\n\r\n".encode(),
        b"HTTP/1.1 200 Connection established\r\n\r\nrubbish",
        b"HTTP/1.1 200 Connection established\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 Connection est",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["nothing", "502", "200 and rubbish", "200 and a body", "half a 200", "rubbish", "100"],
)
def test_a_proxy_without_a_tunnel_sent_nothing(
    sender: Any, wire_server: Any, monkeypatch: pytest.MonkeyPatch, result: bytes, log: Any
) -> None:
    asked = []

    def script(peer: Peer) -> None:
        asked.append(peer.head())
        peer.send(result)

    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("https_proxy", wire_server(script).url)
    server = wire_server(echo, tls=True)
    with pytest.raises(NotSent) as error:
        sender(server)(b"{}")
    assert PERSONAL not in str(error.value) + log.everything()
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
            peer.send(response(b"{}"))

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
