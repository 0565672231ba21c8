# SPDX-License-Identifier: Apache-2.0
"""Rejects that are held for a moment: written together, and never later than a checkpoint that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.rejects.gathered import MAX_HELD, WRITE_EVERY, GatheredRejects

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.")


class Kept:
    """Keep what is written, write by write; fail from a write on."""

    def __init__(self, lives: int = 1_000_000) -> None:
        self.writes: list[list[int]] = []
        self.settled: list[bool] = []
        self.is_closed = False
        self.lives = lives

    def write(self, outcomes: Sequence[Outcome]) -> None:
        if len(self.writes) == self.lives:
            raise RetryLater("disk full")
        self.writes.append([outcome.position for outcome in outcomes])

    def settle(self, *, now: bool) -> bool:
        self.settled.append(now)
        return now

    def close(self) -> None:
        self.is_closed = True


def outcomes(*positions: int) -> list[Outcome]:
    return [Outcome(position, REJECTED, {"id": position}) for position in positions]


def test_the_first_are_written_at_once_and_those_that_follow_together(clock: Any) -> None:
    kept = Kept()
    rejects = GatheredRejects(kept, clock)
    for position in range(5):
        rejects.write(outcomes(position))
    assert kept.writes == [[0]]
    clock.advance(WRITE_EVERY)
    rejects.write(outcomes(5, 6))
    assert kept.writes == [[0], [1, 2, 3, 4, 5, 6]]
    clock.advance(60)
    rejects.write(outcomes(7))
    assert kept.writes[-1] == [7]


def test_no_more_are_held_than_a_number(clock: Any) -> None:
    kept = Kept()
    rejects = GatheredRejects(kept, clock)
    for position in range(1 + 2 * MAX_HELD):
        rejects.write(outcomes(position))
    assert [len(each) for each in kept.writes] == [1, MAX_HELD, MAX_HELD]


def test_a_checkpoint_and_the_end_have_all_of_them_written(clock: Any) -> None:
    kept = Kept()
    rejects = GatheredRejects(kept, clock)
    rejects.write(outcomes(0))
    rejects.write(outcomes(1))
    assert rejects.settle(now=True)
    assert not rejects.settle(now=False)
    assert (kept.writes, kept.settled) == ([[0], [1]], [True, False])
    rejects.write(outcomes(2))
    rejects.close()
    assert (kept.writes[-1], kept.is_closed) == ([2], True)


@pytest.mark.parametrize("more", [0, MAX_HELD])
def test_what_a_checkpoint_could_not_have_written_is_said_by_the_next_call(clock: Any, more: int) -> None:
    kept = Kept(lives=1)
    rejects = GatheredRejects(kept, clock)
    rejects.write(outcomes(0))
    rejects.write(outcomes(1))
    assert not rejects.settle(now=True)
    assert kept.settled == [], "a checkpoint would count what is not written"
    with pytest.raises(RetryLater, match="disk full"):
        rejects.write(outcomes(*range(more))) if more else rejects.close()
    rejects.close()
    assert kept.is_closed


@given(
    st.lists(
        st.one_of(st.integers(0, 300), st.sampled_from(["wait", "settle"])),
        max_size=30,
    )
)
def test_each_row_is_written_once_in_its_order(steps: list[Any]) -> None:
    from airflow_provider_userattrs.push.model.clock import Clock

    now, kept, given_rows = [0.0], Kept(), 0
    clock = Clock()
    clock.monotonic = lambda: now[0]
    rejects = GatheredRejects(kept, clock)
    for step in steps:
        if step == "wait":
            now[0] += 0.2
        elif step == "settle":
            rejects.settle(now=True)
            assert sum(map(len, kept.writes)) == given_rows
        else:
            rejects.write(outcomes(*range(given_rows, given_rows + step)))
            given_rows += step
    rejects.close()
    assert [position for each in kept.writes for position in each] == list(range(given_rows))
