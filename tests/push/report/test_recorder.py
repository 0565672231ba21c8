# SPDX-License-Identifier: Apache-2.0
"""Finished rows: recorded in the book, those not applied written down, progress now and then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Outcome, Status, Verdict
from airflow_provider_userattrs.push.report.book import Book
from airflow_provider_userattrs.push.report.recorder import Recorder

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.")


@pytest.fixture
def book() -> Book:
    return Book()


def test_counts_and_writes_what_was_not_applied(book: Book, update: Callable[..., UserUpdate], clock: Any) -> None:
    written: list[Outcome] = []
    recorder = Recorder(book, progress=lambda: None, reject=written.extend, clock=clock)
    updates = [update(index) for index in range(7)]
    verdicts = [Verdict(status, str(index)) for index, status in enumerate(Status)]
    recorder.record(updates, verdicts)
    assert book.counts().counts == dict.fromkeys(Status, 1)
    kept = [outcome.verdict.status for outcome in written]
    assert kept == [Status.PARTIAL, Status.REJECTED, Status.INVALID, Status.UNKNOWN, Status.UNSENT]
    for outcome in written:
        source = updates[outcome.position]
        assert (outcome.row, outcome.user) == (source.row, source.user)
        assert outcome.verdict is verdicts[outcome.position]


def test_writes_outcomes_too(book: Book, clock: Any) -> None:
    written: list[Outcome] = []
    recorder = Recorder(book, progress=lambda: None, reject=written.extend, clock=clock)
    recorder.record((Outcome(4, REJECTED, {"id": 1}, "ada"),), (REJECTED,))
    assert [(outcome.position, outcome.row, outcome.user) for outcome in written] == [(4, {"id": 1}, "ada")]


def test_needs_no_rejects(book: Book, update: Callable[..., UserUpdate], clock: Any) -> None:
    Recorder(book, progress=lambda: None, clock=clock).record([update(0)], [REJECTED])
    assert book.counts().counts[Status.REJECTED] == 1


@given(statuses=st.lists(st.lists(st.sampled_from(Status), max_size=6), max_size=20))
def test_counts_add_up(update: Callable[..., UserUpdate], fake_clock: Any, statuses: list[list[Status]]) -> None:
    book = Book()
    recorder = Recorder(book, progress=lambda: None, clock=fake_clock())
    for batch in statuses:
        verdicts = [ACCEPTED if status is Status.ACCEPTED else Verdict(status, "c") for status in batch]
        recorder.record([update(index) for index in range(len(batch))], verdicts)
    flat = [status for batch in statuses for status in batch]
    assert book.rows == book.counts().rows == len(flat)
    assert book.counts().counts == {status: flat.count(status) for status in Status}


def test_a_reject_that_raises_raises_once_and_every_row_is_counted(
    book: Book, update: Callable[..., UserUpdate], clock: Any
) -> None:
    calls = []

    def reject(outcomes: Sequence[Outcome]) -> None:
        calls.append(outcomes)
        raise OSError("disk full")

    recorder = Recorder(book, progress=lambda: None, reject=reject, clock=clock)
    with pytest.raises(OSError, match="disk full"):
        recorder.record([update(0), update(1)], [REJECTED, REJECTED])
    recorder.record([update(2)], [REJECTED])
    assert book.counts().counts[Status.REJECTED] == 3
    assert len(calls) == 1


def test_progress_is_called_four_times_a_second_at_most(
    book: Book, update: Callable[..., UserUpdate], clock: Any
) -> None:
    result = []
    recorder = Recorder(book, progress=lambda: result.append(clock.monotonic()), clock=clock)
    started = clock.monotonic()
    for _ in range(20):
        clock.advance(0.125)
        recorder.record([update(0)], [ACCEPTED])
    assert result == [started + 0.25 * number for number in range(1, 11)]


def test_progress_is_called_once_after_a_long_pause(book: Book, update: Callable[..., UserUpdate], clock: Any) -> None:
    result = []
    recorder = Recorder(book, progress=lambda: result.append(book.rows), clock=clock)
    clock.advance(95)
    for _ in range(5):
        recorder.record([update(0)], [REJECTED])
    assert result == [1]


def test_has_its_own_clock(book: Book, update: Callable[..., UserUpdate]) -> None:
    Recorder(book, progress=lambda: pytest.fail("progress at once")).record([update(0)], [ACCEPTED])
    assert book.rows == 1
