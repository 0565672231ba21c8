# SPDX-License-Identifier: Apache-2.0
"""What a DAG author writes in place of a column."""

from __future__ import annotations

from typing import Any

__all__ = ["Constant", "Hashed"]


class Constant:
    """Give an attribute the same value for every user.

    :param value: the value; in an operator, text may be a Jinja template.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


class Hashed:
    """Send the SHA-256 of a column, as lower-case hex, in place of its value.

    The text is stripped and put in lower case first, as platforms that match on hashed e-mail addresses do. Text of
    nothing but blanks counts as NULL: its hash would be one for all such users.

    :param column: the column to hash; text, UUIDs and whole numbers.
    """

    __slots__ = ("column",)

    def __init__(self, column: str) -> None:
        self.column = column

    def __repr__(self) -> str:
        return f"Hashed({self.column!r})"
