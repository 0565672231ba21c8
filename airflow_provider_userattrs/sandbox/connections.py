# SPDX-License-Identifier: Apache-2.0
"""The open TCP connections. Each can be aborted during a request, and asked how long its last bytes have been waiting.

ASGI offers neither; uvicorn's protocol class has the transport.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

#: Offset of ``tcpi_last_data_recv``, the milliseconds since the last byte, in ``struct tcp_info`` (linux/tcp.h).
_LAST_DATA_RECEIVED = 52


class Connections:
    """The transports of one server, by the client's address, which is unique while a connection lasts."""

    def __init__(self) -> None:
        self._transports: dict[Any, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Return a protocol class that registers its connections here."""
        transports = self._transports

        class Tracked(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self.client, None)
                super().connection_lost(exc)

        return Tracked

    def seconds_waiting(self, client: Any) -> float:
        """Return for how many seconds a client's last bytes have been waiting to be read; 0 if not on Linux.

        On a busy machine requests may wait in the kernel's buffer and then be read many at once, which is not a burst
        of the client. Linux reports this to 4 ms.
        """
        transport = self._transports.get(tuple(client) if client else None)
        connection = None if transport is None else transport.get_extra_info("socket")
        if connection is None or sys.platform != "linux":
            return 0.0
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED + 4)
        return float(struct.unpack_from("I", info, _LAST_DATA_RECEIVED)[0]) / 1000

    def abort(self, client: Any) -> None:
        """Abort a client's connection, if it is still open."""
        transport = self._transports.get(tuple(client) if client else None)
        if transport is not None:
            transport.abort()
