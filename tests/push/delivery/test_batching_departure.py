# SPDX-License-Identifier: Apache-2.0
"""Whether a request may leave: decided once, by whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.model.errors import NotSent


def test_what_has_left_can_no_more_be_forbidden() -> None:
    batch = Batch([], [])
    batch.leave()
    assert batch.forbid() is False


def test_what_is_forbidden_never_leaves() -> None:
    batch = Batch([], [])
    assert batch.forbid() is True
    for _ in range(2):
        with pytest.raises(NotSent, match=r"^The push ended before the request was sent$") as raised:
            batch.leave()
        assert raised.value.cause == "the push had ended"


def test_a_request_leaves_once() -> None:
    batch = Batch([], [])
    batch.leave()
    with pytest.raises(NotSent):
        batch.leave()


def test_of_two_threads_at_once_one_decides() -> None:
    def leave(batch: Batch, together: Barrier) -> bool:
        together.wait(60)
        try:
            batch.leave()
        except NotSent:
            return False
        return True

    def forbid(batch: Batch, together: Barrier) -> bool:
        together.wait(60)
        return batch.forbid()

    with ThreadPoolExecutor(2) as threads:
        for _ in range(300):
            batch, together = Batch([], []), Barrier(2)
            left, forbidden = threads.submit(leave, batch, together), threads.submit(forbid, batch, together)
            assert left.result(60) is not forbidden.result(60)
