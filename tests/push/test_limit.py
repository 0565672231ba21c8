# SPDX-License-Identifier: Apache-2.0
"""Only the first rows of a source are let through, however it hands them over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.limit import Limit
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys

SIZES = st.lists(st.integers(0, 5), max_size=8)


def rows_of(items: list[Any]) -> list[Any]:
    """Give the rows among what a source yields."""
    rows: list[Any] = []
    for item in items:
        rows += list(item) if isinstance(item, Chunk) else [] if isinstance(item, (Keys, Cursor)) else [item]
    return rows


@given(SIZES, st.integers(0, 45), st.integers(0, 10), st.booleans())
def test_the_first_rows_are_those_without_a_limit(sizes: list[int], limit: int, start: int, in_chunks: bool) -> None:
    items: list[Any] = []
    row = start
    for size in sizes:
        rows = [{"euid": number} for number in range(row, row + size)]
        row += size
        items += [Keys([each["euid"] for each in rows]), Chunk(rows)] if in_chunks else [*rows, Cursor(row)]
    passed = list(Limit(limit, start).first(items))
    expected = rows_of(items)[: max(limit - start, 0)]
    assert rows_of(passed) == expected
    if in_chunks:
        keys = [key for item in passed if isinstance(item, Keys) for key in item.keys]
        assert keys == [each["euid"] for each in expected], "each row has its key, and no key is without a row"


def test_the_source_is_asked_for_no_further_row() -> None:
    asked: list[int] = []

    def source() -> Iterator[Any]:
        for number in range(10):
            asked.append(number)
            yield {"euid": number}

    assert len(list(Limit(3, 0).first(source()))) == 3
    assert asked == [0, 1, 2]
    asked.clear()
    assert list(Limit(3, 3).first(source())) == []
    assert asked == []


def test_cells_keep_their_names() -> None:
    (chunk,) = Limit(1, 0).first([Chunk([(1,), (2,)], ("euid",))])
    assert list(chunk) == [{"euid": 1}]
