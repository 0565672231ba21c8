# SPDX-License-Identifier: Apache-2.0
"""Switches: one for each behaviour that a vendor does not document, and one for the state of each account.

Each vendor's ``switches`` module is the reference. ``GET /_sandbox/switches`` returns the values; ``POST`` changes
those that it names, all or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .refusal import RefusedError


@dataclass(frozen=True)
class Switch:
    """A switch: its name, its default, its meaning, and its allowed values if there are few."""

    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()


#: Switches for all vendors.
COMMON = (Switch("history", False, "each user also keeps the changes applied to it, in order"),)


def _problem(switch: Switch, value: object) -> str | None:
    default = switch.default
    if switch.choices:
        return None if value in switch.choices else f"one of {', '.join(switch.choices)}"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return None if fits else "an integer, 0 or more"
    fits = isinstance(value, list) and all(isinstance(element, str) for element in value)
    return None if fits else "a list of strings"


class Switches:
    """The value of every switch.

    :param known: the vendors' switches
    """

    def __init__(self, known: Iterable[Switch] = ()) -> None:
        self._known = {switch.name: switch for switch in (*COMMON, *known)}
        self.reset()

    def reset(self) -> None:
        """Reset every switch to its default."""
        self._values: dict[str, Any] = {name: switch.default for name, switch in self._known.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def values(self) -> dict[str, Any]:
        """Return every switch with its value."""
        return dict(self._values)

    def change(self, wanted: object) -> None:
        """Set some switches, all or none of them."""
        if not isinstance(wanted, Mapping):
            raise RefusedError("switches must be an object of name and value")
        for name, value in wanted.items():
            if name not in self._known:
                raise RefusedError(f"unknown switch {name!r}; known are: {', '.join(sorted(self._known))}")
            problem = _problem(self._known[name], value)
            if problem is not None:
                raise RefusedError(f"switch {name!r} must be {problem}")
        self._values.update(wanted)
