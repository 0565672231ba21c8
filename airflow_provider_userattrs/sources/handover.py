# SPDX-License-Identifier: Apache-2.0
"""A source as a small value that one task can hand over to another: a place to read rows from, instead of the rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from airflow_provider_userattrs.sources.formats import format_of
from airflow_provider_userattrs.sources.templates import render

__all__ = ["hand_over"]

#: What stands in a dict for a source -> where it is.
_SOURCES = {"sql": ("sql", "SqlRows"), "files": ("files", "FileRows"), "rejects": ("rejects", "Rejects")}


class HandedOver:
    """Hold a source as `hand_over` describes it, on its way from one task to another.

    Airflow keeps the class of a value in its XComs and lets no other value pass for it, so that a dict which a task
    got from outside and passes on is never taken for a source: it could name any connection and any SQL.

    :param described: the source's kind and arguments, as JSON.
    """

    __version__ = 1

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = dict(described)

    def serialize(self) -> dict[str, Any]:
        """Return what Airflow keeps of it."""
        return self._described

    @staticmethod
    def deserialize(data: dict[str, Any], version: int) -> HandedOver:
        """Return it again.

        :param data: what `serialize` returned.
        :param version: the version of its form.
        :raises ValueError: if a later version of this package wrote it.
        """
        if version > HandedOver.__version__:
            raise ValueError("users holds a source that a later version of this package handed over; upgrade it here")
        return HandedOver(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HandedOver) and other._described == self._described

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:  # without SQL and parameters: Airflow writes what a task returns to its log
        return f"HandedOver({self._described.get('source')!r})"


def hand_over(source: Any) -> HandedOver:
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
    is_rendered = context is not None or not source.template_fields
    return HandedOver({"source": name, "rendered": is_rendered, **rendered.arguments()})


def take_over(handed: HandedOver) -> Any:
    """Return the source that `hand_over` described.

    :param handed: what it returned.
    :raises ValueError: if it describes none that this version knows.
    """
    arguments = handed.serialize().copy()
    name, rendered = arguments.pop("source", None), arguments.pop("rendered", True)
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


def is_place(value: Any) -> bool:
    """Tell whether a value stands for rows elsewhere: a path whose name tells a format, or what `hand_over` returns."""
    return isinstance(value, HandedOver) or (is_path(value) and format_of(str(value)) is not None)


def is_path(value: Any) -> bool:
    """Tell whether a value is a path: a text, pathlib's or Airflow's."""
    return isinstance(value, (str, os.PathLike)) or (hasattr(value, "protocol") and hasattr(value, "fs"))


def source_at(places: Sequence[Any]) -> Any:
    """Return the source that places stand for, in their order.

    :param places: paths, and what `hand_over` returns.
    :raises ValueError: if none can be made of them.
    """
    from airflow_provider_userattrs.sources.chain import Chain
    from airflow_provider_userattrs.sources.files import FileRows

    if all(map(is_path, places)):
        paths = [str(place) for place in places]
        return FileRows(paths if len(paths) > 1 else paths[0])
    sources = [take_over(place) if isinstance(place, HandedOver) else FileRows(str(place)) for place in places]
    return Chain(sources) if len(sources) > 1 else sources[0]


def task_context() -> Any:
    """Return the context of the task that runs here, or None if there is none."""
    from airflow.providers.common.compat.sdk import AirflowException, get_current_context

    try:
        return get_current_context()
    except (RuntimeError, AirflowException):  # which one depends on Airflow's version
        return None


def _let_pass() -> None:
    """Have Airflow read this class out of XComs, as it does its own."""
    for module in ("airflow.sdk.serde", "airflow.serialization.serde"):  # the second before Airflow 3.1
        with suppress(ImportError, AttributeError):
            # Not by allow_class, which Airflow has from 3.3 only.
            import_module(module)._extra_allowed.add(f"{__name__}.{HandedOver.__name__}")
            return


_let_pass()
