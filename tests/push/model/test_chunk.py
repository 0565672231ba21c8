# SPDX-License-Identifier: Apache-2.0
"""Chunks: rows in their order; and no dict of a row that nobody asks for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.chunk import MAX_ROWS, Chunk, Table, sliced
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


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("count", [0, 1, MAX_ROWS, 2 * MAX_ROWS + 1])
def test_a_list_comes_in_chunks(kind: Any, count: int) -> None:
    rows = kind(range(count))
    chunks = list(sliced(rows))
    assert [row for chunk in chunks for row in chunk] == list(rows)
    assert all(0 < len(chunk) <= MAX_ROWS for chunk in chunks)


@pytest.mark.parametrize(
    "columns", [[], [[1, 2, 3, 4]], [[1, 2, 3, 4], ("a", "b", "c", None)]], ids=["none", "one", "two"]
)
def test_a_table_is_the_rows_that_its_columns_make(columns: list[Any]) -> None:
    table, rows = Table(columns, 4), list(zip(*columns, strict=True)) or [()] * 4
    assert (len(table), list(table), [table[at] for at in (0, -1)]) == (4, rows, [rows[0], rows[-1]])
    for part in (slice(1, 3), slice(2, None), slice(0, 0), slice(3, 9)):
        assert type(table[part]) is Table
        assert (len(table[part]), list(table[part])) == (len(rows[part]), rows[part])
    names = tuple("ab"[: len(columns)])
    chunk, same = Chunk(table, names), Chunk(rows, names)
    assert list(chunk) == list(same)
    assert list(chunk.pick([0, 2])) == list(same.pick([0, 2]))
    assert chunk.row(2) == same.row(2)
