# SPDX-License-Identifier: Apache-2.0
"""The table against a dict."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.changes.table import CELL, Table

WORDS = st.integers(1, 2**64 - 1)
# Many of the first cell or of the last, so that entries are next to one another and wrap around the end.
KEYS = st.one_of(WORDS, st.integers(1, 40), st.integers(2**64 - 50, 2**64 - 1))


def spread(number: int) -> int:
    """Return a key of its own for each number; they are spread as digests are."""
    return number * 0x9E37_79B9_7F4A_7C15 % 2**64


@given(st.lists(st.tuples(KEYS, st.one_of(st.just(0), WORDS)), max_size=300), st.lists(KEYS, max_size=20))
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
        table.set(spread(number), number)
    assert table.cells > 20_000
    assert all(table.get(spread(number)) == number for number in range(1, 20_001))
    table.pack()
    assert table.cells * CELL / 20_000 < 22, "bytes an entry"
    for number in range(1, 19_001):
        table.set(spread(number), 0)
    table.pack()
    assert (len(table), table.cells) == (1_000, 1_334)


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_the_keys_of_another_table_may_come_in_their_order(count: int) -> None:
    table, other = Table(), Table()
    for number in range(1, count):
        table.set(spread(number), 1)
        other.set(spread(-number), 2)
    table.reserve(len(other))
    cells = table.cells
    for key, value in other.items():
        table.set(key, value)
    assert (len(table), table.cells) == (2 * (count - 1), cells)
    assert farthest(table) < 500, "entries are crowded"


def farthest(table: Table) -> int:
    """Return how far from where its search begins an entry is."""
    words, cells = memoryview(table._map).cast("Q"), table.cells
    homes = ((at // 2, words[at] * cells >> 64) for at in range(0, len(words), 2) if words[at])
    return max((at - home) % cells for at, home in homes)


def test_making_a_large_table_anew_takes_little_more_memory_than_the_larger_one() -> None:
    code = """if True:
        import sys
        from random import Random
        from airflow_provider_userattrs.push.changes.table import CELL, Table

        def peak():
            return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024

        table, random = Table(), Random(1)
        before = peak()
        for number in range(700_000):
            table.set(random.getrandbits(64) | 1, 1)
        largest = table.cells * CELL
        table.pack()
        print((peak() - before) / largest)
    """
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(printed.stdout) < 1.2, "while one table is made of another, both were in memory"


def test_it_is_written_and_read() -> None:
    table = Table()
    for number in range(1, 3_001):
        table.set(spread(number), number)
    file = io.BytesIO()
    table.write(file.write)
    content = memoryview(file.getvalue())

    def read_into(buffer: memoryview) -> None:
        buffer[:] = content

    again = Table.read(read_into, table.cells)
    assert dict(again.items()) == dict(table.items())
    for number in range(3_001, 6_001):  # it knows how full it is
        again.set(spread(number), number)
    assert len(again) == 6_000
