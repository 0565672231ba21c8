# SPDX-License-Identifier: Apache-2.0
"""Checks the arguments of sources when the DAG is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from airflow_provider_userattrs.push.model.kinds import setting_of
from airflow_provider_userattrs.sources.column_types import TYPES
from airflow_provider_userattrs.sources.templates import is_deferred


def refuse_argument(name: str, value: Any, remedy: str) -> NoReturn:
    """Raise an error that names an argument, the kind of its value, and what to give instead.

    :raises ValueError: always.
    """
    raise ValueError(f"{name} is {setting_of(value)}; {remedy}")


def check_text(name: str, value: Any, remedy: str) -> None:
    """Check that an argument is text and not empty, or is rendered when the task runs."""
    if not is_deferred(value) and (not isinstance(value, str) or not value.strip()):
        refuse_argument(name, value, remedy)


def check_types(value: Any) -> None:
    """Check declared types: column -> name of a type."""
    remedy = f"give a dict from column to one of {', '.join(TYPES)}"
    if value is None:
        return
    if not isinstance(value, Mapping):
        refuse_argument("types", value, remedy)
    for column, kind in value.items():
        if not isinstance(column, str) or not column:
            refuse_argument("types has a column that", column, remedy)
        if kind not in TYPES:
            raise ValueError(f"types[{column!r}] is not a known type; {remedy}")
