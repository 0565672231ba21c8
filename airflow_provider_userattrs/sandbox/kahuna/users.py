# SPDX-License-Identifier: Apache-2.0
"""The users of one Kahuna environment, found by their credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class User:
    """One user."""

    credentials: dict[str, str]
    attributes: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    history: list[dict[str, Any]] | None = None

    def update(self, attributes: Mapping[str, Any], keep_history: bool) -> None:
        """Overwrite attributes; null deletes (seed 002_3492fff7f26e71be.txt)."""
        for name, value in attributes.items():
            if value is None:
                self.attributes.pop(name, None)
            else:
                self.attributes[name] = value
        self.updates += 1
        if keep_history:
            self.history = self.history or []
            self.history.append({"attributes": dict(attributes)})

    def view(self) -> dict[str, Any]:
        """Return the user as the control API shows it."""
        shown = {"credentials": self.credentials, "attributes": self.attributes, "updates": self.updates}
        return shown if self.history is None else {**shown, "history": self.history}


class Users:
    """All users of one environment, keyed by the value of their first credential."""

    def __init__(self) -> None:
        self.by_key: dict[str, User] = {}
        self._by_credential: dict[tuple[str, str], User] = {}

    def add(self, credentials: Mapping[str, str]) -> None:
        """Add a user; credentials that another user has stay with that user."""
        key = next(iter(credentials.values()))
        user = self.by_key.setdefault(key, User({}))
        user.credentials.update(credentials)
        for credential in credentials.items():
            self._by_credential.setdefault(credential, user)

    def first_match(self, target: Mapping[str, Any]) -> User | None:
        """Return the user of the first credential, in the order of the target, that any user has; else None."""
        for kind, value in target.items():
            user = self._by_credential.get((kind, str(value)))
            if user is not None:
                return user
        return None
