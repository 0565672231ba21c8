# SPDX-License-Identifier: Apache-2.0
"""Gathers updates, in the order of their rows, into batches that may be sent now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import groupby
from threading import Event
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.delivery.batching import Batch, Batcher
from airflow_provider_userattrs.push.delivery.ordering import UserOrder
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates, keys_of
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

#: Users that are compared with these at once.
_AT_ONCE = 100


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
        #: Whether there is no further row.
        self.is_exhausted = False
        #: Set, also by a signal handler, when reading the source must stop at once.
        self.is_interrupted = False
        #: The finished updates of users who had one before, as far as they are remembered.
        self.duplicates = 0
        self._recent: set[int] = set()
        #: Rows that were read last, all updates or all outcomes, and those that follow.
        self._run: Sequence[UserUpdate | Outcome] = ()
        self._runs: deque[Sequence[UserUpdate | Outcome]] = deque()
        #: How many rows of the run were taken, and the position after the run before it.
        self._taken = 0
        self._reached = 0
        #: Batches of one update each, of the last updates that were taken.
        self._next: deque[Batch] = deque()
        #: Up to where the updates of the run are taken one by one.
        self._apart = 0
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
        while not self._stopping.is_set() and not self.is_interrupted:
            if self._next:
                return self._next.popleft()
            if self._order.waiting >= MAX_WAITING or (self._taken == len(self._run) and not self._read()):
                break
            if batch := self._take_next():
                return batch
        return None if self._released or self.is_interrupted else self._batcher.flush()

    def finish(self, updates: Sequence[UserUpdate], verdicts: Sequence[Verdict]) -> None:
        """Record final verdicts, and release the updates that waited for these, even if recording fails."""
        try:
            self._record(updates, verdicts)
        finally:
            keys = keys_of(updates)
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
        self._taken -= len(self._next)
        self._next.clear()
        while read_on and not self.is_interrupted and (self._taken < len(self._run) or self._read()):
            rest = self._run[self._taken :]
            self._taken = len(self._run)
            self._record(rest, [each.verdict if isinstance(each, Outcome) else NOT_TRIED for each in rest])

    @property
    def reached(self) -> int:
        """Return the position after the last row that was taken."""
        taken = self._taken - len(self._next)
        return self._run[taken - 1].position + 1 if taken else self._reached

    def _read(self) -> bool:
        """Go to the next run, and read further rows if there is none; return whether there are any now."""
        self._reached = self.reached
        self._run, self._taken, self._apart = (), 0, 0
        while not self._runs:
            chunk = next(self.chunks, None)
            if chunk is None:
                self.is_exhausted = True
                return False
            if type(chunk) is Updates and chunk:
                self._runs.append(chunk)
            elif chunk and chunk[0] is NOT_YET:
                return False
            else:
                self._runs.extend(list(run) for _, run in groupby(chunk, type))
        self._run = self._runs.popleft()
        return True

    def _take_next(self) -> Batch | None:
        """Take the next rows of the run: all its outcomes, as many updates as there is room for, or one update."""
        run: Any = self._run
        if type(run[0]) is Outcome:
            self._taken = len(run)
            self._record(run, [outcome.verdict for outcome in run])
            return None
        if self._taken >= self._apart:
            updates = run[self._taken : self._taken + self._batcher.room]
            if taken := self._take_together(updates):
                self._taken += taken
                return self._next.popleft() if self._next else None
            self._apart = self._taken + len(updates)
        update = run[self._taken]
        self._taken += 1
        return self._take(update) if self._order.admit(update) else None

    def _take_together(self, updates: Sequence[UserUpdate]) -> int:
        """Take the first of the updates; return how many, which is 0 if one has to wait, or cannot be encoded."""
        if len(updates) < 2 or self._unsent or not self._order.admit_all(updates):
            return 0
        batches, taken = self._batcher.add_all(updates)
        self._order.release(updates[taken:])
        self._next.extend(batches)
        return taken

    def _count_duplicates(self, keys: Sequence[tuple[Hashable, ...]]) -> None:
        for start in range(0, len(keys), _AT_ONCE):
            some, recent = keys[start : start + _AT_ONCE], self._recent
            users = set(map(hash, some))
            if len(users) == len(some) and recent.isdisjoint(users) and len(recent) + len(users) <= MAX_RECENT:
                recent |= users  # none comes again, as is usual
                continue
            for each in some:
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
