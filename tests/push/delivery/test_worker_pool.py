# SPDX-License-Identifier: Apache-2.0
"""Threads that each have one request under way: never more than allowed, nothing lost, none left."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import pytest

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.worker_pool import WorkerPool
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate

OK = Response(200, {}, b"")


@pytest.fixture(autouse=True)
def watch(no_thread_left: Callable[[], Any]) -> Any:
    with no_thread_left():
        yield


@pytest.fixture
def batches(update: Callable[..., UserUpdate]) -> Callable[[int], list[Batch]]:
    return lambda count: [Batch([update(position)], [b"%d" % position]) for position in range(count)]


def take(workers: WorkerPool[Any], count: int) -> list[tuple[Batch, Any]]:
    """Take so many results, and no more."""
    results: list[tuple[Batch, Any]] = []
    while len(results) < count:
        results += workers.results(None)
    assert len(results) == count
    return results


@pytest.mark.parametrize("most", [1, 3, 8])
def test_sends_all_with_no_more_at_once_than_allowed(batches: Callable[[int], list[Batch]], most: int) -> None:
    lock = Lock()
    now = worst = 0

    def send(batch: Batch) -> Response:
        nonlocal now, worst
        with lock:
            now += 1
            worst = max(worst, now)
        with lock:
            now -= 1
        return Response(200, {}, batch.items[0])

    workers = WorkerPool(send, most)
    sent = batches(100)
    for batch in sent:
        workers.submit(batch)
    assert workers.in_progress == 100
    results = take(workers, 100)
    assert workers.in_progress == 0
    workers.close()
    assert worst <= most
    assert {id(batch): result.body for batch, result in results} == {id(batch): batch.items[0] for batch in sent}


def test_has_so_many_under_way_at_once(batches: Callable[[int], list[Batch]]) -> None:
    together = threading.Barrier(3)

    def send(batch: Batch) -> Response:
        together.wait()
        return OK

    workers = WorkerPool(send, 3)
    for batch in batches(3):
        workers.submit(batch)
    take(workers, 3)
    workers.close()


def test_starts_no_thread_while_one_is_idle(batches: Callable[[int], list[Batch]]) -> None:
    names = set()

    def send(batch: Batch) -> Response:
        names.add(threading.current_thread().name)
        return OK

    workers = WorkerPool(send, 16)
    for batch in batches(20):
        workers.submit(batch)
        take(workers, 1)
    workers.close()
    assert len(names) == 1


@pytest.mark.parametrize("error", [ValueError("no"), KeyError(), RecursionError()], ids=repr)
def test_hands_back_what_was_raised(batches: Callable[[int], list[Batch]], error: Exception) -> None:
    def send(batch: Batch) -> Response:
        if batch.items == [b"0"]:
            raise error
        return OK

    workers = WorkerPool(send, 1)
    for batch in batches(2):
        workers.submit(batch)
    results = take(workers, 2)
    workers.close()
    assert [result for _, result in results] == [error, OK]


def test_none_is_a_result(batches: Callable[[int], list[Batch]]) -> None:
    workers = WorkerPool(lambda batch: None, 1)
    [batch] = batches(1)
    workers.submit(batch)
    assert take(workers, 1) == [(batch, None)]
    workers.close()


def test_does_not_wait_longer_than_told(batches: Callable[[int], list[Batch]]) -> None:
    go = Event()

    def send(batch: Batch) -> Response:
        go.wait()
        return OK

    workers = WorkerPool(send, 1)
    workers.submit(batches(1)[0])
    assert workers.results(0.0) == []
    assert workers.in_progress == 1
    go.set()
    take(workers, 1)
    workers.close()


def test_runs_in_the_context_of_the_one_who_submits(batches: Callable[[int], list[Batch]]) -> None:
    task = contextvars.ContextVar("task", default="none")
    task.set("push")
    seen = []

    def send(batch: Batch) -> Response:
        seen.append(task.get())
        task.set("changed")
        return OK

    workers = WorkerPool(send, 2)
    for batch in batches(2):
        workers.submit(batch)
    take(workers, 2)
    workers.close()
    assert "none" not in seen
    assert task.get() == "push"


def test_close_lets_what_is_queued_end(batches: Callable[[int], list[Batch]]) -> None:
    workers = WorkerPool(lambda batch: OK, 2)
    for batch in batches(20):
        workers.submit(batch)
    workers.close()
    assert len(workers.results(0.0)) == 20


def test_closing_what_never_began() -> None:
    WorkerPool(lambda batch: OK, 4).close()


def no_more_threads(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_some(thread: threading.Thread) -> None:
        if len(started) == after:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)


def test_a_thread_that_cannot_start_leaves_nothing_under_way(
    batches: Callable[[int], list[Batch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_more_threads(monkeypatch, 0)
    workers = WorkerPool(lambda batch: OK, 4)
    with pytest.raises(RetryLater, match="No thread can be started"):
        workers.submit(batches(1)[0])
    assert workers.in_progress == 0
    workers.close()


def test_goes_on_with_the_threads_there_are(
    batches: Callable[[int], list[Batch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_more_threads(monkeypatch, 2)
    workers = WorkerPool(lambda batch: OK, 16)
    for batch in batches(20):
        workers.submit(batch)
    assert len(take(workers, 20)) == 20
    workers.close()
