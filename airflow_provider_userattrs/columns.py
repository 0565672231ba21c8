# SPDX-License-Identifier: Apache-2.0
"""What a DAG author writes in place of a column."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from inspect import iscoroutinefunction
from typing import Any, TypeVar

__all__ = ["Constant", "Hashed", "Phone", "Using"]

DerivedT = TypeVar("DerivedT", bound="Derived")

_ALGORITHMS = ("sha256", "sha512", "sha1", "md5")
_NORMALIZATIONS = ("email", "phone", None)


class Constant:
    """Give an attribute the same value for every user.

    :param value: the value; in an operator, text may be a Jinja template.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


class Derived:
    """Base class of what is made of a column's value; a NULL stays one.

    :param column: the column; in an operator, it may be a Jinja template.
    """

    __slots__ = ("column",)

    def __init__(self, column: str) -> None:
        self.column = column

    @property
    def in_words(self) -> str:
        """What is sent, for the report."""
        raise NotImplementedError

    def reading(self: DerivedT, column: str) -> DerivedT:
        """Return the same of another column."""
        other = copy(self)
        other.column = column
        return other


class Hashed(Derived):
    """Send the hash of a column, as lower-case hex, in place of its value.

    Text of nothing but blanks counts as NULL: its hash would be one for all such users.

    :param column: the column to hash; text, UUIDs and whole numbers.
    :param algorithm: ``"sha256"``, ``"sha512"``, ``"sha1"`` or ``"md5"``: the one that its reader asks for.
    :param normalize: what is done to the text first: ``"email"`` strips it and puts it in lower case, as platforms that
        match on hashed e-mail addresses do; ``"phone"`` makes it a phone number as `Phone` does, such as
        ``+4930901820``; None leaves it as it is.
    :param region: for ``normalize="phone"``: as in `Phone`.
    :raises ValueError: when the DAG is parsed, if an argument is wrong.
    """

    __slots__ = ("algorithm", "normalize", "region")

    def __init__(
        self,
        column: str,
        algorithm: str = "sha256",
        normalize: str | None = "email",
        *,
        region: str | None = None,
    ) -> None:
        super().__init__(column)
        if algorithm not in _ALGORITHMS:
            raise ValueError(f"algorithm is {algorithm!r}; use one of {', '.join(map(repr, _ALGORITHMS))}")
        if normalize not in _NORMALIZATIONS:
            raise ValueError(f"normalize is {normalize!r}; use one of {', '.join(map(repr, _NORMALIZATIONS))}")
        if region is not None and normalize != "phone":
            raise ValueError(f"region is {region!r}; it is for normalize='phone' alone")
        self.algorithm = algorithm
        self.normalize = normalize
        self.region = _region(region)

    @property
    def in_words(self) -> str:
        """What is sent, for the report."""
        return f"{self.column}, hashed" if self.algorithm == "sha256" else f"{self.column}, hashed ({self.algorithm})"

    def __repr__(self) -> str:
        others = {"algorithm": "sha256", "normalize": "email", "region": None}
        given = [f", {name}={value!r}" for name, usual in others.items() if (value := getattr(self, name)) != usual]
        return f"Hashed({self.column!r}{''.join(given)})"


class Phone(Derived):
    """Send a column's phone numbers in the form of ITU-T E.164: ``+4930901820``.

    A number with + and its country code is taken if its length can be right. One without them gets those of the region,
    and must then be valid there. Everything else is ``invalid``, except text of nothing but blanks, which counts as
    NULL.

    :param column: the column; text, or whole numbers.
    :param region: the country of numbers without a country code, by its ISO code such as ``"DE"``; None to take only
        those with + and their country code.
    :raises ValueError: when the DAG is parsed, if the region cannot be one.
    """

    __slots__ = ("region",)

    def __init__(self, column: str, region: str | None = None) -> None:
        super().__init__(column)
        self.region = _region(region)

    @property
    def in_words(self) -> str:
        """What is sent, for the report."""
        return f"{self.column}, as a phone number"

    def __repr__(self) -> str:
        return f"Phone({self.column!r}{'' if self.region is None else f', region={self.region!r}'})"


class Using(Derived):
    """Send what a function of your own makes of a column's value.

    The function is called with each value that is not NULL, as one of Python's own types; what it returns is
    converted as a column's value is, and None counts as NULL. If it raises, the row is ``invalid``; the report names
    the exception's type and never its text. It may be called more than once with a value.

    :param column: the column.
    :param function: value -> what to send.
    :raises ValueError: when the DAG is parsed, if it is no function.
    """

    __slots__ = ("function",)

    def __init__(self, column: str, function: Callable[[Any], Any]) -> None:
        super().__init__(column)
        if not callable(function):
            raise ValueError(f"function is {function!r}; give a function that takes the value and returns what to send")
        if iscoroutinefunction(function):
            raise ValueError(f"function is {function.__name__}, a coroutine function; give one without async")
        self.function = function

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    @property
    def in_words(self) -> str:
        """What is sent, for the report."""
        return f"{self.column}, by {self.name}"

    def __repr__(self) -> str:
        # Without the function's address, which would make a new version of the DAG each time it is parsed.
        return f"Using({self.column!r}, {self.name})"


def _region(region: str | None) -> str | None:
    if region is None:
        return None
    if not isinstance(region, str) or not re.fullmatch("[A-Za-z]{2}", region):
        raise ValueError(f"region is {region!r}; give a country's ISO code, such as 'DE', or None")
    return region.upper()
