# SPDX-License-Identifier: Apache-2.0
"""From a source's rows to those of this try: finished rows are skipped, and rows in doubt are not sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer


class MakeUpdates(Protocol):
    """Says what to do with rows."""

    def __call__(self, position: int, row: Any) -> UserUpdate | Outcome:
        """Say it of one row."""

    def map(self, positions: Sequence[int], chunk: Chunk) -> Sequence[UserUpdate | Outcome]:
        """Say it of many."""


def pending(
    rows: Iterable[Any], checkpoint: Checkpoint, checkpointer: Checkpointer | None, mapper: MakeUpdates | None
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield the rows that are not finished, as updates or outcomes; those of a chunk together, others as they come.

    :param rows: the source's rows and chunks, from where the checkpoint lets it resume, and what it yields between.
    :param checkpoint: where this try begins.
    :param checkpointer: gets the cursors and keys that the source yields.
    :param mapper: says what to do with rows; None if they are updates already.
    """
    positions, below, read = checkpoint.positions, checkpoint.below, 0
    in_gaps, shift = positions.in_gaps, positions.shift
    for item in rows:
        kind = type(item)
        if kind is Chunk:
            at = positions[read : read + len(item)]
            read += len(item)
            if not at or at[0] >= below:
                yield item.rows if mapper is None else mapper.map(at, item)
            elif unfinished := [index for index, position in enumerate(at) if checkpoint.is_unfinished(position)]:
                rest = item.pick(unfinished)
                yield rest.rows if mapper is None else mapper.map([at[index] for index in unfinished], rest)
        elif kind is Cursor:
            if checkpointer is not None:
                checkpointer.pass_cursor(item.value, positions[read])
        elif kind is Keys:
            if checkpointer is not None:
                checkpointer.pass_keys(item, positions[read : read + len(item.keys)])
        else:
            position = read + shift if read >= in_gaps else positions[read]
            if position >= below or checkpoint.is_unfinished(position):
                yield [item if mapper is None else mapper(position, item)]
            read += 1
    if checkpointer is not None and below:
        checkpointer.pass_end(positions[read])


def withhold(
    chunks: Iterable[Sequence[UserUpdate | Outcome]], checkpointer: Checkpointer, in_doubt: Verdict
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield updates and outcomes, with an outcome in place of each update that an earlier try may have sent.

    :param chunks: the updates and outcomes.
    :param checkpointer: knows which rows these are.
    :param in_doubt: the verdict on them.
    """
    for chunk in chunks:
        yield [
            Outcome(update.position, in_doubt, update.row, update.user)
            if isinstance(update, UserUpdate) and checkpointer.is_in_doubt(update.position)
            else update
            for update in chunk
        ]
