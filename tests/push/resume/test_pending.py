# SPDX-License-Identifier: Apache-2.0
"""From a source's rows to what is to be done in this try: finished rows are passed over, marks are no rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.pending import pending, withhold

IN_DOUBT = Verdict(Status.UNKNOWN, "in-doubt", "may have been sent", "Check.")


class FakeCheckpointer:
    """Keep what a checkpointer is told; rows below a position are in doubt."""

    def __init__(self, sent_below: int = 0) -> None:
        self.marks: list[Any] = []
        self.sent_below = sent_below

    def pass_cursor(self, cursor: Any, position: int) -> None:
        self.marks.append((cursor, position))

    def pass_end(self, position: int) -> None:
        self.marks.append(("end", position))

    def is_in_doubt(self, position: int) -> bool:
        return position < self.sent_below


def done(rows: list[Any], checkpoint: Checkpoint, checkpointer: Any) -> list[Any]:
    """Return what is pending, and check that it is the same when the rows come in chunks."""
    mapper: Any = Numbered()
    alone = list(chain.from_iterable(pending(rows, checkpoint, checkpointer, mapper)))
    assert list(chain.from_iterable(pending(in_chunks(rows), checkpoint, None, mapper))) == alone
    return alone


class Numbered:
    def __call__(self, position: int, row: Any) -> Any:
        return position, row

    def map(self, positions: Sequence[int], chunk: Chunk) -> Any:
        return list(zip(positions, chunk.rows, strict=True))


def in_chunks(rows: list[Any]) -> Iterator[Any]:
    for are_marks, group in groupby(rows, key=lambda row: isinstance(row, (Cursor, Keys))):
        if are_marks:
            yield from group
        else:
            yield Chunk(list(group))


def test_rows_are_numbered_and_marks_are_not() -> None:
    result: Any = FakeCheckpointer()
    rows = [Cursor("a"), "x", "y", Cursor("b"), "z"]
    assert done(rows, Checkpoint(), result) == [(0, "x"), (1, "y"), (2, "z")]
    assert result.marks == [("a", 0), ("b", 2)]


@pytest.mark.parametrize("checkpoint", [Checkpoint(), Checkpoint(below=1)], ids=["first", "later"])
def test_without_a_checkpoint_marks_are_ignored(checkpoint: Checkpoint) -> None:
    rows = [Cursor("a"), "x", Keys([1]), "y"]
    assert done(rows, checkpoint, None) == [(0, "x"), (1, "y")][checkpoint.below :]


def test_a_later_try_resumes_in_gaps_and_after_the_watermark() -> None:
    result: Any = FakeCheckpointer()
    checkpoint = Checkpoint(below=6, gaps=((3, 4),), cursor=("a", 2))
    rows = ["2", "3", Cursor("b"), "4", "5", "6", "7"]
    assert done(rows, checkpoint, result) == [(3, "3"), (6, "6"), (7, "7")]
    assert result.marks == [("b", 4), ("end", 8)]


def test_a_row_that_may_have_been_sent_is_not_sent_again(update: Any) -> None:
    result: Any = FakeCheckpointer(sent_below=2)
    skipped = Outcome(1, Verdict(Status.SKIPPED, "nothing-to-set"), {})
    rows = [update(0), skipped, update(2)]
    [[first, second, third]] = withhold([rows], result, IN_DOUBT)
    assert isinstance(first, Outcome)
    assert (first.position, first.verdict, first.row, first.user) == (0, IN_DOUBT, rows[0].row, rows[0].user)
    assert second is skipped, "what is not sent at all is in no doubt"
    assert isinstance(third, UserUpdate)
