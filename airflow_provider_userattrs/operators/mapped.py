# SPDX-License-Identifier: Apache-2.0
"""Checks a mapped operator when the DAG is parsed, as far as it is known then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from logging import getLogger
from typing import Any, TypeAlias

from airflow_provider_userattrs.task.failure import WrongParameter

OperatorPartial: TypeAlias = Any  # Airflow has it in another place in each version

_log = getLogger(__name__)


class Mapped:
    """Stands for a parameter of which each mapped task instance has its own value; a reference, as an XCom is."""

    def iter_references(self) -> Iterator[Any]:
        """Yield nothing: it is never resolved."""
        return iter(())

    def resolve(self, *_: Any, **__: Any) -> Mapped:
        """Return itself."""
        return self


class CheckedPartial:
    """What `checked` adds to Airflow's own class."""

    __slots__ = ()

    def expand(self, **mapped: Any) -> Any:
        """Return the mapped operator, once what all of its task instances share has been checked."""
        operator: Any = super().expand(**mapped)  # type: ignore[misc]
        return _check(operator, mapped)

    def expand_kwargs(self, kwargs: Any, **options: Any) -> Any:
        """Return the mapped operator, once what all of its task instances share has been checked."""
        operator: Any = super().expand_kwargs(kwargs, **options)  # type: ignore[misc]
        if isinstance(kwargs, Sequence) and all(isinstance(each, Mapping) for each in kwargs):
            return _check(operator, {name for each in kwargs for name in each})
        # Any parameter may come from upstream.
        return _check(operator, operator.operator_class.checks.keys() - operator.partial_kwargs.keys())


def checked(partial: OperatorPartial) -> OperatorPartial:
    """Have a mapped operator checked once it is known what it is mapped over.

    :param partial: what Airflow's ``partial()`` returns.
    """
    partial.__class__ = type("OperatorPartial", (CheckedPartial, type(partial)), {"__slots__": ()})
    return partial


def _check(operator: Any, mapped: Any) -> Any:
    """Make one of the operators as Airflow makes them when they run, and return the mapped one.

    :param operator: the mapped operator.
    :param mapped: the parameters that its task instances have each for themselves.
    :raises WrongParameter: if what they share does not go together.
    """
    if not operator.operator_class.checks.keys() >= set(mapped) - {"do_xcom_push"}:
        return operator  # a subclass's own parameter: only its values tell what it makes of them
    try:
        operator.unmap(dict.fromkeys(mapped, Mapped())).check_parsed()
    except WrongParameter:
        raise
    except Exception as error:  # a subclass that needs to know a value: it is made, and checked, when the task runs
        _log.debug("%s cannot be checked before it runs: %s", operator.operator_class.__name__, type(error).__name__)
    return operator
