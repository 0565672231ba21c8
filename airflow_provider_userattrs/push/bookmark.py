# SPDX-License-Identifier: Apache-2.0
"""A place in a source from which it can go on."""

from __future__ import annotations

from typing import Any


class Bookmark:
    """Stand among the rows of a source and say: all rows before me come before this place.

    :param place: a small JSON value; the source's ``rows(after=place)`` yields exactly the rows that follow.
    """

    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = place
