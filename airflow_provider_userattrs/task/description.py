# SPDX-License-Identifier: Apache-2.0
"""A push's parameters for its report, by name, without secrets, constants or rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_userattrs.columns import Constant, Derived
from airflow_provider_userattrs.hooks.base import VendorHook
from airflow_provider_userattrs.push.model.phrases import listed

_MAX_TEXT_LENGTH = 200
_MAX_NAME_LENGTH = 60

#: Bytes that a list of names may take as JSON.
_MAX_BYTES = 800


def describe(
    parameters: Mapping[str, Any], columns_field: str, hook: VendorHook, rate: str | None, left_out: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a push's parameters as a small JSON dict; what is None is left out.

    :param parameters: the operator's, rendered, by their names.
    :param columns_field: the one that says what is set or unset.
    :param hook: its connection.
    :param rate: the cap in words, or None.
    :param left_out: the columns that are not sent unless they are named, such as the key of a query.
    """
    shown = {
        hook.conn_name_attr: hook.conn_id,
        hook.choice: hook.settings.choice,
        **hook.settings.own,
        "host": hook.transport.base_url,
        **parameters,
        "rename": _inverted(parameters.get("rename")),
        columns_field: _columns(parameters[columns_field], left_out),
        "rate_limit": rate,
    }
    return {name: _short(value) for name, value in shown.items() if value is not None}


def _columns(columns: Any, left_out: Sequence[str]) -> Any:
    if columns is None:
        return f"every other column{f' but {listed(left_out)}' if left_out else ''}"
    return {name: _origin(source) for name, source in columns.items()} if isinstance(columns, Mapping) else columns


def _inverted(rename: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return attribute -> column."""
    return None if rename is None else {name: column for column, name in rename.items()}


def _origin(source: Any) -> str:
    if isinstance(source, Constant):
        return "a constant"
    return source.in_words if isinstance(source, Derived) else str(source)


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _names([name if name == column else f"{name} ← {column}" for name, column in value.items()])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _names(list(map(str, value)))
    return value[:_MAX_TEXT_LENGTH] if isinstance(value, str) else value


def _names(names: list[str]) -> list[str]:
    """Return as many names as fit, and the number of further ones."""
    room = _MAX_BYTES
    shown: list[str] = []
    for name in names:
        room -= len(json.dumps(name[:_MAX_NAME_LENGTH]))
        if room < 0:
            return [*shown, f"and {len(names) - len(shown):,} more"]
        shown.append(name[:_MAX_NAME_LENGTH])
    return shown
