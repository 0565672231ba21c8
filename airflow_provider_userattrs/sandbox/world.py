# SPDX-License-Identifier: Apache-2.0
"""The whole state of the sandbox: vendors, switches, faults and journal."""

from __future__ import annotations

from collections.abc import Iterable

from .clock import Clock
from .faults import Faults
from .journal import Journal
from .pauses import Pauses
from .switches import Switches
from .vendor import Vendor, VendorClass
from .vendors import VENDORS
from .welcome import populate


class World:
    """Everything that ``POST /_sandbox/reset`` resets.

    :param clock: the clock
    :param vendors: the imitated vendors
    :param populated: whether each vendor has users at the start; see ``welcome``
    """

    def __init__(
        self, clock: Clock | None = None, vendors: Iterable[VendorClass] = VENDORS, *, populated: bool = False
    ) -> None:
        vendors = tuple(vendors)
        self.clock = clock or Clock()
        self.switches = Switches(switch for vendor in vendors for switch in vendor.switches)
        self.faults = Faults()
        self.journal = Journal()
        self.pauses = Pauses()
        self.vendors: dict[str, Vendor] = {vendor.name: vendor(self.switches, self.clock) for vendor in vendors}
        self._populated = populated
        self._populate()

    def reset(self) -> None:
        """Reset all state, and drop the waiting requests."""
        self.pauses.end()
        self.switches.reset()
        self.faults.clear()
        self.journal.reset()
        for vendor in self.vendors.values():
            vendor.reset()
        self._populate()

    def _populate(self) -> None:
        for vendor in self.vendors.values() if self._populated else ():
            populate(vendor)
