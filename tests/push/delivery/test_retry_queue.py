# SPDX-License-Identifier: Apache-2.0
"""Batches that wait for their next try: each comes out once, when it is due, the earliest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.retry_queue import RetryQueue


@pytest.fixture(scope="session")
def batch(update: Any) -> Callable[[int], Batch]:
    return lambda position: Batch([update(position)], [b""])


def test_nothing_is_due_in_an_empty_one() -> None:
    queue = RetryQueue()
    assert (len(queue), queue.take(1e9), queue.due_in(0.0), queue.empty()) == (0, None, None, [])


def test_a_batch_comes_when_it_is_due_and_not_before(batch: Any) -> None:
    queue, one = RetryQueue(), batch(0)
    queue.add(10.0, one)
    assert queue.take(9.9) is None
    assert queue.due_in(9.5) == 0.5
    assert queue.due_in(11.0) == 0.0
    assert queue.take(10.0) is one
    assert queue.take(10.0) is None
    assert len(queue) == 0


def test_of_those_due_at_one_moment_the_first_added_comes_first(batch: Any) -> None:
    queue, several = RetryQueue(), [batch(position) for position in range(20)]
    for one in several:
        queue.add(5.0, one)
    assert [queue.take(5.0) for _ in several] == several


@given(dues=st.lists(st.floats(0, 100), max_size=30), now=st.floats(0, 100))
def test_none_is_lost_none_comes_early_and_the_earliest_is_first(batch: Any, dues: list[float], now: float) -> None:
    queue = RetryQueue()
    batches = [batch(position) for position in range(len(dues))]
    for due, one in zip(dues, batches, strict=True):
        queue.add(due, one)
    in_order = sorted(range(len(dues)), key=lambda index: dues[index])
    taken = []
    while (one := queue.take(now)) is not None:
        taken.append(one)
    rest = queue.empty()
    assert [*taken, *rest] == [batches[index] for index in in_order]
    assert len(taken) == sum(due <= now for due in dues)
    assert len(queue) == 0
