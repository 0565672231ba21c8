# SPDX-License-Identifier: Apache-2.0
"""Each contract test runs once for each operation of each vendor, or for those its markers name."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest
from cases import CASES, Bench, Case

from airflow_provider_userattrs.hooks.stream import Stream
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


@pytest.fixture
def check(case: Case, bench: Bench) -> Callable[..., Any]:
    """Push one row, and check what became of it and what happened next."""

    def check(status: str, code: str, *, passes: bool = False) -> Any:
        bench.prepare(case, 1)
        rows = case.rows(1)
        pushed = bench.push(case, rows)
        bench.judge(case, rows, pushed)
        assert pushed.codes == {(status, code)}
        (reason,) = pushed.report["reasons"]
        assert reason["meaning"]
        assert reason["remedy"].endswith(".")
        tried = 5 if passes and (case.idempotent or status == "unsent") else 1
        assert len(bench.control.journal()) == tried
        stops = status == "unsent" and not passes
        assert isinstance(pushed.error, RefusedConfiguration) is stops
        if stops:
            assert code in str(pushed.error)
        return reason

    return check


class Patience:
    """How long requests are waited for: until all of those that are under way are held, and will not be answered."""

    def __init__(self) -> None:
        self._waiting = 0
        self._held = 0
        self._lock = Lock()

    def begin(self) -> None:
        with self._lock:
            self._waiting += 1

    def hold(self) -> None:
        with self._lock:
            self._held += 1

    def end(self) -> None:
        with self._lock:
            self._waiting -= 1

    def give_up(self) -> bool:
        """Tell whether a request under way is among those that are held; it is not waited for any more then."""
        with self._lock:
            if not 0 < self._held == self._waiting:
                return False
            self._held -= 1
            self._waiting -= 1
            return True


class PatientStream(Stream):
    """A connection's stream that times out by `Patience`, whatever the machine's speed."""

    def __init__(self, sock: Any, patience: Patience) -> None:
        super().__init__(sock)
        self._patience = patience
        self._is_waiting = False

    def send(self, data: memoryview | bytes, until: float) -> int:
        if not self._is_waiting:
            self._patience.begin()
            self._is_waiting = True
        return super().send(data, until)

    def receive(self, until: float) -> bytes:
        while (data := self.received()) is None:
            if self._is_waiting and self._patience.give_up():
                self._is_waiting = False
                raise TimeoutError
            time.sleep(0.001)  # for the sandbox, which is in a thread of its own
        if self._is_waiting:
            self._patience.end()
            self._is_waiting = False
        return data


@pytest.fixture
def held_times_out(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each request that the sandbox holds time out, and no other."""
    patience = Patience()
    wait = sandbox.world.pauses.wait

    async def hold_and_wait(receive: Any, delay: float, hold: bool) -> bool:
        if hold:
            patience.hold()
        answered: bool = await wait(receive, delay, hold)
        return answered

    monkeypatch.setattr(sandbox.world.pauses, "wait", hold_and_wait)
    stream = "airflow_provider_userattrs.hooks.connection.Stream"
    monkeypatch.setattr(stream, lambda sock: PatientStream(sock, patience))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a ``case`` once for each operation that has one tag of each of its markers.

    One that takes what is ``documented``, too, runs once for each answer that the vendor's pages have.
    """
    if "case" not in metafunc.fixturenames:
        return
    markers = [set(marker.args) for marker in metafunc.definition.iter_markers("only")]
    cases = [case for case in CASES if all(wanted & case.tags for wanted in markers)]
    pairs: list[tuple[Any, ...]]
    if "documented" in metafunc.fixturenames:
        pairs = [(case, each, each.label) for case in cases for each in case.vendor.documented]
    elif "wait" in metafunc.fixturenames:
        pairs = [(case, each, each[0]) for case in cases for each in case.vendor.waits]
    else:
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])
        return
    name = "documented" if "documented" in metafunc.fixturenames else "wait"
    metafunc.parametrize(
        ("case", name), [pair[:2] for pair in pairs], ids=[f"{pair[0].name}-{pair[2]}" for pair in pairs]
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(*tags): the vendors, operations, cases or traits a contract test is about")
