# SPDX-License-Identifier: Apache-2.0
"""What a source says between its rows, so that a later try can go on: a place, or the keys of the rows to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Cursor:
    """Stand among the rows of a source and say: all rows before me come before this place.

    :param place: a small JSON value; the source's ``rows(after=place)`` yields exactly the rows that follow.
    """

    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = place


class Keys:
    """Stand among the rows of a source and say which keys those that follow have, up to the next such word.

    A source that yields keys yields them for every row. Its ``rows(after=...)`` takes `Unfinished` as JSON, and yields
    exactly the rows that are unfinished by it, those first that may have been sent.

    :param keys: the keys of the following rows, in their order.
    :param alike: which of them, from 0, the database may take for the same as the one before.
    :param in_doubt: whether an earlier try may have sent these rows.
    :param still_there: how many of the rows that earlier tries finished the source still has; None if it was not asked.
    """

    __slots__ = ("alike", "in_doubt", "keys", "still_there")

    def __init__(
        self, keys: Sequence[Any], alike: Sequence[int] = (), *, in_doubt: bool = False, still_there: int | None = None
    ) -> None:
        self.keys = keys
        self.alike = alike
        self.in_doubt = in_doubt
        self.still_there = still_there
