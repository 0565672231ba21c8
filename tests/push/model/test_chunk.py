# SPDX-License-Identifier: Apache-2.0
"""Chunks: the rows of a source in their order, few where it is slow; and no dict of a row that nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.chunk import MAX_ROWS, Chunk, gather
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MALFORMED = MalformedRow(Verdict(Status.INVALID, "unreadable"), {"a": 1})


def test_cells_are_dicts_to_those_who_ask() -> None:
    chunk = Chunk([(1, 2), MALFORMED, (3, 4)], ("a", "b"))
    assert len(chunk) == 3
    assert list(chunk) == [{"a": 1, "b": 2}, MALFORMED, {"a": 3, "b": 4}]
    assert list(chunk.pick([2])) == [{"a": 3, "b": 4}]
    rows = [{"a": 1}, "no row"]
    assert list(Chunk(rows)) == rows


def test_a_chunk_of_a_source_that_is_never_slow_has_a_limit(clock: Any) -> None:
    sizes = [len(chunk) for chunk in gather(range(2 * MAX_ROWS + 5), clock)]
    assert sizes == [MAX_ROWS, MAX_ROWS, 5]


def test_rows_of_a_slow_source_do_not_wait_for_each_other(clock: Any) -> None:
    def slow() -> Iterator[int]:
        for number in range(3):
            clock.advance(1)
            yield number

    assert [chunk.rows for chunk in gather(slow(), clock)] == [[0], [1], [2]]


def test_what_was_read_before_an_error_comes_before_it(clock: Any) -> None:
    def failing() -> Iterator[int]:
        yield from range(5)
        raise OSError("away")

    chunks = gather(failing(), clock)
    read: list[int] = []
    with pytest.raises(OSError, match="away"):
        read.extend(row for chunk in chunks for row in chunk.rows)
    assert read == list(range(5))


def test_a_source_s_own_chunks_are_read_one_by_one(clock: Any) -> None:
    read = []

    def source() -> Iterator[Any]:
        for number in range(3):
            read.append(number)
            yield Chunk([(number,)], ("a",))

    first = next(gather(source(), clock))
    assert (first.rows, read) == ([(0,)], [0])


@given(st.lists(st.sampled_from([{"a": 1}, {"b": 2}, None, MALFORMED, Cursor(1), Keys([1])])))
def test_nothing_is_lost_and_marks_keep_their_places(fake_clock: Any, items: list[Any]) -> None:
    gathered: list[Any] = []
    for item in gather(items, fake_clock()):
        gathered += item.rows if isinstance(item, Chunk) else [item]
    assert gathered == items
