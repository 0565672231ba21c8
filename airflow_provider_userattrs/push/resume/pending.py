# SPDX-License-Identifier: Apache-2.0
"""From a source's rows to those of this try: finished rows are skipped, and rows in doubt are not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer

#: Positions, rows -> what to do.
MakeUpdates: TypeAlias = Callable[[Sequence[int], Chunk], "Sequence[UserUpdate | Outcome]"]


def pending(
    rows: Iterable[Any], checkpoint: Checkpoint, checkpointer: Checkpointer | None, mapper: MakeUpdates
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield the rows that are not finished, as updates or outcomes, chunk by chunk.

    :param rows: the source's rows in chunks, from where the checkpoint lets it resume, and what it yields between them.
    :param checkpoint: where this try begins.
    :param checkpointer: gets the cursors and keys that the source yields.
    :param mapper: positions, rows -> what to do.
    """
    position = checkpoint.start
    for chunk in rows:
        if type(chunk) in _MARKS:
            if checkpointer is not None:
                _MARKS[type(chunk)](checkpointer, chunk, position)
            continue
        start, position = position, position + len(chunk)
        if start >= checkpoint.below:
            yield mapper(range(start, position), chunk)
        elif unfinished := list(checkpoint.unfinished(range(len(chunk)), start)):
            yield mapper([at for at, _ in unfinished], chunk.pick([index for _, index in unfinished]))
    if checkpointer is not None and checkpoint.below:
        checkpointer.pass_end(position)


def withholding(mapper: MakeUpdates, checkpointer: Checkpointer, in_doubt: Verdict) -> MakeUpdates:
    """Return a mapper by which no row is sent that an earlier try may have sent.

    :param mapper: positions, rows -> what to do.
    :param checkpointer: knows which rows these are.
    :param in_doubt: the verdict on them.
    """

    def doubted(positions: Sequence[int], chunk: Chunk) -> list[UserUpdate | Outcome]:
        return [
            Outcome(update.position, in_doubt, update.row, update.user)
            if isinstance(update, UserUpdate) and checkpointer.is_in_doubt(update.position)
            else update
            for update in mapper(positions, chunk)
        ]

    return doubted


def as_they_are(_: Sequence[int], updates: Chunk) -> Sequence[UserUpdate | Outcome]:
    """Return rows that are updates already."""
    return updates.rows


def _pass_cursor(checkpointer: Checkpointer, cursor: Cursor, position: int) -> None:
    checkpointer.pass_cursor(cursor.value, position)


#: What a source yields between its rows -> what becomes of it.
_MARKS: dict[type, Callable[[Checkpointer, Any, int], None]] = {
    Cursor: _pass_cursor,
    Keys: Checkpointer.pass_keys,
}
