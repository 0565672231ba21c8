# SPDX-License-Identifier: Apache-2.0
"""A part of a push that was split over tasks, and its part of the vendor's cap."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import format_rate

#: What of a cap shards take together. They do not know of each other, and a network bunches what they send.
_SHARE = 0.97


@dataclass(frozen=True)
class Shard:
    """Say which part of a push this is.

    :param number: from 1.
    :param of: how many parts there are.
    :param at_once: how many of them are at work at one time, at most.
    """

    number: int
    of: int
    at_once: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def share(self, cap: float) -> float:
        """Return this shard's part of a cap per second, in whole units.

        A pace of so many whole units lets no second hold more of them, wherever it begins; so whichever shards are
        at work, and however their paces fall together, their sum keeps the cap.

        :param cap: what all shards together may send a second.
        :raises RefusedConfiguration: if there is less than one unit for each.
        """
        whole = max(floor(cap * _SHARE), min(floor(cap), self.at_once))
        units = whole // self.at_once
        if not units:
            raise RefusedConfiguration(
                f"{self.at_once} shards at one time cannot share a cap of {format_rate(cap)} a second without going "
                "over it; split into fewer, or give shards a lower at_once"
            )
        # With all shards at work, what is left over goes to the first ones; with fewer, it cannot be told to which.
        left = whole - units * self.at_once if self.at_once == self.of else 0
        return float(units + (self.number <= left))
