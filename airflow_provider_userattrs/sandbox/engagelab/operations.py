# SPDX-License-Identifier: Apache-2.0
"""EngageLab's five property operations, each as a function of the stored value and the value sent.

Meaning: seed 000_07f6870b0c84cf74.txt. That ``add`` skips values already in the list, that a missing list
starts empty and that ``delete`` ignores a missing property: documents/APIs.md of
https://github.com/DevEngageLab/ma-flutter-plugin. Types:
https://engagelab.com/docs/marketing-automation/console/data-management/contribute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..json_text import is_integer
from ..switches import Switches
from .errors import EngageLabError

MISSING: Final = object()
Operation = Callable[[Any, Any, Switches], Any]


def _strings(value: Any, switches: Switches) -> list[str]:
    elements = value if isinstance(value, list) else [value]
    strings = [element for element in elements if isinstance(element, str)]
    if len(strings) < len(elements) and switches["engagelab.list_wrong_type"] == "refuse":
        raise EngageLabError(55004)
    return strings


def set_value(stored: Any, sent: Any, switches: Switches) -> Any:
    """Overwrite; a property is a string, a number, a boolean or a list of strings."""
    if isinstance(sent, dict):
        raise EngageLabError(55004)
    return _strings(sent, switches) if isinstance(sent, list) else sent


def increase(stored: Any, sent: Any, switches: Switches) -> Any:
    """Add to an integer; a missing property counts as 0."""
    start = 0 if stored is MISSING else stored
    if is_integer(start) and is_integer(sent):
        return start + sent
    if switches["engagelab.increase_non_integer"] == "refuse":
        raise EngageLabError(55004)
    return stored


def _stored_list(stored: Any, switches: Switches) -> list[str] | None:
    if stored is MISSING:
        return []
    if isinstance(stored, list):
        return stored
    if switches["engagelab.list_wrong_type"] == "refuse":
        raise EngageLabError(55004)
    return None


def add(stored: Any, sent: Any, switches: Switches) -> Any:
    """Append one value, or each of a list, to a list."""
    elements = _stored_list(stored, switches)
    if elements is None:
        return stored
    joined = elements + _strings(sent, switches)
    return list(dict.fromkeys(joined)) if switches["engagelab.add_deduplicates"] else joined


def remove(stored: Any, sent: Any, switches: Switches) -> Any:
    """Remove one value, or each of a list, from a list."""
    elements = _stored_list(stored, switches)
    unwanted = _strings(sent, switches)
    if elements is None or stored is MISSING:
        return stored
    return [element for element in elements if element not in unwanted]


def delete(stored: Any, sent: Any, switches: Switches) -> Any:
    """Drop the property, whatever value was sent with it."""
    return MISSING


OPERATIONS: Mapping[str, Operation] = {
    "set": set_value,
    "increase": increase,
    "add": add,
    "remove": remove,
    "delete": delete,
}
