# SPDX-License-Identifier: Apache-2.0
"""Writes the checkpoint while a push runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.cursor import Keys
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.keys import Gap
from airflow_provider_userattrs.push.report.account import Account
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.watermark import MAX_KEY_BYTES
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Store
from airflow_provider_userattrs.push.resume.unfinished import Unfinished

#: Seconds between two checkpoints; writing one may cost some 10 to 44 ms.
SAVE_EVERY = 2.0

#: Maximum number of distinct reasons in a checkpoint; with 500 gaps it stays under 32 KB.
_MAX_REASONS = 20

#: Rows of a block that is announced before it is sent: at first, minimum and maximum.
_FIRST_BLOCK, _MIN_BLOCK, _MAX_BLOCK = 100, 50, 5_000

#: The share of the time that announcing may take, which determines the size of a block.
_SHARE = 0.05


class Settle(Protocol):
    """Saves the rejects written so far."""

    def __call__(self, *, now: bool) -> bool:
        """Save them; return whether they are saved.

        :param now: whether it must be now; else it may be put off where it costs much.
        """


class Checkpointer:
    """Writes a push's checkpoint: every 2 s, before each block of a non-idempotent push, and at the end.

    :param store: keeps the checkpoint.
    :param checkpoint: where this try begins.
    :param account: has the rows, and what else is stored.
    :param idempotent: whether an update may be sent twice; if not, each block is recorded before it is sent.
    :param clock: the source of time.
    :param settle: saves the rejects written so far; None if there are none.
    :param on_failure: called with the error when the checkpoint cannot be written, once.
    """

    def __init__(
        self,
        store: Store,
        checkpoint: Checkpoint,
        account: Account,
        *,
        idempotent: bool,
        clock: Clock,
        settle: Settle | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        self._store = store
        self._checkpoint = checkpoint
        self._account = account
        self._idempotent = idempotent
        self._clock = clock
        self._settle = settle
        self._on_failure = on_failure
        self._earlier = Unfinished() if checkpoint.keys is None else Unfinished.from_dict(checkpoint.keys)
        self._key_bytes = MAX_KEY_BYTES - self._earlier.size
        self._keys = account.book.keys
        self._watermark = account.book.watermark
        self._cursors: deque[tuple[Any, int]] = deque([checkpoint.cursor] if checkpoint.cursor else [])
        self._sent_below = checkpoint.sent_below if checkpoint.keys is None else 0
        self._sent_upto = self._earlier.sent_upto
        self._is_in_doubt = False
        self._has_sent = False
        self._next_save = clock.monotonic() + SAVE_EVERY
        self._block = _FIRST_BLOCK
        self._announced_at = clock.monotonic()
        self._announced = 0

    def pass_cursor(self, cursor: Any, position: int) -> None:
        """Record that the source can resume at a cursor, and the position of the row after it."""
        self._cursors.append((cursor, position))

    def pass_keys(self, keys: Keys, positions: Sequence[int]) -> None:
        """Add the keys of the rows that follow, which have these positions."""
        self._keys.note(positions, keys.keys)
        self._is_in_doubt = keys.in_doubt
        if keys.still_there is not None:
            self._account.note_source(Counts.restored(self._checkpoint.counts).rows, keys.still_there)

    def pass_end(self, position: int) -> None:
        """Record that the source has no further row, and how many it had; earlier tries may have read more.

        A source that is read by key has counted them itself.
        """
        if self._checkpoint.keys is None and position < self._checkpoint.below:
            self._account.note_source(self._checkpoint.below, position)

    def is_in_doubt(self, position: int) -> bool:
        """Return whether the row read last, which has this position, may have been sent by an earlier try."""
        return self._is_in_doubt if self._keys.is_used else position < self._checkpoint.sent_below

    def save_if_due(self) -> None:
        """Write the checkpoint if the last one is 2 s old."""
        if self._clock.monotonic() >= self._next_save:
            self._save()

    def announce(self, batch: Batch) -> None:
        """Record that a batch is about to be sent, if the operation is not idempotent.

        :raises RetryLater: if it cannot be recorded; then it must not be sent.
        """
        if self._idempotent:
            return
        last = batch.updates[-1].position
        self._announced += len(batch)
        if self._has_sent and last < self._sent_below:
            return
        before = self._sent_below, self._sent_upto
        self._sent_below = last + self._block
        if self._keys.is_used:
            # If rows are inserted or deleted, a position is another row's in a later try.
            at, self._sent_upto = self._keys.ahead(self._sent_below - 1)
            self._sent_below = at + 1
        started = self._clock.monotonic()
        if not self._save(now=True):
            self._sent_below, self._sent_upto = before
            raise RetryLater(
                "The checkpoint cannot be written, and without it a row could be sent twice; fix its storage, then "
                "retry the task"
            )
        self._has_sent = True
        self._size_block(started)

    def discard(self) -> None:
        """Delete the checkpoint: a later try begins at the first row."""
        self._guard(self._store.delete)

    def close(self, *, complete: bool) -> None:
        """Store where a later try resumes, or nothing if the push is complete.

        A non-idempotent push stores that it is complete: the task may still fail after this call.

        :param complete: whether nothing is left to do.
        """
        if complete and self._idempotent:
            self._guard(self._store.delete)
            return
        if self._has_sent:
            # Every row sent has its verdict by now, so none is in doubt, unless it is after the last gap. A try
            # that sent nothing may not even have read all that were in doubt before.
            is_whole = self._watermark.cut(self._key_bytes).is_whole
            self._sent_below = 0 if is_whole else self._watermark.end
            self._sent_upto = None if is_whole else self._watermark.end_key
        self._save(now=True, complete=complete)

    def current(self, *, complete: bool = False) -> Checkpoint:
        """Return the checkpoint as of now."""
        below, gaps, key_gaps, counts, _ = self._watermark.cut(self._key_bytes)
        first = gaps[0][0] if gaps else below
        while len(self._cursors) > 1 and self._cursors[1][1] <= first:
            self._cursors.popleft()
        cursor = self._cursors[0] if self._cursors and self._cursors[0][1] <= first else None
        return replace(
            self._checkpoint,
            below=below,
            gaps=tuple(gaps),
            sent_below=self._sent_below,
            counts=counts.state(_MAX_REASONS),
            cursor=cursor,
            keys=self._unfinished(key_gaps),
            facts=self._account.facts(),
            complete=complete,
        )

    def _unfinished(self, gaps: Sequence[Gap]) -> dict[str, Any] | None:
        if not self._keys.is_used and self._checkpoint.keys is None:
            return None
        return replace(self._earlier.after_try(gaps), sent_upto=self._sent_upto).as_dict()

    def _save(self, *, now: bool = False, complete: bool = False) -> bool:
        self._next_save = self._clock.monotonic() + SAVE_EVERY
        if self._settle is not None and not self._settle(now=now):
            return False
        state = self.current(complete=complete).as_dict()
        return self._guard(lambda: self._store.write(state))

    def _guard(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except Exception as error:  # each store has exceptions of its own
            report, self._on_failure = self._on_failure, None  # once
            if report is not None:
                report(error)
            return False
        return True

    def _size_block(self, started: float) -> None:
        now = self._clock.monotonic()
        elapsed = now - self._announced_at
        if elapsed > 0:
            rate = self._announced / elapsed
            self._block = round(min(max(rate * (now - started) / _SHARE, _MIN_BLOCK), _MAX_BLOCK))
        self._announced_at, self._announced = now, 0
