# SPDX-License-Identifier: Apache-2.0
"""What is sent next: what is due again, then what is ready, then new rows, while few batches wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.circuit_breaker import CircuitBreaker
from airflow_provider_userattrs.push.delivery.intake import Intake
from airflow_provider_userattrs.push.delivery.send_queue import SendQueue


class Bench:
    """A queue over so many rows, and what it hands to others."""

    def __init__(self, rows: Iterator[Any], clock: Any, **options: Any) -> None:
        self.clock = clock
        self.breaker = CircuitBreaker("Vendor")
        self.retried: list[Batch] = []
        self.intake = Intake(([row] for row in rows), operation(1), lambda rows, verdicts: None, Event())
        self.queue = SendQueue(self.intake, clock, self.breaker, 2, count_retry=self.retried.append, **options)

    def take(self, in_progress: int = 0) -> int | None:
        """Return the position of the row that is sent next."""
        batch = self.queue.take(in_progress)
        return None if batch is None else batch.updates[0].position


@pytest.fixture
def bench(update: Any, fake_clock: Any) -> Callable[..., Bench]:
    return lambda rows, **options: Bench((update(position) for position in range(rows)), fake_clock(), **options)


@pytest.fixture
def batch(update: Any) -> Callable[[int], Batch]:
    return lambda position: Batch([update(position)], [b""])


def test_what_is_due_goes_first_then_what_is_ready_then_new_rows(bench: Any, batch: Any) -> None:
    it = bench(2)
    it.queue.put_first(batch(10), batch(11))
    it.queue.put_later(batch(20), 5.0)
    assert it.take() == 10
    it.clock.advance(5.0)
    assert [it.take() for _ in range(5)] == [20, 11, 0, 1, None]
    assert [each.updates[0].position for each in it.retried] == [20]


def test_halves_go_before_what_was_ready(bench: Any, batch: Any) -> None:
    it = bench(0)
    it.queue.put_first(batch(10))
    it.queue.put_first(batch(20), batch(21))
    assert [it.take() for _ in range(3)] == [20, 21, 10]


def test_it_is_calm_while_nothing_waits_and_nothing_fails(bench: Any, batch: Any) -> None:
    it = bench(0)
    assert it.queue.is_calm
    it.queue.put_later(batch(0), 1.0)
    assert (it.queue.is_calm, it.queue.due_in()) == (False, 1.0)
    it.queue.empty()
    it.queue.put_first(batch(0))
    assert (it.queue.is_calm, it.queue.due_in()) == (False, None)
    it.queue.empty()
    for _ in range(5):
        it.breaker.note_failure([], fresh=False)
    assert not it.queue.is_calm


def test_while_the_vendor_seems_unavailable_few_rows_are_read(bench: Any, batch: Any) -> None:
    it = bench(10)
    for _ in range(5):
        it.breaker.note_failure([], fresh=False)
    assert (it.take(3), it.take(4)) == (0, None), "twice the requests in flight, in progress or to be sent again"
    it.queue.put_later(batch(20), 9.0)
    assert (it.take(3), it.queue.is_out_of_rows) == (None, False)


def test_a_new_batch_is_a_probe_once_one_has_failed_for_good(bench: Any) -> None:
    it = bench(10)
    for _ in range(5):
        it.breaker.note_failure([WORDS["busy"]], fresh=False)
    assert it.take(100) == 0


def test_a_thousand_batches_wait_at_most(bench: Any, batch: Any) -> None:
    it = bench(10)
    for _ in range(999):
        it.queue.put_later(batch(20), 9.0)
    assert it.take() == 0
    it.queue.put_later(batch(20), 9.0)
    assert it.take() is None


def test_after_an_interruption_no_row_is_read(bench: Any, batch: Any) -> None:
    it = bench(10)
    it.intake.is_interrupted = True
    it.queue.put_first(batch(20))
    assert [it.take(), it.take()] == [20, None]


def test_it_is_out_of_rows_only_when_the_source_has_none(bench: Any) -> None:
    it = bench(1)
    assert (it.take(), it.queue.is_out_of_rows) == (0, False)
    assert (it.take(), it.queue.is_out_of_rows) == (None, True)


def test_a_batch_whose_announcement_fails_is_kept(bench: Any) -> None:
    def refuse(batch: Batch) -> None:
        raise OSError("the disk is full")

    it = bench(1, announce=refuse)
    with pytest.raises(OSError, match="full"):
        it.take()
    assert [each.updates[0].position for each in it.queue.empty()] == [0]


def test_none_is_lost_when_it_is_emptied(bench: Any, batch: Any) -> None:
    it = bench(0)
    it.queue.put_first(batch(1), batch(2))
    it.queue.put_later(batch(4), 2.0)
    it.queue.put_later(batch(3), 1.0)
    assert [each.updates[0].position for each in it.queue.empty()] == [1, 2, 3, 4]
    assert it.queue.is_calm
