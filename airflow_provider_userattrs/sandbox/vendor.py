# SPDX-License-Identifier: Apache-2.0
"""What the sandbox asks of an imitated vendor: all but the vendors' own packages works through this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from .exchange import Answer, Call
from .faults import Firing, Then

HeldUser = dict[str, Any]


class Vendor(Protocol):
    """One imitated vendor with everything it holds."""

    name: str
    title: str
    environments: tuple[str, ...]

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
