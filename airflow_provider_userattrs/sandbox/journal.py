# SPDX-License-Identifier: Apache-2.0
"""The journal: every request that came in, without credentials, bodies or personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request. ``status`` is null while there is no answer, and for good if there never is one."""

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
    """Find the most requests, and the most rows, that arrived within any span shorter than ``seconds``."""
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
        """Give a request its number, when it is taken."""
        self._last_number += 1
        return self._last_number

    def add(self, entry: Entry) -> None:
        """Write a request down; its number decides its place."""
        entries = self._entries
        entries.append(entry)
        place = len(entries) - 1
        # A body that took long to arrive: entries that were taken later stand before it already.
        while place and entries[place - 1].number > entry.number:
            entries[place] = entries[place - 1]
            place -= 1
        entries[place] = entry

    def entries(self, vendor: str | None = None) -> list[Entry]:
        """Give the requests to one vendor, or all of them."""
        return [entry for entry in self._entries if vendor in (None, entry.vendor)]

    def listing(self, vendor: str | None, limit: int | None) -> list[dict[str, Any]]:
        """Give the last requests, oldest first."""
        entries = self.entries(vendor)
        if limit is not None:
            entries = entries[max(0, len(entries) - limit) :]
        return [asdict(entry) for entry in entries]

    def summary(self, vendor: str | None) -> dict[str, Any]:
        """Count the requests and find the worst sliding second and minute."""
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
