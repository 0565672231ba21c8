# SPDX-License-Identifier: Apache-2.0
"""A user of MoEngage's sandbox, and how a refusal is checked."""

from __future__ import annotations

import re
from typing import Any

WORKSPACE, KEY = "SANDBOXWORKSPACE", "sandbox-data-key"

JOHN = "john@example.com"

GOOD = {"type": "customer", "customer_id": JOHN, "attributes": {"name": "John"}}


def user(control: Any, customer_id: str = JOHN) -> Any:
    return control.user("moengage", customer_id)


def attributes(control: Any) -> Any:
    return user(control)["attributes"]


def refused(answer: Any, status: int, kind: str) -> Any:
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]["type"]) == (status, "fail", kind)
    assert re.fullmatch(r"[0-9a-f]{8}", body["error"]["request_id"])
    return body["error"]
