# SPDX-License-Identifier: Apache-2.0
"""Updates as columns: the same as a list of them, however they are cut and put together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates, in_order, keys_of, positions_of, users_of

NAMES = ("id", "plan")


def made(positions: list[int], names: tuple[str, ...] | None = None) -> Updates:
    return Updates(
        positions,
        [f"user{position}" for position in positions],
        [(position, "key") for position in positions],
        [{"plan": position} for position in positions],
        [("gone",) * (position % 2) for position in positions],
        [(position, "gold") if names else {"id": position, "plan": "gold"} for position in positions],
        names,
    )


def fields(update: UserUpdate) -> tuple[Any, ...]:
    return update.position, update.user, update.keys, update.attributes, tuple(update.unset), update.row


def expected(position: int) -> tuple[Any, ...]:
    row = {"id": position, "plan": "gold"}
    return position, f"user{position}", (position, "key"), {"plan": position}, ("gone",) * (position % 2), row


class TestUpdates:
    @pytest.mark.parametrize("names", [None, NAMES], ids=["dicts", "cells"])
    def test_are_a_sequence_of_updates(self, names: Any) -> None:
        updates = made([3, 5, 8], names)
        assert len(updates) == 3
        assert [fields(update) for update in updates] == [expected(3), expected(5), expected(8)]
        assert [fields(updates[index]) for index in (0, -1)] == [expected(3), expected(8)]
        with pytest.raises(IndexError):
            updates[3]

    @given(size=st.integers(0, 9), start=st.none() | st.integers(-9, 9), stop=st.none() | st.integers(-9, 9))
    def test_a_slice_is_columns_too(self, size: int, start: Any, stop: Any) -> None:
        some = made(list(range(size)), NAMES)[start:stop]
        assert type(some) is Updates
        assert [fields(update) for update in some] == [expected(index) for index in range(size)[start:stop]]

    def test_are_made_of_updates(self) -> None:
        updates = made([3, 5], NAMES)
        assert Updates.of(updates) is updates
        again = Updates.of(list(updates))
        assert [fields(update) for update in again] == [expected(3), expected(5)]
        assert again.users == ["user3", "user5"]

    def test_what_is_asked_for_of_all_is_that_of_each(self) -> None:
        updates = made([3, 5], NAMES)
        for each in (updates, list(updates)):
            assert list(positions_of(each)) == [3, 5]
            assert list(keys_of(each)) == [(3, "key"), (5, "key")]
            assert list(users_of(each)) == ["user3", "user5"]


class TestInOrder:
    @given(data=st.data(), size=st.integers(1, 20))
    def test_all_updates_by_position_whatever_the_parts(self, data: st.DataObject, size: int) -> None:
        left = data.draw(st.permutations(range(size)), label="rows")
        parts: list[Any] = []
        while left:
            taken = data.draw(st.integers(1, len(left)), label="rows of a part")
            part = made(sorted(left[:taken]), data.draw(st.sampled_from([None, NAMES]), label="names"))
            parts.append(list(part) if data.draw(st.booleans(), label="as a list") else part)
            left = left[taken:]
        assert [fields(update) for update in in_order(parts)] == [expected(position) for position in range(size)]

    @pytest.mark.parametrize("names", [None, NAMES], ids=["dicts", "cells"])
    def test_columns_one_after_the_other_stay_columns(self, names: Any) -> None:
        joined = in_order([made([5, 6], names), made([1, 3], names)])
        assert type(joined) is Updates
        assert [fields(update) for update in joined] == [expected(position) for position in (1, 3, 5, 6)]
