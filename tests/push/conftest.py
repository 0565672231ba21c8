# SPDX-License-Identifier: Apache-2.0
"""The fakes of the engine's tests: two clocks, and a watch over threads. All else is the real thing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Condition, Event, Lock
from threading import enumerate as running_threads
from typing import Any

import pytest

from airflow_provider_userattrs.push.delivery.worker_pool import WorkerPool
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.row import UserUpdate

EPOCH = 1_700_000_000.0


class FakeClock(Clock):
    """Let time pass at once when someone sleeps; safe to share between threads."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._now = 0.0
        self._lock = Lock()

    def monotonic(self) -> float:
        with self._lock:
            return self._now

    def time(self) -> float:
        return EPOCH + self.monotonic()

    def sleep(self, seconds: float, wake: Event) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            if not wake.is_set():
                self._now += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass without anyone sleeping."""
        with self._lock:
            self._now += seconds


class SharedClock(Clock):
    """Let time pass only while all of so many threads sleep, to the moment the first of them wakes.

    So each thread wakes exactly when it meant to, whatever the machine does.

    :param threads: how many threads live by this clock.
    """

    def __init__(self, threads: int) -> None:
        self._now = 0.0
        self._threads = threads
        self._sleeping: dict[object, float] = {}
        self._changed = Condition()

    def monotonic(self) -> float:
        with self._changed:
            return self._now

    def time(self) -> float:
        return EPOCH + self.monotonic()

    def sleep(self, seconds: float, wake: Event) -> None:
        me = object()
        with self._changed:
            self._sleeping[me] = self._now + seconds
            self._pass_time()
            while me in self._sleeping:
                self._changed.wait()

    def leave(self) -> None:
        """Say that the calling thread has ended, and time need not wait for it."""
        with self._changed:
            self._threads -= 1
            self._pass_time()

    def _pass_time(self) -> None:
        if self._sleeping and len(self._sleeping) == self._threads:
            self._now = max(self._now, min(self._sleeping.values()))
            self._sleeping = {who: until for who, until in self._sleeping.items() if until > self._now}
            self._changed.notify_all()


@contextmanager
def no_thread_left() -> Iterator[None]:
    """Fail if threads are left behind that were not there before, and end them so that the run can end."""
    before = set(running_threads())
    left = []
    try:
        yield
    finally:
        left = [thread for thread in running_threads() if thread not in before]
        if left:
            for thing in gc.get_objects():
                if type(thing) is WorkerPool:
                    thing.close()
    assert not left, f"{len(left)} threads left behind"


def make_update(position: int = 0, user: Any = None, **attributes: Any) -> UserUpdate:
    """Return an update of one user, by default one that shares its key with no other."""
    user = f"user-{position}" if user is None else user
    return UserUpdate(position, user, (user,), attributes or {"n": position}, (), {"id": user, **attributes})


@pytest.fixture(scope="session", name="fake_clock")
def fake_clock_class() -> type[FakeClock]:
    return FakeClock


@pytest.fixture(scope="session", name="shared_clock")
def shared_clock_class() -> type[SharedClock]:
    return SharedClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session", name="no_thread_left")
def thread_watch() -> Callable[[], AbstractContextManager[None]]:
    return no_thread_left


@pytest.fixture(scope="session")
def update() -> Callable[..., UserUpdate]:
    return make_update
