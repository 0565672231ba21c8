# SPDX-License-Identifier: Apache-2.0
"""The interface of an imitated vendor; only the vendors' own packages know more of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

from .basic import Login
from .clock import Clock
from .exchange import Request, Response
from .faults import Firing, Then
from .switches import Switch, Switches

StoredUser = dict[str, Any]


class Vendor(Protocol):
    """One imitated vendor and its state.

    :cvar name: its name in URLs and in the control API
    :cvar title: its display name
    :cvar login: the credentials of its default account
    :cvar environments: environments with separate users; a single empty name if it has none
    :cvar switches: its switches, whose names begin with its name
    """

    name: ClassVar[str]
    title: ClassVar[str]
    login: ClassVar[Login]
    environments: ClassVar[tuple[str, ...]]
    switches: ClassVar[tuple[Switch, ...]]

    def __init__(self, switches: Switches, clock: Clock) -> None:
        """Start without users."""

    def endpoint(self, path: str) -> str | None:
        """Return the documented path that matches, free of credentials; ``None`` if there is none."""

    def rows(self, request: Request) -> int:
        """Return the number of users in a request."""

    def users_named(self, request: Request) -> frozenset[str]:
        """Return the keys of the users in a request, as text."""

    def respond(self, request: Request, *, apply: bool = True, firing: Firing | None = None) -> Response:
        """Check a request as documented, apply it if ``apply`` is true, and return the response."""

    def alters_response(self, then: Then) -> bool:
        """Return whether a fault's code alters the vendor's own response instead of replacing it."""

    def check_fault(self, then: Then) -> None:
        """Refuse a fault that this vendor does not support."""

    def fault_response(self, then: Then) -> Response:
        """Return the response that a fault asks for, in the vendor's format if it documents one."""

    @staticmethod
    def user(number: int) -> Any:
        """Return a made-up user by number, in the form that `seed` takes."""

    def seed(self, users: list[Any], environment: str) -> int:
        """Add users before a test starts; return the number taken."""

    def count(self, environment: str) -> int:
        """Return the number of users."""

    def stored(self, environment: str) -> Iterator[tuple[str, StoredUser]]:
        """Iterate over the users."""

    def stored_user(self, key: str, environment: str) -> StoredUser | None:
        """Return one user, or None."""

    def flush(self) -> int:
        """Apply the queued updates; return the number applied."""

    def details(self) -> Mapping[str, object]:
        """Return further facts about the vendor's state."""

    def reset(self) -> None:
        """Discard all state."""


#: A vendor's class.
VendorClass: TypeAlias = type[Vendor]


def listed(vendors: Iterable[Vendor | VendorClass]) -> str:
    """Return the vendors' titles as a list in a sentence."""
    *others, last = (vendor.title for vendor in vendors)
    return f"{', '.join(others)} and {last}" if others else last
