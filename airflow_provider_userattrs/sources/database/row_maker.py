# SPDX-License-Identifier: Apache-2.0
"""Makes rows of the cells that a database driver returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow, Row
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.sources.column_types import Convert, convert_row
from airflow_provider_userattrs.sources.database.cells import UNREADABLE, Unreadable, readable
from airflow_provider_userattrs.sources.database.drivers import CellByCell

#: What the drivers' converters and ours raise on a value they cannot read.
_ERRORS = (ValueError, TypeError, ArithmeticError, RecursionError)


class RowMaker:
    """Makes rows of cells.

    :param names: the columns, in their order.
    :param converters: index of a column -> converter of its values.
    :param types: column -> name of its declared type.
    """

    def __init__(self, names: list[str], converters: Mapping[int, Convert], types: Mapping[str, str]) -> None:
        self.names = names
        self._converters = converters
        self._types = types

    def rows(self, chunk: list[Any]) -> Iterator[Row | MalformedRow]:
        """Yield the rows of a chunk; one with a cell that cannot be read is malformed."""
        if isinstance(chunk, CellByCell):
            converters = {index: _checked(self._converters.get(index)) for index in range(len(self.names))}
            return map(RowMaker(self.names, converters, self._types)._row, chunk)
        return map(self._row if self._converters or self._types else self._plain, chunk)

    def keys(self, chunk: list[Any], index: int) -> list[Any]:
        """Return the keys of a chunk's rows.

        :param chunk: the cells.
        :param index: the index of the key's column.
        :raises RefusedConfiguration: if one cannot be read.
        """
        keys, converter = [cells[index] for cells in chunk], self._converters.get(index)
        if isinstance(chunk, CellByCell):
            converter = _checked(converter)
        if converter is None:
            return keys
        try:
            return [key if key is None else converter(key) for key in keys]
        except (InvalidRow, *_ERRORS):
            raise RefusedConfiguration(
                f"key {self.names[index]!r} has a {UNREADABLE.meaning}; exclude such rows in the query"
            ) from None

    def _plain(self, cells: Any) -> dict[str, Any]:
        return dict(zip(self.names, cells))  # noqa: B905  the driver returns as many cells as names

    def _row(self, cells: Any) -> Row | MalformedRow:
        names = self.names
        row = self._plain(cells)
        name = ""
        try:
            for index, converter in self._converters.items():
                if (value := cells[index]) is not None:
                    name = names[index]
                    row[name] = converter(value)
        except InvalidRow as invalid:
            return self._malformed(cells, invalid.verdict.on(name))
        except _ERRORS:
            return self._malformed(cells, UNREADABLE.on(name))
        return convert_row(row, self._types) if self._types else row

    def _malformed(self, cells: Any, verdict: Verdict) -> MalformedRow:
        """Return a malformed row, with as much of its cells as can be shown."""
        raw = self._plain(cells)
        for index, converter in self._converters.items():
            raw[self.names[index]] = _shown(cells[index], converter)
        return MalformedRow(verdict, raw, self._types or None)


def _checked(converter: Convert | None) -> Convert:
    """Return a converter that refuses `Unreadable` first."""
    return readable if converter is None else lambda value: converter(readable(value))


def _shown(value: Any, converter: Convert) -> Any:
    if isinstance(value, Unreadable):
        return value.text
    if isinstance(value, list):
        return [_shown(item, readable) for item in value]
    try:
        return None if value is None else converter(value)
    except (InvalidRow, *_ERRORS):
        return value
