# SPDX-License-Identifier: Apache-2.0
"""Whether a request may leave: decided once, by whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from airflow_provider_userattrs.push.delivery.departure import Departure
from airflow_provider_userattrs.push.model.errors import NotSent


def test_what_has_left_can_no_more_be_forbidden() -> None:
    departure = Departure()
    departure.leave()
    assert departure.forbid() is False


def test_what_is_forbidden_never_leaves() -> None:
    departure = Departure()
    assert departure.forbid() is True
    for _ in range(2):
        with pytest.raises(NotSent, match=r"^The push ended before the request was sent$") as raised:
            departure.leave()
        assert raised.value.cause == "the push had ended"


def test_a_request_leaves_once() -> None:
    departure = Departure()
    departure.leave()
    with pytest.raises(NotSent):
        departure.leave()


def test_of_two_threads_at_once_one_decides() -> None:
    def leave(departure: Departure, together: Barrier) -> bool:
        together.wait(60)
        try:
            departure.leave()
        except NotSent:
            return False
        return True

    def forbid(departure: Departure, together: Barrier) -> bool:
        together.wait(60)
        return departure.forbid()

    with ThreadPoolExecutor(2) as threads:
        for _ in range(300):
            departure, together = Departure(), Barrier(2)
            left, forbidden = threads.submit(leave, departure, together), threads.submit(forbid, departure, together)
            assert left.result(60) is not forbidden.result(60)
