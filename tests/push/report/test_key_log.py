# SPDX-License-Identifier: Apache-2.0
"""Keys by position: at both ends of what is finished, whole where the database may take several for the same."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.report.key_log import KeyLog


@pytest.fixture
def log() -> KeyLog:
    """Return one that knows rows 10 to 15, of which the database may take the 12th to 14th for the same."""
    log = KeyLog()
    log.note(range(10, 13), ["a", "b", "c"])
    log.note(range(13, 16), ["C", "ç", "d"])
    return log


def test_where_a_source_tells_no_keys_there_are_no_edges() -> None:
    log = KeyLog()
    assert (log.is_used, log.edges(0, 5)) == (False, ((), ()))
    log.drop([0, 1])


def test_the_edges_are_the_keys_at_both_ends(log: KeyLog) -> None:
    assert log.edges(10, 12) == (("a",), ("b",))
    assert log.edges(11, 12) == (("b",), ("b",))


def test_an_edge_holds_all_keys_that_may_be_the_same(log: KeyLog) -> None:
    assert log.edges(11, 15) == (("b",), ("c", "C", "ç"))


def test_at_the_beginning_too(log: KeyLog) -> None:
    assert log.edges(12, 16) == (("c", "C", "ç"), ("d",))


def test_rows_with_a_verdict_are_forgotten(log: KeyLog) -> None:
    log.drop([10, 12, 99])
    with pytest.raises(KeyError):
        log.edges(10, 11)
    assert log.edges(11, 12) == (("b",), ("b",))


@pytest.mark.parametrize(("position", "nearest"), [(0, (13, "C")), (14, (14, "ç")), (99, (15, "d"))])
def test_the_nearest_key_ahead_is_one_of_those_told_last(log: KeyLog, position: int, nearest: tuple[int, str]) -> None:
    assert log.ahead(position) == nearest
