# SPDX-License-Identifier: Apache-2.0
"""Finds all that is wrong with a row, once it is known that something is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_userattrs.push.mapping.attributes import require_name
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.tables import as_dicts
from airflow_provider_userattrs.push.model.verdict import Status, Verdict


def row_type(row: Any) -> Verdict:
    """Return the verdict on a row that is not a dict of columns."""
    hint, remedy = " with a value for each column", "Pass a list of dicts, one for each user."
    if isinstance(row, (list, tuple)):
        if row and isinstance(row[0], Mapping):
            hint, remedy = "; join the lists", "Pass one list of dicts, one for each user, and no lists within it."
        else:
            hint = "; use SqlRows, or return dicts"
            remedy = "Name the columns: dict(zip(columns, row)), a cursor that returns dicts (DictCursor), or SqlRows."
    elif (dicts := as_dicts(row)) is not None:
        hint, remedy = f"; return {dicts}", f"Pass {dicts}: a list of dicts, one for each user."
    return Verdict(Status.INVALID, "row-type", f"row is {kind_of(row)}, not a dict{hint}", remedy)


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
