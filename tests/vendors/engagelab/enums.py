# SPDX-License-Identifier: Apache-2.0
"""Enumerations as values."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    HIGH = 3
