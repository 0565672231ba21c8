# SPDX-License-Identifier: Apache-2.0
"""The imitated vendors. A new one is one more line here; everything else reads this table."""

from __future__ import annotations

from .engagelab.vendor import EngageLab
from .kahuna.vendor import Kahuna
from .moengage.vendor import MoEngage
from .vendor import VendorClass

VENDORS: tuple[VendorClass, ...] = (EngageLab, Kahuna, MoEngage)
