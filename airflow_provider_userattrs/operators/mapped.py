# SPDX-License-Identifier: Apache-2.0
"""Checks a mapped operator when the DAG is parsed, as far as it is known then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import product
from logging import getLogger
from math import prod
from typing import Any, TypeAlias

from airflow_provider_userattrs.operators.rule import Moment
from airflow_provider_userattrs.sources.templates import is_reference
from airflow_provider_userattrs.task.failure import WrongParameter

OperatorPartial: TypeAlias = Any  # Airflow has it in another place in each version

#: Operators that are made of literal values to check these, at most: each takes a millisecond, at every parse.
_MOST_MADE = 100

_log = getLogger(__name__)


class Mapped:
    """Stands for a parameter of which each mapped task instance has its own value; a reference, as an XCom is."""

    def iter_references(self) -> Iterator[Any]:
        """Yield nothing: it is never resolved."""
        return iter(())

    def resolve(self, *_: Any, **__: Any) -> Mapped:
        """Return itself."""
        return self


def is_mapped(value: Any) -> bool:
    """Return whether a parameter's value is each mapped task instance's own, and so not known yet."""
    return isinstance(value, Mapped) or getattr(value, "are_mapped", False) is True


class CheckedPartial:
    """What `checked` adds to Airflow's own class."""

    __slots__ = ()

    def expand(self, **mapped: Any) -> Any:
        """Return the mapped operator, once what is known of its task instances has been checked."""
        operator: Any = super().expand(**mapped)  # type: ignore[misc]
        _check_shared(operator, mapped.keys())
        _check_each(operator, mapped.keys(), _of_lists({name: _elements(given) for name, given in mapped.items()}))
        return operator

    def expand_kwargs(self, kwargs: Any, **options: Any) -> Any:
        """Return the mapped operator, once what is known of its task instances has been checked."""
        operator: Any = super().expand_kwargs(kwargs, **options)  # type: ignore[misc]
        literal = [*kwargs] if isinstance(kwargs, Sequence) else [kwargs]
        if all(isinstance(each, Mapping) for each in literal):
            _check_shared(operator, {name for each in literal for name in each})
        else:  # any parameter may come from upstream
            _check_shared(operator, operator.operator_class.checks.keys() - operator.partial_kwargs.keys())
        _check_each(operator, (), _of_dicts(literal))
        return operator


def checked(partial: OperatorPartial) -> OperatorPartial:
    """Have a mapped operator checked once it is known what it is mapped over.

    :param partial: what Airflow's ``partial()`` returns.
    """
    partial.__class__ = type("OperatorPartial", (CheckedPartial, type(partial)), {"__slots__": ()})
    return partial


def _check_shared(operator: Any, mapped: Collection[str]) -> None:
    """Check what all task instances have in common.

    :param operator: the mapped operator.
    :param mapped: the parameters that its task instances have each for themselves.
    :raises WrongParameter: if it does not go together.
    """
    made = _make(operator, dict.fromkeys(mapped, Mapped()))
    if made is not None:
        made.check_together(Moment.PARSED)


def _check_each(operator: Any, mapped: Collection[str], literals: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Check the values that the DAG file gives for task instances, each beside what all have in common.

    :param operator: the mapped operator.
    :param mapped: the parameters that its task instances have each for themselves, if each has all of these.
    :param literals: where the DAG file has them, and the parameters of a task instance that are known by it.
    :raises WrongParameter: if a value is invalid; the message begins with where it is.
    """
    for number, (where, given) in enumerate(literals):
        try:
            if number < _MOST_MADE:
                _make(operator, {**dict.fromkeys(mapped, Mapped()), **given})
            elif not operator.operator_class.has_an_init_of_its_own():
                operator.operator_class.check_parameters(given)
        except WrongParameter as wrong:
            raise WrongParameter(f"{where}: {wrong}") from None


def _make(operator: Any, given: Mapping[str, Any]) -> Any:
    """Make one of the operators as Airflow makes them when they run, which checks it; None if it must be known more.

    :param operator: the mapped operator.
    :param given: the values of the parameters that are mapped over, each known or `Mapped`.
    :raises WrongParameter: if a parameter is invalid, or some do not go together.
    """
    made_of: Any = operator.operator_class
    unknown = {name for name, value in given.items() if is_mapped(value)}
    if not made_of.checks.keys() >= unknown - {"do_xcom_push"}:
        return None  # a subclass's own parameter: only its values tell what it makes of them
    is_certain = not unknown and not made_of.has_an_init_of_its_own()
    try:
        if is_certain:  # Airflow's error on it when the task runs shows the value
            import_module(type(operator).__module__).validate_mapping_kwargs(made_of, "expand_kwargs", {**given})
        return operator.unmap(given)
    except WrongParameter:
        raise
    except Exception as error:
        if is_certain:
            raise WrongParameter(str(error)) from None
        # A subclass that needs to know a value: it is made, and checked, when the task runs.
        _log.debug("%s cannot be checked before it runs: %s", made_of.__name__, type(error).__name__)
        return None


def _elements(given: Any) -> list[Any] | None:
    """Return what Airflow gives to the task instances of a literal list or dict; None of what a task returns."""
    if is_reference(given):
        return None
    return [*given.items()] if isinstance(given, Mapping) else [*given]


def _of_lists(lists: Mapping[str, list[Any] | None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each value of each list by itself, and then, if these are few, each combination of them."""
    literal = {name: [*enumerate(values)] for name, values in lists.items() if values is not None}
    for name, values in literal.items():
        for index, value in values:
            yield f"{name}[{index}]", {name: value}
    if len(literal) > 1 and prod(map(len, literal.values())) <= _MOST_MADE:
        for each in product(*literal.values()):
            places = " with ".join(f"{name}[{index}]" for name, (index, _) in zip(literal, each, strict=True))
            yield places, {name: value for name, (_, value) in zip(literal, each, strict=True)}


def _of_dicts(dicts: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the dicts that no task returns."""
    return ((f"expand_kwargs[{index}]", each) for index, each in enumerate(dicts) if isinstance(each, Mapping))
