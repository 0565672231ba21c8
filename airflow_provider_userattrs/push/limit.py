# SPDX-License-Identifier: Apache-2.0
"""Reads the first rows of a source alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.cursor import Cursor, Keys


class Limit:
    """Lets so many rows of a push through, over all of its tries, and asks the source for no further one.

    :param limit: how many.
    :param passed: how many rows of earlier tries the source does not yield again.
    """

    def __init__(self, limit: int, passed: int) -> None:
        self._left = max(limit - passed, 0)

    def first(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield what a source yields, up to the last row that is let through.

        :param items: the source's rows and chunks, and the cursors and keys between them.
        """
        if not self._left:
            return
        for item in items:
            kind = type(item)
            if kind is Chunk:
                yield item if len(item) <= self._left else Chunk(item.rows[: self._left], item.names)
                self._left -= min(len(item), self._left)
            elif kind is Keys:
                yield Keys(item.keys[: self._left], in_doubt=item.in_doubt, still_there=item.still_there)
            else:
                yield item
                self._left -= kind is not Cursor
            if not self._left:
                return
