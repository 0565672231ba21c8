# SPDX-License-Identifier: Apache-2.0
"""One shard of a push that is split over mapped tasks, and its share of the vendor's cap."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.operation import format_rate

#: The fraction of a cap that all shards use together: they are not coordinated, and the network may deliver in bursts.
_SHARE = 0.97

#: Into how many shards a push may be split: as many as a task is mapped to by default (`[core] max_map_length`).
MAX_SHARDS = 1024


@dataclass(frozen=True)
class Shard:
    """Which shard of a push this is.

    :param number: from 1.
    :param of: how many shards there are.
    :param at_once: how many of them run at one time, at most.
    """

    number: int
    of: int
    at_once: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, limit: int) -> int:
        """Return how many of the rows that all shards together may read are this shard's.

        :param limit: how many all together may read.
        """
        return limit // self.of + (self.number <= limit % self.of)

    def as_dict(self) -> dict[str, int]:
        """Return which shard it is, as a report says it."""
        return {"number": self.number, "of": self.of}

    def share(self, cap: float) -> float:
        """Return this shard's share of a cap, in whole units per second.

        A rate of whole units keeps every window of one second within it, wherever the window begins; so the shards
        together keep the cap, whichever of them run and however their requests coincide.

        :param cap: what all shards together may send a second.
        :raises RefusedConfiguration: if there is less than one unit for each.
        """
        whole = max(floor(cap * _SHARE), min(floor(cap), self.at_once))
        units = whole // self.at_once
        if not units:
            raise RefusedConfiguration(
                f"{self.at_once} shards at one time cannot share a cap of {format_rate(cap)} per second without "
                "exceeding it; split into fewer shards, or give shards a lower at_once"
            )
        # If all shards run at once, the remainder goes to the first ones; with fewer, it is not known which those are.
        left = whole - units * self.at_once if self.at_once == self.of else 0
        return float(units + (self.number <= left))
