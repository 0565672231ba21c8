# SPDX-License-Identifier: Apache-2.0
"""Numbers with their nouns, and lists of names that never grow long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.phrases import counted, listed


@pytest.mark.parametrize(
    ("count", "phrase"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (41_672, "41,672 rows")], ids=str
)
def test_a_number_with_its_noun(count: int, phrase: str) -> None:
    assert counted(count, "row") == phrase


def test_a_plural_of_its_own() -> None:
    assert [counted(count, "retry", "retries") for count in (1, 1_000)] == ["1 retry", "1,000 retries"]


@pytest.mark.parametrize(
    ("names", "longest", "phrase"),
    [
        ([], 20, ""),
        (["id"], 1, "id"),
        (["id", "plan"], 8, "id, plan"),
        (["id", "plan", "age"], 8, "id, plan, and 1 more"),
        (["id", 7, None], 20, "id, 7, None"),
        (["a\nb"], 20, r"a\nb"),
        (["x" * 100, "y"], 20, f"{'x' * 60}, and 1 more"),
        ([f"c{number}" for number in range(2_000)], 10, "c0, c1, c2, and 1,997 more"),
    ],
    ids=["none", "one", "exact", "over", "no-text", "line-break", "long-name", "thousands"],
)
def test_a_list(names: list[object], longest: int, phrase: str) -> None:
    assert listed(names, longest) == phrase


@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=60), st.integers(0, 80))
def test_no_name_is_lost_and_there_is_room(names: list[str], longest: int) -> None:
    phrase = listed(names, longest)
    more = re.search(r", and (\d+) more$", phrase)
    shown = phrase[: more.start()].split(", ") if more else phrase.split(", ")
    assert shown == names[: len(shown)]
    assert len(shown) + (int(more[1]) if more else 0) == len(names)
    assert len(", ".join(shown)) <= max(longest, len(names[0]))
