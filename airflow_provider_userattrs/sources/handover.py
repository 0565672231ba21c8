# SPDX-License-Identifier: Apache-2.0
"""Passes a source from one task to another through an XCom, instead of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.sources.formats import format_of
from airflow_provider_userattrs.sources.paths import as_text, is_path
from airflow_provider_userattrs.sources.templates import render

__all__ = ["hand_over"]

#: Name of a source in the XCom -> its module and class.
_SOURCES = {"sql": ("sql", "SqlRows"), "files": ("files", "FileRows"), "rejects": ("rejects", "Rejects")}


class HandedOver:
    """A source in an XCom; made by `hand_over`.

    Airflow stores the class of a value in its XComs. So a dict that a task received from outside and returns is never
    mistaken for a source, which could name any connection and any SQL.

    :param described: the source's name and arguments, as JSON.
    """

    __version__ = 1

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = dict(described)

    def serialize(self) -> dict[str, Any]:
        """Return what Airflow stores."""
        return self._described

    @staticmethod
    def deserialize(data: dict[str, Any], version: int) -> HandedOver:
        """Return the description from what Airflow stored.

        :param data: what `serialize` returned.
        :param version: the ``__version__`` of the class that wrote it.
        :raises ValueError: if a later version of this package wrote it.
        """
        if version > HandedOver.__version__:
            raise ValueError("users is a source from a later version of this package; upgrade it on this worker")
        return HandedOver(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HandedOver) and other._described == self._described

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:  # without SQL and parameters: Airflow writes what a task returns to its log
        return f"HandedOver({self._described.get('source')!r})"


def hand_over(source: Any) -> HandedOver:
    """Return a source in a form that a task can return; give ``users=`` the task's output.

    Called in a task, it renders the source's templates; otherwise they are rendered in the task that reads the source.

    :param source: `SqlRows`, `FileRows` or `Rejects`.
    :raises TypeError: if it is something else.
    """
    name = next((name for name, (_, kind) in _SOURCES.items() if kind == type(source).__name__), None)
    if name is None:
        raise TypeError(f"source is {kind_of(source)}; give SqlRows, FileRows or Rejects")
    context = task_context()
    rendered = source if context is None else render(source, context)
    is_rendered = context is not None or not source.template_fields
    return HandedOver({"source": name, "rendered": is_rendered, **rendered.arguments()})


def take_over(handed: HandedOver) -> Any:
    """Return the source that `hand_over` was given.

    :param handed: what `hand_over` returned.
    :raises ValueError: if this version of the package does not support it.
    """
    arguments = handed.serialize().copy()
    name, rendered = arguments.pop("source", None), arguments.pop("rendered", True)
    if not isinstance(name, str) or name not in _SOURCES:
        raise ValueError(f"users is a source of unknown kind; give one of {', '.join(map(repr, _SOURCES))}")
    module, kind = _SOURCES[name]
    try:
        source = getattr(import_module(f"airflow_provider_userattrs.sources.{module}"), kind).from_arguments(arguments)
    except (TypeError, KeyError) as error:
        raise ValueError(f"users is a source with wrong arguments for {kind} ({error}); hand it over again") from None
    if rendered:
        source.template_fields = ()  # else it would be rendered twice
    return source


def is_source_spec(value: Any) -> bool:
    """Return whether a value names a source: a path with the suffix of a format, or what `hand_over` returns."""
    return isinstance(value, HandedOver) or (is_path(value) and format_of(as_text(value)) is not None)


def source_from(specs: Sequence[Any]) -> Any:
    """Return the source that reads what several specs name, in their order.

    :param specs: paths, and what `hand_over` returns.
    :raises ValueError: if one of them is not supported.
    """
    from airflow_provider_userattrs.sources.chain import Chain
    from airflow_provider_userattrs.sources.files import FileRows

    if all(map(is_path, specs)):
        return FileRows(specs if len(specs) > 1 else specs[0])
    sources = [take_over(spec) if isinstance(spec, HandedOver) else FileRows(spec) for spec in specs]
    return Chain(sources) if len(sources) > 1 else sources[0]


def task_context() -> Any:
    """Return the context of the running task, or None outside of a task."""
    from airflow_provider_userattrs._airflow import AirflowException, get_current_context

    try:
        return get_current_context()
    except (RuntimeError, AirflowException):  # depending on Airflow's version
        return None


def _allow_in_xcoms() -> None:
    """Allow Airflow to deserialize this class from XComs."""
    for module in ("airflow.sdk.serde", "airflow.serialization.serde"):  # the second before Airflow 3.1
        with suppress(ImportError, AttributeError):
            # allow_class exists only from Airflow 3.3 on.
            import_module(module)._extra_allowed.add(f"{__name__}.{HandedOver.__name__}")
            return


_allow_in_xcoms()
