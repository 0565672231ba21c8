# SPDX-License-Identifier: Apache-2.0
"""Numbers with their nouns, and lists of names that never grow long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.phrases import counted, did_you_mean, listed, shortened
from airflow_provider_userattrs.push.model.text import printable


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


@pytest.mark.parametrize(
    ("name", "names", "phrase"),
    [
        ("agee", ["id", "age"], " (did you mean 'age'?)"),
        ("planName", ["plan", "plan_name"], " (did you mean 'plan_name'?)"),
        ("x", ["plan", "age"], ""),
        ("age", [], ""),
    ],
    ids=["a-letter", "case", "none", "no-names"],
)
def test_which_name_may_be_meant(name: str, names: list[str], phrase: str) -> None:
    assert did_you_mean(name, names) == phrase


def test_a_name_that_may_be_a_value_is_shown_only_if_it_is_the_same_but_for_case() -> None:
    assert did_you_mean("emails", ["email"], 1.0) == ""
    assert did_you_mean("EMail", ["e_mail"], 1.0) == " (did you mean 'e_mail'?)"


@given(st.text(max_size=200), st.integers(20, 100))
def test_a_sentence_that_is_cut_keeps_its_ends(text: str, longest: int) -> None:
    short = shortened(text, longest)
    assert len(short) <= longest
    begin, cut, end = short.partition(" ... ") if len(printable(text)) > longest else (short, "", "")
    assert printable(text).startswith(begin)
    assert printable(text).endswith(end)
    assert not cut or min(len(begin), len(end)) >= longest // 2 - 5
