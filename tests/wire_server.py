# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback that write what a test tells them to, byte by byte, and a proxy in front of them."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any


class Request:
    """One request as it came in.

    :param head: the first line and the headers.
    :param body: the body.
    """

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head, self.body = head, body

    @property
    def line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = [line.partition(": ") for line in self.head.decode("latin-1").split("\r\n")[1:] if line]
        return {name.lower(): value for name, _, value in lines}


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: Any, number: int) -> None:
        self.sock = sock
        self.number = number
        self._buffer = b""

    def request(self) -> Request | None:
        """Read a request; None if the client closed."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        left = int(Request(head, b"").headers.get("content-length", 0))
        parts: list[bytes] = []
        while True:
            parts.append(self._buffer[:left])
            left, self._buffer = left - len(parts[-1]), self._buffer[left:]
            if not left:
                return Request(head, b"".join(parts))
            if not self._more():
                return None

    def head(self) -> bytes:
        """Read the head of a request alone."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                break
        return self._buffer.partition(b"\r\n\r\n")[0]

    def send(self, *segments: bytes) -> None:
        """Send these bytes, each in a segment of its own."""
        for segment in segments:
            self.sock.sendall(segment)

    def reset(self) -> None:
        """Close the connection so that the client is told of an error."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def has_gone(self) -> bool:
        """Return whether the client closed, or sent anything."""
        poll = select.poll()  # select() takes no file descriptor over 1,023, which a long run on Airflow 3.2 has
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65_536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)


class WireServer:
    """Let a script serve each connection, in a thread of its own.

    :param script: is given the server's end of a connection; the connection is closed when it returns.
    :param certificate: a PEM file with a certificate and its key, for TLS.
    """

    def __init__(self, script: Callable[[Peer], object], certificate: Path | None = None) -> None:
        self._script = script
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listening = socket.socket()
        # Little is taken in that is not read.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(64)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{self.port}"
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closing = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Break off every connection and wait until the scripts have ended."""
        with self._lock:
            self._closing = True
            for sock in (self._listening, *self._open):
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True)
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with self._lock:
                if self._closing:
                    return
                self._open.add(sock)
            with suppress(OSError):
                self._script(Peer(sock, number))
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()


def proxy(peer: Peer) -> None:
    """Serve a connection as a proxy: give a tunnel where one is asked for, else pass on requests, by their path."""
    method, target, _ = peer.head().decode("latin-1").partition("\r\n")[0].split(" ")
    is_tunnel = method == "CONNECT"
    authority, _, path = target.removeprefix("http://").partition("/")
    host, _, port = authority.rpartition(":")
    with socket.create_connection((host, int(port))) as upstream:
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def pass_on(data: bytes) -> None:
            # A head comes in one piece, as the client sends it.
            upstream.sendall(data if is_tunnel else data.replace(target.encode(), b"/" + path.encode()))

        buffered, peer._buffer = peer._buffer, b""
        if is_tunnel:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            pass_on(buffered)
        # Each way by itself: who takes in nothing more is heard all the same.
        back = threading.Thread(target=_relay, args=(upstream, peer.send, peer.sock), daemon=True)
        back.start()
        _relay(peer.sock, pass_on, upstream)
        back.join()


def _relay(source: socket.socket, pass_on: Callable[[bytes], None], sink: socket.socket) -> None:
    """Pass on what comes in until it ends; break both ways off if that fails."""
    try:
        while data := source.recv(65_536):
            pass_on(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, sink):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that signed itself, with its key; return the PEM file of both."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path
