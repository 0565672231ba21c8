# SPDX-License-Identifier: Apache-2.0
"""Finds all that is wrong with a row, once it is known that something is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_userattrs.push.mapping.attributes import Columns, require_name
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import UNCONVERTIBLE
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import Row
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MISSING_COLUMN = Verdict(
    Status.INVALID,
    "missing-column",
    "row has no such column",
    "Check the column's name, or give every row the column, with None where there is no value.",
)


def find_faults(columns: Columns, row: Row) -> dict[Any, Verdict]:
    """Return the verdict on each attribute whose value cannot be sent.

    :param columns: the row's columns.
    :param row: the row.
    """
    return {name: verdict for name, column, table in columns if (verdict := _fault(name, column, table, row))}


def find_unfit_names(names: Iterable[Any], rules: Rules) -> dict[Any, Verdict]:
    """Return the verdict on each column that has no name of an attribute.

    :param names: the columns.
    :param rules: the vendor's rules for the operation.
    """
    unfit = {}
    for name in names:
        try:
            require_name(name, rules)
        except InvalidRow as invalid:
            unfit[name] = invalid.verdict
    return unfit


def _fault(name: Any, column: Any, table: Any, row: Row) -> Verdict | None:
    try:
        if column not in row:
            return MISSING_COLUMN.on(str(column))
        value = row[column]
        if value is not None:
            table[type(value)](value)
    except InvalidRow as invalid:
        return invalid.verdict if invalid.verdict.attribute else invalid.verdict.on(name)
    except Exception:  # its text may repeat the value
        return UNCONVERTIBLE.on(str(name))
    return None
