# SPDX-License-Identifier: Apache-2.0
"""Makes dicts of tuples of values, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

#: Makes a dict of each tuple of values.
Display: TypeAlias = Callable[[Iterable[tuple[Any, ...]]], list[dict[str, Any]]]


def display_of(names: Sequence[str], constants: Mapping[str, Any]) -> Display:
    """Return a function that makes a dict of each tuple of values: a dict display, twice as fast as `dict` and `zip`.

    :param names: the keys of the values.
    :param constants: what each dict begins with.
    """
    if {*map(type, names)} - {str}:  # a subclass may have a repr of its own
        return lambda rows: [{**constants, **dict(zip(names, values, strict=True))} for values in rows]
    values = [f"v{number}" for number in range(len(names))]
    pairs = ["**constants"] if constants else []
    pairs += [f"{name!r}: {value}" for name, value in zip(names, values, strict=True)]
    code = f"lambda rows: [{{{', '.join(pairs)}}} for [{', '.join(values)}] in rows]"
    display: Display = eval(code, {"constants": dict(constants)})
    return display
