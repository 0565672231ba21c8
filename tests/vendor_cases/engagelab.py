# SPDX-License-Identifier: Apache-2.0
"""EngageLab MA: one user a request, named by a number, and a response whose code decides.

The codes: seeds 000_07f6870b0c84cf74 and 001_ba1b38142f9df95a, "Error Code".
"""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.sandbox.engagelab.vendor import EngageLab
from vendor_cases.base import Documented, VendorCase

#: code -> the row's status; the push goes on unless it is unsent, which stops it for good.
CODES = {
    40050: "unsent",
    50031: "unsent",
    50034: "unsent",
    50074: "unsent",
    40007: "rejected",
    55108: "rejected",
    55004: "rejected",
    55101: "rejected",
    55102: "rejected",
    55103: "rejected",
    55105: "rejected",
    55106: "rejected",
    55107: "rejected",
    55014: "rejected",
    -1: "unknown",
}


class EngageLabCase(VendorCase):
    """EngageLab MA."""

    def key(self, user: int) -> Any:
        return 1000 + user

    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        for user in imitation.users.by_euid.values():
            user.properties.update(deepcopy(values))

    def values(self, shown: dict[str, Any], operation: str) -> dict[str, Any]:
        return shown.get("contacts" if operation == "contacts" else "properties") or {}

    def users_in(self, body: bytes) -> list[Any]:
        return [json.loads(body)["euid"]]

    def attributes_in(self, body: bytes) -> dict[str, Any]:
        properties: dict[str, Any] = json.loads(body, parse_float=Decimal)["properties"]
        return properties

    def response(self, accepted: dict[Any, bool]) -> tuple[int, bytes]:
        (yes,) = accepted.values()
        return 200, json.dumps({"code": 0, "message": "success"} if yes else {"code": 55102, "message": "no"}).encode()


ENGAGELAB = EngageLabCase(
    imitation=EngageLab,
    operations={
        "set": (EngageLabSetAttributesOperator, {}),
        "increase": (EngageLabSetAttributesOperator, {"operation": "increase"}),
        "add": (EngageLabSetAttributesOperator, {"operation": "add"}),
        "remove": (EngageLabSetAttributesOperator, {"operation": "remove"}),
        "contacts": (EngageLabSetContactsOperator, {"contacts": ["email", "mobile_phone"], "check": False}),
        "unset": (EngageLabUnsetAttributesOperator, {"attributes": ["gone", "gone_too"]}),
    },
    user_column="euid",
    time_form="%Y-%m-%d %H:%M:%S",
    date_form="%Y-%m-%d %H:%M:%S",
    has_text_keys=False,
    unknown_user="55108",
    refused={"code": 55108},
    all_refused={"status": 200, "code": 55102},
    partial={"code": 0},
    any_time=[{"code": 0}, {"code": 55102}, {"code": 55108}, {"code": -1}, {"code": 40050}, {"code": 77777}],
    #: No page documents the HTTP status, so it makes no difference.
    documented=[
        Documented(
            f"{code}-under-{http or 'its own status'}",
            {"code": code} if http is None else {"code": code, "status": http},
            status,
            str(code),
            passes=code == -1,
        )
        for code, status in CODES.items()
        for http in (None, 200, 400, 500)
    ],
)
