# SPDX-License-Identifier: Apache-2.0
"""Starting and stopping: in this process, and as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from airflow_provider_userattrs.sandbox import __main__ as command
from airflow_provider_userattrs.sandbox import server
from airflow_provider_userattrs.sandbox.clock import Clock
from airflow_provider_userattrs.sandbox.server import serve
from airflow_provider_userattrs.sandbox.world import World

MODULE = "airflow_provider_userattrs.sandbox"
ROOT = Path(__file__).parents[2]

#: vendor -> the first and the last user that is known at the start.
FIRST_AND_LAST = {
    "engagelab": ("10360000", "10361999"),
    "kahuna": ("user0000", "user1999"),
    "moengage": ("C-00000", "C-01999"),
}


def until(fits: Callable[[], bool]) -> None:
    """Look until something is as wanted."""
    deadline = time.monotonic() + 60
    while not fits():
        assert time.monotonic() < deadline


def test_no_thread_and_no_port_is_left() -> None:
    before = set(threading.enumerate())
    with serve() as sandbox:
        assert requests.get(f"{sandbox.url}/_sandbox/health").json()["status"] == "ok"
        assert sandbox.base_url("kahuna") == f"{sandbox.url}/kahuna"
    assert set(threading.enumerate()) == before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/_sandbox/health")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when data came")
def test_a_request_that_a_busy_server_reads_late_arrived_when_it_came() -> None:
    busy, free = threading.Event(), threading.Event()

    def hold() -> float:
        busy.set()
        free.wait()
        return 0.0

    def since_sent(client: HTTPConnection) -> int:
        result = client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 48)
        return int(struct.unpack_from("I", result, 44)[0])

    with serve(world=World(Clock(now=hold, monotonic=lambda: 100.0))) as sandbox:
        host = urlsplit(sandbox.url).netloc
        with closing(HTTPConnection(host)) as holding, closing(HTTPConnection(host)) as late:
            late.request("GET", "/_sandbox/health")
            late.getresponse().read()
            holding.request("GET", "/kahuna/first")
            busy.wait()
            late.request("GET", "/kahuna/second")
            until(lambda: since_sent(late) >= 40)
            free.set()
            holding.getresponse().read()
            late.getresponse().read()
        arrivals = [entry.monotonic for entry in sandbox.world.journal.entries()]
    assert arrivals[1] <= 100.0 - 0.032


def test_stops_with_requests_held() -> None:
    failures: list[Exception] = []

    def send(url: str) -> None:
        try:
            requests.post(f"{url}/moengage/v1/customer/X", json={})
        except requests.ConnectionError as failure:
            failures.append(failure)

    with serve() as sandbox:
        requests.post(f"{sandbox.url}/_sandbox/faults", json={"then": {"hold": True}})
        clients = [threading.Thread(target=send, args=(sandbox.url,)) for _ in range(3)]
        for client in clients:
            client.start()
        until(lambda: sandbox.world.pauses.held == 3)
    for client in clients:
        client.join()
    assert len(failures) == 3


def test_the_state_is_within_reach() -> None:
    world = World()
    world.vendors["engagelab"].seed([7], "")
    with serve(world=world) as sandbox:
        assert sandbox.world is world
        assert requests.get(f"{sandbox.url}/_sandbox/users/engagelab/7").json()["updates"] == 0


def test_two_at_once() -> None:
    with serve() as one, serve() as other:
        assert one.url != other.url


def test_a_server_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server._Server, "run", lambda self, sockets: None)
    with pytest.raises(RuntimeError, match="did not start"), serve():
        pass


def test_an_aborted_upload_is_no_request() -> None:
    with serve() as sandbox:
        host, _, port = sandbox.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                b"POST /kahuna/api/userattributes?env=p HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
            )
            until(lambda: sandbox.world.journal._last_number == 1)
        assert requests.get(f"{sandbox.url}/_sandbox/journal").json() == {"requests": []}


def test_other_machines_reach_it_only_if_set_twice() -> None:
    with pytest.raises(ValueError, match="allow_remote=True"), serve(host="0.0.0.0"):
        pass
    with serve(host="0.0.0.0", allow_remote=True) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert requests.get(f"{sandbox.url}/_sandbox/health").status_code == 200
    with serve(host="127.0.0.2") as sandbox:
        assert sandbox.url.startswith("http://127.0.0.2:")


class TestCommand:
    def test_as_a_process(self) -> None:
        arguments = [sys.executable, "-m", MODULE, "--port", "0"]
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(6)]
        url = lines[0].split()[-1]
        assert re.fullmatch(r"Sandbox on http://127\.0\.0\.1:\d+\n", lines[0])
        hosts = [next(word for word in line.split() if word.startswith("http")) for line in lines[3:]]
        assert hosts == [f"{url}/{v}" for v in ("engagelab", "kahuna", "moengage")]
        assert requests.get(f"{url}/_sandbox/health").json()["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert rest.endswith("Sandbox stopped\n")

    @pytest.fixture(autouse=True)
    def _no_signals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted() -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(command, "_wait_for_signal", interrupted)
        monkeypatch.setattr("signal.signal", lambda *_: None)

    def test_in_this_process(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["--port", "0"]) == 0
        assert capsys.readouterr().out.endswith("Sandbox stopped\n")

    def test_help_has_the_credentials(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            command.main(["--help"])
        shown = capsys.readouterr().out
        assert re.search(r"\nKahuna +http://127\.0\.0\.1:8765/kahuna +sandbox-secret-key +sandbox-api-key +\{", shown)
        assert "curl http://127.0.0.1:8765/_sandbox/users -d" in shown

    @pytest.mark.parametrize(("arguments", "known"), [([], 2_000), (["--empty"], 0)], ids=["known", "empty"])
    def test_users_at_the_start(
        self, arguments: list[str], known: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What is printed is so: the first user and no further one is known; reset brings back the beginning."""
        held: list[Any] = []

        def look() -> None:
            url = capsys.readouterr().out.split()[2]
            for _ in range(2):
                held.append([requests.get(f"{url}/_sandbox/users/{vendor}").json() for vendor in FIRST_AND_LAST])
                held.append([requests.get(f"{url}/_sandbox/users/kahuna?environment=s").json()])
                requests.post(f"{url}/_sandbox/users", json={"vendor": "kahuna", "users": [{"username": "another"}]})
                requests.post(f"{url}/_sandbox/reset")
            raise KeyboardInterrupt

        monkeypatch.setattr(command, "_wait_for_signal", look)
        assert command.main(["--port", "0", *arguments]) == 0
        assert [[each["count"] for each in vendors] for vendors in held] == [[known] * 3, [known]] * 2
        if known:
            keys = [list(each["users"]) for each in held[0]]
            assert [(each[0], each[-1]) for each in keys] == list(FIRST_AND_LAST.values())

    def test_port_in_use(self, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            assert command.main(["--port", str(port)]) == 1
        assert f"cannot listen on port {port}" in capsys.readouterr().err

    @pytest.mark.parametrize("port", ["-1", "65536", "http"])
    def test_wrong_port(self, port: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            command.main(["--port", port])
        assert "must be 0 to 65535" in capsys.readouterr().err

    def test_other_machines(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            command.main(["--port", "0", "--host", "0.0.0.0"])
        assert refused.value.code == 2
        assert "add --allow-remote if that is meant" in capsys.readouterr().err
        assert command.main(["--port", "0", "--host", "0.0.0.0", "--allow-remote"]) == 0
        assert "http://127.0.0.1:" in capsys.readouterr().out

    @pytest.mark.parametrize("host", ["localhost", "::", "1.2.3"])
    def test_wrong_host(self, host: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            command.main(["--host", host])
        assert "must be an IPv4 address" in capsys.readouterr().err

    @pytest.mark.parametrize("library", ["uvicorn", "fastapi"])
    def test_without_the_extra(
        self, library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delitem(sys.modules, f"{MODULE}.server")
        monkeypatch.setitem(sys.modules, library, None)
        assert command.main([]) == 1
        assert "pip install 'airflow-provider-userattrs[sandbox]'" in capsys.readouterr().err
