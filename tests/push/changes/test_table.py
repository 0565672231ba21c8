# SPDX-License-Identifier: Apache-2.0
"""The table against a dict."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.changes.table import CELL, Table

WORDS = st.integers(1, 2**64 - 1)
# Few residues of the first table's size, so that entries are next to one another and wrap around its end.
KEYS = st.one_of(WORDS, st.integers(1, 40), st.integers(1, 50).map(lambda number: number * 1_024 - 1))


@given(st.lists(st.tuples(KEYS, st.one_of(st.just(0), WORDS)), max_size=300), st.lists(KEYS, max_size=20))
@settings(deadline=None)
def test_it_holds_what_was_set_last(entries: list[tuple[int, int]], others: list[int]) -> None:
    table, model = Table(), dict(entries)
    for key, value in entries:
        table.set(key, value)
    for _ in range(2):
        assert all(table.get(key) == value for key, value in model.items())
        assert all(table.get(key) == model.get(key, 0) for key in others)
        assert dict(table.items()) == {key: value for key, value in model.items() if value}
        assert len(table) == len(dict(table.items()))
        table.pack()


def test_it_grows_and_is_packed() -> None:
    table = Table()
    for number in range(1, 20_001):
        table.set(number * 7_919, number)
    assert table.cells > 20_000
    assert all(table.get(number * 7_919) == number for number in range(1, 20_001))
    table.pack()
    assert table.cells * CELL / 20_000 < 22, "bytes an entry"
    for number in range(1, 19_001):
        table.set(number * 7_919, 0)
    table.pack()
    assert (len(table), table.cells) == (1_000, 1_334)


def test_it_is_written_and_read() -> None:
    table = Table()
    for number in range(1, 3_001):
        table.set(number**5, number)
    file = io.BytesIO()
    table.write(file.write)
    content = memoryview(file.getvalue())

    def read_into(buffer: memoryview) -> None:
        buffer[:] = content

    again = Table.read(read_into, table.cells)
    assert dict(again.items()) == dict(table.items())
    for number in range(3_001, 6_001):  # it knows how full it is
        again.set(number**5, number)
    assert len(again) == 6_000
