# SPDX-License-Identifier: Apache-2.0
"""The body of a Track User request, checked.

Source: seed 003_dbbef344ba752faa.txt; customer_id, update_existing_only, the array fields and the errors:
https://www.moengage.com/docs/api/user/track-user and https://www.moengage.com/docs/api/data/data-overview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..switches import Switches
from .errors import MoEngageError
from .unset import UnsetRule, read_rules

ADD, REMOVE = "addValueToArrayField", "removeValueFromArrayField"


@dataclass(slots=True)
class Update:
    """The content of a request."""

    customer_id: str
    attributes: dict[str, Any]
    added: Mapping[str, list[Any]]
    removed: Mapping[str, list[Any]]
    unset: list[UnsetRule]
    existing_only: bool


def _missing(message: str, attribute: str) -> MoEngageError:
    return MoEngageError("MissingAttributeError", message, attribute)


def _customer_id(json: Mapping[str, Any], switches: Switches) -> str:
    if json.get("customer_id") is None:
        raise _missing("customer_id is not found in the payload", "customer_id")
    customer_id = json["customer_id"]
    if not isinstance(customer_id, str):
        raise _missing("customer_id is expected to be String", "customer_id")
    if not customer_id:
        raise _missing("customer_id can not be empty Unicode String", "customer_id")
    if len(customer_id) == 1 and switches["moengage.short_id"] == "refuse":
        raise _missing("customer_id is expected to be of more than one character", "customer_id")
    return customer_id


def _array_field(attributes: dict[str, Any], field: str) -> dict[str, list[Any]]:
    arrays = attributes.pop(field, {})
    if not isinstance(arrays, dict) or not all(isinstance(values, list) for values in arrays.values()):
        raise _missing(f"{field} is expected to be dict of list", field)
    return arrays


def _check_arrays(update: Update) -> None:
    for name in update.added:
        if name in update.removed:
            raise MoEngageError("ArrayFieldError", f"Cannot add and remove '{name}' at the same time", ADD)
    for name in (*update.added, *update.removed):
        if name in update.attributes:
            raise MoEngageError("ArrayFieldError", f"Cannot set and change '{name}' at the same time", ADD)
        if name == "platforms":
            raise MoEngageError("ArrayFieldError", f"'{name}' is reserved", ADD)


def read_update(json: Any, switches: Switches) -> Update:
    """Return the update of a JSON body, or refuse the request."""
    if not isinstance(json, dict):
        raise MoEngageError("Empty request body")
    if json.get("type") is None:
        raise _missing("type is not found in the payload", "type")
    if json["type"] != "customer":
        raise _missing("type is expected to be customer", "type")
    customer_id = _customer_id(json, switches)
    attributes = json.get("attributes", {})
    if not isinstance(attributes, dict):
        raise _missing("attributes is expected to be dict", "attributes")
    existing_only = json.get("update_existing_only", False)
    if not isinstance(existing_only, bool):
        raise _missing("update_existing_only is expected to be bool", "update_existing_only")
    attributes = dict(attributes)
    if "platforms" in json:
        attributes["platforms"] = json["platforms"]
    if not isinstance(attributes.get("platforms", []), list):
        raise _missing("platforms is expected to be list", "platforms")
    update = Update(
        customer_id,
        attributes,
        _array_field(attributes, ADD),
        _array_field(attributes, REMOVE),
        read_rules(json.get("unset_attributes", [])),
        existing_only,
    )
    _check_arrays(update)
    return update
