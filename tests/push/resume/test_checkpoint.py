# SPDX-License-Identifier: Apache-2.0
"""A checkpoint: comes back as it was or is refused, and says where and with what a later try goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint, signed

PRINT = Fingerprint("rows", "settings")
KEYS = {"type": "int", "tries": [[[[5], []]]], "sent_upto": 9}
WHOLE = Checkpoint(
    PRINT,
    below=9,
    gaps=((2, 4), (6, 7)),
    sent_below=8,
    counts={"counts": {"accepted": 6}, "reasons": []},
    cursor=({"line": 3}, 2),
    facts={"bytes": 1},
    tries=(0, 2),
)


def kept(checkpoint: Checkpoint) -> Any:
    return json.loads(json.dumps(checkpoint.as_dict()))


@pytest.mark.parametrize(
    "checkpoint",
    [Checkpoint(), WHOLE, Checkpoint(PRINT, keys=KEYS), Checkpoint(PRINT, keys="sealed", complete=True, round=3)],
    ids=["empty", "whole", "by-keys", "sealed"],
)
def test_comes_back_as_it_was(checkpoint: Checkpoint) -> None:
    assert Checkpoint.from_dict(kept(checkpoint)) == checkpoint


@pytest.mark.parametrize("name", [name for name in kept(WHOLE) if name != "digest"])
def test_is_refused_if_anything_in_it_was_changed_or_is_missing(name: str) -> None:
    state = kept(WHOLE)
    for damaged in ({**state, name: 5}, {each: value for each, value in state.items() if each != name}):
        with pytest.raises(ValueError, match="damaged, or of another version"):
            Checkpoint.from_dict(damaged)


def test_a_fingerprint_names_what_differs() -> None:
    assert PRINT.differs_in(PRINT) == []
    assert PRINT.differs_in(Fingerprint("others", "settings")) == ["input"]
    assert PRINT.differs_in(Fingerprint("others", "other")) == ["input", "configuration"]


def test_where_the_source_resumes() -> None:
    assert (Checkpoint().after, Checkpoint().passed) == (None, 0)
    assert (WHOLE.after, WHOLE.passed) == ({"line": 3}, 2)
    by_keys = Checkpoint(below=9, gaps=((2, 4), (6, 7)), cursor=("x", 2), keys=KEYS)
    assert (by_keys.after, by_keys.passed) == (KEYS, 6)


def test_the_rows_that_the_source_then_yields_have_the_positions_that_they_had() -> None:
    assert Checkpoint().positions[0:3] == range(3)
    assert WHOLE.positions[0:3] == range(2, 5), "from the cursor on, the finished ones too"
    by_keys = replace(WHOLE, keys=KEYS).positions
    assert list(by_keys[0:6]) == [2, 3, 6, 9, 10, 11], "unfinished ones alone"
    assert [by_keys[index] for index in range(6)] == [2, 3, 6, 9, 10, 11]


def test_a_new_try_begins_at_the_first_row_that_is_not_finished() -> None:
    assert Checkpoint().begin().tries == (0,)
    assert Checkpoint(below=9, tries=(0,)).begin().tries == (0, 9)
    again = WHOLE.begin(round=2)
    assert (again.tries, again.round, again.below) == ((0, 2, 2), 2, 9)


@pytest.mark.parametrize(
    ("checkpoint", "has_doubt"),
    [
        (Checkpoint(), False),
        (Checkpoint(sent_below=1), True),
        (Checkpoint(keys=KEYS), True),
        (Checkpoint(keys={**KEYS, "sent_upto": None}), False),
    ],
    ids=["none", "by-position", "by-key", "keys-without"],
)
def test_whether_a_row_is_in_doubt(checkpoint: Checkpoint, has_doubt: bool) -> None:
    assert checkpoint.has_doubt is has_doubt
    assert checkpoint.without_doubt().has_doubt is False


@given(
    below=st.integers(0, 12),
    edges=st.sets(st.integers(0, 12), max_size=6),
    start=st.integers(0, 12),
    rows=st.integers(0, 20),
)
def test_the_unfinished_rows_are_those_in_gaps_and_above(below: int, edges: set[int], start: int, rows: int) -> None:
    inside = sorted(edge for edge in edges if edge < below)
    gaps = tuple(zip(inside[0::2], inside[1::2], strict=False))
    checkpoint = Checkpoint(below=below, gaps=gaps)
    finished = set(range(below)) - {position for first, behind in gaps for position in range(first, behind)}
    expected = [position for position in range(start, start + rows) if position not in finished]
    assert [each for each in range(start, start + rows) if checkpoint.is_unfinished(each)] == expected


def test_its_book_has_the_finished_rows_and_takes_up_the_others() -> None:
    counts = Counts()
    counts.add_accepted(6)
    checkpoint = Checkpoint(below=9, gaps=((2, 4), (6, 7)), counts=counts.state(20))
    book = checkpoint.open_book(idempotent=True)
    assert book.counts().counts[Status.ACCEPTED] == 6
    assert book.watermark.cut()[:2] == (9, [(2, 4), (6, 7)])


def test_a_cursor_that_is_none_is_refused() -> None:
    nones: list[Any] = [[], {}, 5]
    for cursor in nones:
        with pytest.raises(ValueError, match="damaged, or of another version"):
            Checkpoint.from_dict(signed({**Checkpoint(PRINT).as_dict(), "cursor": cursor}))
