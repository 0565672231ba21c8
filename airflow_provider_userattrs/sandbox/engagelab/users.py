# SPDX-License-Identifier: Apache-2.0
"""EngageLab's users by euid, with their contacts and identifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .operations import MISSING

MAX_LONG = 2**63 - 1  # seed 000_07f6870b0c84cf74.txt: euid is a Long
_FIRST_REGISTERED = 10_000_001


@dataclass(slots=True)
class User:
    """One user."""

    properties: dict[str, Any] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    updates: int = 0
    history: list[dict[str, Any]] | None = None

    def updated(self, change: dict[str, Any], keep_history: bool) -> None:
        """Count an update that was applied."""
        self.updates += 1
        if keep_history:
            self.history = self.history or []
            self.history.append(change)

    def view(self) -> dict[str, Any]:
        """Return the user as the control API shows it."""
        shown = {"properties": self.properties, "contacts": self.contacts, "updates": self.updates}
        return shown if self.history is None else {**shown, "history": self.history}


class Users:
    """All users of the project."""

    def __init__(self) -> None:
        self.by_euid: dict[int, User] = {}
        self._holders: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._by_identifier: dict[tuple[str, str], int] = {}
        self._next_euid = _FIRST_REGISTERED

    def add(self, euid: int) -> User:
        """Add a user, unless it exists already."""
        return self.by_euid.setdefault(euid, User())

    def identify(self, euid: int, name: str, value: str) -> None:
        """Give a user an identifier; several may lead to one euid.

        https://www.engagelab.com/learning-center/ma/article/understanding-euid-and-user-identifiers-in-cdp
        """
        self.add(euid)
        self._by_identifier[name, value] = euid

    def find(self, name: str, value: str) -> int | None:
        """Return the euid of an identifier, or None if it is unknown."""
        return self._by_identifier.get((name, value))

    def register(self, name: str, value: str) -> int:
        """Return the euid of an identifier, a new one if it is unknown."""
        euid = self.find(name, value)
        if euid is None:
            while self._next_euid in self.by_euid:
                self._next_euid += 1
            euid = self._by_identifier[name, value] = self._next_euid
            self.add(euid)
        return euid

    def is_contact_taken(self, euid: int, contacts: Mapping[str, str]) -> bool:
        """Return whether another user has one of these contacts."""
        return any(self._holders.get(contact, set()) - {euid} for contact in contacts.items())

    def store_properties(self, euid: int, changed: Mapping[str, Any]) -> User:
        """Store properties; ``MISSING`` removes one."""
        user = self.add(euid)
        for name, value in changed.items():
            if value is MISSING:
                user.properties.pop(name, None)
            else:
                user.properties[name] = value
        return user

    def store_contacts(self, euid: int, contacts: Mapping[str, str]) -> User:
        """Store contacts."""
        user = self.add(euid)
        for name, value in contacts.items():
            if name in user.contacts:
                self._holders[name, user.contacts[name]].discard(euid)
            user.contacts[name] = value
            self._holders[name, value].add(euid)
        return user
