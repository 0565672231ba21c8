# SPDX-License-Identifier: Apache-2.0
"""Changes that MoEngage makes to attributes silently before it stores them: the response stays 200.

Blocked names: seed 003_dbbef344ba752faa.txt; reserved ones: https://www.moengage.com/docs/api/data/data-overview, which
does not say what happens to them. Limits on names, values and lists, their elements, and dates:
https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..switches import Switches

MAX_NAME_LENGTH = 200
MAX_VALUE_LENGTH = 512
MAX_LIST_LENGTH = 50
# Objects although the object data type is an extra (seed 003_dbbef344ba752faa.txt).
STANDARD_OBJECTS = frozenset({"platforms", "moe_geo_location"})
# The standard attributes (seed 003_dbbef344ba752faa.txt): they do not count against the workspace's limit.
STANDARD_NAMES = frozenset(
    (
        *(
            "name",
            "first_name",
            "last_name",
            "email",
            "age",
            "gender",
            "mobile",
            "moe_geo_location",
            "source",
        ),
        *("created_time", "last_seen", "transactions", "revenue", "moe_unsubscribe", "platforms"),
    )
)
# Names with the prefix that may be sent: the seed's, and the page's, "User Attributes".
MOE_NAMES = STANDARD_NAMES | {
    *("moe_wa_subscription", "moe_em_unsub_categories", "moe_sub_w", "moe_spam", "moe_hard_bounce"),
    *("moe_sms_subscription", "moe_gaid", "moe_mweb", "moe_mobile", "moe_email_open_tracking_consent"),
}
_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ")
_LOOKS_LIKE_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?Z)?", re.ASCII)


def _holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


def _is_lost_name(name: str, switches: Switches) -> bool:
    if name in switches["moengage.reserved_names"]:
        return True
    return name.startswith("moe_") and name not in MOE_NAMES and switches["moengage.moe_names"] == "lost"


def _is_list_of_booleans(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(element, bool) for element in value)


def _is_long_url(value: Any) -> bool:
    return isinstance(value, str) and len(value) > MAX_VALUE_LENGTH and value.startswith(("http://", "https://"))


def cut(value: Any) -> Any:
    """Truncate a string, or a list and the strings in it, to the documented length."""
    if isinstance(value, str):
        return value[:MAX_VALUE_LENGTH]
    if isinstance(value, list):
        return [
            element[:MAX_VALUE_LENGTH] if isinstance(element, str) else element for element in value[:MAX_LIST_LENGTH]
        ]
    return value


def as_stored(attributes: Mapping[str, Any], switches: Switches) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that are stored, as they are stored."""
    for name, value in attributes.items():
        if _is_lost_name(name, switches) or _is_long_url(value) or _is_list_of_booleans(value):
            continue
        if _holds_object(value) and name not in STANDARD_OBJECTS and not switches["moengage.objects"]:
            continue
        yield name[:MAX_NAME_LENGTH], cut(value)


def _is_date(text: str) -> bool:
    if not _LOOKS_LIKE_DATE.fullmatch(text):
        return False
    for date_format in _DATE_FORMATS:
        try:
            datetime.strptime(text, date_format)
        except ValueError:
            continue
        return True
    return False


def type_of(value: Any) -> str:
    """Return the data type that a value is stored as; a date in another format is a string."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "date" if _is_date(value) else "string"
    return "list" if isinstance(value, list) else "object"
