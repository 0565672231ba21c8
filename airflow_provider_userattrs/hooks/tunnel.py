# SPDX-License-Identifier: Apache-2.0
"""Opens a proxy's tunnel to the vendor, with a deadline, and reads the proxy's response as strictly as any other."""

from __future__ import annotations

from time import monotonic
from typing import Any

from airflow_provider_userattrs.hooks.response_reader import ResponseReader, Unreadable
from airflow_provider_userattrs.hooks.stream import time_left

#: Status with which a proxy refuses a tunnel for good -> what it means.
_REFUSALS = {
    401: "asks for credentials",
    403: "refuses connections to the host",
    404: "refuses connections to the host",
    405: "does not open tunnels",
    407: "asks for credentials",
}


class TunnelRefused(Exception):
    """A proxy refuses to open a tunnel, and would refuse again."""


class TunnelMixin:
    """Mixin for urllib3's connections: http.client has a time limit for each read, but none for the whole exchange.

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
        authority = f"[{host}]:{self._tunnel_port}" if ":" in host else f"{host}:{self._tunnel_port}"
        headers = {"Host": authority, **self._tunnel_headers}
        lines = [f"CONNECT {authority} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.sock.settimeout(time_left(until))
        self.sock.sendall("\r\n".join(lines).encode("latin-1"))
        reader = ResponseReader()
        while not reader.status:
            self.sock.settimeout(time_left(until))
            reader.feed(self.sock.recv(4_096))
        if reader.status in _REFUSALS:
            raise TunnelRefused(f"The proxy {_REFUSALS[reader.status]} ({reader.status})")
        if not 200 <= reader.status < 300 or reader.has_more:
            raise Unreadable(f"the proxy responded with {reader.status}")
        self.sock.settimeout(self.timeout)  # for the handshake that follows
