# SPDX-License-Identifier: Apache-2.0
"""A proxy's tunnel to the vendor, asked for with a deadline and read as strictly as any answer."""

from __future__ import annotations

from time import monotonic
from typing import Any

from airflow_provider_userattrs.hooks.answer_reader import AnswerReader, Unreadable
from airflow_provider_userattrs.hooks.connection import time_left

#: How a proxy refuses a tunnel for good, as it would refuse a request -> what that means.
_REFUSALS = {
    401: "asks for credentials",
    403: "refuses the way to the host",
    404: "refuses the way to the host",
    405: "gives no tunnels",
    407: "asks for credentials",
}


class TunnelRefused(Exception):
    """Say in words of our own that a proxy gives no tunnel, and would not on a second try."""


class Tunnelling:
    """Be mixed into urllib3's connections: http.client's way to ask has a time limit for each read, and none for all.

    RFC 9110, 9.3.6.
    """

    sock: Any
    timeout: float
    _tunnel_host: str
    _tunnel_port: int
    _tunnel_headers: dict[str, str]

    def _tunnel(self) -> None:
        until = monotonic() + self.timeout
        host = self._tunnel_host.encode("idna").decode()
        place = f"[{host}]:{self._tunnel_port}" if ":" in host else f"{host}:{self._tunnel_port}"
        headers = {"Host": place, **self._tunnel_headers}
        lines = [f"CONNECT {place} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.sock.settimeout(time_left(until))
        self.sock.sendall("\r\n".join(lines).encode("latin-1"))
        reader = AnswerReader()
        while not reader.status:
            self.sock.settimeout(time_left(until))
            reader.feed(self.sock.recv(4_096))
        if reader.status in _REFUSALS:
            raise TunnelRefused(f"The proxy {_REFUSALS[reader.status]} ({reader.status})")
        if not 200 <= reader.status < 300 or reader.has_more:
            raise Unreadable(f"the proxy answers {reader.status}")
        self.sock.settimeout(self.timeout)  # for the handshake that follows
