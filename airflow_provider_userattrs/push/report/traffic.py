# SPDX-License-Identifier: Apache-2.0
"""What one try sends, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Traffic:
    """What one try sends, counted.

    :param requests: requests sent.
    :param retries: how many of them were sent again.
    :param bytes: bytes of their bodies.
    :param duplicates: rows that name a user again, as far as users are remembered; known at the end.
    :param request_id: the vendor's id of the last request that it did not plainly accept; empty if there is none.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    duplicates: int = 0
    request_id: str = ""

    def add(self, other: Traffic) -> None:
        """Add what else the try sends; no row of it names a user again."""
        self.requests += other.requests
        self.retries += other.retries
        self.bytes += other.bytes
