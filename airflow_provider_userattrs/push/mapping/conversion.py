# SPDX-License-Identifier: Apache-2.0
"""Converts the cells of a column, all at once where their types allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import Any, NamedTuple

from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, ConvertMany, Noted, ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Verdict

_NONE: Mapping[Any, Any] = MappingProxyType({})


class Converted(NamedTuple):
    """The values of a column.

    :param values: the values to send; None for a NULL, and for a value that cannot be sent.
    :param gaps: the indexes of those that are None.
    :param faults: the indexes of the values that cannot be sent, and the verdicts on them.
    :param notes: note -> the indexes of the values that it is about.
    """

    values: Sequence[Any]
    gaps: Sequence[int] = ()
    faults: Mapping[int, Verdict] = _NONE
    notes: Mapping[str, Sequence[int]] = _NONE


def convert_column(cells: Sequence[Any], table: ValueTable) -> Converted:
    """Return the converted values of a column.

    :param cells: the cells.
    :param table: type -> converter.
    """
    kinds = set(map(type, cells))
    has_nulls = NoneType in kinds
    kinds.discard(NoneType)
    try:
        if all(table[kind] is as_is for kind in kinds):
            return Converted(cells, _gaps(cells) if has_nulls else ())
        [kind] = kinds
        if (convert := table.many.get(kind)) and (converted := _convert_many(cells, convert, has_nulls=has_nulls)):
            return converted
    except Exception:  # several types, or a value that runs code of its own: each is converted by itself
        pass
    return _convert_each(cells, table)


def _convert_many(cells: Sequence[Any], convert: ConvertMany, *, has_nulls: bool) -> Converted | None:
    present = [cell for cell in cells if cell is not None] if has_nulls else cells
    bulk = convert(present)
    if bulk is None:
        return None
    values, noted, gaps = bulk.values, bulk.noted, _gaps(cells) if has_nulls else ()
    if values is present:  # they are as they were
        values = cells
    elif has_nulls:
        rest = iter(values)
        values = [None if cell is None else next(rest) for cell in cells]
    if noted and has_nulls:
        at = [index for index, cell in enumerate(cells) if cell is not None]
        noted = [at[index] for index in noted]
    return Converted(values, gaps, notes={bulk.note: noted} if noted else _NONE)


def _convert_each(cells: Sequence[Any], table: ValueTable) -> Converted:
    values: list[Any] = []
    faults: dict[int, Verdict] = {}
    notes: dict[str, list[int]] = {}
    for index, value in enumerate(cells):
        if value is not None:
            try:
                value = table[type(value)](value)
                if type(value) is Noted:
                    notes.setdefault(value.note, []).append(index)
                    value = value.value
            except Exception as error:  # a value may run code of its own when it is converted
                faults[index] = fault_of(error)
                value = None
        values.append(value)
    return Converted(values, _gaps(values), faults, notes)


def fault_of(error: Exception) -> Verdict:
    """Return the verdict on what could not be converted; the text of an error may repeat the value."""
    return error.verdict if isinstance(error, InvalidRow) else UNCONVERTIBLE


def _gaps(values: Sequence[Any]) -> list[int]:
    return [index for index, value in enumerate(values) if value is None]
