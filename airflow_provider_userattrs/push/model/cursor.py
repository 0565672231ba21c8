# SPDX-License-Identifier: Apache-2.0
"""What a source yields between its rows, so that a later try can resume: a cursor, or the keys of the rows to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Cursor:
    """Yielded between the rows of a source: where to resume after the rows before it.

    :param value: a small JSON value; the source's ``rows(after=value)`` yields exactly the rows that follow.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Keys:
    """Yielded between the rows of a source: the keys of the rows that follow, up to the next `Keys`.

    A source that yields keys yields them for every row. Its ``rows(after=...)`` takes `Unfinished` as JSON, and yields
    exactly the rows that are unfinished by it, beginning with those in doubt.

    :param keys: the keys of the following rows, in their order.
    :param in_doubt: whether an earlier try may have sent these rows.
    :param still_there: how many of the rows that earlier tries finished are still in the source; None if not counted.
    """

    __slots__ = ("in_doubt", "keys", "still_there")

    def __init__(self, keys: Sequence[Any], *, in_doubt: bool = False, still_there: int | None = None) -> None:
        self.keys = keys
        self.in_doubt = in_doubt
        self.still_there = still_there
