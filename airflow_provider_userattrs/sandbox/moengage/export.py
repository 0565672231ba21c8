# SPDX-License-Identifier: Apache-2.0
"""Get User: returns the attributes of up to 20 users.

Source: https://www.moengage.com/docs/api/user/get-user. Users come without an echo of the request, so that one asks for
customer_id among the fields. Its allowed identifier types differ within the page: customer_id and moengage_id, or
customer_id and id; both names of the second are taken here, and name nobody. What an account gets that is not enabled
for it, under which names standard attributes come and in what order users do, is not said: switches have it.
"""

from __future__ import annotations

from typing import Any

from ..switches import Switches
from .errors import MoEngageError
from .users import Users

MAX_USERS = 20
_TYPES = ("customer_id", "moengage_id", "id")
_SHORT = {
    "name": "u_n",
    "first_name": "u_fn",
    "last_name": "u_ln",
    "email": "u_em",
    "mobile": "u_mb",
    "gender": "u_gd",
}


def _missing(name: str) -> MoEngageError:
    return MoEngageError("MissingAttributeError", f"{name} is not found in the payload", name)


def identifiers_of(json: Any) -> list[dict[str, str]]:
    """Return the identifiers that a JSON body names, or refuse the request."""
    data = json.get("data") if isinstance(json, dict) else None
    if not isinstance(data, dict):
        raise _missing("data")
    identifiers = data.get("identifiers")
    if not isinstance(identifiers, list) or not identifiers:
        raise _missing("identifiers")
    for each in identifiers:
        if not isinstance(each, dict) or each.get("identifier_type") not in _TYPES:
            raise _missing("identifier_type")
        if not isinstance(each.get("identifier"), str):
            raise _missing("identifier")
    if len(identifiers) > MAX_USERS:
        raise MoEngageError("LimitBreached", None, "users")
    return identifiers


def export(json: Any, users: Users, switches: Switches) -> dict[str, Any]:
    """Return the body of the response to a request."""
    identifiers = identifiers_of(json)
    fields = json["data"].get("user_fields_to_export") or ["customer_id"]
    found, missing = [], []
    for each in identifiers:
        user = users.by_id.get(each["identifier"]) if each["identifier_type"] == "customer_id" else None
        if user is None:
            missing.append(each)
            continue
        held = {"customer_id": each["identifier"], **user.attributes}
        shown = {name: held[name] for name in fields if name in held}
        if switches["moengage.export_names"] == "short":
            shown = {_SHORT.get(name, name): value for name, value in shown.items()}
        found.append({"user_attributes": shown})
    if switches["moengage.export_order"] == "reversed":
        found.reverse()
    return {"status": "success", "type": "export_users", "data": {"users_not_found": missing, "users": found}}
