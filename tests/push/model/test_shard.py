# SPDX-License-Identifier: Apache-2.0
"""A shard's part of the cap: together never over, and never far under."""

from __future__ import annotations

from itertools import combinations
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.shard import Shard


def together(of: int, at_once: int) -> list[Shard]:
    return [Shard(number, of, at_once) for number in range(1, of + 1)]


@settings(max_examples=300)
@given(cap=st.floats(1, 5_000), of=st.integers(1, 8), data=st.data())
def test_whichever_are_at_work_no_second_holds_more_than_the_cap(cap: float, of: int, data: st.DataObject) -> None:
    at_once = data.draw(st.integers(1, min(of, floor(cap))))
    shares = [shard.share(cap) for shard in together(of, at_once)]
    for working in combinations(shares, at_once):
        # Requests so far apart as a pace says: a second holds the pace, rounded up, wherever it begins.
        assert sum(ceil(share) for share in working) <= cap


@settings(max_examples=200)
@given(cap=st.floats(1, 5_000), of=st.integers(1, 64))
def test_all_at_work_use_nearly_all_of_it(cap: float, of: int) -> None:
    if of > cap:
        with pytest.raises(RefusedConfiguration, match=f"{of} shards at one time cannot share a cap"):
            Shard(1, of, of).share(cap)
        return
    used = sum(shard.share(cap) for shard in together(of, of))
    assert used == floor(used)
    assert min(floor(cap * 0.97), cap) <= used <= cap


def test_a_part_of_moengages_cap() -> None:
    assert [shard.share(10_000 / 60) for shard in together(8, 8)] == [21, 20, 20, 20, 20, 20, 20, 20]
    assert [shard.share(10_000 / 60) for shard in together(8, 4)] == [40] * 8


def test_is_shown_as_a_person_counts() -> None:
    assert str(Shard(3, 8, 4)) == "3/8"
