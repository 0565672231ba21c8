# SPDX-License-Identifier: Apache-2.0
"""What the control API refuses, by name."""

from __future__ import annotations


class RefusedError(ValueError):
    """A control request that cannot be carried out; its text names the field and what would be right."""
