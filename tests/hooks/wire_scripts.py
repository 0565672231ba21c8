# SPDX-License-Identifier: Apache-2.0
"""Responses and servers of the tests on the wire."""

from __future__ import annotations

from wire_server import Peer

from airflow_provider_userattrs.vendors.engagelab import api as engagelab

OPERATION = engagelab.OPERATIONS["increase"]

#: What a server tells that must not get into a log or an error.
PERSONAL = "ada@example.com"


def response(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def echo(peer: Peer) -> None:
    """Answer each request with its own body."""
    while (request := peer.request()) is not None:
        peer.send(response(request.body))
