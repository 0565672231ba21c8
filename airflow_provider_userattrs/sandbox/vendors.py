# SPDX-License-Identifier: Apache-2.0
"""The vendors that are imitated: another one is a line here, and all else takes it from there."""

from __future__ import annotations

from .engagelab.vendor import EngageLab
from .kahuna.vendor import Kahuna
from .moengage.vendor import MoEngage
from .vendor import VendorClass

VENDORS: tuple[VendorClass, ...] = (EngageLab, Kahuna, MoEngage)
