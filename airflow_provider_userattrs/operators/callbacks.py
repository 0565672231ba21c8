# SPDX-License-Identifier: Apache-2.0
"""What an author has called when something happens: functions and notifiers, checked, and stored by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

from airflow_provider_userattrs._airflow import BaseNotifier
from airflow_provider_userattrs.operators.parameters import refuse
from airflow_provider_userattrs.task.failure import WrongParameter

_REMEDY = "give a function that takes the context and the report, a notifier, or a list of these"


class Callbacks:
    """Functions and notifiers of a mapped operator, whose arguments Airflow stores: of these, the names alone.

    :param given: one of them, or several.
    """

    def __init__(self, given: Any) -> None:
        self._callbacks = tuple(_each(given))

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._callbacks)

    def __repr__(self) -> str:
        return ", ".join(getattr(each, "__qualname__", type(each).__qualname__) for each in self)

    __str__ = __repr__


def check_callbacks(name: str, value: Any) -> None:
    """Check what is called when something happens."""
    for each in _each(value):
        if isinstance(each, type):
            raise WrongParameter(f"{name} is the class {each.__name__}; call it, as in {each.__name__}(...)")
        if not callable(each):
            refuse(name, each, _REMEDY)
        if not isinstance(each, BaseNotifier) and not _takes_two(each):
            raise WrongParameter(
                f"{name} calls {getattr(each, '__name__', type(each).__name__)} with two arguments, which it does not "
                "take; write def told(context, report)"
            )


def _takes_two(function: Callable[..., Any]) -> bool:
    """Return whether a function takes the context and the report, as far as Python knows what it takes."""
    try:
        signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # some that are written in C do not say
        return True
    return True


def _each(given: Any) -> list[Any]:
    if given is None:
        return []
    return [*given] if isinstance(given, (list, tuple, Callbacks)) else [given]
