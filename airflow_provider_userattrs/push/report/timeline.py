# SPDX-License-Identifier: Apache-2.0
"""The throughput of a push over all its tries: rows finished and requests retried, in intervals of equal length."""

from __future__ import annotations

from typing import Any

#: Length of an interval in seconds at first; it doubles whenever there are more than `MAX_INTERVALS`.
FIRST_INTERVAL = 0.25

MAX_INTERVALS = 60


class Timeline:
    """Rows and retries by time, in at most 60 intervals, however long the push takes.

    Only the time that tries take is counted, so that a retry an hour later follows on at once.
    """

    def __init__(self) -> None:
        self.interval = FIRST_INTERVAL
        self.rows: list[int] = []
        self.retries: list[int] = []
        self._seen = (0, 0)

    def begin(self, rows: int, retries: int) -> None:
        """Continue from the totals of earlier tries."""
        self._seen = (rows, retries)

    def note(self, seconds: float, rows: int, retries: int) -> None:
        """Record how far the push has come.

        :param seconds: what all tries took so far.
        :param rows: the rows done in all.
        :param retries: the requests tried again in all.
        """
        index = int(seconds / self.interval)
        while index >= MAX_INTERVALS:
            self._merge()
            index = int(seconds / self.interval)
        missing = index + 1 - len(self.rows)
        self.rows.extend([0] * missing)
        self.retries.extend([0] * missing)
        self.rows[index] += max(rows - self._seen[0], 0)
        self.retries[index] += max(retries - self._seen[1], 0)
        self._seen = (rows, retries)

    def as_dict(self) -> dict[str, Any]:
        """Return the timeline as a small JSON dict."""
        return {"interval_seconds": self.interval, "rows": self.rows.copy(), "retries": self.retries.copy()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Timeline:
        """Return the timeline that `as_dict` described."""
        timeline = cls()
        timeline.interval = state["interval_seconds"]
        timeline.rows = list(state["rows"])
        timeline.retries = list(state["retries"])
        return timeline

    def _merge(self) -> None:
        self.interval *= 2
        self.rows = _in_pairs(self.rows)
        self.retries = _in_pairs(self.retries)


def _in_pairs(counts: list[int]) -> list[int]:
    return [sum(counts[index : index + 2]) for index in range(0, len(counts), 2)]
