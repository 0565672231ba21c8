# SPDX-License-Identifier: Apache-2.0
"""The mock vendor: a process of its own that answers after a delay, and counts what arrives.

``python vendor.py DELAY_MS [CERTIFICATE]`` prints its port. ``GET /stats`` returns what arrived since the last time.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import sys
import time

import uvloop

ANSWERS = {
    b"/engagelab": b'{"code":0,"message":"success"}',
    b"/moengage": b'{"status":"success","message":"queued"}',
}


class Stats:
    """Count rows, and keep when each request arrived and how long its body was."""

    def __init__(self) -> None:
        self.rows = 0
        self.bytes: list[int] = []
        self.arrivals: list[float] = []

    def take(self) -> bytes:
        """Return what was counted, and reset the counts."""
        result = json.dumps({"rows": self.rows, "arrivals": self.arrivals, "bytes": self.bytes}).encode()
        self.__init__()  # type: ignore[misc]
        return result


class Connection(asyncio.Protocol):
    """Speak as much HTTP/1.1 as a client that keeps its connection alive needs."""

    def __init__(self, stats: Stats, delay: float) -> None:
        self.stats, self.delay = stats, delay
        self.loop = asyncio.get_running_loop()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /stats"):
            self.write(self.stats.take())
            return
        path = head[5:30]
        if path.startswith(b"/kahuna"):
            users = body.count(b'"target"')
            content = b"[" + b",".join([b'{"success":true}'] * users) + b"]"
        else:
            users = body.count(b'"customer_id"') if b"/transition" in path else 1
            content = next(answer for start, answer in ANSWERS.items() if path.startswith(start[:9]))
        waited = self.waited() if path.startswith(b"/moengage") else 0.0  # caps are measured there, speed elsewhere
        self.stats.arrivals.append(time.monotonic() - waited)
        self.stats.rows += users
        self.stats.bytes.append(len(body))
        if self.delay:
            self.loop.call_later(self.delay, self.write, content)
        else:
            self.write(content)

    def waited(self) -> float:
        """Return for how many seconds what came last had been here when it was read; Linux tells it to 4 ms.

        Many requests that a process with no processor to run on reads at once are no burst of the client's.
        """
        # ``tcpi_last_data_recv`` of linux/tcp.h
        connection = self.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        result = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 56)
        return float(struct.unpack_from("I", result, 52)[0]) / 1000

    def write(self, content: bytes) -> None:
        if self.transport.is_closing():  # type: ignore[attr-defined]
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
        self.transport.write(head + content)  # type: ignore[attr-defined]


async def serve(delay: float, certificate: str | None) -> None:
    """Serve on a free port of 127.0.0.1 until the process is ended."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    stats = Stats()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stats, delay), "127.0.0.1", 0, ssl=context, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1]) / 1000, sys.argv[2] if len(sys.argv) > 2 else None))
