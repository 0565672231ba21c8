# SPDX-License-Identifier: Apache-2.0
"""Petrel, which does not exist: members whose ids are written in any case, answered by id and not in their order."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from fourth_vendor.imitation import MULTI_STATUS, Petrel
from fourth_vendor.operators import PetrelSetAttributesOperator, PetrelUnsetAttributesOperator

from vendor_cases.base import Documented, VendorCase


class PetrelCase(VendorCase):
    """Petrel."""

    def key(self, user: int) -> Any:
        return f"member{user}"

    def names(self, user: int, value: int) -> dict[str, Any]:
        member = self.key(user)
        return {self.user_column: member.upper() if value % 2 else member}

    def key_in(self, row: dict[str, Any]) -> Any:
        return str(row[self.user_column]).casefold()

    def give(self, imitation: Any, values: dict[str, Any]) -> None:
        for member in imitation.members.values():
            member.attributes.update(values)

    def users_in(self, body: bytes) -> list[Any]:
        return [member["id"].casefold() for member in json.loads(body)["members"]]

    def user_in(self, body: bytes) -> Any:
        return json.loads(body)["members"][0]["id"]

    def attributes_in(self, body: bytes) -> dict[str, Any]:
        attributes: dict[str, Any] = json.loads(body)["members"][0]["merge"]
        return attributes

    def response(self, accepted: dict[Any, bool]) -> tuple[int, bytes]:
        results = [{"id": user, "result": "merged" if yes else "bad_value"} for user, yes in accepted.items()]
        return MULTI_STATUS, json.dumps({"results": sorted(results, key=itemgetter("id"), reverse=True)}).encode()


PETREL = PetrelCase(
    imitation=Petrel,
    operations={
        "set": (PetrelSetAttributesOperator, {}),
        "unset": (PetrelUnsetAttributesOperator, {"attributes": ["gone", "gone_too"]}),
    },
    user_column="member_id",
    time_form=None,
    date_form="%Y-%m-%d",
    batch=40,
    ok=MULTI_STATUS,
    longest_value=2_000,
    unknown_user="unknown_member",
    refused={"code": "bad_value"},
    all_refused={"code": "unknown_member"},
    busy={"code": "locked"},
    partial={"code": "merged_in_part"},
    any_time=[
        {"code": "bad_value"},
        {"code": "locked"},
        {"code": "failed"},
        {"code": "unheard_of"},
        {"short_array": 2},
    ],
    documented=[
        Documented("merged_in_part", {"code": "merged_in_part"}, "partial", "merged_in_part"),
        Documented("unknown_member", {"code": "unknown_member"}, "rejected", "unknown_member"),
        Documented("bad_value", {"code": "bad_value"}, "rejected", "bad_value"),
        Documented("locked", {"code": "locked"}, "unsent", "locked", passes=True),
        Documented("failed", {"code": "failed"}, "unknown", "failed", passes=True),
        Documented("400", {"status": 400}, "rejected", "400"),
        Documented("401", {"status": 401}, "unsent", "401"),
        Documented("403", {"status": 403}, "unsent", "403"),
        Documented("429", {"status": 429}, "unsent", "429", passes=True),
    ],
    waits=[
        ("petrel-pause", {"Petrel-Pause": "41000"}, 41),
        ("both", {"Petrel-Pause": "41000", "Retry-After": "50"}, 50),
    ],
)
