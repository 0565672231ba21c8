# SPDX-License-Identifier: Apache-2.0
"""Hooks on connections of every kind, and small servers on loopback that no vendor would be."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import parse_headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hooks.wire_scripts import OPERATION
from wire_server import WireServer, proxy

from airflow_provider_userattrs.hooks.settings import declaration


@dataclass(frozen=True)
class Request:
    """A request as it came in over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Recorder:
    """A server that writes every request down and answers all of them alike."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"code": 0, "message": "success", "status": "success"}'


@contextmanager
def recorder_server(wrap: Callable[[socket.socket], socket.socket] | None = None) -> Iterator[Recorder]:
    """Serve until the block ends; ``wrap`` puts TLS around the listening socket."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.requests.append(Request(self.command, self.path, headers, body))
            self.send_response(recorder.status)
            for name, value in {"Content-Type": "application/json", **recorder.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(recorder.body)))
            self.end_headers()
            self.wfile.write(recorder.body)

        do_GET = do_POST = do_CONNECT = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if wrap:
        server.socket = wrap(server.socket)
    recorder.url = f"{'https' if wrap else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Serve whoever calls, and take everything for a success."""
    with recorder_server() as recorder:
        yield recorder


@pytest.fixture
def tls_server() -> Callable[..., Any]:
    """Give the context manager of a server with a certificate."""
    return recorder_server


def hang_up(sockets: list[socket.socket]) -> None:
    """Wake whoever waits for something to come in."""
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def raw_server() -> Iterator[Callable[..., str]]:
    """Start servers that answer the requests on each connection with these bytes, one after the other, and close."""
    with ExitStack() as stack:

        def start(*answers: bytes) -> str:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            sockets = [listening]

            def serve() -> None:
                while True:
                    try:
                        connection, _ = listening.accept()
                    except OSError:
                        return
                    sockets.append(connection)
                    with connection, connection.makefile("rb") as requests:
                        for answer in answers:
                            if not requests.readline():  # the other side went
                                break
                            headers = parse_headers(requests)
                            requests.read(int(headers.get("Content-Length", 0)))
                            connection.sendall(answer)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(hang_up, sockets)
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start


@pytest.fixture
def closed_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def hook_of(monkeypatch: pytest.MonkeyPatch, fake_clock: Callable[[], Any]) -> Iterator[Callable[..., Any]]:
    """Make the hook of a vendor on a connection with these fields, or on one given as text; closed at the end.

    Its clock is a fake: it waits for no retry.
    """
    with ExitStack() as stack:

        def make(vendor: str, _text: str | None = None, **fields: Any) -> Any:
            connection = {"conn_type": vendor, "login": "the-login", "password": "the-password", **fields}
            connection = {name: value for name, value in connection.items() if value is not None}
            monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT", _text or json.dumps(connection))
            module, _, name = declaration(vendor)["hook-class-name"].rpartition(".")
            hook = getattr(import_module(module), name)()
            hook.clock = fake_clock()
            stack.callback(hook.close)
            return hook

        yield make


@pytest.fixture
def sandbox_hook(hook_of: Callable[..., Any], sandbox: Any) -> Callable[..., Any]:
    """Make the hook of a vendor on the sandbox's connection."""

    def make(vendor: str, **fields: Any) -> Any:
        login, password = sandbox.world.vendors[vendor].login
        return hook_of(vendor, **{"login": login, "password": password, "host": sandbox.base_url(vendor), **fields})

    return make


@pytest.fixture(params=["http", "https", "http by a proxy", "https by a proxy", "https by a proxy with TLS"])
def start_server(
    request: pytest.FixtureRequest, wire_server: Callable[..., WireServer], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., WireServer]:
    """Start a server that is reached by each way there is: plain or TLS, directly or by a proxy, TLS within TLS."""
    scheme, _, by_proxy = request.param.partition(" ")
    if by_proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name)
        monkeypatch.setenv(f"{scheme}_proxy", wire_server(proxy, tls=by_proxy.endswith("TLS")).url)
    return lambda script: wire_server(script, tls=scheme == "https")


@pytest.fixture
def sender(hook_of: Callable[..., Any], certificate: Path) -> Callable[..., Callable[[bytes], Any]]:
    """Give what sends a body to a server."""

    def make(server: WireServer, timeout: float = 30, read: float | None = None) -> Callable[[bytes], Any]:
        extra = {"verify": str(certificate), "timeout": [timeout, read or timeout]}
        send: Callable[[bytes], Any] = hook_of("engagelab", host=server.url, extra=extra).sender(OPERATION)
        return send

    return make
