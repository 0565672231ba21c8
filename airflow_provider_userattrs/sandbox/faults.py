# SPDX-License-Identifier: Apache-2.0
"""Faults that a test or a demo injects.

A fault is ``{"vendor": ..., "path": ..., "when": {...}, "then": {...}}``. ``vendor`` is a vendor's name, or
null for any; ``path`` is a part of the request's path (``/v1/user/property``), or null for any.

============================== ==============================================================================
``when``                       the fault happens to
============================== ==============================================================================
absent or null                 every request
``{"next": n}``                the next n requests that no earlier fault happens to
``{"every": k}``               every k-th request
``{"from": i, "to": j}``       the i-th to the j-th request, from 1; without ``to``, or with null: no end
``{"users": [...]}``           requests that name one of these users: EngageLab euid or identifier, any
                               credential value at Kahuna, MoEngage customer_id
``{"users": ..., "times": n}`` likewise, n times; null: always
============================== ==============================================================================

Requests are counted for each fault since it was set, and only those of its vendor and path.

================= ===========================================================================================
``then``          meaning
================= ===========================================================================================
``status``        the HTTP status, with the vendor's own error body where the vendor documents that status,
                  else with a gateway's HTML; 2xx: the vendor's own success. 200 to 599
``code``          needs ``vendor``.
                  EngageLab: the body's code; 0 is a partial success: the last property is not stored.
                  Kahuna: the ``error_code`` of the items of the listed ``users``, or of all items; other items
                  are handled as usual. With ``status``: the code of the whole request.
                  MoEngage: the error's type, one of ``moengage.errors``; another one needs ``status``
``message``       the text beside the code; needs ``code`` or ``status``
``body``          the literal body (broken JSON, HTML); status 200 unless ``status`` is given
``content_type``  the Content-Type
``headers``       more headers (Retry-After, x-ratelimit-reset, ...)
``location``      a redirect there; status 302 unless ``status`` is given
``short_array``   Kahuna: the last n items are missing from the response
``delay``         seconds before the response
``hold``          true: no response until ``POST /_sandbox/release``, or until the client disconnects
``close``         true: the connection is closed without a response
``apply``         "before": the update is applied, then the fault happens; "never": it is not applied
================= ===========================================================================================

Without ``apply``, a fault that replaces the vendor's response, or closes the connection, does not apply the update. One
that only delays (``delay``, ``hold``) or alters the vendor's own response (``headers``, ``content_type``,
``short_array``, EngageLab's code 0) applies it after the wait, unless the client has disconnected; with "never" the
vendor responds as usual, and the update is lost. At Kahuna a ``code`` by item concerns these items alone.

Only the first matching fault happens to a request, except that faults by item add up. A fault precedes the vendor's
own checks, except ``code`` by item and ``"apply": "before"``, which need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class When:
    """Which requests a fault happens to."""

    next: int | None = None
    every: int | None = None
    first: int = 1
    last: int | None = None
    users: frozenset[str] | None = None
    times: int | None = None

    def due(self, seen: int, fired: int, users: Callable[[], frozenset[str]]) -> bool:
        """Return whether the fault happens to its ``seen``-th request, after it has happened ``fired`` times."""
        if self.next is not None:
            return fired < self.next
        if self.every is not None:
            return seen % self.every == 0
        if self.users is not None:
            return (self.times is None or fired < self.times) and not self.users.isdisjoint(users())
        return seen >= self.first and (self.last is None or seen <= self.last)


@dataclass(frozen=True, slots=True)
class Then:
    """What happens."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    code: int | str | None = None
    message: str | None = None
    body: str | None = None
    content_type: str | None = None
    short_array: int = 0
    location: str | None = None
    delay: float = 0
    hold: bool = False
    close: bool = False
    apply: str | None = None

    @property
    def is_success(self) -> bool:
        """Return whether the fault asks for the vendor's own success."""
        good = self.status is not None and 200 <= self.status < 300
        return good and self.code is None and self.body is None and self.location is None

    @property
    def by_code(self) -> bool:
        """Return whether the code alone determines the response."""
        return self.code is not None and self.status is None and self.body is None and self.location is None

    @property
    def replaces_response(self) -> bool:
        """Return whether the fault replaces the vendor's response."""
        given = (self.status, self.code, self.body, self.location)
        return any(part is not None for part in given)

    @property
    def waits(self) -> bool:
        """Return whether the response is delayed or held."""
        return self.delay > 0 or self.hold


@dataclass(slots=True)
class Fault:
    """A fault as it was set, with its two counts."""

    id: int
    vendor: str | None
    path: str | None
    when: When
    then: Then
    text: Mapping[str, Any]
    seen: int = 0
    fired: int = 0

    def concerns(self, vendor: str, path: str) -> bool:
        """Return whether a request is counted for this fault."""
        return self.vendor in (None, vendor) and (self.path is None or self.path in path)


@dataclass(frozen=True, slots=True)
class Firing:
    """What happens to one request: one fault, and at Kahuna also the faults of its items by user."""

    id: int
    then: Then
    items: Mapping[str, Then] = field(default_factory=dict)
    every_item: bool = False


class Faults:
    """The active faults, in the order in which they were set."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def clear(self) -> None:
        """Remove every fault; ids are not reused."""
        self._faults = []

    def add(self, parsed: Iterable[tuple[str | None, str | None, When, Then, Mapping[str, Any]]]) -> list[int]:
        """Add faults and return their ids."""
        added = []
        for vendor, path, when, then, text in parsed:
            self._last_id += 1
            added.append(Fault(self._last_id, vendor, path, when, then, text))
        self._faults.extend(added)
        return [fault.id for fault in added]

    def listing(self) -> list[dict[str, Any]]:
        """Return the faults as they were set, with their ids and counts."""
        return [{"id": f.id, **f.text, "seen": f.seen, "fired": f.fired} for f in self._faults]

    def match(
        self,
        vendor: str,
        path: str,
        users: Callable[[], frozenset[str]],
        by_item: Callable[[Then], bool],
    ) -> Firing | None:
        """Count a request, and return what happens to it."""
        items: dict[str, Then] = {}
        first: Fault | None = None
        whole: Fault | None = None
        for fault in self._faults:
            if not fault.concerns(vendor, path):
                continue
            fault.seen += 1
            if whole is not None or not fault.when.due(fault.seen, fault.fired, users):
                continue
            fault.fired += 1
            first = first or fault
            if fault.when.users is not None and by_item(fault.then):
                for user in fault.when.users:
                    items.setdefault(user, fault.then)
            else:
                whole = fault
        matched = whole or first
        if matched is None:
            return None
        every_item = whole is not None and by_item(whole.then)
        return Firing(matched.id, matched.then, items, every_item)
