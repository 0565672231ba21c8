# SPDX-License-Identifier: Apache-2.0
"""What a vendor is known to hold, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from airflow_provider_userattrs.push.changes.mark import Mark
from airflow_provider_userattrs.push.changes.roster import Listed, Roster
from airflow_provider_userattrs.push.changes.table import LISTED, Table


@dataclass
class Known:
    """What the vendor is known to hold.

    :param table: digest of a user -> digest of the update that was accepted last.
    :param as_of: when the last push began that read its rows to their end, in seconds since 1970; None if none did.
    :param full: why nothing is known, in words; None if something is.
    :param disputed: of how many users two pushes at once say something else; these are not known.
    :param mark: how far the rows are finished, where a push reads only new ones; None if all are to be read.
    :param roster: the users of whom the vendor may hold something; empty where ids are not kept.
    """

    table: Table = field(default_factory=Table)
    roster: Roster = field(default_factory=Roster)
    as_of: float | None = None
    full: str | None = None
    disputed: int = 0
    mark: Mark | None = None

    def list_users(self, users: Sequence[Listed]) -> None:
        """Add the users that are not listed."""
        table = self.table
        words = table.look_up([digests[0] for digests, _ in users])
        unlisted = {user[0][0]: user for user, word in zip(users, words, strict=True) if not word & LISTED}
        self.roster.add([*unlisted.values()])
        table.mark(unlisted, LISTED)

    def listed(self) -> Iterator[list[Listed]]:
        """Yield the users that are listed still, in blocks."""
        for block in self.roster.blocks():
            words = self.table.look_up([digests[0] for digests, _ in block])
            yield [user for user, word in zip(block, words, strict=True) if word & LISTED]

    def close(self) -> None:
        """Free the memory and the files."""
        self.table.close()
        self.roster.close()
