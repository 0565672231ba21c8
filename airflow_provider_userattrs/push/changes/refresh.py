# SPDX-License-Identifier: Apache-2.0
"""Decides who is sent although nothing changed: everybody within a period, each user at a time of its own."""

from __future__ import annotations

from datetime import timedelta


class Refresh:
    """Tells whose turn it is.

    :param after: after how long a user is sent although nothing changed; None for never.
    :param now: when the push began, in seconds since 1970.
    :param as_of: when the last push began that read its rows to their end, or else the first one; None if nobody knows.
    """

    def __init__(self, after: timedelta | None, now: int, as_of: float | None) -> None:
        self._period = None if after is None else max(1, int(after.total_seconds()))
        self._now = now
        self._as_of = None if as_of is None else int(as_of)

    @property
    def is_off(self) -> bool:
        """Return whether it is nobody's turn, whoever it is."""
        return self._period is None

    def asks_for_all_rows(self) -> bool:
        """Tell whether all rows are to be read, where only new ones are otherwise.

        They are some nine times a period, so that each user's turn comes; the period is shorter by as much.
        """
        if self._period is None:
            return False
        self._period = max(1, self._period * 8 // 9)
        return self._as_of is None or self._now - self._as_of >= self._period / 8

    def stop(self) -> None:
        """Have nobody's turn come."""
        self._period = None

    def is_due(self, user: int) -> bool:
        """Tell whether a user's turn has come since the last push that read its rows to their end.

        :param user: the user's digest.
        """
        period, as_of = self._period, self._as_of
        return period is not None and (as_of is None or (self._now - user) // period != (as_of - user) // period)
