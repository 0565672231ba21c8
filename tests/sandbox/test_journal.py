# SPDX-License-Identifier: Apache-2.0
"""The journal: in the order of the requests, and the worst window of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.sandbox.journal import Entry, Journal, worst_window


def entry(number: int, monotonic: float, rows: int = 1) -> Entry:
    return Entry(number, "kahuna", "POST", "/", None, rows, 0, 0.0, monotonic)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=30))
def test_worst_window_is_that_of_trying_every_start(arrivals: list[tuple[int, int]]) -> None:
    # Whole numbers over 8: exact in binary, so that the edge of a window is exact too.
    entries = [entry(0, at / 8, rows) for at, rows in arrivals]
    windows = [[e for e in entries if start.monotonic <= e.monotonic < start.monotonic + 1] for start in entries]
    assert worst_window(entries, 1) == {
        "requests": max(map(len, windows), default=0),
        "rows": max((sum(e.rows for e in window) for window in windows), default=0),
    }


def test_the_journal_is_in_the_order_in_which_requests_were_taken() -> None:
    journal = Journal()
    for number, monotonic in ((1, 1.0), (3, 2.5), (4, 2.0), (2, 3.0)):
        journal.add(entry(number, monotonic))
    assert [e.number for e in journal.entries()] == [1, 2, 3, 4]
