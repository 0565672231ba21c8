# SPDX-License-Identifier: Apache-2.0
"""What a vendor is known to hold, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from airflow_provider_userattrs.push.changes.mark import Mark
from airflow_provider_userattrs.push.changes.roster import Listed, Roster
from airflow_provider_userattrs.push.changes.table import FAILING, KNOWN, LISTED, SEEN, Table


@dataclass
class Known:
    """What the vendor is known to hold.

    :param table: digest of a user -> digest of the update that was accepted last.
    :param as_of: when the last push began that read its rows to their end, in seconds since 1970; if none did, when the
        first of those began that wrote what is known; None if nobody knows.
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

    def learn(self, touched: Sequence[int], accepted: Sequence[int], unset: Sequence[int], *, follows: bool) -> None:
        """Take in what a part of a journal says.

        What was accepted was about to be sent in an earlier part: who is in both is about to be sent once more.

        :param touched: the digests of users who were about to be sent.
        :param accepted: digest and value of each that was accepted, one after the other.
        :param unset: the digests of users of whom the vendor holds nothing any more.
        :param follows: whether nobody else has sent anything since; if not, nobody knows whose update came last.
        """
        table = self.table
        for key, value in zip(accepted[::2], accepted[1::2], strict=True):
            table.set(key, (value if follows else 0) | table.get(key) & LISTED)
        for key in unset if follows else ():
            table.set(key, 0)
        for key in touched:
            if (word := table.get(key)) < FAILING:
                table.set(key, word & LISTED)

    def dispute(self, items: Iterable[tuple[int, int]]) -> None:
        """Forget what another push, which ran at the same time, says differently.

        :param items: all that it knows: digest of a user, and of an update.
        """
        table = self.table
        for key, value in items:
            word = table.get(key)
            if (word ^ value) & KNOWN:
                table.set(key, word & LISTED)
                self.disputed += 1
            elif word:
                table.set(key, word | SEEN)  # by this loop; no row is read meanwhile
        for key, word in table.items():
            if word & KNOWN and not word & SEEN:
                table.set(key, word & LISTED)
                self.disputed += 1
        table.clear_flags(SEEN)

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
