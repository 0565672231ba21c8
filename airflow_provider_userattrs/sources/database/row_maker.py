# SPDX-License-Identifier: Apache-2.0
"""Makes rows of the cells that a database driver returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.push.model.chunk import Chunk, Table
from airflow_provider_userattrs.push.model.errors import InvalidRow, RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.sources.column_types import Convert, convert_columns, convert_row
from airflow_provider_userattrs.sources.database.cells import convert_cells
from airflow_provider_userattrs.sources.database.drivers import CellByCell
from airflow_provider_userattrs.sources.database.unreadable import UNREADABLE, Unreadable, readable

#: What the drivers' converters and ours raise on a value they cannot read.
_ERRORS = (ValueError, TypeError, ArithmeticError, RecursionError)


class RowMaker:
    """Makes rows of the cells that were fetched.

    :param names: the columns, in their order.
    :param converters: index of a column -> converter of its values.
    :param types: column -> name of its declared type.
    """

    def __init__(self, names: list[str], converters: Mapping[int, Convert], types: Mapping[str, str]) -> None:
        self.names = names
        self._converters = converters
        self._types = types

    def chunk(self, fetched: list[Any]) -> Chunk:
        """Return the rows that were fetched at once; one with a cell that cannot be read is malformed."""
        rows: Sequence[Any] = fetched
        if (columns := self._columns(fetched)) is not None:
            rows = Table(columns, len(fetched))
        elif isinstance(fetched, CellByCell):
            converters = {index: _checked(self._converters.get(index)) for index in range(len(self.names))}
            rows = list(map(RowMaker(self.names, converters, self._types)._converted, fetched))
        else:
            rows = list(map(self._converted, fetched))
        return Chunk(rows, tuple(self.names))

    def keys(self, fetched: list[Any], index: int) -> list[Any]:
        """Return the keys of the rows that were fetched at once.

        :param fetched: their cells.
        :param index: the index of the key's column.
        :raises RefusedConfiguration: if one cannot be read.
        """
        keys, converter = [cells[index] for cells in fetched], self._converters.get(index)
        if isinstance(fetched, CellByCell):
            converter = _checked(converter)
        if converter is None:
            return keys
        try:
            return list(convert_cells(keys, converter))
        except (InvalidRow, *_ERRORS):
            raise RefusedConfiguration(
                f"key {self.names[index]!r} has a {UNREADABLE.meaning}; exclude such rows in the query"
            ) from None

    def _columns(self, fetched: list[Any]) -> list[Sequence[Any]] | None:
        """Return the columns of the rows that were fetched at once; None if a cell cannot be read or converted."""
        if isinstance(fetched, CellByCell):
            return None
        columns: list[Sequence[Any]] = list(zip(*fetched))  # noqa: B905  the driver returns as many cells as names
        try:
            for index, converter in self._converters.items():
                columns[index] = convert_cells(columns[index], converter)
        except (InvalidRow, *_ERRORS):
            return None
        return convert_columns(columns, self.names, self._types) if self._types else columns

    def _plain(self, cells: Any) -> dict[str, Any]:
        return dict(zip(self.names, cells))  # noqa: B905  the driver returns as many cells as names

    def _converted(self, cells: Any) -> tuple[Any, ...] | MalformedRow:
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
        made = convert_row(row, self._types) if self._types else row
        return made if isinstance(made, MalformedRow) else tuple(made.values())

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
