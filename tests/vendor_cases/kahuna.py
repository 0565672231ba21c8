# SPDX-License-Identifier: Apache-2.0
"""Kahuna: 100 users a request, and a list with a verdict on each, in their order.

The statuses: seed 002_3492fff7f26e71be, "HTTP Response Codes", "Response Object".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
from airflow_provider_userattrs.sandbox.kahuna.vendor import Kahuna
from vendor_cases.base import Documented, VendorCase

STATUSES = {400: "rejected", 401: "unsent", 409: "unsent", 500: "unknown"}


class KahunaCase(VendorCase):
    """Kahuna, whose users are found by one credential."""

    def key(self, user: int) -> Any:
        return f"user{user}"

    def seeds(self, keys: Iterable[Any]) -> list[Any]:
        return [{"username": key} for key in keys]

    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        for user in imitation.users["p"].by_key.values():
            user.attributes.update(values)

    def users_in(self, body: bytes) -> list[Any]:
        return [user["target"]["username"] for user in json.loads(body)["user_attributes_array"]]

    def attributes_in(self, body: bytes) -> dict[str, Any]:
        attributes: dict[str, Any] = json.loads(body)["user_attributes_array"][0]["attributes"]
        return attributes

    def response(self, accepted: dict[Any, bool]) -> tuple[int, bytes]:
        each = [{"success": True} if yes else {"success": False, "error_code": 404} for yes in accepted.values()]
        return 200, json.dumps(each).encode()


KAHUNA = KahunaCase(
    imitation=Kahuna,
    operations={
        "set": (KahunaSetAttributesOperator, {"target": ["username"]}),
        "unset": (KahunaUnsetAttributesOperator, {"target": ["username"], "attributes": ["gone", "gone_too"]}),
    },
    user_column="username",
    time_form="%Y/%m/%d %H:%M",
    date_form="%Y/%m/%d",
    time_cut=("second", "microsecond"),
    sends_fractions_as_text=True,
    batch=100,
    longest_value=2_048,
    unknown_user="404",
    refused={"code": 404},
    all_refused={"code": 404},
    busy={"code": 423},
    any_time=[{"code": 404}, {"code": 500}, {"code": 429}, {"code": 403}, {"short_array": 1}, {"short_array": 3}],
    documented=[
        Documented(str(http), {"status": http}, status, str(http), passes=http == 500)
        for http, status in STATUSES.items()
    ],
)
