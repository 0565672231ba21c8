# SPDX-License-Identifier: Apache-2.0
"""The TCP connections that are open, so that one can be cut off in the midst of a request.

ASGI gives an application no way to close a connection without an answer; uvicorn's protocol class has the
transport.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Connections:
    """The transports of one server, by the client's address, which is unique while a connection lasts."""

    def __init__(self) -> None:
        self._transports: dict[Any, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Make the protocol class that tells about its connections."""
        transports = self._transports

        class Announced(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self.client, None)
                super().connection_lost(exc)

        return Announced

    def cut_off(self, client: Any) -> None:
        """Close a client's connection at once, if it is still there."""
        transport = self._transports.get(tuple(client) if client else None)
        if transport is not None:
            transport.abort()
