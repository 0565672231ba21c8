# SPDX-License-Identifier: Apache-2.0
"""Random answers on the wire: no row is accepted unless the server said yes to that very row, and every push ends."""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cases import CASES, Bench, Case, Pushed
from chaos.scripted_vendor import ScriptedVendor
from wire_server import Peer, WireServer, proxy

SCRIPTS = int(os.environ.get("USERATTRS_SCRIPTS", "120"))
FIRST_SEED = int(os.environ.get("USERATTRS_SEED", "1"))

FUZZED = [case for case in CASES if case.operation in ("set", "increase")]
BATCHED = [case for case in FUZZED if case.batch > 1]
#: One whose updates must not be sent twice.
(INCREASE,) = (case for case in FUZZED if not case.idempotent)
#: Seconds the client waits for an answer; one that never comes costs as much.
PATIENCE = 0.1
#: Seconds after which a push has not ended.
TOO_LONG = 60


@pytest.fixture
def push(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, fake_clock: Callable[[], Any], fourth_vendor: None
) -> Callable[..., Pushed]:
    """Push rows to a server, in a thread that must end."""

    def connect(vendor: str, **fields: Any) -> None:
        connection = {"conn_type": vendor, "login": "key", "password": "secret", **fields}
        monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT", json.dumps(connection))

    bench = Bench(SimpleNamespace(world=None), None, connect, fake_clock)

    def push(case: Case, url: str, rows: list[dict[str, Any]], concurrency: int, patience: float = PATIENCE) -> Pushed:
        ends: list[Any] = []
        extra = {"timeout": [5, patience], "verify": str(certificate)}

        def run() -> None:
            try:
                ends.append(bench.push(case, rows, concurrency=concurrency, host=url, extra=extra))
            except BaseException as error:
                ends.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(TOO_LONG)
        assert ends, "the push does not end"
        if isinstance(ends[0], BaseException):
            raise ends[0]
        pushed: Pushed = ends[0]
        return pushed

    return push


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SCRIPTS))
def test_no_verdict_is_false_whatever_the_response(
    seed: int,
    push: Callable[..., Pushed],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(seed)
    case = chance.choice(FUZZED)
    vendor = ScriptedVendor(case.vendor, seed, PATIENCE)
    tls, by_proxy = chance.random() < 0.4, chance.random() < 0.5
    count = chance.choice([1, 5, 20]) if case.batch == 1 else chance.choice([3, 150, 350])
    rows = case.rows(count)
    if case.batch > 1 and chance.random() < 0.5:  # larger than what is sent at once
        rows = [{**row, "note": "x" * 1_500} for row in rows]
    servers = [WireServer(vendor.serve, certificate if tls else None)]
    try:
        if by_proxy:
            servers.append(WireServer(vendor.proxy))
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name)
            monkeypatch.setenv("https_proxy" if tls else "http_proxy", servers[1].url)
        pushed = push(case, servers[0].url, rows, chance.choice([1, 4]))
    finally:
        for server in reversed(servers):
            server.close()
    try:
        judge(case, rows, pushed, vendor)
    except AssertionError as error:
        raise AssertionError(f"{error}; repeat with: make fuzz N=1 SEED={seed}") from error
    record_property("chaos", {"scripts on the wire": 1, "scripted requests": vendor.notes.kinds.total()})


def judge(case: Case, rows: list[dict[str, Any]], pushed: Pushed, vendor: ScriptedVendor) -> None:
    """Compare every verdict with what the vendor noted."""
    notes = vendor.notes
    assert sorted(pushed.verdicts) == list(range(len(rows)))
    for position, verdict in pushed.verdicts.items():
        user, status = case.key(position), str(verdict.status)
        if not case.idempotent:
            assert notes.applied[user] <= 1, "increased twice"
        if user in notes.crossed:
            continue
        if status == "accepted":
            assert user in notes.yes, "accepted, and nobody said so"
            assert notes.applied[user], "accepted, and not applied"
        elif status == "rejected":
            assert user in notes.no, "rejected, and nobody said so"
        elif status in ("unsent", "invalid", "skipped"):
            assert not notes.applied[user], f"{status}, and applied all the same"
    assert not notes.faults


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch, wire_server: Callable[..., WireServer]) -> Callable[[str], None]:
    """Put a proxy of the environment between a push and its vendor."""

    def put(scheme: str) -> None:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name)
        monkeypatch.setenv(f"{scheme}_proxy", wire_server(proxy).url)

    return put


@pytest.mark.parametrize("case", BATCHED, ids=lambda case: case.name)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("at", [0, 7])
def test_an_interim_response_shifts_no_verdict(
    push: Callable[..., Pushed], wire_server: Callable[..., WireServer], case: Case, tls: bool, at: int
) -> None:
    """2,000 users of whom half are refused: whose answer is whose decides."""
    accepted = {case.key(number) for number in range(1_000)}
    requests = count()

    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            if next(requests) == at:
                peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n")
            users = case.vendor.users_in(request.body)
            status, body = case.vendor.response({user: user in accepted for user in users})
            peer.send(b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    rows = [{**case.row(0), **case.vendor.names(number, 0)} for number in range(2_000)]
    pushed = push(case, wire_server(script, tls=tls).url, rows, 1, patience=30)
    assert pushed.at("accepted") == list(range(1_000))
    assert pushed.at("rejected") == list(range(1_000, 2_000))


@pytest.mark.parametrize("by_proxy", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_increase_that_breaks_off_is_not_sent_again(
    push: Callable[..., Pushed],
    wire_server: Callable[..., WireServer],
    proxies: Callable[[str], None],
    scheme: str,
    by_proxy: bool,
) -> None:
    """Every third is applied, and then its connection breaks before the answer: the first of each connection, too."""
    case = INCREASE
    applied: Counter[int] = Counter()

    def script(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            (user,) = case.vendor.users_in(request.body)
            applied[user] += 1
            if user % 3 == 0:
                return peer.reset() if user % 2 else None
            status, body = case.vendor.response({user: True})
            peer.send(b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        return None

    if by_proxy:
        proxies(scheme)
    pushed = push(case, wire_server(script, tls=scheme == "https").url, case.rows(30), 1, patience=30)
    broken = [position for position in range(30) if case.key(position) % 3 == 0]
    assert pushed.at("unknown") == broken
    assert pushed.counts == {"accepted": 20, "unknown": 10}
    assert applied == dict.fromkeys(map(case.key, range(30)), 1)


def test_an_increase_whose_proxy_gives_no_tunnel_is_unsent(
    push: Callable[..., Pushed],
    wire_server: Callable[..., WireServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And so tried again, which does no harm: nothing left."""
    case = INCREASE
    asked = count(1)
    applied: Counter[int] = Counter()

    def at_times(peer: Peer) -> None:
        if next(asked) > 4:
            proxy(peer)

    def script(peer: Peer) -> None:
        request = peer.request()
        assert request is not None
        (user,) = case.vendor.users_in(request.body)
        applied[user] += 1
        status, body = case.vendor.response({user: True})
        peer.send(b"HTTP/1.1 %d Status\r\nConnection: close\r\n\r\n%b" % (status, body))

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", wire_server(at_times).url)
    pushed = push(case, wire_server(script, tls=True).url, case.rows(6), 1, patience=30)
    assert pushed.counts == {"accepted": 6}
    assert applied == dict.fromkeys(map(case.key, range(6)), 1)
