# SPDX-License-Identifier: Apache-2.0
"""EngageLab's checks of a body, with the documented code for each rule.

Rules: the error table in seeds 000_07f6870b0c84cf74.txt and 001_ba1b38142f9df95a.txt; for identifiers also
https://www.engagelab.com/docs/marketing-automation/rest-api/get-euid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..switches import Switches
from .errors import EngageLabError
from .operations import MISSING, OPERATIONS

IDENTIFIER_NAMES = ("user_id", "anonymous_id", "registration_id")
MAX_IDENTIFIERS = 100
MAX_IDENTIFIER_LENGTH = 256


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def check_properties(operation: str, sent: Mapping[str, Any], switches: Switches) -> None:
    """Check names first (55102), then values (55103)."""
    limit, reserved = switches["engagelab.name_limit"], switches["engagelab.reserved_names"]
    if any(not name or len(name) > limit or name in reserved for name in sent):
        raise EngageLabError(55102)
    checked = operation != "delete" or switches["engagelab.delete_checks_value"]
    if checked and any(_is_empty(value) for value in sent.values()):
        raise EngageLabError(55103)


def changed(operation: str, stored: Mapping[str, Any], sent: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """Return the properties' new values; all of them, or a refusal."""
    apply = OPERATIONS[operation]
    return {name: apply(stored.get(name, MISSING), value, switches) for name, value in sent.items()}


def check_contacts(contacts: Mapping[str, str | None]) -> None:
    """Check names first (55102), then values (55103)."""
    if any(not name for name in contacts):
        raise EngageLabError(55102)
    if any(not value for value in contacts.values()):
        raise EngageLabError(55103)


def check_identifiers(json: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return a registration's identifier name and its values."""
    name, values = json.get("identity_name"), json.get("identity_values")
    if not isinstance(name, str) or not isinstance(values, list):
        raise EngageLabError(55004)
    if name not in IDENTIFIER_NAMES:
        raise EngageLabError(55106)
    if not values or any(_is_empty(value) for value in values):
        raise EngageLabError(55107)
    if not all(isinstance(value, str) for value in values):
        raise EngageLabError(55004)
    if len(values) > MAX_IDENTIFIERS:
        raise EngageLabError(55101)
    if any(len(value) > MAX_IDENTIFIER_LENGTH for value in values):
        raise EngageLabError(55105)
    return name, values
