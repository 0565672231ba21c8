# SPDX-License-Identifier: Apache-2.0
"""Converts the cells of a column, all at once where their types allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE, Convert, InBulk, Noted, ValueTable, as_is
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Verdict


@dataclass
class Converted:
    """The values of a column.

    :param values: the values to send; None for a NULL, and for a value that cannot be sent.
    :param has_gaps: whether one of them is None.
    :param faults: index -> the verdict on a value that cannot be sent.
    :param notes: note -> the indexes of the values that it is about.
    """

    values: Sequence[Any]
    has_gaps: bool
    faults: dict[int, Verdict] = field(default_factory=dict)
    notes: dict[str, Sequence[int]] = field(default_factory=dict)


def convert_column(cells: Sequence[Any], table: ValueTable) -> Converted:
    """Return the converted values of a column.

    :param cells: the cells.
    :param table: type -> converter.
    """
    kinds = set(map(type, cells))
    has_nulls = NoneType in kinds
    kinds.discard(NoneType)
    try:
        converters = {table[kind] for kind in kinds}
        if converters <= {as_is}:
            return Converted(cells, has_gaps=has_nulls)
        [convert, *others] = converters
        if type(convert) is InBulk and not others and (converted := _convert_in_bulk(cells, convert, has_nulls)):
            return converted
    except Exception:  # a value may run code of its own; each gets its own verdict
        pass
    return _convert_each(cells, table)


def _convert_in_bulk(cells: Sequence[Any], convert: InBulk, has_nulls: bool) -> Converted | None:
    present = [cell for cell in cells if cell is not None] if has_nulls else cells
    bulk = convert.many(present)
    if bulk is None:
        return None
    values, noted = bulk.values, bulk.noted
    if values is present:  # they are as they were
        values = cells
    elif has_nulls:
        rest = iter(values)
        values = [None if cell is None else next(rest) for cell in cells]
        if noted:
            at = [index for index, cell in enumerate(cells) if cell is not None]
            noted = [at[index] for index in noted]
    converted = Converted(values, has_gaps=has_nulls)
    if noted:
        converted.notes[bulk.note] = noted
    return converted


def _convert_each(cells: Sequence[Any], table: ValueTable) -> Converted:
    values: list[Any] = []
    converted = Converted(values, has_gaps=False)
    notes: dict[str, list[int]] = {}
    for index, value in enumerate(cells):
        if value is not None:
            try:
                convert: Convert = table[type(value)]
                value = convert(value)
                if type(value) is Noted:
                    notes.setdefault(value.note, []).append(index)
                    value = value.value
            except Exception as error:
                # A value may run code of its own when it is converted. Whatever that raises concerns its row alone,
                # and its text may repeat the value.
                converted.faults[index] = error.verdict if isinstance(error, InvalidRow) else UNCONVERTIBLE
                value = None
        values.append(value)
    converted.has_gaps = any(value is None for value in values)
    converted.notes.update(notes)
    return converted
