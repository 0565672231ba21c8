# SPDX-License-Identifier: Apache-2.0
"""The users of a MoEngage workspace, and how updates are applied to them.

Blocked customer ids: https://www.moengage.com/docs/api/data/data-overview. What the vendor responds to them is
not documented: here such updates are lost, with 200.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..switches import Switches
from .body import Update
from .stored import STANDARD_NAMES, as_stored, type_of
from .unset import names_unset

BLOCKED_IDS = frozenset(
    (
        *(
            "unknown",
            "guest",
            "null",
            "none",
            "na",
            "n/a",
            "(empty)",
            "true",
            "false",
            "-2",
            "-1",
            "0",
            "1",
            "2",
        ),
        *("user_id", "id", "customer_id", "uid", "userid", "user_attribute_unique_id", "dummy_seller_code"),
    )
)


@dataclass(slots=True)
class User:
    """One user."""

    attributes: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    history: list[dict[str, Any]] | None = None

    def view(self) -> dict[str, Any]:
        """Return the user as the control API shows it, with the type each attribute is stored as."""
        types = {name: type_of(value) for name, value in self.attributes.items()}
        shown = {"attributes": self.attributes, "types": types, "updates": self.updates}
        return shown if self.history is None else {**shown, "history": self.history}


class Users:
    """All users of the workspace."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self.by_id: dict[str, User] = {}
        self._custom_names: set[str] = set()

    def add(self, customer_id: str) -> User:
        """Add a user, unless it exists already."""
        return self.by_id.setdefault(customer_id, User())

    def _is_lost(self, update: Update) -> bool:
        customer_id = update.customer_id
        if self._switches["moengage.blocked_ids_ignore_case"]:
            customer_id = customer_id.casefold()
        if customer_id in BLOCKED_IDS:
            return True
        if len(customer_id) == 1 and self._switches["moengage.short_id"] == "drop":
            return True
        return update.existing_only and update.customer_id not in self.by_id

    def _has_room(self, name: str) -> bool:
        if name in STANDARD_NAMES or name in self._custom_names:
            return True
        if len(self._custom_names) >= self._switches["moengage.attribute_limit"]:
            return False
        self._custom_names.add(name)
        return True

    def _change_arrays(self, user: User, update: Update) -> dict[str, list[Any]]:
        changed = {}
        for name, values in (*update.added.items(), *update.removed.items()):
            stored = user.attributes.get(name, [])
            if not isinstance(stored, list):
                continue
            if name in update.removed:
                changed[name] = [value for value in stored if value not in values]
            elif self._switches["moengage.add_deduplicates"]:
                changed[name] = stored + [value for value in values if value not in stored]
            else:
                changed[name] = stored + values
        return changed

    def apply(self, update: Update) -> bool:
        """Apply an update, creating the user if necessary; return whether it was applied."""
        if self._is_lost(update):
            return False
        user = self.add(update.customer_id)
        arriving = dict(as_stored(update.attributes, self._switches))
        arriving |= as_stored(self._change_arrays(user, update), self._switches)
        changed = {name: value for name, value in arriving.items() if self._has_room(name)}
        user.attributes |= changed
        unset: set[str] = set()
        if update.unset and self._switches["moengage.unset_enabled"]:
            # After setting: an attribute that is both set and unset ends up unset.
            unset = names_unset(user.attributes, update.unset, self._switches)
            for name in unset:
                del user.attributes[name]
        user.updates += 1
        if self._switches["history"]:
            user.history = user.history or []
            arrays = {"added": update.added, "removed": update.removed}
            asked = {name: dict(values) for name, values in arrays.items() if values}
            user.history.append({"attributes": changed, "unset": sorted(unset), **asked})
        return True
