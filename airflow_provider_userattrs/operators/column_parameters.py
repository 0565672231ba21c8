# SPDX-License-Identifier: Apache-2.0
"""Checks of the parameters that name columns and attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from airflow_provider_userattrs.columns import Constant, Derived
from airflow_provider_userattrs.operators import parameters
from airflow_provider_userattrs.sources.templates import is_reference
from airflow_provider_userattrs.task.failure import WrongParameter

#: What stands in a condition of SQL, and hardly in a column's name.
_EXPRESSION = re.compile(r"[=<>!]|^not\s", re.IGNORECASE)


def check_column(name: str, value: Any) -> None:
    """Check a parameter that names a column."""
    if not isinstance(value, str) or not value:
        parameters.refuse(name, value, "give the name of a column")


def check_where(name: str, value: Any) -> None:
    """Check a parameter that is None or names a column."""
    if value is not None and (not isinstance(value, str) or not value):
        parameters.refuse(name, value, "give the name of a column that is true or false, or None")
    if value is not None and _EXPRESSION.search(value):
        parameters.refuse(
            name,
            value,
            "it names a column and is no expression; select it under a name, as in SELECT NOT opted_out AS consented",
        )


def check_column_or_none(name: str, value: Any) -> None:
    """Check a parameter that names a column or is None."""
    if value is not None:
        check_column(name, value)


def check_columns(name: str, value: Any) -> None:
    """Check what is set: None, columns, or a dict from attribute to column.

    :param name: the parameter.
    :param value: its value.
    """
    if value is None:
        return
    if not isinstance(value, (Mapping, Sequence)) or isinstance(value, (str, bytes)) or not value:
        parameters.refuse(
            name, value, "give None, a list of columns, or a dict from the vendor's attribute to the column"
        )
    if not isinstance(value, Mapping):
        check_names(name, value)
        return
    for key, source in value.items():
        check_name(name, key)
        if not isinstance(source, Constant):
            check_name(name, source.column if isinstance(source, Derived) else source)


def check_exclude(name: str, value: Any) -> None:
    """Check a parameter that is None or a list of columns."""
    if value is not None:
        check_names(name, value)


def check_rename(name: str, value: Any) -> None:
    """Check a parameter that is None or a dict from a column to an attribute."""
    if value is None:
        return
    if not isinstance(value, Mapping) or not value:
        parameters.refuse(name, value, "give a dict from a column to its attribute, such as {'plan_name': 'plan'}")
    for part in (*value, *value.values()):
        check_name(name, part)


def named_columns(remedy: str) -> parameters.Check:
    """Return what checks columns that must be named: never None for all of them.

    :param remedy: what to give instead of None.
    """
    return partial(_check_named_columns, remedy)


def _check_named_columns(remedy: str, name: str, value: Any) -> None:
    if value is None:
        raise WrongParameter(f"{name} is None; {remedy}")
    check_columns(name, value)


def check_names(name: str, value: Any) -> None:
    """Check a parameter that is a list of names."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not value:
        parameters.refuse(name, value, "give a list of names")
    for item in value:
        if isinstance(item, (Constant, Derived)):
            parameters.refuse(
                f"an element of {name}", item, f"name its attribute, as in {name}={{'attribute': {item!r}}}"
            )
        check_name(name, item)


def check_name(parameter: str, value: Any) -> None:
    """Check one of the names in a parameter."""
    if not is_reference(value) and (not isinstance(value, str) or not value):
        parameters.refuse(f"an element of {parameter}", value, "give names that are text and not empty")
