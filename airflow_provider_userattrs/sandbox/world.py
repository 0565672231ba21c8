# SPDX-License-Identifier: Apache-2.0
"""The whole state of the sandbox: the three vendors, and what bends and records them."""

from __future__ import annotations

from .clock import Clock
from .engagelab.vendor import EngageLab
from .faults import Faults
from .journal import Journal
from .kahuna.vendor import Kahuna
from .moengage.vendor import MoEngage
from .pauses import Pauses
from .switches import Switches
from .vendor import Vendor


class World:
    """Everything that ``POST /_sandbox/reset`` puts back to its beginning."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.switches = Switches()
        self.faults = Faults()
        self.journal = Journal()
        self.pauses = Pauses()
        self.engagelab = EngageLab(self.switches)
        self.kahuna = Kahuna(self.switches)
        self.moengage = MoEngage(self.switches, self.clock)
        vendors: tuple[Vendor, ...] = (self.engagelab, self.kahuna, self.moengage)
        self.vendors = {vendor.name: vendor for vendor in vendors}

    def reset(self) -> None:
        """Forget everything; requests that wait are given up."""
        self.pauses.end()
        self.switches.reset()
        self.faults.clear()
        self.journal.reset()
        for vendor in self.vendors.values():
            vendor.reset()
