# SPDX-License-Identifier: Apache-2.0
"""Updates to one user, one after the other: the order against a model that is too simple to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.delivery.ordering import UserOrder
from airflow_provider_userattrs.push.model.row import UserUpdate


class Model:
    """Let an update go when no earlier one that is still here shares a key with it."""

    def __init__(self) -> None:
        self.here: list[UserUpdate] = []
        self.going: set[int] = set()

    def may_go(self, update: UserUpdate) -> bool:
        earlier = self.here[: self.here.index(update)]
        return all(set(update.keys).isdisjoint(other.keys) for other in earlier)

    def admit(self, update: UserUpdate) -> bool:
        self.here.append(update)
        if self.may_go(update):
            self.going.add(update.position)
            return True
        return False

    def release(self, update: UserUpdate) -> set[int]:
        self.here.remove(update)
        self.going.discard(update.position)
        freed = {other.position for other in self.here if other.position not in self.going and self.may_go(other)}
        self.going |= freed
        return freed

    @property
    def waiting(self) -> int:
        return len(self.here) - len(self.going)


def updates(lines: list[list[str]]) -> list[UserUpdate]:
    return [UserUpdate(number, None, tuple(keys), {}, (), {}) for number, keys in enumerate(lines)]


key_lists = st.lists(st.lists(st.sampled_from("abcdef"), max_size=3, unique=True), max_size=30)


class TestUserOrder:
    @settings(max_examples=400)
    @given(lines=key_lists, data=st.data())
    def test_is_the_model_whatever_the_interleaving(self, lines: list[list[str]], data: st.DataObject) -> None:
        order, model = UserOrder(), Model()
        queue = updates(lines)[::-1]
        by_position = {update.position: update for update in queue}
        holders: dict[Hashable, int] = {}
        turns: dict[Hashable, list[int]] = {}
        going: list[int] = []

        def start(position: int) -> None:
            going.append(position)
            for key in by_position[position].keys:
                assert key not in holders, "two updates hold one key"
                holders[key] = position
                turns.setdefault(key, []).append(position)

        while queue or going:
            if queue and (not going or data.draw(st.booleans(), label="admit")):
                update = queue.pop()
                may_go = order.admit(update)
                assert may_go == model.admit(update)
                if may_go:
                    start(update.position)
            else:
                number = data.draw(st.integers(0, len(going) - 1), label="release")
                update = by_position[going.pop(number)]
                for key in update.keys:
                    del holders[key]
                freed = [other.position for other in order.release([update])]
                assert len(freed) == len(set(freed))
                assert set(freed) == model.release(update)
                for position in freed:
                    start(position)
            assert order.waiting == model.waiting
        # Nothing is left waiting, so nothing waited for something that waited for it.
        assert order.waiting == 0
        assert not model.here
        assert all(positions == sorted(positions) for positions in turns.values()), "a key's order was not kept"

    @given(lines=key_lists)
    def test_holds_nothing_after_the_last(self, lines: list[list[str]]) -> None:
        order = UserOrder()
        going = [update for update in updates(lines) if order.admit(update)]
        while going:
            going.extend(order.release([going.pop()]))
        assert all(order.admit(update) for update in updates([["a", "b"], ["c", "d"], ["e", "f"]]))

    @pytest.mark.parametrize("release", ["first", "second"])
    def test_one_waits_for_both_of_its_keys(self, release: str) -> None:
        order = UserOrder()
        first, second, both = updates([["a"], ["b"], ["a", "b"]])
        assert [order.admit(first), order.admit(second), order.admit(both)] == [True, True, False]
        now, later = (first, second) if release == "first" else (second, first)
        assert order.release([now]) == []
        assert order.release([later]) == [both]

    def test_a_waiting_update_blocks_its_free_key_too(self) -> None:
        order = UserOrder()
        first, both, last = updates([["a"], ["a", "b"], ["b"]])
        assert [order.admit(one) for one in (first, both, last)] == [True, False, False]
        assert order.waiting == 2
        assert order.release([first]) == [both]
        assert order.release([both]) == [last]

    def test_updates_without_a_key_never_wait(self, update: Callable[..., UserUpdate]) -> None:
        order = UserOrder()
        assert all(order.admit(one) for one in updates([[], [], []]))
        assert order.waiting == 0
