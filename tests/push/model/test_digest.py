# SPDX-License-Identifier: Apache-2.0
"""A digest tells values apart, is the same in every process, and cannot fail."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.digest import digest


class Loud:
    """Fails when it is shown."""

    def __repr__(self) -> str:
        raise ValueError("shown")


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        [10**5000],
        {"a": {"b": (10**5000,)}},
        Decimal("1E+5000"),
        "\ud800",
        {"\ud800": 1},
        Loud(),
        [Loud(), 2**70],
    ],
    ids=range(8),
)
def test_any_value_has_one(value: Any) -> None:
    assert digest([value]) == digest([value]) != digest([{"another": value}])


def test_nor_does_depth_matter() -> None:
    assert digest([deep()])


def test_what_is_too_large_for_json_is_distinct_reasons() -> None:
    large = [10**5000, 10**5000 + 1, -(10**5000), [10**5000], 2**70, 2**70 + 1, {"a": 2**70}, {"b": 2**70}]
    assert len({digest([value]) for value in large}) == len(large)


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "from airflow_provider_userattrs.push.model.digest import digest;"
        "print(digest([{'a': 10**5000, 'b': [2**70, chr(0xD800)]}, 'x']))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert result == digest([{"a": 10**5000, "b": [2**70, "\ud800"]}, "x"])
