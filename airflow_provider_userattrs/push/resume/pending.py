# SPDX-License-Identifier: Apache-2.0
"""From a source's rows to those of this try: finished rows are skipped, and rows in doubt are not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.cursor import Cursor, Keys
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint
from airflow_provider_userattrs.push.resume.checkpointer import Checkpointer

#: Position, row -> what to do.
MakeUpdate: TypeAlias = Callable[[int, Any], "UserUpdate | Outcome"]


def pending(
    rows: Iterable[Any], checkpoint: Checkpoint, checkpointer: Checkpointer | None, mapper: MakeUpdate
) -> Iterator[UserUpdate | Outcome]:
    """Yield the rows that are not finished, as updates or outcomes.

    :param rows: the source's rows, from where the checkpoint lets it resume.
    :param checkpoint: where this try begins.
    :param checkpointer: gets the cursors and keys that the source yields.
    :param mapper: position, row -> what to do.
    """
    position = checkpoint.start
    if checkpoint.below:
        for at, row in checkpoint.unfinished(_rows_alone(rows, position, checkpointer), position):
            yield mapper(at, row)
        return
    for row in rows:  # the usual case, once for each row of a push: no generator between
        if type(row) in _MARKS:
            if checkpointer is not None:
                _MARKS[type(row)](checkpointer, row, position)
            continue
        yield mapper(position, row)
        position += 1


def withholding(mapper: MakeUpdate, checkpointer: Checkpointer, in_doubt: Verdict) -> MakeUpdate:
    """Return a mapper by which no row is sent that an earlier try may have sent.

    :param mapper: position, row -> what to do.
    :param checkpointer: knows which rows these are.
    :param in_doubt: the verdict on them.
    """

    def doubted(position: int, row: Any) -> UserUpdate | Outcome:
        update = mapper(position, row)
        if checkpointer.is_in_doubt(position) and isinstance(update, UserUpdate):
            return Outcome(position, in_doubt, update.row, update.user)
        return update

    return doubted


def as_it_is(_: int, update: UserUpdate | Outcome) -> UserUpdate | Outcome:
    """Return a row that is an update already."""
    return update


def _rows_alone(rows: Iterable[Any], position: int, checkpointer: Checkpointer | None) -> Iterator[Any]:
    for row in rows:
        if type(row) in _MARKS:
            if checkpointer is not None:
                _MARKS[type(row)](checkpointer, row, position)
        else:
            position += 1
            yield row
    if checkpointer is not None:
        checkpointer.pass_end(position)


def _pass_cursor(checkpointer: Checkpointer, cursor: Cursor, position: int) -> None:
    checkpointer.pass_cursor(cursor.value, position)


#: What a source yields between its rows -> what becomes of it.
_MARKS: dict[type, Callable[[Checkpointer, Any, int], None]] = {
    Cursor: _pass_cursor,
    Keys: Checkpointer.pass_keys,
}
