# SPDX-License-Identifier: Apache-2.0
"""The switches: one for each thing a vendor leaves undocumented, and one for each state an account can be in.

``SWITCHES`` is the reference. ``GET /_sandbox/switches`` gives the values, ``POST`` changes some of them:
either all that are named change, or none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .refusal import RefusedError


@dataclass(frozen=True)
class Switch:
    """A name, its default, what it means, and the values it takes if they are few."""

    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()


SWITCHES = (
    Switch("history", False, "each user held also keeps the changes applied to it, in order"),
    # --- EngageLab MA
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
    # --- Kahuna
    Switch(
        "kahuna.account",
        "active",
        "the state of the account behind the default login",
        ("active", "refused", "no-permission"),
    ),
    Switch(
        "kahuna.credentials",
        ["username", "email", "user_id", "fbid", "twtr", "lnk", "gplus_id", "install_token"],
        "the white-listed credential types",
    ),
    Switch(
        "kahuna.unknown_credential",
        "refuse",
        "a credential type not white-listed: 400 for the request, or looked past",
        ("refuse", "ignore"),
    ),
    Switch(
        "kahuna.bad_value",
        "item",
        "a wrong or oversized value: 400 for the item or the request",
        ("item", "request"),
    ),
    Switch(
        "kahuna.over_limit",
        "refuse",
        "above 100 users: 400 for the request, or for each item past the hundredth",
        ("refuse", "items"),
    ),
    Switch("kahuna.error_body", "array", "the body of an error", ("array", "object", "empty")),
    # --- MoEngage
    Switch(
        "moengage.account",
        "active",
        "the state of the account behind the default login",
        ("active", "refused", "blocked", "suspended", "temporarily-suspended", "blacklisted", "no-secret"),
    ),
    Switch(
        "moengage.appkey",
        "workspace_id",
        "what the MOE-APPKEY header must hold",
        ("workspace_id", "data_key"),
    ),
    Switch("moengage.rate_limit", 0, "users a window before 429; 0 is no limit"),
    Switch("moengage.rate_window", 60, "seconds in a window, which starts with its first request"),
    Switch(
        "moengage.reset_style",
        "seconds",
        "x-ratelimit-reset: seconds left, or the epoch second of the reset",
        ("seconds", "epoch"),
    ),
    Switch("moengage.queued", False, "an accepted update is applied only by POST /_sandbox/flush"),
    Switch("moengage.unset_enabled", True, "the account has the unset feature; else unset is ignored, with 200"),
    Switch("moengage.objects", False, "the account has the object data type; else objects are ignored, with 200"),
    Switch(
        "moengage.attribute_limit",
        256,
        "custom attributes a workspace has; new ones past it are lost, with 200",
    ),
    Switch("moengage.add_deduplicates", False, "addValueToArrayField leaves out what the array holds already"),
    Switch(
        "moengage.reserved_names",
        [
            *("id", "_id", "", "status", "user_id", "INSTALL", "UPDATE", "MOE_TIME_FORMAT", "MOE_TIME_TIMEZONE"),
            *("MOE_GAID", "MOE_ISLAT", "USER_ATTRIBUTE_UNIQUE_ID", "USER_ATTRIBUTE_OLD_ID"),
            *("USER_ATTRIBUTE_USER_EMAIL", "USER_ATTRIBUTE_USER_MOBILE", "USER_ATTRIBUTE_USER_NAME"),
            *("USER_ATTRIBUTE_USER_GENDER", "USER_ATTRIBUTE_USER_FIRST_NAME", "USER_ATTRIBUTE_USER_LAST_NAME"),
            *("USER_ATTRIBUTE_USER_BDAY", "USER_ATTRIBUTE_NOTIFICATION_PREF"),
            *("USER_ATTRIBUTE_DND_START_TIME", "USER_ATTRIBUTE_DND_END_TIME"),
        ],
        "attribute names lost, with 200; unset leaves them alone",
    ),
    Switch(
        "moengage.moe_names", "lost", "a name that begins with moe_ and is none of MoEngage's own", ("lost", "kept")
    ),
    Switch(
        "moengage.protected_names",
        ["customer_id", "uid", "moengage_id", "created_time", "cr_t", "last_seen", "u_l_a", "platforms"],
        "attribute names that unset leaves alone",
    ),
    Switch("moengage.blocked_ids_ignore_case", False, "a blocked customer_id is blocked in any case"),
    Switch(
        "moengage.short_id",
        "drop",
        "a customer_id of one character: lost with 200, refused with 400, or accepted",
        ("drop", "refuse", "accept"),
    ),
)

_BY_NAME = {switch.name: switch for switch in SWITCHES}


def _problem(switch: Switch, value: object) -> str | None:
    default = switch.default
    if switch.choices:
        return None if value in switch.choices else f"one of {', '.join(switch.choices)}"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if fits else "an integer, 0 or more"
    fits = isinstance(value, list) and all(isinstance(element, str) for element in value)
    return None if fits else "a list of strings"


class Switches:
    """The value of every switch."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Put every switch back to its default."""
        self._values: dict[str, Any] = {switch.name: switch.default for switch in SWITCHES}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def values(self) -> dict[str, Any]:
        """Give every switch with its value."""
        return dict(self._values)

    def change(self, wanted: object) -> None:
        """Set some switches, all or none of them."""
        if not isinstance(wanted, Mapping):
            raise RefusedError("switches must be an object of name and value")
        for name, value in wanted.items():
            if name not in _BY_NAME:
                raise RefusedError(f"unknown switch {name!r}; known are: {', '.join(sorted(_BY_NAME))}")
            problem = _problem(_BY_NAME[name], value)
            if problem is not None:
                raise RefusedError(f"switch {name!r} must be {problem}")
        self._values.update(wanted)
