# SPDX-License-Identifier: Apache-2.0
"""The rules by which MoEngage unsets attributes.

Source: the samples in seed 003_dbbef344ba752faa.txt (an array of type, attr, case_sensitive); the four types
and the default of case_sensitive: https://www.moengage.com/docs/api/user/track-user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..switches import Switches
from .errors import MoEngageError

TYPES: Mapping[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
    "contains": str.__contains__,
}


class UnsetRule(NamedTuple):
    """One element of unset_attributes."""

    type: str
    attr: str
    case_sensitive: bool

    def matches(self, name: str) -> bool:
        """Return whether an attribute's name matches the rule."""
        if self.case_sensitive:
            return TYPES[self.type](name, self.attr)
        return TYPES[self.type](name.casefold(), self.attr.casefold())


def read_rules(elements: Any) -> list[UnsetRule]:
    """Return the rules of unset_attributes, or refuse the request."""
    if not isinstance(elements, list):
        raise MoEngageError("MissingAttributeError", "unset_attributes is expected to be list", "unset_attributes")
    rules = []
    for element in elements:
        fields = element if isinstance(element, dict) else {}
        kind, attr, case = fields.get("type"), fields.get("attr"), fields.get("case_sensitive", True)
        if not isinstance(kind, str) or kind not in TYPES:
            raise MoEngageError(
                "MissingAttributeError", f"type in unset_attributes should be {'/'.join(TYPES)}", "type"
            )
        if not isinstance(attr, str) or not attr:
            raise MoEngageError("MissingAttributeError", "attr is not found in unset_attributes", "attr")
        if not isinstance(case, bool):
            raise MoEngageError("MissingAttributeError", "case_sensitive is expected to be bool", "case_sensitive")
        rules.append(UnsetRule(kind, attr, case))
    return rules


def names_unset(names: Iterable[str], rules: list[UnsetRule], switches: Switches) -> set[str]:
    """Return the names that match a rule and are not protected."""
    spared = {*switches["moengage.reserved_names"], *switches["moengage.protected_names"]}
    return {name for name in names if name not in spared and any(rule.matches(name) for rule in rules)}
