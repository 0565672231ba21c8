# SPDX-License-Identifier: Apache-2.0
"""Under which names the sandbox answers: its addresses, `localhost`, those it is given, and no other."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from airflow_provider_userattrs.sandbox.host_names import HostNames
from airflow_provider_userattrs.sandbox.server import serve

OWN = ["127.0.0.1", "127.0.0.1:8765", "localhost", "LOCALHOST:1", "10.1.2.3:80", "[::1]", "[::1]:8765"]
OTHERS = [
    "",
    "evil.example",
    "evil.example:8765",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "[evil]",
    "a b",
    ":1",
]


@pytest.mark.parametrize("host", OWN)
def test_own(host: str) -> None:
    assert HostNames().include(host.encode())


@pytest.mark.parametrize("host", OTHERS)
def test_others(host: str) -> None:
    assert not HostNames().include(host.encode())


def test_names_that_are_given() -> None:
    names = HostNames(["Sandbox"])
    assert names.include(b"sandbox:8765")
    assert not names.include(b"sandbox.evil.example")


PATHS = ["/", "/_sandbox/users/kahuna", "/_sandbox/reset", "/kahuna/api/userattributes?env=p", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_another_host_gets_nothing(sandbox: Any, http: requests.Session, path: str, method: str) -> None:
    sandbox.world.vendors["kahuna"].seed([{"username": "ada"}], "p")
    answer = http.request(method, sandbox.url + path, headers={"Host": "evil.example"}, json={}, auth=("a", "b"))
    assert answer.status_code == 421
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("The sandbox does not answer under this host name")
    assert sandbox.world.vendors["kahuna"].count("p") == 1
    assert sandbox.world.journal.entries() == []


def test_no_host_and_two_hosts(sandbox: Any) -> None:
    for hosts in (b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n%b\r\n" % hosts)
            assert connection.recv(65_536).split()[1] in (b"421", b"400")


def test_under_its_own_name() -> None:
    with serve(names=["sandbox"]) as sandbox:
        for host, status in (("sandbox", 200), ("evil.example", 421)):
            answer = requests.get(f"{sandbox.url}/_sandbox/health", headers={"Host": host})
            assert answer.status_code == status
