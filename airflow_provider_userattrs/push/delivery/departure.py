# SPDX-License-Identifier: Apache-2.0
"""Whether a request may leave, decided once: by the thread that is about to write it, or by a push that ends."""

from __future__ import annotations

from threading import Lock

from airflow_provider_userattrs.push.model.errors import NotSent


class Departure:
    """Let one request leave, or forbid it; whichever comes first holds for good."""

    __slots__ = ("_decided",)

    def __init__(self) -> None:
        self._decided = Lock()  # taken once, never given back

    def leave(self) -> None:
        """Say that the first byte is about to leave.

        :raises NotSent: if none may leave any more.
        """
        if not self._decided.acquire(blocking=False):
            raise NotSent("The push ended before the request left", "the push had ended")

    def forbid(self) -> bool:
        """Let no byte leave from now on; return False if one may have left already."""
        return self._decided.acquire(blocking=False)
