# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is to be sent although nothing changed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.changes.refresh import Refresh

DAY = 86_400
NOW = 1_700_000_000


@given(user=st.integers(1, 2**64 - 1), nights=st.lists(st.integers(1, 3 * DAY), min_size=30, max_size=30))
def test_each_user_has_a_turn_in_every_period(user: int, nights: list[int]) -> None:
    times = [NOW]
    for gap in nights:
        times.append(times[-1] + gap)
    turns = [now for as_of, now in pairwise(times) if Refresh(timedelta(days=10), now, as_of).is_due(user)]
    for before, after in zip([NOW, *turns], [*turns, times[-1]], strict=True):
        assert after - before < 10 * DAY + max(nights), "longer than a period and the night that ends it"


def test_before_a_first_push_it_is_everybodys_turn_and_without_a_period_nobodys() -> None:
    assert Refresh(timedelta(days=1), NOW, None).is_due(7)
    never = Refresh(None, NOW, None)
    assert never.is_off
    assert not never.is_due(7)
    stopped = Refresh(timedelta(days=1), NOW, None)
    stopped.stop()
    assert stopped.is_off
    assert not stopped.is_due(7)


@pytest.mark.parametrize(("days", "asks"), [(0.5, False), (0.99, False), (1.0, True), (3, True), (None, True)])
def test_all_rows_are_asked_for_nine_times_a_period(days: float | None, asks: bool) -> None:
    as_of = None if days is None else NOW - days * DAY
    assert Refresh(timedelta(days=9), NOW, as_of).asks_for_all_rows() is asks
    assert not Refresh(None, NOW, as_of).asks_for_all_rows()
