# SPDX-License-Identifier: Apache-2.0
"""From updates to batches, limited by count, by encoded bytes, or by both; a batch is one request."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from airflow_provider_userattrs.push.mapping.encodable import update_encoding_verdict
from airflow_provider_userattrs.push.model.errors import InvalidRow, NotSent
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates, joined, positions_of, users_of
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import too_large

#: Updates that are added at once, at most.
_AT_ONCE = 100


class Batch:
    """The updates of one request, which is sent once, and their verdicts so far.

    :param updates: the updates, in the order of their rows.
    :param items: the updates, encoded, each or several joined by commas; none to encode them when they are sent.
    :param attempt: the number of earlier attempts.
    :param verdicts: the verdicts of the last attempt; None before the first.
    :param refused: the verdict on the request that this batch is a half of; None if it is not a half.
    """

    __slots__ = ("_undecided", "attempt", "items", "refused", "size", "updates", "verdicts")

    def __init__(
        self,
        updates: Sequence[UserUpdate],
        items: Sequence[bytes],
        attempt: int = 0,
        verdicts: list[Verdict] | None = None,
        refused: Verdict | None = None,
    ) -> None:
        self.updates = updates
        self.items = items
        self.attempt = attempt
        self.verdicts = verdicts
        self.refused = refused
        #: The bytes of the request body, once it was made.
        self.size = 0
        #: Emptied by the first who decides whether the request is sent; a list's own methods are atomic: no lock.
        self._undecided = [None]

    def __len__(self) -> int:
        return len(self.updates)

    @property
    def users(self) -> Sequence[Any]:
        """The users as the request names them, in its order."""
        return users_of(self.updates)

    def body(self, operation: Operation) -> bytes:
        """Return the request body."""
        items = self.items or list(map(operation.encode, self.updates))
        body = operation.head + b",".join(items) + operation.tail
        self.size = len(body)
        return body

    def leave(self) -> None:
        """Claim the right to send the request; called right before the first byte.

        :raises NotSent: if it is forbidden.
        """
        try:
            self._undecided.pop()
        except IndexError:
            raise NotSent("The push ended before the request was sent", "the push had ended") from None

    def forbid(self) -> bool:
        """Forbid sending, as a push that ends does; return False if the first byte may have been sent already."""
        try:
            self._undecided.pop()
        except IndexError:
            return False
        return True

    def pick(self, indexes: Sequence[int]) -> Batch:
        """Return a batch of some of the updates, with their earlier attempts."""
        updates = list(self.updates)
        return type(self)(
            [updates[index] for index in indexes],
            [self.items[index] for index in indexes] if len(self.items) == len(self) else [],
            self.attempt,
            [self.verdicts[index] for index in indexes] if self.verdicts else None,
            self.refused,
        )

    def halves(self, refused: Verdict) -> tuple[Batch, Batch]:
        """Return the two halves of a batch that was refused as a whole; it has at least two updates.

        :param refused: the verdict on it; if it is in doubt, so are the halves until they have one of their own.
        """
        self.refused = refused
        if refused.status is Status.UNKNOWN:
            self.verdicts = [refused] * len(self)
        middle = len(self) // 2
        return self.pick(range(middle)), self.pick(range(middle, len(self)))


class Batcher:
    """Gathers updates into batches within the operation's limits.

    :param operation: the operation.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._frame = len(operation.head) + len(operation.tail) - 1  # n items are joined by n - 1 commas
        self._start()

    def _start(self) -> None:
        #: Whether updates were added out of the order of their rows; a batch is sorted by it.
        self.is_mixed = False
        self._parts: list[Sequence[UserUpdate]] = []
        self._count = 0
        self._items: list[bytes] = []
        self._bytes = self._frame

    def encode(self, update: UserUpdate) -> bytes:
        """Return an update, encoded.

        :raises InvalidRow: if it cannot be encoded, or exceeds the limit by itself.
        """
        try:
            item = self._operation.encode(update)
        except Exception:  # whatever an encoder raises concerns this row alone
            raise InvalidRow(update_encoding_verdict(update)) from None
        limit = self._operation.max_bytes
        if limit is not None and self._frame + 1 + len(item) > limit:
            raise InvalidRow(too_large(limit))
        return item

    @property
    def room(self) -> int:
        """Return how many updates may be added at once."""
        most = self._operation.max_users
        return _AT_ONCE if most is None or most == 1 else min(_AT_ONCE, most - self._count)

    def add_all(self, updates: Sequence[UserUpdate]) -> tuple[list[Batch], int]:
        """Add the first of the updates, up to the one that completes a batch by its bytes.

        There must be room for all of them. None is added if one of them cannot be encoded, or exceeds the limit by
        itself.

        :param updates: the updates.
        :return: the batches that are complete now, and how many of the updates were added.
        """
        operation = self._operation
        try:
            if operation.max_users == 1:
                batches = self._batches(list(updates))
                return batches, len(batches)
            if operation.encode_all is None:
                items = list(map(operation.encode, updates))
            else:
                items = [operation.encode_all(Updates.of(updates))]
        except Exception:  # each is encoded by itself then
            return [], 0
        limit = operation.max_bytes
        if limit is not None and self._bytes + _size(items) > limit:
            return self._add_first(updates, limit)
        self._put(updates, items)
        batch = None if self.room else self.flush()
        return [] if batch is None else [batch], len(updates)

    def _batches(self, updates: Sequence[UserUpdate]) -> list[Batch]:
        """Return each update as a batch; none if one of them exceeds the limit by itself."""
        items, limit = list(map(self._operation.encode, updates)), self._operation.max_bytes
        if limit is not None and self._frame + 1 + max(map(len, items)) > limit:
            return []
        return [Batch([update], [item]) for update, item in zip(updates, items, strict=True)]

    def _add_first(self, updates: Sequence[UserUpdate], limit: int) -> tuple[list[Batch], int]:
        """Complete the batch with those of the updates that fit, and begin the next with the one after them."""
        items = list(map(self._operation.encode, updates))
        ends = accumulate((1 + len(item) for item in items), initial=self._bytes)
        fit = sum(end <= limit for end in ends) - 1
        if self._frame + 1 + len(items[fit]) > limit:
            return [], 0
        self._put(updates[:fit], items[:fit])
        batch = self.flush()
        self._put(updates[fit : fit + 1], items[fit : fit + 1])
        return [] if batch is None else [batch], fit + 1

    def add(self, update: UserUpdate, item: bytes) -> Batch | None:
        """Add an update; return a batch if one is now complete."""
        if self._operation.max_users == 1:
            return Batch([update], [item])
        full = None
        limit = self._operation.max_bytes
        if limit is not None and self._bytes + 1 + len(item) > limit:
            full = self.flush()
        self._put([update], [item])
        if full is None and self._count == self._operation.max_users:
            full = self.flush()
        return full

    def flush(self) -> Batch | None:
        """Return the updates gathered so far as a batch, or None."""
        if not self._count:
            return None
        batch = Batch(joined(self._parts), self._items)
        if self.is_mixed:
            positions = positions_of(batch.updates)
            batch = batch.pick(sorted(range(len(batch)), key=positions.__getitem__))
        self._start()
        return batch

    def _put(self, updates: Sequence[UserUpdate], items: Sequence[bytes]) -> None:
        self._parts.append(updates)
        self._count += len(updates)
        self._items += items
        self._bytes += _size(items)


def _size(items: Sequence[bytes]) -> int:
    """Return the bytes of items in a request, each with a comma."""
    return sum(map(len, items)) + len(items)
