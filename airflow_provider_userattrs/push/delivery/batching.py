# SPDX-License-Identifier: Apache-2.0
"""From updates to batches, cut by count and by encoded bytes; a batch is one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.push.delivery.departure import Departure
from airflow_provider_userattrs.push.mapping.encodable import update_encoding_verdict
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.push.model.verdicts import too_large


class Batch:
    """Hold the updates of one request, which is tried once, and what became of them so far.

    :param updates: the updates, in the order of their rows.
    :param parts: their encoded parts of the body.
    :param attempt: how often the request was tried before.
    :param verdicts: what the last try left of each update; None before the first.
    :param refused: the verdict on the request that this batch was a half of; None if it is no half.
    """

    __slots__ = ("attempt", "departure", "parts", "refused", "updates", "verdicts")

    def __init__(
        self,
        updates: list[UserUpdate],
        parts: list[bytes],
        attempt: int = 0,
        verdicts: list[Verdict] | None = None,
        refused: Verdict | None = None,
    ) -> None:
        self.updates = updates
        self.parts = parts
        self.attempt = attempt
        self.verdicts = verdicts
        self.refused = refused
        self.departure = Departure()

    def __len__(self) -> int:
        return len(self.updates)

    @property
    def users(self) -> list[Any]:
        """The users, as the body names them and in its order."""
        return [update.user for update in self.updates]

    def body(self, operation: Operation) -> bytes:
        """Return the request body."""
        return operation.head + b",".join(self.parts) + operation.tail

    def pick(self, places: Sequence[int]) -> Batch:
        """Return a batch of some of the updates, with the tries they have behind them."""
        return Batch(
            [self.updates[place] for place in places],
            [self.parts[place] for place in places],
            self.attempt,
            [self.verdicts[place] for place in places] if self.verdicts else None,
            self.refused,
        )

    def halves(self, refused: Verdict) -> tuple[Batch, Batch]:
        """Return the two halves of a batch of at least two that was refused whole.

        :param refused: the verdict on it.
        """
        self.refused = refused
        middle = len(self) // 2
        return self.pick(range(middle)), self.pick(range(middle, len(self)))


class Batcher:
    """Gather updates into batches that keep the operation's limits.

    :param operation: whose limits are kept.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._frame = len(operation.head) + len(operation.tail) - 1  # parts are joined by one comma less than parts
        self._start()

    def _start(self) -> None:
        #: Whether updates were added in another order than that of their rows; a batch has them in that order.
        self.is_mixed = False
        self._updates: list[UserUpdate] = []
        self._parts: list[bytes] = []
        self._bytes = self._frame

    def encode(self, update: UserUpdate) -> bytes:
        """Return an update's part of a body.

        :raises InvalidRow: if it cannot be written, or is over the limit all by itself.
        """
        try:
            part = self._operation.encode(update)
        except Exception:  # whatever an encoder stumbles over is this row's fault alone
            raise InvalidRow(update_encoding_verdict(update)) from None
        limit = self._operation.max_bytes
        if limit is not None and self._frame + 1 + len(part) > limit:
            raise InvalidRow(too_large(limit))
        return part

    def add(self, update: UserUpdate, part: bytes) -> Batch | None:
        """Take an update in; return the batch that is complete by now, if one is."""
        if self._operation.max_users == 1:
            return Batch([update], [part])
        full = None
        limit = self._operation.max_bytes
        if limit is not None and self._bytes + 1 + len(part) > limit:
            full = self.flush()
        self._updates.append(update)
        self._parts.append(part)
        self._bytes += 1 + len(part)
        if full is None and len(self._updates) == self._operation.max_users:
            full = self.flush()
        return full

    def flush(self) -> Batch | None:
        """Return what has gathered, complete or not."""
        if not self._updates:
            return None
        if self.is_mixed:
            pairs = sorted(zip(self._updates, self._parts, strict=True), key=lambda pair: pair[0].position)
            self._updates, self._parts = [update for update, _ in pairs], [part for _, part in pairs]
        batch = Batch(self._updates, self._parts)
        self._start()
        return batch
