# SPDX-License-Identifier: Apache-2.0
"""What the sandbox asks of an imitated vendor: all but the vendors' own packages works through this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

from .basic import Login
from .clock import Clock
from .exchange import Answer, Call
from .faults import Firing, Then
from .switches import Switch, Switches

HeldUser = dict[str, Any]


class Vendor(Protocol):
    """One imitated vendor with everything it holds.

    :cvar name: its name in URLs and in the control API
    :cvar title: its name as a person writes it
    :cvar login: what its default account logs in with
    :cvar environments: where it keeps users apart; one without a name if it does not
    :cvar switches: its switches, whose names start with its own
    """

    name: ClassVar[str]
    title: ClassVar[str]
    login: ClassVar[Login]
    environments: ClassVar[tuple[str, ...]]
    switches: ClassVar[tuple[Switch, ...]]

    def __init__(self, switches: Switches, clock: Clock) -> None:
        """Begin with nobody."""

    def endpoint(self, path: str) -> str | None:
        """Name the documented path that this one is, free of credentials; ``None`` if there is none."""

    def rows(self, call: Call) -> int:
        """Count the users in a call."""

    def users_named(self, call: Call) -> frozenset[str]:
        """Give the keys of the users in a call, as text."""

    def answer(self, call: Call, *, apply: bool = True, firing: Firing | None = None) -> Answer:
        """Check a call as the documents say, apply it unless told not to, and answer it."""

    def keeps_answering(self, then: Then) -> bool:
        """Tell whether a fault's code bends the vendor's own answer and does not replace it."""

    def check_fault(self, then: Then) -> None:
        """Refuse a fault that makes no sense at this vendor."""

    def fault_answer(self, then: Then) -> Answer:
        """Build the answer that a fault asks for, in the vendor's form where it has one."""

    @staticmethod
    def user(number: int) -> Any:
        """Make up the user of a number, in the form that `seed` takes."""

    def seed(self, users: list[Any], environment: str) -> int:
        """Take users in before a test starts; give the number taken."""

    def count(self, environment: str) -> int:
        """Count the users held."""

    def held(self, environment: str) -> Iterator[tuple[str, HeldUser]]:
        """Go through the users held."""

    def held_user(self, key: str, environment: str) -> HeldUser | None:
        """Look up one user."""

    def flush(self) -> int:
        """Apply what was accepted and is still queued; give the number applied."""

    def details(self) -> Mapping[str, object]:
        """Say what else is worth knowing about the vendor's state."""

    def reset(self) -> None:
        """Forget everything."""


#: What makes a vendor, with all that is known of it beforehand.
VendorClass: TypeAlias = type[Vendor]


def listed(vendors: Iterable[Vendor | VendorClass]) -> str:
    """Name vendors in a sentence."""
    *others, last = (vendor.title for vendor in vendors)
    return f"{', '.join(others)} and {last}" if others else last
