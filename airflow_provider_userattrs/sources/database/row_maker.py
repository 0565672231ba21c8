# SPDX-License-Identifier: Apache-2.0
"""Rows made of the cells that a database driver gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.sources.column_types import Convert, convert
from airflow_provider_userattrs.sources.database.cells import UNREADABLE, Unreadable, readable
from airflow_provider_userattrs.sources.database.drivers import CellByCell

#: What drivers' and our own converters raise on a value they cannot read.
_ERRORS = (ValueError, TypeError, ArithmeticError, RecursionError)


class RowMaker:
    """Make rows of cells.

    :param names: the columns, in their order.
    :param words: place of a column -> what is made of its values.
    :param types: column -> name of its declared type.
    """

    def __init__(self, names: list[str], words: Mapping[int, Convert], types: Mapping[str, str]) -> None:
        self.names = names
        self._words = words
        self._types = types

    def rows(self, batch: list[Any]) -> Iterator[Row | MalformedRow]:
        """Yield the rows of a batch: one whose cells cannot be read is malformed."""
        if isinstance(batch, CellByCell):
            words = {place: _first_readable(self._words.get(place)) for place in range(len(self.names))}
            return map(RowMaker(self.names, words, self._types)._row, batch)
        return map(self._row if self._words or self._types else self._plain, batch)

    def keys(self, batch: list[Any], place: int) -> list[Any]:
        """Return the keys of a batch's rows.

        :raises RefusedConfiguration: if one cannot be read.
        """
        keys, word = [cells[place] for cells in batch], self._words.get(place)
        if isinstance(batch, CellByCell):
            word = _first_readable(word)
        if word is None:
            return keys
        try:
            return [key if key is None else word(key) for key in keys]
        except (InvalidRow, *_ERRORS):
            raise RefusedConfiguration(
                f"key {self.names[place]!r} holds a {UNREADABLE.meaning}; leave such rows out in the query"
            ) from None

    def _plain(self, cells: Any) -> dict[str, Any]:
        return dict(zip(self.names, cells))  # noqa: B905  as many cells as names: the driver sees to it

    def _row(self, cells: Any) -> Row | MalformedRow:
        names = self.names
        row = self._plain(cells)
        name = ""
        try:
            for place, word in self._words.items():
                if (value := cells[place]) is not None:
                    name = names[place]
                    row[name] = word(value)
        except InvalidRow as invalid:
            return self._malformed(cells, invalid.verdict.on(name))
        except _ERRORS:
            return self._malformed(cells, UNREADABLE.on(name))
        if not self._types:
            return row
        raw = dict(row)
        try:
            convert(row, self._types)
        except InvalidRow as invalid:
            return MalformedRow(invalid.verdict, raw)
        return row

    def _malformed(self, cells: Any, verdict: Verdict) -> MalformedRow:
        """Return a row with what can be said of its cells."""
        raw = self._plain(cells)
        for place, word in self._words.items():
            raw[self.names[place]] = _shown(cells[place], word)
        return MalformedRow(verdict, raw)


def _first_readable(word: Convert | None) -> Convert:
    return readable if word is None else lambda value: word(readable(value))


def _shown(value: Any, word: Convert) -> Any:
    if isinstance(value, Unreadable):
        return value.text
    if isinstance(value, list):
        return [_shown(item, readable) for item in value]
    try:
        return None if value is None else word(value)
    except (InvalidRow, *_ERRORS):
        return value
