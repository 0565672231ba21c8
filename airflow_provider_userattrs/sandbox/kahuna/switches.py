# SPDX-License-Identifier: Apache-2.0
"""Switches for what Kahuna does not document, and for the state of its account."""

from __future__ import annotations

from ..switches import Switch

SWITCHES = (
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
)
