# SPDX-License-Identifier: Apache-2.0
"""The body of a Bulk Import request: many updates at once.

Source: https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events. The page has a 400 without the index of the
malformed element, and notes that "all bulk API requests return a 200 response code"; it does not say what becomes of
the other elements then. Switches have all of these, and the order in which one user's elements are applied. Events and
devices may stand among the elements; they are not imitated, and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..switches import Switches
from .body import Update, read_update
from .errors import MoEngageError

MAX_BYTES = 100 * 1024
_OTHERS = ("event", "device")


def elements_of(json: Any) -> list[Any]:
    """Return the elements of a JSON body, or refuse the request."""
    if not isinstance(json, dict):
        raise MoEngageError("Malformed JSON")
    if json.get("type") != "transition":
        raise MoEngageError("AttributeError", "type is expected to be transition", "type")
    elements = json.get("elements")
    if not isinstance(elements, list) or not elements:
        raise MoEngageError("MissingAttributeError", "elements is not found in the payload", "elements")
    return elements


def customer_ids(json: Any) -> list[str]:
    """Return the customer ids that a JSON body names, as text."""
    elements = json.get("elements") if isinstance(json, dict) else None
    return [
        str(element.get("customer_id"))
        for element in elements or ()
        if isinstance(element, dict) and element.get("type") not in _OTHERS
    ]


def read_updates(elements: list[Any], switches: Switches) -> tuple[list[Update], MoEngageError | None]:
    """Return the updates of well-formed elements, and why the first malformed one is refused, or None."""
    updates: list[Update] = []
    first: MoEngageError | None = None
    for element in elements:
        try:
            if update := _read_element(element, switches):
                updates.append(update)
        except MoEngageError as error:
            first = first or error
    if switches["moengage.bulk_order"] == "reversed":
        updates.reverse()
    return updates, first


def _read_element(element: Any, switches: Switches) -> Update | None:
    if isinstance(element, Mapping) and element.get("type") in _OTHERS:
        return None
    update = read_update(element, switches)
    if not switches["moengage.bulk_existing_only"]:
        update.existing_only = False
    return update
