# SPDX-License-Identifier: Apache-2.0
"""A source as a small dict that one task can hand over to another: a place to read rows from, instead of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from airflow_provider_userattrs.sources.templates import render

#: What stands in a dict for a source -> where it is.
_SOURCES = {"sql": ("sql", "SqlRows"), "files": ("files", "FileRows"), "rejects": ("rejects", "Rejects")}


def hand_over(source: Any) -> dict[str, Any]:
    """Return a source as a task may return it; ``users=`` takes the task's output.

    In a task the source's templates are rendered; else they are when the task that gets it runs.

    :param source: `SqlRows`, `FileRows` or `Rejects`.
    :raises TypeError: if it is something else.
    """
    name = next((name for name, (_, kind) in _SOURCES.items() if kind == type(source).__name__), None)
    if name is None:
        raise TypeError(f"source is a {type(source).__name__}; give SqlRows, FileRows or Rejects")
    context = task_context()
    rendered = source if context is None else render(source, context)
    return {"source": name, "rendered": context is not None or not source.template_fields, **rendered.arguments()}


def is_handed_over(value: Any) -> bool:
    """Tell whether a value is a source as `hand_over` returns it, and not the row of one user."""
    return isinstance(value, Mapping) and "source" in value and "rendered" in value


def take_over(value: Mapping[str, Any]) -> Any:
    """Return the source that `hand_over` described.

    :param value: the dict.
    :raises ValueError: if it describes none.
    """
    arguments = dict(value)
    name, rendered = arguments.pop("source"), arguments.pop("rendered")
    if name not in _SOURCES:
        raise ValueError(f"users holds a source of unknown kind; give one of {', '.join(map(repr, _SOURCES))}")
    module, kind = _SOURCES[name]
    try:
        source = getattr(import_module(f"airflow_provider_userattrs.sources.{module}"), kind).from_arguments(arguments)
    except (TypeError, KeyError) as error:
        raise ValueError(f"users holds a source that {kind} cannot be made of ({error})") from None
    if rendered:
        source.template_fields = ()  # its texts are as they are to be used
    return source


def task_context() -> Any:
    """Return the context of the task that runs here, or None if there is none."""
    from airflow.providers.common.compat.sdk import AirflowException, get_current_context

    try:
        return get_current_context()
    except (RuntimeError, AirflowException):  # which one depends on Airflow's version
        return None
