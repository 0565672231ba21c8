# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback that a notifier's message arrives at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, TCPServer
from threading import Thread
from typing import Any

import pytest


def _serve(server: Any) -> Iterator[Any]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Smtp(StreamRequestHandler):
    """As much of RFC 5321 as takes a message."""

    server: Any

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self._say("220 loopback")
        envelope: dict[str, Any] = {"to": []}
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            if verb == "RCPT":
                envelope["to"].append(rest.partition(":")[2].strip("<>"))
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                body = b"".join(each.removeprefix(b".") if each.startswith(b"..") else each for each in lines)
                envelope["message"] = message_from_bytes(body, policy=policy.default)
                self.server.received.append(envelope)
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve SMTP at the connection ``smtp_default``, and keep what is received."""
    server: Any = TCPServer(("127.0.0.1", 0), _Smtp)
    server.received = []
    host, port = server.server_address
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@shop.example"}
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({"conn_type": "smtp", "host": host, "port": port, "extra": extra})
    )
    for name, value in {"HOST": host, "PORT": port, "STARTTLS": "False", "MAIL_FROM": "airflow@shop.example"}.items():
        monkeypatch.setenv(f"AIRFLOW__SMTP__SMTP_{name}", str(value))  # as Airflow 2 sends by default
    yield from _serve(server)


class _Webhook(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve an incoming webhook at the connection ``slack_default``, and keep what is received."""
    server: Any = HTTPServer(("127.0.0.1", 0), _Webhook)
    server.received, server.status = [], 200
    host, port = server.server_address
    connection = {"conn_type": "slackwebhook", "host": f"http://{host}:{port}/services", "password": "/T0/B0/token"}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(connection))
    yield from _serve(server)
