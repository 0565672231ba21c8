# SPDX-License-Identifier: Apache-2.0
"""Gathers updates, in the order of their rows, into batches that may be sent now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice, takewhile
from threading import Event
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.delivery.batching import Batch, Batcher
from airflow_provider_userattrs.push.delivery.ordering import UserOrder
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, NOT_YET, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import HELD_BACK, NOT_TRIED

#: Called with finished rows and their verdicts.
Record: TypeAlias = Callable[[Sequence["UserUpdate | Outcome"], Sequence[Verdict]], None]

#: Updates held back after earlier ones of the same user; at this number, no further row is read.
MAX_WAITING = 2_000

#: The statuses of rows that a later try may send once more.
_UNDECIDED = frozenset({Status.UNSENT, Status.UNKNOWN})

#: Users that are remembered, as numbers, to notice that a row names one of them again.
MAX_RECENT = 10_000


class Intake:
    """Gathers updates into batches, and records exactly one verdict for each.

    :param chunks: the rows in their order, as updates, or as outcomes where there is nothing to send.
    :param operation: the operation, whose limits the batches keep.
    :param record: called with the finished rows.
    :param stopping: when set, no further batch is gathered.
    """

    def __init__(
        self, chunks: Iterator[Sequence[UserUpdate | Outcome]], operation: Operation, record: Record, stopping: Event
    ) -> None:
        #: Where the rows come from.
        self.chunks = chunks
        #: The position after the last row that was read.
        self.reached = 0
        #: Whether there is no further row.
        self.is_exhausted = False
        #: Set, also by a signal handler, when reading the source must stop at once.
        self.is_interrupted = False
        #: The finished updates of users who had one before, as far as they are remembered.
        self.duplicates = 0
        self._recent: set[int] = set()
        #: The rows that were read last, and how many of them were taken.
        self._chunk: Sequence[UserUpdate | Outcome] = ()
        self._taken = 0
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
        while self._order.waiting < MAX_WAITING and not self._stopping.is_set() and not self.is_interrupted:
            if self._taken == len(self._chunk) and not self._read():
                break
            if batch := self._take_next():
                return batch
        return None if self._released or self.is_interrupted else self._batcher.flush()

    def finish(self, updates: Sequence[UserUpdate], verdicts: Sequence[Verdict]) -> None:
        """Record final verdicts, and release the updates that waited for these, even if recording fails."""
        try:
            self._record(updates, verdicts)
        finally:
            keys = [update.keys for update in updates]
            if verdicts.count(ACCEPTED) != len(verdicts):
                statuses = [verdict.status for verdict in verdicts]
                unsent = [each for each, status in zip(keys, statuses, strict=True) if status is Status.UNSENT]
                self._unsent.update(*unsent)
                # A later try may have the others once more.
                keys = [each for each, status in zip(keys, statuses, strict=True) if status not in _UNDECIDED]
            self._count_duplicates(keys)
            self._released.extend(self._order.release(updates))

    def abandon(self, *, read_on: bool) -> None:
        """Record every update that is left as ``unsent``.

        :param read_on: whether to read the source to its end, so that the remaining rows are counted too.
        """
        if batch := self._batcher.flush():
            self.finish(batch.updates, [NOT_TRIED] * len(batch))
        self._finish_released()
        while read_on and not self.is_interrupted and (self._taken < len(self._chunk) or self._read()):
            rest = self._chunk[self._taken :]
            self._pass(len(self._chunk))
            self._record(rest, [each.verdict if isinstance(each, Outcome) else NOT_TRIED for each in rest])

    def _read(self) -> bool:
        """Read further rows; return whether there are any now."""
        self._chunk, self._taken = (), 0
        for chunk in self.chunks:
            if chunk:
                if chunk[0] is NOT_YET:
                    return False
                self._chunk = chunk
                return True
        self.is_exhausted = True
        return False

    def _take_next(self) -> Batch | None:
        """Take the next rows of the chunk: outcomes, an update, or as many as the batch has room for."""
        update: Any = self._chunk[self._taken]
        if isinstance(update, Outcome):
            self._take_outcomes()
            return None
        if self._batcher.takes_many:
            return self._take_many()
        self._pass(self._taken + 1)
        return self._take(update) if self._order.admit(update) else None

    def _take_outcomes(self) -> None:
        outcomes: list[Any] = list(takewhile(_is_outcome, islice(self._chunk, self._taken, None)))
        self._pass(self._taken + len(outcomes))
        self._record(outcomes, [outcome.verdict for outcome in outcomes])

    def _take_many(self) -> Batch | None:
        """Take as many updates as the batch has room for, at once if none has to wait."""
        updates: Any = self._chunk[self._taken : self._taken + self._batcher.room]
        if Outcome in set(map(type, updates)):
            updates = updates[: next(index for index, update in enumerate(updates) if _is_outcome(update))]
        if len(updates) > 1 and not self._unsent and self._order.admit_all(updates):
            if items := self._batcher.encode_all(updates):
                self._pass(self._taken + len(updates))
                return self._batcher.extend(updates, items)
            self._order.release(updates)
        for update in updates:
            self._pass(self._taken + 1)
            if self._order.admit(update):
                if batch := self._take(update):
                    return batch
            elif self._order.waiting >= MAX_WAITING:
                break
            if self.is_interrupted:
                break
        return None

    def _pass(self, taken: int) -> None:
        """Note that the rows of the chunk up to an index are taken."""
        self._taken = taken
        self.reached = self._chunk[taken - 1].position + 1

    def _count_duplicates(self, keys: Iterable[tuple[Hashable, ...]]) -> None:
        recent = self._recent
        for each in keys:
            if (user := hash(each)) in recent:
                self.duplicates += bool(each)
            else:
                if len(recent) == MAX_RECENT:
                    recent.clear()
                recent.add(user)

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


def _is_outcome(row: UserUpdate | Outcome) -> bool:
    return isinstance(row, Outcome)
