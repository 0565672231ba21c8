# SPDX-License-Identifier: Apache-2.0
"""The error of the control API."""

from __future__ import annotations


class RefusedError(ValueError):
    """A control request that cannot be carried out; the message names the field and what it must be."""
