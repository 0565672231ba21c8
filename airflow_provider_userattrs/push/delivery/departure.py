# SPDX-License-Identifier: Apache-2.0
"""Whether a request may be sent, decided once: by the thread that is about to send it, or by a push that ends."""

from __future__ import annotations

from threading import Lock

from airflow_provider_userattrs.push.model.errors import NotSent


class Departure:
    """Allows one request to be sent, or forbids it; whichever is called first is final."""

    __slots__ = ("_decided",)

    def __init__(self) -> None:
        self._decided = Lock()  # acquired once, never released

    def leave(self) -> None:
        """Claim the right to send; called right before the first byte.

        :raises NotSent: if it is forbidden.
        """
        if not self._decided.acquire(blocking=False):
            raise NotSent("The push ended before the request was sent", "the push had ended")

    def forbid(self) -> bool:
        """Forbid sending; return False if the first byte may have been sent already."""
        return self._decided.acquire(blocking=False)
