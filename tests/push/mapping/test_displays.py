# SPDX-License-Identifier: Apache-2.0
"""Many dicts made of tuples: any text is a key, and never code."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.mapping.displays import display_of


class Quoting(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os')"


@pytest.mark.parametrize("name", ["a", "it's", '"', "\\", "\n", "\x00", "\ud800", "}: {"], ids=ascii)
def test_any_text_is_a_key_and_never_code(name: str) -> None:
    assert display_of([name, "b"], {})([(1, 2), (3, 4)]) == [{name: 1, "b": 2}, {name: 3, "b": 4}]


def test_a_name_with_a_repr_of_its_own_is_not_written_into_code() -> None:
    assert display_of([Quoting("a"), "b"], {"k": 5})([(1, 2)]) == [{"k": 5, "a": 1, "b": 2}]


def test_each_dict_begins_with_the_constants() -> None:
    first, second = display_of(["a"], {"k": 5})([(1,), (2,)])
    assert [list(first.items()), list(second.items())] == [[("k", 5), ("a", 1)], [("k", 5), ("a", 2)]]
    assert display_of([], {"k": 5})([(), ()]) == [{"k": 5}, {"k": 5}]
