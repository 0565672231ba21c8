# SPDX-License-Identifier: Apache-2.0
"""What Kahuna checks in a body.

Rules: seed 002_3492fff7f26e71be.txt. It does not say what becomes of a request that breaks them, beyond
"400: You specified invalid options": what is refused here, and how, is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..json_text import is_integer
from ..switches import Switches
from .errors import KahunaError

MAX_USERS = 100
MAX_BYTES = 2048


def items_of(json: Any, switches: Switches) -> list[dict[str, Any]]:
    """Return the User Attribute objects, or refuse the request."""
    items = json.get("user_attributes_array") if isinstance(json, dict) else None
    if not isinstance(items, list):
        raise KahunaError(400, "user_attributes_array must be an array")
    if len(items) > MAX_USERS and switches["kahuna.over_limit"] == "refuse":
        raise KahunaError(400, f"At most {MAX_USERS} users are allowed per request")
    for item in items:
        _check_item(item, switches)
    return items


def _check_item(item: Any, switches: Switches) -> None:
    if not isinstance(item, dict):
        raise KahunaError(400, "A user attribute object must be an object")
    for name in ("target", "attributes"):
        if not isinstance(item.get(name), dict):
            raise KahunaError(400, f"{name} is required and must be an object")
    for kind, value in item["target"].items():
        if kind not in switches["kahuna.credentials"]:
            if switches["kahuna.unknown_credential"] == "refuse":
                raise KahunaError(400, "A credential type is not white-listed")
        elif not isinstance(value, str) and not is_integer(value):
            raise KahunaError(400, "A credential must be a string")
    if switches["kahuna.bad_value"] == "request":
        problem = value_problem(item["attributes"])
        if problem is not None:
            raise KahunaError(400, problem)


def white_listed(target: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """Return the credentials whose types are white-listed."""
    return {kind: value for kind, value in target.items() if kind in switches["kahuna.credentials"]}


def value_problem(attributes: Mapping[str, Any]) -> str | None:
    """Return the rule that a value breaks (string, integer, boolean or null, of at most 2048 bytes), or None."""
    for value in attributes.values():
        if value is None or isinstance(value, bool):
            continue
        if not isinstance(value, (str, int)):
            return "An attribute value must be a string, an integer or a boolean"
        if _bytes_in(value) > MAX_BYTES:
            return f"An attribute value is limited to {MAX_BYTES} bytes"
    return None


def _bytes_in(value: str | int) -> int:
    text = value if isinstance(value, str) else str(value)
    return len(text.encode("utf-8", "surrogatepass"))
