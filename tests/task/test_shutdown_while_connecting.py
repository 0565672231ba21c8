# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and `execution_timeout` while connections are being opened: nothing has left, and no row is in doubt."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from wire_server import Peer, WireServer

from airflow_provider_userattrs.operators import users as operators_rows
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.push.delivery import delivery
from airflow_provider_userattrs.task.run import Run
from airflow_provider_userattrs.task.shutdown import Interruption

ROWS = 60
SUCCESS = b'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"code":0,"message":"success"}'


class Vendor:
    """Let nobody connect until `open` is called."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    def wait(self) -> None:
        """Wait until somebody tries to connect, where that can be seen."""

    def open(self) -> None:
        """Serve from now on."""

    def close(self) -> None:
        """End."""

    def serve(self, peer: Peer) -> None:
        with peer.sock, suppress(OSError):
            while (request := peer.request()) is not None:
                self.bodies.append(request.body)
                peer.send(SUCCESS)


class FullBacklog(Vendor):
    def __init__(self, certificate: Path) -> None:
        super().__init__()
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(0)
        address = self._listening.getsockname()
        self.url = f"http://127.0.0.1:{address[1]}"
        self._fillers = [socket.socket() for _ in range(6)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(address)

    def open(self) -> None:
        self._close_fillers()
        self._listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._close_fillers()

    def _close_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer = Peer(self._listening.accept()[0], 0)
                threading.Thread(target=self.serve, args=(peer,), daemon=True).start()


class HangingHandshake(Vendor):
    def __init__(self, certificate: Path) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._is_open, self._is_asked = threading.Event(), threading.Event()
        self._server = WireServer(self._script)
        self.url = self._server.url.replace("http:", "https:")

    def wait(self) -> None:
        assert self._is_asked.wait(60)

    def open(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        self._is_open.set()
        self._server.close()

    def _script(self, peer: Peer) -> None:
        self._is_asked.set()
        self._is_open.wait()
        self.serve(Peer(self._context.wrap_socket(peer.sock, server_side=True), peer.number))


@pytest.fixture(params=[FullBacklog, HangingHandshake], ids=lambda kind: kind.__name__)
def vendor(request: pytest.FixtureRequest, certificate: Path) -> Iterator[Any]:
    one = request.param(certificate)
    yield one
    one.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM], ids=lambda number: number.name)
@pytest.mark.parametrize(("concurrency", "read"), [(2, 1), (16, 10)])
def test_no_row_is_in_doubt_and_a_retry_sends_each_once(
    vendor: Any,
    number: int,
    concurrency: int,
    read: int,
    connect: Callable[..., None],
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "_GRACE", 0.0)
    monkeypatch.setattr(delivery, "_ABORTING", 0.0)
    extra = json.dumps({"verify": str(certificate), "timeout": [3, 20]})
    connect("engagelab", host=vendor.url, extra=extra)
    ends = [read, None]

    class Rows:
        def identity(self) -> Any:
            return "the same"

        def rows(self) -> Iterator[Any]:
            end = ends.pop(0)
            for position in range(ROWS):
                if position == end:
                    vendor.wait()
                    os.kill(os.getpid(), number)
                yield {"id": position, "n": 1}

    def push() -> Any:
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
        operator = EngageLabSetAttributesOperator(
            task_id="t",
            users=Rows(),
            euid="id",
            attributes=["n"],
            operation="increase",
            concurrency=concurrency,
            checkpoint_path=str(tmp_path),
        )
        context: Any = {"ti": ti}
        with Interruption(operators_rows.Rows.rows) as interruption:
            return Run(operator.make_spec(context), context, interruption).run()

    before = set(threading.enumerate())
    report = push()
    assert report["rows"] == report["unsent"] == read
    assert report["requests"] == 0
    vendor.open()
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("userattrs-"):
            thread.join(60)
            assert not thread.is_alive()
    assert vendor.bodies == [], "what was given up never leaves, also when there is a connection at last"
    report = push()
    assert report["accepted"] == report["rows"] == ROWS
    assert sorted(json.loads(body)["euid"] for body in vendor.bodies) == list(range(ROWS))
