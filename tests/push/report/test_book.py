# SPDX-License-Identifier: Apache-2.0
"""The book: whatever the order in which rows finish, report and checkpoint count each of them once."""

from __future__ import annotations

import json
import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN
from airflow_provider_userattrs.push.report.book import Book
from airflow_provider_userattrs.push.report.watermark import MAX_GAPS
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint

REJECTED = Verdict(Status.REJECTED, "404", "not found", "Check.")
UNSENT = Verdict(Status.UNSENT, "429", "too many", "Retry.", Action.RETRY)
PASSING = Verdict(Status.UNKNOWN, "500", "server error", "Check.", Action.RETRY)
UNKNOWN = Verdict(Status.UNKNOWN, "unreadable", "unreadable", "Check.")
#: A half of a request that was refused as a whole, when the push ended before it was sent.
HALF = Verdict(Status.UNKNOWN, "400", "refused as a whole", "Check.", Action.SPLIT)
KINDS = [ACCEPTED, ACCEPTED, ACCEPTED, REJECTED, UNSENT, PASSING, UNKNOWN, HALF, DRY_RUN]
PRINT = Fingerprint("rows", "settings")


def record(book: Book, *verdicts: tuple[int, Verdict]) -> None:
    rows: list[Any] = [SimpleNamespace(position=position) for position, _ in verdicts]
    book.record(rows, [verdict for _, verdict in verdicts])


def statuses(verdicts: Any) -> dict[Status, int]:
    counted = Counter(verdict.status for verdict in verdicts)
    return {status: counted[status] for status in Status}


def is_finished(verdict: Verdict, idempotent: bool) -> bool:
    return verdict.status is not Status.UNSENT and not (idempotent and verdict in (PASSING, HALF))


@st.composite
def settles(draw: st.DrawFn) -> tuple[list[Verdict], list[list[int]]]:
    """Give rows with their verdicts, and the positions that are recorded together, ascending, in any order."""
    verdicts = draw(st.lists(st.sampled_from(KINDS), max_size=80))
    if draw(st.booleans()):
        verdicts = [ACCEPTED] * len(verdicts)
    chance = draw(st.randoms(use_true_random=False))
    apart = draw(st.sampled_from([0, 3, 90]))
    near = sorted(range(len(verdicts)), key=lambda position: position + chance.uniform(0, apart))
    batches = []
    while near:
        size = chance.randint(1, 12)
        batches.append(sorted(near[:size]))
        near = near[size:]
    return verdicts, batches


@settings(max_examples=400)
@given(rows=settles(), share=st.floats(0, 1), idempotent=st.booleans())
def test_report_and_checkpoint_count_the_same_rows_each_once(
    rows: tuple[list[Verdict], list[list[int]]], share: float, idempotent: bool
) -> None:
    verdicts, batches = rows
    book = Book(idempotent=idempotent)
    recorded: list[int] = []
    for batch in batches[: round(share * len(batches))]:
        record(book, *((position, verdicts[position]) for position in batch))
        recorded += batch
    finished = {position for position in recorded if is_finished(verdicts[position], idempotent)}

    counts = book.counts()
    assert counts.counts == statuses(verdicts[position] for position in recorded)
    assert counts.rows == book.rows == len(recorded)
    assert book.done == len(recorded) - counts.counts[Status.UNSENT]
    assert counts.count(REJECTED) == sum(verdicts[position] is REJECTED for position in recorded)

    below, gaps, key_gaps, kept, is_whole = book.watermark.cut()
    assert (key_gaps, is_whole) == ([], True)
    assert kept.counts == statuses(verdicts[position] for position in finished)
    checkpoint = Checkpoint(PRINT, below=below, gaps=tuple(gaps), counts=kept.state(20))
    read = Checkpoint.from_dict(json.loads(json.dumps(checkpoint.as_dict())))
    left = [position for position in range(len(verdicts)) if read.is_unfinished(position)]
    assert left == [position for position in range(len(verdicts)) if position not in finished]

    again = read.open_book(idempotent=idempotent)
    assert again.counts().counts == kept.counts
    for position in left:
        record(again, (position, REJECTED))
    assert again.rows == again.counts().rows == again.watermark.cut().counts.rows == len(verdicts)
    assert again.watermark.cut()[:2] == (len(verdicts), [])


def test_behind_the_last_hole_that_can_be_named_rows_count_for_the_report_alone() -> None:
    book = Book()
    for position in range(0, 4 * MAX_GAPS, 2):
        record(book, (position + 1, ACCEPTED), *([(position + 2, REJECTED)] if position % 8 == 0 else []))
    below, gaps, _, kept, is_whole = book.watermark.cut()
    assert not is_whole
    assert len(gaps) == MAX_GAPS
    assert kept.rows == below - sum(behind - first for first, behind in gaps)
    assert kept.rows < book.rows == book.counts().rows


def test_nothing_recorded_is_nothing_counted() -> None:
    book = Book()
    record(book)
    assert (book.rows, book.done, book.counts().rows) == (0, 0, 0)


@pytest.mark.parametrize("size", [1, 7])
def test_reasons_of_all_spans_are_added_up(size: int) -> None:
    book = Book()
    batches = [list(range(start, start + size)) for start in range(0, 7 * size, size)]
    random.Random(1).shuffle(batches)
    for batch in batches:
        record(book, *((position, REJECTED.on("bio") if position % 2 else REJECTED) for position in batch))
    [reason] = book.counts().ranked(20)
    assert len(reason.positions) == 5
    assert reason.positions == sorted(reason.positions)
    assert reason.count == 7 * size
    assert reason.attributes == {"bio": 7 * size // 2}
