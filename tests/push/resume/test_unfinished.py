# SPDX-License-Identifier: Apache-2.0
"""Gaps named by keys: kept as JSON for the next try, which adds its own."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.resume.unfinished import Unfinished

edges = st.lists(st.integers(), max_size=3).map(tuple)
gaps = st.lists(st.builds(Gap, edges, edges), max_size=4).map(tuple)


@given(st.builds(Unfinished, st.lists(gaps, max_size=3).map(tuple), st.none() | st.integers()))
def test_what_is_kept_as_json_comes_back(unfinished: Unfinished) -> None:
    assert Unfinished.from_dict(json.loads(json.dumps(unfinished.as_dict()))) == unfinished


@pytest.mark.parametrize(
    "key",
    [5, "ada", UUID(int=5), datetime(2024, 1, 2, tzinfo=timezone.utc), Decimal("1.10"), b"\x00"],
    ids=lambda key: type(key).__name__,
)
def test_keys_of_any_type_come_back(key: Any) -> None:
    unfinished = Unfinished(((Gap((key,), ()),),), key)
    assert Unfinished.from_dict(json.loads(json.dumps(unfinished.as_dict()))) == unfinished
    assert unfinished.kind is type(key)


def test_each_try_adds_its_gaps_and_one_that_finished_nothing_adds_none() -> None:
    first = Unfinished().after_try([Gap((), (5,))])
    second = first.after_try([Gap((7,), (9,)), Gap((12,), ())])
    assert second.after_try([]) is second
    assert second.tries == ((Gap((), (5,)),), (Gap((7,), (9,)), Gap((12,), ())))
    assert second.edges == {5, 7, 9, 12}
    assert second.size > first.size > Unfinished().size == 0


def test_without_a_key_there_is_no_type() -> None:
    assert Unfinished().kind is None
    assert Unfinished((), 5).kind is int


def test_keys_of_two_types_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one type"):
        Unfinished(((Gap((5,), ("a",)),),)).as_dict()


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"type": "int", "tries": [], "sent_upto": None, "more": 1} | {"tries": [[[5, 6]]]},
        {"type": "int", "tries": [[["5"]]], "sent_upto": None},
        {"type": "int", "tries": [[[["x"], []]]], "sent_upto": None},
        {"type": "colour", "tries": [[[["5"], []]]], "sent_upto": None},
        {"type": "int", "tries": [], "sent_upto": {}},
    ],
    ids=["none", "empty", "no-edges", "one-edge", "no-number", "no-type", "no-key"],
)
def test_anything_else_is_refused(state: Any) -> None:
    with pytest.raises(ValueError, match=r"not keys|not an encoded key|unpack"):
        Unfinished.from_dict(state)
