# SPDX-License-Identifier: Apache-2.0
"""MoEngage: one user a request, who need not be known, and a response whose status decides.

The errors: the table of https://www.moengage.com/docs/api/data/data-overview.
"""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)
from airflow_provider_userattrs.sandbox.moengage.vendor import MoEngage
from vendor_cases.base import Documented, VendorCase

#: type -> HTTP status, the row's status.
ERRORS = {
    "MissingAttributeError": (400, "rejected"),
    "ArrayFieldError": (400, "rejected"),
    "Missing header value": (400, "rejected"),
    "Empty request body": (400, "rejected"),
    "Malformed JSON": (400, "rejected"),
    "AttributeError": (400, "rejected"),
    # About the account or the connection, and the same for every row.
    "Blacklisted": (400, "unsent"),
    "InvalidParams": (400, "unsent"),
    "ParamsRequired": (400, "unsent"),
    "Authentication required": (401, "unsent"),
    "BlockedClient": (403, "unsent"),
    "Account Suspended": (403, "unsent"),
    "Account Temporarily Suspended": (403, "unsent"),
    "Authentication Mismatch": (409, "unsent"),
    "App Secret key not set": (409, "unsent"),
    "PayloadTooLarge": (413, "rejected"),
    "MediaTypeError": (415, "unsent"),
    "RateLimitError": (429, "unsent"),
    "ServerError": (500, "unknown"),
}


class MoEngageCase(VendorCase):
    """MoEngage."""

    def key(self, user: int) -> Any:
        return f"customer{user}"

    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        for user in imitation.users.by_id.values():
            user.attributes.update(values)

    def values(self, shown: dict[str, Any], operation: str) -> dict[str, Any]:
        """Return what an entry in a user's history added to arrays or removed from them, too."""
        changes = {"add": "added", "remove": "removed"}
        asked: dict[str, Any] = shown.get(changes.get(operation, ""), {})
        return asked or shown.get("attributes") or {}

    def users_in(self, body: bytes) -> list[Any]:
        return [json.loads(body)["customer_id"]]

    def response(self, accepted: dict[Any, bool]) -> tuple[int, bytes]:
        (yes,) = accepted.values()
        content = {"status": "success"} if yes else {"status": "fail", "error": {"type": "MissingAttributeError"}}
        return 200 if yes else 400, json.dumps(content).encode()


MOENGAGE = MoEngageCase(
    imitation=MoEngage,
    operations={
        "set": (MoEngageSetAttributesOperator, {}),
        "add": (MoEngageSetAttributesOperator, {"operation": "add"}),
        "remove": (MoEngageSetAttributesOperator, {"operation": "remove"}),
        "unset": (MoEngageUnsetAttributesOperator, {"attributes": ["gone", "gone_too"]}),
    },
    user_column="customer_id",
    time_form="%Y-%m-%dT%H:%M:%SZ",
    date_form="%Y-%m-%d",
    longest_value=512,
    once=("add",),
    ways=({}, {"bulk": True}),
    refused={"code": "MissingAttributeError"},
    all_refused={"status": 200, "body": '{"status": "fail", "error": {"message": "no", "type": "ServerError"}}'},
    any_time=[
        {"code": "MissingAttributeError"},
        {"code": "RateLimitError"},
        {"code": "ServerError"},
        {"code": "BlockedClient"},
    ],
    documented=[
        Documented(kind, {"code": kind}, status, str(http), passes=http in (429, 500))
        for kind, (http, status) in ERRORS.items()
    ],
)
