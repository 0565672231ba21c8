# SPDX-License-Identifier: Apache-2.0
"""One fetch is made ahead of its use, no more; what it raises comes in its turn, and it ends with its reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest
from sources.sql_rows import source

from airflow_provider_userattrs.sources.database.read_ahead import read_ahead

#: Far more seconds than anything here takes.
LONG = 60.0


class Fetches:
    """Give full fetches of two rows, and note in which thread each was made; one may raise or wait to be cancelled."""

    def __init__(self, count: int, failing: int | None = None, hanging: int | None = None) -> None:
        self.count, self.failing, self.hanging = count, failing, hanging
        self.number = -1
        self.made: SimpleQueue[str] = SimpleQueue()
        self.cancelled = Event()

    def __call__(self) -> list[Any]:
        self.number += 1
        self.made.put(threading.current_thread().name)
        if self.number == self.failing:
            raise ValueError("the fetch")
        if self.number == self.hanging:
            assert self.cancelled.wait(LONG)
            raise ValueError("cancelled")
        return [2 * self.number, 2 * self.number + 1] if self.number < self.count else []

    def cancel(self) -> None:
        self.cancelled.set()


def ahead(fetches: Fetches) -> Iterator[list[Any]]:
    return read_ahead(fetches, fetches, 2)


@pytest.mark.parametrize("count", range(5))
def test_all_rows_come_in_their_order_and_then_empty_lists(count: int) -> None:
    rows = ahead(Fetches(count))
    assert [next(rows) for _ in range(count + 2)] == [*([2 * n, 2 * n + 1] for n in range(count)), [], []]


def test_one_fetch_is_made_while_the_last_one_is_used() -> None:
    fetches = Fetches(9)
    rows = ahead(fetches)
    own = threading.current_thread().name
    assert (next(rows), fetches.made.get(timeout=LONG)) == ([0, 1], own)
    assert (next(rows), fetches.made.get(timeout=LONG)) == ([2, 3], own)
    for number in range(2, 6):
        assert fetches.made.get(timeout=LONG) == "userattrs-fetch"
        assert fetches.number == number
        assert next(rows) == [2 * number, 2 * number + 1]


def test_what_a_fetch_raises_comes_after_the_rows_before_it() -> None:
    rows = ahead(Fetches(9, failing=3))
    assert [next(rows) for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(ValueError, match="the fetch"):
        next(rows)


def test_a_fetch_that_nobody_waits_for_is_cancelled() -> None:
    fetches = Fetches(9, hanging=3)
    rows: Any = ahead(fetches)
    for _ in range(3):
        next(rows)
    rows.close()
    assert fetches.cancelled.is_set()


def test_without_a_further_thread_rows_are_fetched_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", no_thread)
    rows = ahead(Fetches(4))
    assert [next(rows) for _ in range(5)] == [[0, 1], [2, 3], [4, 5], [6, 7], []]


@pytest.mark.parametrize("rows_used", [1_500, 2_500])
def test_a_query_that_is_let_go_ends_at_the_server(postgres: Any, rows_used: int) -> None:
    """The next fetch would take minutes."""
    waits = "CASE WHEN n = 3500 THEN pg_sleep(300) END AS nothing"
    rows: Any = source(f"SELECT n, {waits} FROM generate_series(1, 4000) n").rows()
    assert [next(rows)["n"] for _ in range(rows_used)][-1] == rows_used
    rows.close()
    assert any(postgres.sessions() == 0 for _ in range(1_000))


def test_an_error_of_the_next_fetch_waits_for_its_turn(postgres: Any) -> None:
    rows: Any = source("SELECT 1 / (3500 - n) AS x, n FROM generate_series(1, 9000) n").rows()
    assert [next(rows)["n"] for _ in range(3_000)][-1] == 3_000
    with pytest.raises(Exception, match="sql is refused by the database"):
        next(rows)
