# SPDX-License-Identifier: Apache-2.0
"""Gathers updates, in the order of their rows, into batches that may be sent now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from threading import Event
from typing import TypeAlias

from airflow_provider_userattrs.push.delivery.batching import Batch, Batcher
from airflow_provider_userattrs.push.delivery.ordering import UserOrder
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import NOT_YET, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import HELD_BACK, NOT_TRIED

#: Called with finished rows and their verdicts.
Record: TypeAlias = Callable[[Sequence["UserUpdate | Outcome"], Sequence[Verdict]], None]

#: Updates held back after earlier ones of the same user; at this number, no further row is read.
MAX_WAITING = 2_000

#: Users that are remembered, as numbers, to notice that a row names one of them again.
MAX_RECENT = 10_000


class Intake:
    """Gathers updates into batches, and records exactly one verdict for each.

    :param updates: the rows in their order, as updates, or as outcomes where there is nothing to send.
    :param operation: the operation, whose limits the batches keep.
    :param record: called with the finished rows.
    :param stopping: when set, no further batch is gathered.
    """

    def __init__(
        self, updates: Iterator[UserUpdate | Outcome], operation: Operation, record: Record, stopping: Event
    ) -> None:
        #: The position after the last row that was read.
        self.reached = 0
        #: Whether there is no further row.
        self.is_exhausted = False
        #: Set, also by a signal handler, when reading the source must stop at once.
        self.is_interrupted = False
        #: The finished updates of users who had one before, as far as they are remembered.
        self.duplicates = 0
        self._recent: set[int] = set()
        self._updates = updates
        self._record = record
        self._stopping = stopping
        self._order = UserOrder()
        self._batcher = Batcher(operation)
        self._released: deque[UserUpdate] = deque()
        self._unsent: set[Hashable] = set()

    def next_batch(self) -> Batch | None:
        """Return the next batch that may be sent, or None if there is none at the moment.

        :raises Exception: whatever the source raises.
        """
        while self._released:
            self._batcher.is_mixed = True
            if batch := self._take(self._released.popleft()):
                return batch
        order, admit, take = self._order, self._order.admit, self._take
        if order.waiting < MAX_WAITING and not self._stopping.is_set():
            update = None
            try:
                for item in self._updates:
                    if item is NOT_YET:
                        break
                    update = item
                    if isinstance(update, Outcome):
                        self._record((update,), (update.verdict,))
                        if self._stopping.is_set():
                            break
                    elif admit(update):
                        if batch := take(update):
                            return batch
                    elif order.waiting >= MAX_WAITING:
                        break
                    if self.is_interrupted:
                        break
                else:
                    self.is_exhausted = True
            finally:
                if update is not None:
                    self.reached = update.position + 1
        return None if self._released or self.is_interrupted else self._batcher.flush()

    def finish(self, updates: Sequence[UserUpdate], verdicts: Sequence[Verdict]) -> None:
        """Record final verdicts, and release the updates that waited for these, even if recording fails."""
        try:
            self._record(updates, verdicts)
        finally:
            release, released, recent = self._order.release, self._released, self._recent
            for update, verdict in zip(updates, verdicts, strict=True):
                status = verdict.status
                if status is Status.UNSENT:
                    self._unsent.update(update.keys)
                elif status is not Status.UNKNOWN:  # a later try may have these two once more
                    if (user := hash(update.keys)) in recent:
                        self.duplicates += bool(update.keys)
                    else:
                        if len(recent) == MAX_RECENT:
                            recent.clear()
                        recent.add(user)
                released.extend(release(update))

    def abandon(self, *, read_on: bool) -> None:
        """Record every update that is left as ``unsent``.

        :param read_on: whether to read the source to its end, so that the remaining rows are counted too.
        """
        if batch := self._batcher.flush():
            self.finish(batch.updates, [NOT_TRIED] * len(batch))
        self._finish_released()
        while read_on and not self.is_interrupted:
            if (update := next(self._updates, None)) is None:
                self.is_exhausted = True
                return
            self.reached = update.position + 1
            self._record((update,), (update.verdict if isinstance(update, Outcome) else NOT_TRIED,))

    def _take(self, update: UserUpdate) -> Batch | None:
        # A later row must not overtake an unsent one, which would undo it when it is sent in the end.
        if self._unsent and not self._unsent.isdisjoint(update.keys):
            self.finish((update,), (HELD_BACK,))
            return None
        try:
            item = self._batcher.encode(update)
        except InvalidRow as invalid:
            self.finish((update,), (invalid.verdict,))
            return None
        return self._batcher.add(update, item)

    def _finish_released(self) -> None:
        while self._released:
            self.finish((self._released.popleft(),), (NOT_TRIED,))
