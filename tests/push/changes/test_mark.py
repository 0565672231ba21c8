# SPDX-License-Identifier: Apache-2.0
"""The mark: kept beside what is known, moved back where two pushes ran at once, lost where it is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.changes.mark import MAX_SEALED_LENGTH, Mark

T = datetime(2026, 1, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
MARK = Mark("query", T, T - HOUR, ("a",))


def test_it_is_the_same_after_it_was_written() -> None:
    for mark in (MARK, replace(MARK, before=None, failed=())):
        assert Mark.from_dict(mark.as_dict()) == mark
    assert Mark.from_dict(None) is None


@pytest.mark.parametrize(
    "wrong", [{}, {"at": "2026-01-01T00:00:00"}, {"at": 5}, {"before": "never"}, {"failed": None}], ids=str
)
def test_what_is_no_mark_is_refused(wrong: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Mark.from_dict({**MARK.as_dict(), **wrong} if wrong else {})


@pytest.mark.parametrize(
    ("other", "merged"),
    [
        (Mark("query", T + HOUR, T, ("a", "b")), Mark("query", T - HOUR, T - HOUR, ("a", "b"))),
        (Mark("query", T, T - 9 * HOUR), Mark("query", T - 9 * HOUR, T - 9 * HOUR, ("a",))),
        (Mark("query", T, None), None),
        (Mark("another", T, T), None),
        (Mark("query", T, T, ("x" * MAX_SEALED_LENGTH,)), None),
        (None, None),
    ],
    ids=["at once", "began earlier", "read all", "another query", "too many keys", "none"],
)
def test_after_two_pushes_at_once_it_is_where_the_first_began(other: Mark | None, merged: Mark | None) -> None:
    assert MARK.merged(other) == merged
    assert (other.merged(MARK) if other else None) == (
        merged and replace(merged, failed=tuple(dict.fromkeys((*(other.failed if other else ()), *MARK.failed))))
    )


def close(files: KnownFiles, mark: Mark | None) -> None:
    files.close(Known(mark=mark))


def test_it_is_kept_beside_what_is_known(known_files: Callable[..., KnownFiles]) -> None:
    files = known_files()
    assert files.load().mark is None
    close(files, MARK)
    assert known_files().load().mark == replace(MARK, before=T)
    assert known_files(**{"the mapping": "2"}).load(writes=False).mark is None


def test_the_journal_of_a_push_that_began_earlier_moves_it_back(known_files: Callable[..., KnownFiles]) -> None:
    close(known_files(), MARK)
    slow, quick = known_files(), known_files()
    assert slow.load().mark == quick.load().mark
    slow.note([1], [])
    close(quick, Mark("query", T + HOUR, T))
    slow.note([2], [])  # and then it is killed
    assert known_files().load().mark == Mark("query", T, T)


def test_the_journal_of_a_push_without_a_mark_takes_it_away(known_files: Callable[..., KnownFiles]) -> None:
    plain = known_files()
    plain.load()
    plain.note([1], [])
    close(known_files(), MARK)
    assert known_files().load().mark is None


def test_two_snapshots_that_do_not_know_of_each_other(known_files: Callable[..., KnownFiles], folder: Any) -> None:
    close(known_files(), MARK)
    both = [known_files(), known_files()]
    for files in both:
        files.load()
    close(both[0], Mark("query", T + HOUR, T))
    [first] = folder.files.items()
    folder.files.clear()
    close(both[1], Mark("query", T + 2 * HOUR, T))
    folder.files.update([first])
    assert known_files().load().mark == Mark("query", T, T)
