# SPDX-License-Identifier: Apache-2.0
"""The number of rows is judged by bounds, and by the last push's; the sentence has both numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.row_guard import RowGuard

FEW = "the source has 999 rows, and expect_rows asks for at least 1,000"
MANY = "the source has 2,001 rows, and expect_rows allows at most 2,000"
HALVED = "the source has 500 rows, 500 (50%) fewer than the 1,000 of the last push, and max_change is 50%"
GROWN = "the source has 1,500 rows, 500 (50%) more than the 1,000 of the last push, and max_change is 50%"
TEN_FEWER = "the source has 990 rows, 10 (1%) fewer than the 1,000 of the last push, and max_change is 10"
FROM_NONE = "the source has 1 row, 1 more than the 0 of the last push, and max_change is 1"


@pytest.mark.parametrize(
    ("guard", "rows", "last", "sentence"),
    [
        (RowGuard(), 0, 1_000, None),
        (RowGuard(least=1_000), 1_000, None, None),
        (RowGuard(least=1_000), 999, None, FEW),
        (RowGuard(1_000, 2_000), 2_000, None, None),
        (RowGuard(1_000, 2_000), 2_001, None, MANY),
        (RowGuard(most=0), 0, 5, None),
        (RowGuard(max_change=0.5), 500, 1_000, HALVED),
        (RowGuard(max_change=0.5), 501, 1_000, None),
        (RowGuard(max_change=0.5), 1_500, 1_000, GROWN),
        (RowGuard(max_change=0.5), 1_499, 1_000, None),
        (RowGuard(max_change=0.5), 0, None, None),
        (RowGuard(max_change=0.5), 7, 0, None),
        (RowGuard(max_change=10), 990, 1_000, TEN_FEWER),
        (RowGuard(max_change=10), 991, 1_000, None),
        (RowGuard(max_change=1), 1, 0, FROM_NONE),
        (RowGuard(least=1_000, max_change=0.5), 999, 10, FEW),
    ],
)
def test_a_number_is_judged(guard: RowGuard, rows: int, last: int | None, sentence: str | None) -> None:
    assert guard.judge(rows, last) == sentence


@pytest.mark.parametrize(
    ("guard", "expects"), [(RowGuard(), False), (RowGuard(least=0), True), (RowGuard(max_change=1.0), True)]
)
def test_a_guard_of_nothing_is_none(guard: RowGuard, expects: bool) -> None:
    assert bool(guard) is expects


def test_all_rows_gone_is_a_change_by_all() -> None:
    assert RowGuard(max_change=1.0).judge(0, 3)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.floats(0.001, 1.0) | st.integers(1, 10**9))
def test_what_is_refused_is_refused_too_if_it_differs_more(rows: int, last: int, max_change: Any) -> None:
    guard = RowGuard(max_change=max_change)
    if guard.judge(rows, last):
        assert guard.judge(max(0, rows - 1) if rows < last else rows + 1, last)
    assert guard.judge(last, last) is None
