# SPDX-License-Identifier: Apache-2.0
"""Switches for what MoEngage does not document, and for the state of its account."""

from __future__ import annotations

from ..switches import Switch

SWITCHES = (
    Switch(
        "moengage.account",
        "active",
        "the state of the account behind the default login",
        ("active", "refused", "blocked", "suspended", "temporarily-suspended", "blacklisted", "no-secret"),
    ),
    Switch(
        "moengage.projects",
        [],
        "project codes of a workspace with Portfolio, one of which each update needs in its query; empty: none",
    ),
    Switch(
        "moengage.appkey",
        "workspace_id",
        "what the MOE-APPKEY header must hold",
        ("workspace_id", "data_key"),
    ),
    Switch("moengage.rate_limit", 0, "users a window before 429; 0 is no limit"),
    Switch("moengage.bulk_rate_limit", 0, "the same for bulk requests"),
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
    Switch(
        "moengage.bulk",
        "400",
        "the status of a bulk request with a malformed element; with 200 the element is lost",
        ("400", "200"),
    ),
    Switch(
        "moengage.bulk_others",
        "lost",
        "the well-formed elements of a bulk request that is refused with 400",
        ("lost", "applied"),
    ),
    Switch(
        "moengage.bulk_order",
        "kept",
        "the order in which the elements of a bulk request are applied",
        ("kept", "reversed"),
    ),
    Switch("moengage.get_user", True, "the account has Get User; else it is refused with 403"),
    Switch("moengage.export_rate_limit", 0, "the same as rate_limit for the users that Get User is asked for"),
    Switch(
        "moengage.export_names",
        "kept",
        "the names under which Get User returns standard attributes: as they were sent, or such as u_em",
        ("kept", "short"),
    ),
    Switch("moengage.export_order", "kept", "the order of the users that Get User returns", ("kept", "reversed")),
    Switch("moengage.bulk_existing_only", True, "update_existing_only is followed in bulk requests too"),
    Switch("moengage.blocked_ids_ignore_case", False, "a blocked customer_id is blocked in any case"),
    Switch(
        "moengage.short_id",
        "drop",
        "a customer_id of one character: lost with 200, refused with 400, or accepted",
        ("drop", "refuse", "accept"),
    ),
)
