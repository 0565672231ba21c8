# SPDX-License-Identifier: Apache-2.0
"""What upstream tasks returned as users: which of its lists are rows, and what it means when there is nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from airflow_provider_userattrs._airflow import MappedOperator, XComArg, XComNotFound
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.handover import is_source_spec

_REMEDY = (
    "the upstream task must return a list with a dict for each user, hand_over(source), or a path that ends as .jsonl, "
    ".csv or .parquet do"
)
_TEXT = (
    "users is a template that came to text, which is no list of rows; give the upstream task's output instead, "
    "users=extract() (of an operator: extract.output), or set render_template_as_native_obj=True on the DAG"
)


@dataclass(frozen=True)
class Part:
    """Hold what one reference came to.

    :param value: what was returned; None if there is nothing.
    :param tasks: the ids of the tasks behind it; none if a template pulled it.
    :param is_mapped: whether each element is what one instance of a mapped task returned.
    :param is_skipped: whether there is nothing because the tasks were skipped.
    """

    value: Any
    tasks: tuple[str, ...] = ()
    is_mapped: bool = False
    is_skipped: bool = False

    def rows(self) -> Iterator[Any]:
        """Yield the rows: of a mapped task those of each instance's list."""
        for row in () if self.value is None else self.value:
            if self.is_mapped and isinstance(row, list):
                yield from row
            else:
                yield row

    def values(self) -> Iterator[Any]:
        """Yield what may be rows or places: the elements of lists, else the value itself."""
        yield from self.rows() if is_list(self.value) else () if self.value is None else (self.value,)

    def problem(self) -> str | None:
        """Return a sentence on why there are no rows to be had, or None; it never repeats the value."""
        if self.value is None:
            behind = " and ".join(self.tasks)
            why = f"{behind} returned nothing" if behind else "its template came to nothing"
            return None if self.is_skipped else f"users is None: {why}; {_REMEDY}"
        if isinstance(self.value, str) and not self.tasks:
            return _TEXT
        return None if is_list(self.value) else not_rows(self.value)


class Upstream:
    """Hold the rows that came out of XComs.

    :param parts: what each reference came to.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[Any]:
        for part in self.parts:
            yield from part.rows()

    def places(self) -> list[Any] | None:
        """Return the places that were handed over, if the first value is one; None if rows were.

        :raises RefusedConfiguration: if there is something else among them.
        """
        values = (value for part in self.parts for value in part.values())
        first = next(values, None)
        if not is_source_spec(first):
            return None
        places = [first, *values]
        if not all(map(is_source_spec, places)):
            raise RefusedConfiguration("users holds paths or sources and something else; return one or the other")
        return places

    def problem(self) -> str | None:
        """Return a sentence on why there are no rows to be had, or None; it never repeats a value."""
        return next(filter(None, (part.problem() for part in self.parts)), None)

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""
        counted = 0
        for part in self.parts:
            if part.is_mapped or not isinstance(part.value, (list, tuple, type(None))):
                return None
            counted += len(part.value or ())
        return counted

    @property
    def skipped(self) -> str | None:
        """Return the tasks that gave no rows because they were skipped, or None."""
        return ", ".join(task for part in self.parts if part.is_skipped for task in part.tasks) or None


def pull(reference: Any, context: Any) -> Upstream:
    """Return what a reference comes to: an XComArg of whatever kind, or an argument of a mapped task group.

    Airflow joins what ``concat`` names into one list; here each part of it keeps what is known of it.

    :param reference: the reference.
    :param context: the task's context.
    """
    concat = import_module(XComArg.__module__).ConcatXComArg
    each = reference.args if isinstance(reference, concat) else [reference]
    return Upstream([_part(one, context) for one in each])


def pulled(value: Any) -> Upstream:
    """Return what the template of an author came to."""
    return Upstream([Part(_as_rows(value))])


def states(reference: Any, context: Any) -> dict[tuple[str, int], str]:
    """Return the state of each task instance behind a reference, by task id and map index (-1 if it is not mapped).

    A mapped task whose instances are not made has one without an index. Instances that a later run of the same tasks
    removed are left out.

    :param reference: an XComArg of whatever kind, an argument of a mapped task group, or lists of them.
    :param context: the task's context.
    """
    operators = {operator.task_id: operator for operator, _ in XComArg.iter_xcom_references(reference)}
    found = {
        (task, index): state
        for task, operator in operators.items()
        for index, state in _states(operator, context)
        if state != "removed"
    }
    return dict(sorted(found.items()))


def is_list(value: Any) -> bool:
    """Tell whether a value is a list, and not a text or a dict."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, Mapping))


def not_rows(value: Any) -> str:
    """Return a sentence on a value that is no list of rows."""
    return f"users is a {type(value).__name__}; {_REMEDY}"


def _part(reference: Any, context: Any) -> Part:
    operators = {operator.task_id: operator for operator, _ in reference.iter_references()}
    tasks = tuple(sorted(operators))
    try:
        value = reference.resolve(context)
    except (XComNotFound, ValueError):  # the second from map() and zip() of nothing
        if not _all_skipped(operators, context):
            raise
        value = None
    if value is None:
        return Part(None, tasks, is_skipped=_all_skipped(operators, context))
    is_mapped = isinstance(reference, XComArg) and any(
        _is_one_of_many(operator, context) for operator in operators.values()
    )
    return Part(value if is_mapped else _as_rows(value), tasks, is_mapped)


def _as_rows(value: Any) -> Any:
    """Return a row as a list of one: `fetch_one` of a cursor gives a tuple of cells."""
    if isinstance(value, tuple) and value and not any(isinstance(cell, (Mapping, tuple, list)) for cell in value):
        return [value]
    return value


def _is_one_of_many(operator: Any, context: Any) -> bool:
    """Tell whether a task has instances whose XComs come all together."""
    return isinstance(operator, MappedOperator) or (
        _group(operator) is not None and not _shares_group(operator, context)
    )


def _group(operator: Any) -> str | None:
    group = operator.get_closest_mapped_task_group()
    return None if group is None else str(group.group_id)


def _shares_group(operator: Any, context: Any) -> bool:
    """Tell whether a task is of the same mapped task group as this one; then only one instance of it is upstream."""
    return _group(operator) == _group(context["task"])


def _all_skipped(operators: Mapping[str, Any], context: Any) -> bool:
    with suppress(Exception):  # not known: then it is not said that it was skipped
        found = {state for operator in operators.values() for _, state in _states(operator, context)}
        return found == {"skipped"}
    return False


def _states(operator: Any, context: Any) -> Iterator[tuple[int, str]]:
    """Yield the map indexes and states of a task's instances in this run."""
    ti = context["ti"]
    map_index = ti.map_index if _group(operator) is not None and _shares_group(operator, context) else None
    if hasattr(ti, "get_task_states"):
        wanted = {"task_ids": [operator.task_id], "run_ids": [ti.run_id], "map_index": map_index}
        for found in ti.get_task_states(dag_id=ti.dag_id, **wanted).values():
            for name, state in found.items():  # "push", or "push_3" of a mapped one
                index = name.removeprefix(operator.task_id).removeprefix("_")
                yield int(index or -1), str(state)
    else:  # Airflow 2
        for one in context["dag_run"].get_task_instances():
            if one.task_id == operator.task_id and map_index in (None, one.map_index):
                yield one.map_index, str(one.state)
