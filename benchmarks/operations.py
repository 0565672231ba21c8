# SPDX-License-Identifier: Apache-2.0
"""The operations that are measured: the operator of each, and a full request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from shapes import batch, body, full_bulk


@dataclass(frozen=True)
class Vendor:
    """The operation of a vendor that sets attributes.

    :param operator: the operator that sets attributes.
    :param parameters: those besides task_id and users.
    :param answer: the body of a good answer to a full request.
    :param request: writes the body of a full request.
    :param users: users in a full request.
    :param text: whether users are named by texts, not by numbers.
    """

    operator: str
    parameters: dict[str, Any]
    answer: bytes
    request: Callable[[], bytes] = body
    users: int = 1
    text: bool = True


VENDORS = {
    "engagelab": Vendor("EngageLabSetAttributesOperator", {}, b'{"code":0,"message":"success"}', text=False),
    "kahuna": Vendor(
        "KahunaSetAttributesOperator",
        {"target": ["euid"]},
        b"[" + b",".join([b'{"success":true}'] * 100) + b"]",
        request=batch,
        users=100,
    ),
    "moengage": Vendor("MoEngageSetAttributesOperator", {"customer_id": "euid"}, b'{"status":"success"}'),
}

#: MoEngage with ``bulk=True``.
BULK = replace(VENDORS["moengage"], parameters={"customer_id": "euid", "bulk": True}, request=full_bulk, users=500)
