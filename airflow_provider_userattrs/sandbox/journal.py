# SPDX-License-Identifier: Apache-2.0
"""The journal of all requests, without credentials, bodies or personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request. ``status`` is null until the response."""

    number: int
    vendor: str
    method: str
    path: str
    env: str | None
    rows: int
    bytes: int
    at: float
    monotonic: float
    status: int | None = None
    applied: bool = False
    fault: int | None = None
    codes: dict[str, int] = field(default_factory=dict)


def worst_window(entries: Sequence[Entry], seconds: float) -> dict[str, int]:
    """Return the most requests, and the most rows, that arrived within any ``seconds``."""
    entries = sorted(entries, key=attrgetter("monotonic"))
    requests = rows = rows_now = start = 0
    for end, entry in enumerate(entries):
        rows_now += entry.rows
        while entry.monotonic - entries[start].monotonic >= seconds:
            rows_now -= entries[start].rows
            start += 1
        requests = max(requests, end - start + 1)
        rows = max(rows, rows_now)
    return {"requests": requests, "rows": rows}


class Journal:
    """All requests since the last reset, in the order in which they were taken."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget every request; numbers start at 1 again."""
        self._entries: list[Entry] = []
        self._last_number = 0

    def next_number(self) -> int:
        """Return the number of the next request."""
        self._last_number += 1
        return self._last_number

    def add(self, entry: Entry) -> None:
        """Record a request, in the order of the numbers."""
        entries = self._entries
        entries.append(entry)
        index = len(entries) - 1
        # Requests with a later number may be recorded already, if this one's body took long to arrive.
        while index and entries[index - 1].number > entry.number:
            entries[index] = entries[index - 1]
            index -= 1
        entries[index] = entry

    def entries(self, vendor: str | None = None) -> list[Entry]:
        """Return the requests to one vendor, or all of them."""
        return [entry for entry in self._entries if vendor in (None, entry.vendor)]

    def listing(self, vendor: str | None, limit: int | None) -> list[dict[str, Any]]:
        """Return the last requests, oldest first."""
        entries = self.entries(vendor)
        if limit is not None:
            entries = entries[max(0, len(entries) - limit) :]
        return [asdict(entry) for entry in entries]

    def summary(self, vendor: str | None) -> dict[str, Any]:
        """Return counts of the requests, and the worst sliding second and minute."""
        entries = self.entries(vendor)
        codes: Counter[str] = Counter()
        for entry in entries:
            codes.update(entry.codes)
        return {
            "requests": len(entries),
            "rows": sum(entry.rows for entry in entries),
            "applied": sum(entry.applied for entry in entries),
            "by_status": Counter("none" if entry.status is None else str(entry.status) for entry in entries),
            "by_code": codes,
            "worst_second": worst_window(entries, 1),
            "worst_minute": worst_window(entries, 60),
        }
