# SPDX-License-Identifier: Apache-2.0
"""Rows that name their users by another id than the vendor's, and wait until these are looked up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import Any

from airflow_provider_userattrs.push.delivery.batching import Batch, Batcher
from airflow_provider_userattrs.push.delivery.known_users import KnownUsers
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import NOT_YET, Action, Found, Outcome, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import NOT_TRIED
from airflow_provider_userattrs.push.report.lookups import LookupTraffic

_NOTHING_SENT = "Nothing was sent for these users: retry the task, or push the rows again."

#: Seconds after which rows that come one by one are not gathered any longer.
PATIENCE = 0.02

#: What is yielded when the next row waits for a response.
_WAITING: Sequence[Any] = (NOT_YET,)


class LookupBatch(Batch):
    """A request that looks up ids: of each, the first row that names it."""

    __slots__ = ()


class Lookups:
    """Finds the users of rows, and hands the rows on in their order: two ids may name one user.

    The rows that were read at once are looked up at once, and no further row is read before all of them are handed on;
    so none waits for a source that yields nothing.

    :param operation: looks up ids.
    :param known: remembers the users that were found.
    :param traffic: counts the look-ups.
    :param stopping: when set, nothing more is looked up.
    :param asks: whether to ask the vendor; a dry run does not.
    """

    def __init__(
        self,
        operation: Operation,
        *,
        known: KnownUsers,
        traffic: LookupTraffic | None = None,
        stopping: Event | None = None,
        asks: bool = True,
    ) -> None:
        self.operation = operation
        self.traffic = traffic or LookupTraffic()
        self._known = known
        self._stopping = stopping or Event()
        self._asks = asks
        self._batcher = Batcher(operation)
        self._rows: deque[UserUpdate | Outcome] = deque()
        #: Ids without an answer, and those of them that were not asked for yet.
        self._pending: set[str] = set()
        self._to_ask: deque[UserUpdate] = deque()
        #: Of the rows at hand: id -> user, and id -> why there is none.
        self._found: dict[str, Any] = {}
        self._without: dict[str, Verdict] = {}

    @property
    def are_pending(self) -> bool:
        """Return whether rows wait for their users."""
        return bool(self._pending)

    def resolve(self, chunks: Iterator[Sequence[UserUpdate | Outcome]]) -> Iterator[Sequence[UserUpdate | Outcome]]:
        """Yield the rows in their order, once their users are known; `NOT_YET` while the next one waits.

        :param chunks: the rows in their order, those that were read at once together.
        """
        for chunk in chunks:
            if self._stopping.is_set():
                yield chunk
                continue
            self._enter(chunk)
            while self._rows:
                yield self._leave() or _WAITING
            self._found.clear()
            self._without.clear()

    def next_batch(self) -> LookupBatch | None:
        """Return the next request, or None if there is nothing to ask for."""
        if not self._to_ask:
            return None
        updates = [
            self._to_ask.popleft() for _ in range(min(len(self._to_ask), self.operation.max_users or len(self._to_ask)))
        ]
        return LookupBatch(updates, [self._batcher.encode(update) for update in updates])

    def finish(self, updates: Sequence[UserUpdate], verdicts: Sequence[Verdict]) -> None:
        """Record the final verdicts on ids.

        :param updates: the first row that names each.
        :param verdicts: one for each: `Found`, or why there is no user.
        """
        for update, verdict in zip(updates, verdicts, strict=True):
            name = update.user
            self._pending.discard(name)
            if isinstance(verdict, Found):
                self.traffic.found += 1
                self._found[name] = verdict.user
                self._known.add(name, verdict.user)
            else:
                self.traffic.not_found += verdict.status is Status.REJECTED
                self._without[name] = verdict

    def _enter(self, chunk: Sequence[UserUpdate | Outcome]) -> None:
        for row in chunk:
            if isinstance(row, UserUpdate):
                name = row.user
                if (user := self._known.get(name)) is not None:
                    row.keys = (user,)
                    self.traffic.known += 1
                elif self._asks and name not in self._pending:
                    self._pending.add(name)
                    self._to_ask.append(row)
            self._rows.append(row)

    def _leave(self) -> list[UserUpdate | Outcome]:
        """Return the rows at the front whose users are known, or are not going to be."""
        is_over = self._stopping.is_set()
        if is_over:
            self._pending.clear()
            self._to_ask.clear()
        rows, pending = self._rows, self._pending
        ready: list[UserUpdate | Outcome] = []
        while rows and rows[0].user not in pending:
            row = rows.popleft()
            if isinstance(row, UserUpdate):
                verdict = self._without.get(row.user) or (NOT_TRIED if is_over else None)
                if verdict is not None:
                    row = Outcome(row.position, verdict, row.row, row.user, row.keys)
                elif row.user in self._found:
                    row.keys = (self._found[row.user],)
            ready.append(row)
        return ready


def of_lookup(verdict: Verdict) -> Verdict:
    """Return the verdict on a row from that on its look-up: if no user was found, nothing was sent for the row."""
    if verdict.action is Action.STOP:
        return replace(verdict, status=Status.UNSENT) if verdict.status is Status.UNKNOWN else verdict
    if verdict.status not in (Status.UNKNOWN, Status.UNSENT):
        return verdict
    meaning = f"user could not be looked up: {verdict.meaning}"
    return replace(verdict, status=Status.UNSENT, meaning=meaning, remedy=_NOTHING_SENT, action=Action.RETRY)


def gathered(
    chunks: Iterator[Sequence[UserUpdate | Outcome]], clock: Clock, size: int
) -> Iterator[Sequence[UserUpdate | Outcome]]:
    """Yield rows in the chunks that they come in; those that come one by one within 20 ms together.

    So a source of one row at a time needs no request for each, and few of its rows wait if it yields nothing then.

    :param chunks: the rows in their order.
    :param clock: the source of time.
    :param size: how many rows are gathered at most.
    """
    rows: list[UserUpdate | Outcome] = []
    started = 0.0
    try:
        for chunk in chunks:
            if len(chunk) > 1:
                if rows:
                    yield rows
                    rows = []
                yield chunk
                continue
            if not rows:
                started = clock.monotonic()
            rows += chunk
            if len(rows) >= size or clock.monotonic() - started >= PATIENCE:
                yield rows
                rows = []
    except Exception:  # what was read before is pushed
        if rows:
            yield rows
        raise
    if rows:
        yield rows
