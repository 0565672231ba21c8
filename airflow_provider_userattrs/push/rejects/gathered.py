# SPDX-License-Identifier: Apache-2.0
"""Gathers rows that were not accepted, so that many are written at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.push.model.verdict import Outcome

#: Seconds for which rows may be held at most, once a verdict follows on them.
WRITE_EVERY = 0.25

#: Rows that are held at most.
MAX_HELD = 500


class Writer(Protocol):
    """Writes rejects."""

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write rows, so that they survive the process."""

    def settle(self, *, now: bool) -> bool:
        """Make sure that the rows written survive a crash; return whether they do."""

    def close(self) -> None:
        """Finish the file."""


class GatheredRejects:
    """Holds rejects for up to 0.25 s, and writes them together: always before a checkpoint counts them.

    The first ones after a while are written at once.

    :param writer: writes them.
    :param clock: the source of time.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._held: list[Outcome] = []
        self._next_write = clock.monotonic()
        #: Why a checkpoint could not have them written.
        self._error: RetryLater | None = None

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write rows, or hold them.

        :raises RetryLater: if rows cannot be written.
        """
        self._held += outcomes
        if len(self._held) >= MAX_HELD or self._clock.monotonic() >= self._next_write:
            self._flush()

    def settle(self, *, now: bool) -> bool:
        """Write what is held, and make sure that it survives a crash; return whether it does.

        :param now: whether it must be now; else it may be put off where it costs much.
        """
        try:
            self._flush()
        except RetryLater as error:
            self._error = error
            return False
        return self._writer.settle(now=now)

    def close(self) -> None:
        """Write what is held, and finish the file.

        :raises RetryLater: if that fails, or has failed where nobody was told.
        """
        try:
            self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        self._next_write = self._clock.monotonic() + WRITE_EVERY
        held, self._held = self._held, []
        error, self._error = self._error, None
        if error is not None:
            raise error
        if held:
            self._writer.write(held)
