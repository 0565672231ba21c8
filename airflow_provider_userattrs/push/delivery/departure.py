# SPDX-License-Identifier: Apache-2.0
"""Whether a request may be sent, decided once: by the thread that is about to send it, or by a push that ends."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.errors import NotSent


class Departure:
    """Allows one request to be sent, or forbids it; whichever is called first is final."""

    __slots__ = ("_undecided",)

    def __init__(self) -> None:
        self._undecided = [None]  # a list's own methods are atomic: no lock

    def leave(self) -> None:
        """Claim the right to send; called right before the first byte.

        :raises NotSent: if it is forbidden.
        """
        try:
            self._undecided.pop()
        except IndexError:
            raise NotSent("The push ended before the request was sent", "the push had ended") from None

    def forbid(self) -> bool:
        """Forbid sending; return False if the first byte may have been sent already."""
        try:
            self._undecided.pop()
        except IndexError:
            return False
        return True
