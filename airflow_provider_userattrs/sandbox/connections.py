# SPDX-License-Identifier: Apache-2.0
"""The TCP connections that are open: one can be cut off in the midst of a request, or asked since when it waits.

ASGI gives an application neither; uvicorn's protocol class has the transport.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

#: Where Linux keeps the milliseconds since the last byte came (``tcpi_last_data_recv`` in ``linux/tcp.h``).
_LAST_DATA_RECEIVED = 52


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

    def waiting(self, client: Any) -> float:
        """Tell how long what a client sent last has been here, in seconds; 0 where the system does not say.

        On a machine with much to do a request may lie in the system's buffer for a while, and many are read at once:
        that is no burst of the client's. Linux tells it to 4 ms.
        """
        transport = self._transports.get(tuple(client) if client else None)
        connection = None if transport is None else transport.get_extra_info("socket")
        if connection is None or sys.platform != "linux":
            return 0.0
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + 4)
        return float(struct.unpack_from("I", told, _LAST_DATA_RECEIVED)[0]) / 1000

    def cut_off(self, client: Any) -> None:
        """Close a client's connection at once, if it is still there."""
        transport = self._transports.get(tuple(client) if client else None)
        if transport is not None:
            transport.abort()
