# SPDX-License-Identifier: Apache-2.0
"""The checkpoint while a push runs: when it is written, what is noted before it is sent, what is left at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Verdict
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.details import Details
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.checkpointer import SAVE_EVERY, Checkpointer


class MemoryStore:
    """Keep a checkpoint as JSON, and fail when told."""

    def __init__(self) -> None:
        self.kept: str | None = None
        self.writes = 0
        self.fails = False

    def read(self) -> Any:
        return None if self.kept is None else json.loads(self.kept)

    def write(self, state: dict[str, Any]) -> None:
        if self.fails:
            raise ConnectionError("no store today")
        self.kept = json.dumps(state)
        self.writes += 1

    def delete(self) -> None:
        self.kept = None

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.from_dict(self.read())


class Try:
    """One try of a push, up to its checkpointer.

    :param clock: tells the time.
    :param update: makes an update.
    :param checkpoint: where it begins.
    """

    def __init__(
        self, clock: Any, update: Any, checkpoint: Checkpoint | None = None, *, idempotent: bool = True, **options: Any
    ) -> None:
        self.clock = clock
        self.update = update
        self.store = MemoryStore()
        checkpoint = (checkpoint or Checkpoint()).begin()
        self.book = checkpoint.open_book(idempotent=idempotent)
        account = Account(
            operation(idempotent=idempotent), Details(), book=self.book, tries=checkpoint.tries, clock=clock
        )
        self.checkpointer = Checkpointer(self.store, checkpoint, account, idempotent=idempotent, clock=clock, **options)

    def announce(self, *positions: int) -> None:
        self.checkpointer.announce(Batch([self.update(position) for position in positions], [b""] * len(positions)))

    def finish(self, positions: Sequence[int], verdict: Verdict = ACCEPTED) -> None:
        rows = [self.update(position) for position in positions]
        self.book.record(rows, [verdict] * len(rows))


@pytest.fixture
def attempt(clock: Any, update: Any) -> Callable[..., Try]:
    return lambda checkpoint=None, **options: Try(clock, update, checkpoint, **options)


def test_it_is_written_every_two_seconds(attempt: Any, clock: Any) -> None:
    one = attempt()
    one.finish(range(5))
    one.checkpointer.save_if_due()
    assert one.store.writes == 0
    clock.advance(SAVE_EVERY)
    one.checkpointer.save_if_due()
    one.checkpointer.save_if_due()
    assert one.store.writes == 1
    assert one.store.checkpoint.below == 5


def test_an_idempotent_push_records_no_batch_and_leaves_nothing_when_complete(attempt: Any) -> None:
    one = attempt()
    one.announce(0)
    assert one.store.writes == 0
    one.checkpointer.close(complete=False)
    assert one.store.kept is not None
    one.checkpointer.close(complete=True)
    assert one.store.kept is None


def test_what_must_not_be_repeated_is_noted_before_it_is_sent_a_block_at_a_time(attempt: Any) -> None:
    one = attempt(idempotent=False)
    one.announce(0)
    noted = one.store.checkpoint.sent_below
    assert noted >= 1
    for position in range(1, noted):
        one.announce(position)
    assert one.store.writes == 1, "the block was noted already"
    one.announce(noted)
    assert one.store.writes == 2
    assert one.store.checkpoint.sent_below > noted


def test_what_cannot_be_noted_must_not_be_sent(attempt: Any) -> None:
    errors: list[Exception] = []
    one = attempt(idempotent=False, on_failure=errors.append)
    one.store.fails = True
    for _ in range(2):
        with pytest.raises(RetryLater, match="could be sent twice"):
            one.announce(0)
    assert [str(error) for error in errors] == ["no store today"], "it is said once"
    one.store.fails = False
    one.checkpointer.close(complete=False)
    assert one.store.checkpoint.sent_below == 0, "nothing was sent, so nothing is in doubt"


def test_rejects_that_are_not_safe_keep_the_checkpoint_back(attempt: Any, clock: Any) -> None:
    asked: list[bool] = []

    def settle(*, now: bool) -> bool:
        asked.append(now)
        return len(asked) > 1

    one = attempt(settle=settle)
    clock.advance(SAVE_EVERY)
    one.checkpointer.save_if_due()
    assert one.store.writes == 0
    one.checkpointer.close(complete=False)
    assert one.store.writes == 1
    assert asked == [False, True]


def test_at_the_end_no_row_is_in_doubt_that_has_its_verdict(attempt: Any) -> None:
    one = attempt(idempotent=False)
    one.announce(0, 1, 2)
    one.finish([0, 2])
    one.finish([1], WORDS["busy"])
    one.checkpointer.close(complete=False)
    left = one.store.checkpoint
    assert (left.below, left.gaps, left.sent_below, left.complete) == (3, ((1, 2),), 0, False)


def test_what_must_not_be_repeated_keeps_a_note_that_it_is_complete(attempt: Any) -> None:
    one = attempt(idempotent=False)
    one.announce(0)
    one.finish([0])
    one.checkpointer.close(complete=True)
    assert one.store.checkpoint.complete
    assert one.store.checkpoint.below == 1


def test_a_later_try_that_sends_nothing_leaves_in_doubt_what_was(attempt: Any) -> None:
    one = attempt(Checkpoint(sent_below=7), idempotent=False)
    assert [one.checkpointer.is_in_doubt(position) for position in (0, 6, 7)] == [True, True, False]
    one.checkpointer.close(complete=False)
    assert one.store.checkpoint.sent_below == 7


def test_the_source_resumes_from_the_last_cursor_before_the_first_unfinished_row(attempt: Any) -> None:
    one = attempt()
    for number, position in enumerate((0, 10, 20, 30)):
        one.checkpointer.pass_cursor(number, position)
    assert one.checkpointer.current().cursor == (0, 0)
    one.finish([*range(15), *range(16, 25)])
    assert one.checkpointer.current().gaps == ((15, 16),)
    assert one.checkpointer.current().cursor == (1, 10)
    one.finish([15])
    assert one.checkpointer.current().cursor == (2, 20)


def test_of_a_source_with_keys_the_unfinished_rows_are_named_by_them(attempt: Any) -> None:
    one = attempt(idempotent=False)
    one.checkpointer.pass_keys(Keys([10, 20, 30, 40]), range(4))
    one.announce(0)
    assert one.store.checkpoint.keys["sent_upto"] == 40, "as far as keys are known"
    one.finish([0, 1, 3])
    assert one.checkpointer.current().keys["tries"] == [[[[20], [40]], [[40], []]]]


def test_rows_that_a_source_marks_are_in_doubt(attempt: Any) -> None:
    one = attempt(idempotent=False)
    one.checkpointer.pass_keys(Keys([10], in_doubt=True), [0])
    assert one.checkpointer.is_in_doubt(0)
    one.checkpointer.pass_keys(Keys([20]), [1])
    assert not one.checkpointer.is_in_doubt(1)


def test_a_later_try_notes_its_first_batch_whatever_an_earlier_one_noted(attempt: Any) -> None:
    one = attempt(Checkpoint(sent_below=7), idempotent=False)
    one.announce(3)
    assert one.store.writes == 1
