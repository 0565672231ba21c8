# SPDX-License-Identifier: Apache-2.0
"""Each vendor as the tests know it: a module and a line here, and every suite takes it from there."""

from __future__ import annotations

from vendor_cases.base import Documented, VendorCase
from vendor_cases.engagelab import ENGAGELAB
from vendor_cases.kahuna import KAHUNA
from vendor_cases.moengage import MOENGAGE
from vendor_cases.petrel import PETREL

__all__ = ["VENDOR_CASES", "Documented", "VendorCase"]

#: Connection type -> the vendor.
VENDOR_CASES: dict[str, VendorCase] = {case.name: case for case in (ENGAGELAB, KAHUNA, MOENGAGE, PETREL)}
