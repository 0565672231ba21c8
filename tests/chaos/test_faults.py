# SPDX-License-Identifier: Apache-2.0
"""What may go wrong around a push: it ends with a true report and a clear error, and the next try goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from cases import CASES, Bench, Case

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.task import run as run_module

#: Operations that must not be repeated.
ONCE = [case for case in CASES if not case.idempotent]


@pytest.fixture(
    params=[case for case in CASES if case.operation == "set" and case.batch > 1], ids=lambda case: str(case.name)
)
def case(request: pytest.FixtureRequest) -> Case:
    """Give each operation that sets attributes of many users a request."""
    found: Case = request.param
    return found


def test_ten_thousand_rows_five_locked_two_come_free_three_with_the_next_try(
    case: Case, bench: Bench, tries: Any
) -> None:
    """Locked rows, as a peer's documentation has them: only they are tried again, now and by the next try."""
    bench.prepare(case, 10_000)
    rows = [{**case.vendor.names(number, 0), "color": "red"} for number in range(10_000)]
    locked = {0: 1, 101: 2, 5_000: 5, 5_001: 5, 9_999: 5}  # row -> how often it is found locked
    for row, times in locked.items():
        bench.fault(case, case.vendor.busy, {"users": [case.key(row)], "times": times})
    bench.connect(case.vendor.name)
    task = tries(case, rows)

    first = task.once()
    assert (first["accepted"], first["unsent"], first["error"]) == (9_997, 3, "RetryLater")
    (reason,) = first["reasons"]
    assert reason["meaning"] in first["warning"]
    assert first["requests"] < 10_000 / case.batch + 5 * 5 + 1
    second = task.once()
    assert (second["rows"], second["accepted"], second["error"]) == (10_000, 10_000, None)
    assert second["resumed_from"] == 5_000
    assert second["requests"] - first["requests"] <= 3
    assert second["warning"] is None
    users = bench.control.users(case.vendor.name)
    assert {user["updates"] for user in users.values()} == {1}, "sent again though it was done"


@pytest.fixture
def push(tmp_path: Any, case: Case, bench: Bench, monkeypatch: Any, fake_clock: Any) -> Callable[..., Any]:
    """Return a function that pushes rows in this process and gives the run; no thread is left."""
    monkeypatch.setattr(run_module, "Clock", fake_clock)
    bench.prepare(case, 500)
    bench.connect(case.vendor.name)

    def run(users: Any, store: Any = None, **parameters: Any) -> Any:
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
        parameters = {"checkpoint_path": None if store else str(tmp_path / "checkpoints"), **parameters}
        operator = case.operator(task_id="t", users=users, **case.parameters, **parameters)
        before = set(threading.enumerate())
        context: Any = {"ti": ti, "task_state_store": store}
        one = run_module.Run(operator.make_spec(context), context)
        one.report = one.run()  # type: ignore[attr-defined]
        assert not set(threading.enumerate()) - before, "a thread outlives the task"
        assert sum(one.report[status.value] for status in Status) == one.report["rows"]  # type: ignore[attr-defined]
        return one

    return run


@pytest.fixture
def good(case: Case) -> Callable[[int], list[dict[str, Any]]]:
    """Return a function that gives rows that nothing is wrong with."""
    return lambda count: [{**case.vendor.names(number, 0), "a": number} for number in range(count)]


def test_a_row_that_fails_its_own_encoder_is_invalid_alone(push: Any, good: Any) -> None:
    rows = good(300)
    rows[150]["a"] = "\ud800"
    run = push(rows)
    assert run.error is None
    assert (run.report["accepted"], run.report["invalid"]) == (299, 1)
    assert "a" in run.report["reasons"][0]["attributes"]


@pytest.mark.parametrize("threads", [0, 1])
def test_threads_that_cannot_be_started(push: Any, monkeypatch: pytest.MonkeyPatch, threads: int, good: Any) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_some(thread: threading.Thread) -> None:
        if thread.name.startswith("userattrs-"):
            if len(started) == threads:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    run = push(good(400))
    assert run.report["rows"] == 400
    if threads:
        assert run.error is None
        assert run.report["accepted"] == 400
    else:
        assert isinstance(run.error, RetryLater)
        assert "No thread can be started" in str(run.error)
        assert run.report["unsent"] == 400


class BreaksOff:
    """A source that raises midway, on its first reading."""

    def __init__(self, rows: list[Any], at: int) -> None:
        self.all, self.at, self.readings = rows, at, 0

    def identity(self) -> Any:
        return "the same"

    def rows(self) -> Iterator[Any]:
        self.readings += 1
        for position, row in enumerate(self.all):
            if self.readings == 1 and position == self.at:
                raise OSError("the warehouse went away")
            yield row


def test_a_source_that_raises_midway_is_resumed_by_the_next_try(case: Case, bench: Bench, push: Any, good: Any) -> None:
    users = BreaksOff(good(400), 250)
    run = push(users)
    assert isinstance(run.error, OSError)
    assert run.report["accepted"] == run.report["rows"] - run.report["unsent"]
    done = run.report["accepted"]
    again = push(users)
    assert again.error is None
    assert again.report["accepted"] == again.report["rows"] == 400
    assert again.report["resumed_from"] == done
    assert {user["updates"] for user in bench.control.users(case.vendor.name).values() if user["updates"]} == {1}


class Refusing:
    """A task state store that refuses, from its nth call on."""

    def __init__(self, after: int) -> None:
        self.after, self.calls = after, 0
        self.kept: dict[str, Any] = {}

    def _call(self) -> None:
        self.calls += 1
        if self.calls > self.after:
            raise ConnectionError("no store today")

    def get(self, key: str) -> Any:
        self._call()
        return self.kept.get(key)

    def set(self, key: str, value: Any) -> None:
        self._call()
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self._call()
        self.kept.pop(key, None)


@pytest.mark.parametrize("after", [0, 1])
def test_a_state_store_that_refuses_does_not_end_an_idempotent_push(push: Any, after: int, good: Any) -> None:
    run = push(good(300), Refusing(after))
    assert run.error is None
    assert run.report["accepted"] == 300


@pytest.mark.parametrize("case", ONCE, ids=[case.name for case in ONCE])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_without_its_store_nothing_that_must_not_be_repeated_is_sent_unnoted(
    case: Case, bench: Any, monkeypatch: Any, fake_clock: Any, after: int
) -> None:
    bench.prepare(case, 300)
    bench.connect(case.vendor.name)
    monkeypatch.setattr(run_module, "Clock", fake_clock)
    store = Refusing(after)
    operator = case.operator(task_id="t", users=case.rows(300), **case.parameters)
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
    context: Any = {"ti": ti, "task_state_store": store}
    run = run_module.Run(operator.make_spec(context), context)
    report = run.run()
    assert isinstance(run.error, RetryLater)
    assert "checkpoint" in str(run.error)
    noted = store.kept["userattrs_push_once"]["sent_below"] if store.kept else 0
    assert len(bench.control.journal()) <= noted
    assert report["accepted"] == len(bench.control.journal())


def test_a_rejects_path_that_becomes_unwritable_loses_no_row(push: Any, tmp_path: Any, good: Any) -> None:
    rows = [*good(200), *good(501)[500:], *good(100)]
    run = push(rows, rejects_path="/dev/full")
    assert isinstance(run.error, RetryLater)
    assert "rejects_path" in str(run.error)
    run = push(rows, rejects_path=str(tmp_path / "rejects.jsonl"))
    assert run.error is None
