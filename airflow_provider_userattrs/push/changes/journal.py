# SPDX-License-Identifier: Apache-2.0
"""Writes what a running push does into the journal: who is about to be sent, and what was accepted."""

from __future__ import annotations

from contextlib import suppress

from airflow_provider_userattrs.push.changes.known import Known
from airflow_provider_userattrs.push.changes.known_files import KnownFiles
from airflow_provider_userattrs.push.changes.roster import Listed
from airflow_provider_userattrs.push.model.clock import Clock
from airflow_provider_userattrs.push.model.errors import RetryLater

#: Seconds between two parts that say what was accepted, or who was unset.
_EVERY = 5.0


class Journal:
    """Gathers what the next part of the journal says, and writes it.

    :param files: where it is written.
    :param known: lists the users whose ids are kept.
    :param writes: whether anything is written; a dry run writes nothing.
    :param clock: the source of time.
    """

    def __init__(self, files: KnownFiles, known: Known, *, writes: bool, clock: Clock) -> None:
        self.writes = writes
        #: What the next part says: the digests of users who are about to be sent, digest and value of each that was
        #: accepted, the users who are to be listed, and the digests of those who were unset.
        self.touched: list[int] = []
        self.accepted: list[int] = []
        self.listed: list[Listed] = []
        self.unset: list[int] = []
        self._files = files
        self._known = known
        self._clock = clock
        self._due_at = clock.monotonic() + _EVERY

    def write(self) -> None:
        """Write a part, if there is anything to say.

        :raises RetryLater: if it cannot be written.
        """
        if not self.writes:
            return
        self._known.list_users(self.listed)
        said = self.touched, self.accepted, self.listed, self.unset
        if not any(said):
            return
        try:
            self._files.note(*said)
        except Exception as error:  # each storage has exceptions of its own
            raise _unwritten(error) from error
        for each in said:
            each.clear()

    def write_verdicts(self) -> None:
        """Write what was accepted and who was unset; what cannot be written will be sent again."""
        if self.accepted or self.unset:
            self._due_at = self._clock.monotonic() + _EVERY
            with suppress(RetryLater):
                self.write()

    def write_verdicts_if_due(self) -> None:
        """Do so every 5 s."""
        if self._clock.monotonic() >= self._due_at:
            self.write_verdicts()


def _unwritten(error: Exception) -> RetryLater:
    return RetryLater(
        f"changed_only: what is sent cannot be noted ({type(error).__name__}), and without that a later push could "
        "take it for unchanged; fix the storage of its path, then retry the task"
    )
