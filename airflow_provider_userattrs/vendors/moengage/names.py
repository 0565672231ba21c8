# SPDX-License-Identifier: Apache-2.0
"""MoEngage: which names an attribute may have.

Blocked names: seed 003_dbbef344ba752faa. Further ones: https://www.moengage.com/docs/api/data/data-overview, called
data-overview here. Length: https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
"""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MAX_NAME = 200

#: Blocked by the seed.
_BLOCKED_NAMES = frozenset({"id", "_id", ""})

#: "Keys that should not be used when tracking user attributes" (data-overview, "Reserved Keywords"). Its last one,
#: ``source``, is a standard attribute in the seed, and stays one.
_KEYWORDS = frozenset(
    {f"USER_ATTRIBUTE_{name}" for name in ("UNIQUE_ID", "OLD_ID", "NOTIFICATION_PREF")}
    | {f"USER_ATTRIBUTE_USER_{name}" for name in ("EMAIL", "MOBILE", "NAME", "GENDER", "BDAY")}
    | {f"USER_ATTRIBUTE_USER_{name}" for name in ("FIRST_NAME", "LAST_NAME")}
    | {f"USER_ATTRIBUTE_DND_{name}_TIME" for name in ("START", "END")}
    | {"MOE_TIME_FORMAT", "MOE_TIME_TIMEZONE", "MOE_GAID", "MOE_ISLAT", "INSTALL", "UPDATE", "status", "user_id"}
)

#: Neither created nor updated through this API (data-overview, "User Attributes").
_READ_ONLY = frozenset(
    {"t_rev", "t_trans", "u_s_c", "locale_language_display", "locale_country_display", "uninstall_time", "installed"}
)

#: Created through this API and never updated (data-overview, "User Attributes").
CREATE_ONLY = ("publisher_name", "campaign_name", "u_l_a", "cr_t", "moe_gaid", "moe_mweb", "advertising_identifier")

#: Also used at a user's creation alone; whether an attribute of one's own with such a name counts as one of them is not
#: said (https://www.moengage.com/docs/user-guide/data/troubleshoot-data, "Why Are Location Values Not Updated").
PLACES = ("city", "state", "country", "City", "State", "Country")

RESERVED_NAMES = _BLOCKED_NAMES | _KEYWORDS | _READ_ONLY

#: "You can not use moe_ as a prefix" (data-overview), except for what the seed and the pages allow: data-overview,
#: "User Attributes"; moe_mobile is an identifier in "User Identity Resolution", and moe_email_open_tracking_consent is
#: in the release notes of 2026.
_PREFIX = "moe_"
MOE_NAMES = frozenset(
    {"moe_geo_location", "moe_unsubscribe"}
    | {"moe_wa_subscription", "moe_sms_subscription", "moe_em_unsub_categories", "moe_spam", "moe_hard_bounce"}
    | {"moe_sub_w", "moe_gaid", "moe_mweb", "moe_mobile", "moe_email_open_tracking_consent"}
)

RESERVED_NAME = Verdict(
    Status.INVALID,
    "reserved-name",
    "attribute name that MoEngage reserves",
    "Send the column under another name, as in attributes={'plan_status': 'status'}, or leave it out.",
)
EMPTY_NAME = Verdict(
    Status.INVALID, "reserved-name", "attribute without a name, which MoEngage blocks", "Give the column a name."
)
NAME_TOO_LONG = Verdict(
    Status.INVALID,
    "name-too-long",
    f"attribute name over {MAX_NAME} characters",
    'Shorten the name, or set oversize="send" to let MoEngage cut it.',
)
KEPT_NAME = Verdict(
    Status.INVALID,
    "reserved-name",
    "attribute name that MoEngage reserves",
    "Leave it out: MoEngage does not remove its own attributes.",
)
NO_NAME = Verdict(
    Status.INVALID,
    "reserved-name",
    "no text to match attribute names with",
    "Give at least one character of the names to remove.",
)
CUT_NAME = Verdict(
    Status.INVALID,
    "name-too-long",
    f"attribute name over {MAX_NAME} characters",
    f"Give its first {MAX_NAME} characters, to which MoEngage has cut it.",
)


def check_name(name: Any, *, check_size: bool = True) -> Verdict | None:
    """Return the verdict on an attribute's name, or None.

    :param name: the name.
    :param check_size: whether a name over 200 characters is refused.
    """
    if name == "":
        return EMPTY_NAME
    if not isinstance(name, str) or name in RESERVED_NAMES:
        return RESERVED_NAME
    if name[:4].lower() == _PREFIX and name not in MOE_NAMES:
        return RESERVED_NAME
    return NAME_TOO_LONG if check_size and len(name) > MAX_NAME else None


#: Verdict on a name to set -> verdict on the same name to remove.
_TO_REMOVE = {EMPTY_NAME: NO_NAME, RESERVED_NAME: KEPT_NAME, NAME_TOO_LONG: CUT_NAME}


def check_unset_name(name: Any) -> Verdict | None:
    """Return the verdict on the name of an attribute to remove, or None."""
    verdict = check_name(name)
    return verdict and _TO_REMOVE[verdict]


def check_match(text: Any) -> Verdict | None:
    """Return the verdict on text that names to remove contain, or None; reserved names may contain it too."""
    return None if isinstance(text, str) and text else NO_NAME
