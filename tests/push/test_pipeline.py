# SPDX-License-Identifier: Apache-2.0
"""What rows go through before they are delivered: each once and in order, by what the plan says."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from push.delivery.fake_vendor import operation
from push.mapping.any_rules import rules

from airflow_provider_userattrs.push.delivery.known_users import RememberedUsers
from airflow_provider_userattrs.push.delivery.lookups import Lookups
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import NoneFit
from airflow_provider_userattrs.push.pipeline import pipeline
from airflow_provider_userattrs.push.plan import PushPlan
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint

UNFIT = [{"id": 1, "a": 5_000}] * 1_000


def passed(rows: list[Any], *, checkpoint: Checkpoint | None = None, is_new: bool = True, **options: Any) -> list[Any]:
    plan = PushPlan(operation(), mapper=Mapper(rules(), {"id": "id"}), **options)
    chunks = pipeline(
        rows,
        plan,
        checkpoint or Checkpoint(),
        None,
        None,
        stopping=Event(),
        is_new=is_new,
        is_interrupted=lambda: False,
    )
    return [(row.position, type(row).__name__) for chunk in chunks for row in chunk]


def made(*positions: int) -> list[Any]:
    return [(position, "UserUpdate") for position in positions]


ROWS = [{"id": number % 3, "a": number} for number in range(6)]


def test_rows_and_chunks_pass_in_their_order() -> None:
    assert passed([*ROWS[:1], Chunk(ROWS[1:4]), *ROWS[4:]]) == made(*range(6))


def test_rows_beyond_the_limit_are_not_read() -> None:
    assert passed([Chunk(ROWS[:3]), Chunk(ROWS[3:])], limit=4) == made(*range(4))


def test_the_limit_counts_what_was_read_before() -> None:
    assert passed(ROWS, limit=4, checkpoint=Checkpoint(below=2, cursor=("after the second row", 2))) == made(2, 3)


def test_earlier_rows_of_a_user_are_superseded() -> None:
    assert passed([Chunk(ROWS)], duplicates="last") == [(0, "Outcome"), (1, "Outcome"), (2, "Outcome"), *made(3, 4, 5)]


def test_first_rows_that_all_break_one_rule_stop_a_new_push_alone() -> None:
    with pytest.raises(NoneFit):
        passed([Chunk(UNFIT)])
    assert len(passed([Chunk(UNFIT)], is_new=False)) == 1_000


def test_users_are_looked_up_once_rows_are_known_to_fit() -> None:
    lookups = Lookups(operation(3), known=RememberedUsers())
    plan = PushPlan(operation(), mapper=Mapper(rules(), {"id": "id"}))
    given: Any = (plan, Checkpoint(), None, lookups)
    chunks = pipeline([Chunk(UNFIT)], *given, stopping=Event(), is_new=True, is_interrupted=lambda: False)
    with pytest.raises(NoneFit):
        list(chunks)
    assert lookups.next_batch() is None
