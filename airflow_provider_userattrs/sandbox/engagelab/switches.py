# SPDX-License-Identifier: Apache-2.0
"""Switches for what EngageLab does not document, and for the state of its account."""

from __future__ import annotations

from ..switches import Switch

SWITCHES = (
    Switch("engagelab.any_user", False, "an unknown euid is created and not answered with 55108"),
    Switch(
        "engagelab.account",
        "active",
        "the state of the account behind the default login",
        ("active", "refused", "invalid-project", "deleted-project", "deleted-source"),
    ),
    Switch("engagelab.http_status", "ok", "the HTTP status of a refusal: 200, or 4xx/5xx", ("ok", "mapped")),
    Switch("engagelab.name_limit", 255, "characters a property name may have; more is 55102"),
    Switch("engagelab.reserved_names", [], "property names answered with 55102"),
    Switch(
        "engagelab.increase_non_integer",
        "refuse",
        "increase by, or of, what is no integer: 55004, or left as it is",
        ("refuse", "ignore"),
    ),
    Switch(
        "engagelab.list_wrong_type",
        "refuse",
        "a list's element that is no string, or add/remove on what is no list: 55004, or left out",
        ("refuse", "ignore"),
    ),
    Switch("engagelab.add_deduplicates", True, "add leaves out what the list holds already"),
    Switch("engagelab.delete_checks_value", False, "delete, too, answers an empty value with 55103"),
    Switch("engagelab.partial_success", False, "the last property or contact is lost: code 0, another message"),
    Switch("engagelab.duplicate_contact", False, "55014 when another euid holds the same contact"),
    Switch(
        "engagelab.register_creates", True, "a registration creates the users it does not know, and leaves none out"
    ),
    Switch("engagelab.register_order", "as sent", "the order of a registration's data", ("as sent", "reversed")),
    Switch(
        "engagelab.register_values",
        "as sent",
        "how a registration's data names an identifier: as it was sent, or without case and blanks",
        ("as sent", "normalised"),
    ),
    Switch("engagelab.register_repeats", True, "a value that was sent twice stands twice in a registration's data"),
    Switch("engagelab.euid_type", "number", "what an euid is in a registration's data", ("number", "text")),
)
