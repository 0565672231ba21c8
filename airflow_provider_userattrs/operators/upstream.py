# SPDX-License-Identifier: Apache-2.0
"""What upstream tasks returned as users: which lists are rows, and why there may be none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from airflow_provider_userattrs._airflow import XComArg, XComNotFound
from airflow_provider_userattrs.operators.task_states import common_state, has_several_instances
from airflow_provider_userattrs.push.model.chunk import sliced
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.kinds import kind_of
from airflow_provider_userattrs.push.model.tables import as_dicts
from airflow_provider_userattrs.sources.handover import HandedOver, is_source_spec
from airflow_provider_userattrs.sources.sql import is_query

_REMEDY = (
    "the upstream task must return a list with a dict for each user, hand_over(source), or a path that ends with "
    ".jsonl, .csv or .parquet"
)
_TEXT = (
    "users is a template that rendered to text, not to a list of rows; give the upstream task's output instead, "
    "users=extract() (of an operator: extract.output), or set render_template_as_native_obj=True on the DAG"
)


_NOT_ENDED = "has not ended; give this task a trigger_rule that waits for it, such as 'all_success'"

#: The state of a task -> why it has no value, and the remedy. A trigger rule may let a push run all the same.
_WITHOUT_VALUE = {
    "failed": "failed; clear it together with this task",
    "upstream_failed": "did not run; clear what failed before it",
    **dict.fromkeys(("None", "scheduled", "queued", "running", "up_for_retry", "restarting"), _NOT_ENDED),
}


#: What is wrong with shards in place of users.
SHARDS = "what shards() returns; give it to .partial(...).expand_kwargs(...), which maps a task over it"


@dataclass(frozen=True)
class Resolved:
    """The value that one reference resolved to.

    :param value: what was returned, or None.
    :param tasks: the ids of the tasks that returned it; empty if a template pulled it.
    :param is_mapped: whether each element was returned by one instance of a mapped task.
    :param state: of a value that is None, the state of the tasks if it is the same for all.
    """

    value: Any
    tasks: tuple[str, ...] = ()
    is_mapped: bool = False
    state: str | None = None

    @property
    def is_skipped(self) -> bool:
        """Return whether the value is None because the tasks were skipped."""
        return self.state == "skipped"

    def rows(self) -> Iterator[Any]:
        """Yield the rows; for a mapped task, those in each instance's list."""
        for row in () if self.value is None else self.value:
            if self.is_mapped and isinstance(row, list):
                yield from row
            else:
                yield row

    def chunks(self) -> Iterator[Any]:
        """Yield the rows, in chunks where they are in memory."""
        if self.is_mapped or not isinstance(self.value, (list, tuple)):
            yield from self.rows()
        else:
            yield from sliced(self.value)

    def values(self) -> Iterator[Any]:
        """Yield what may be rows or sources: the elements of a list, else the value itself."""
        yield from self.rows() if is_list(self.value) else () if self.value is None else (self.value,)

    def problem(self) -> str | None:
        """Return a sentence on why there are no rows, or None; it never repeats the value."""
        if self.value is None:
            tasks = " and ".join(self.tasks)
            if self.is_skipped:
                return None
            why = f"{tasks} returned nothing" if tasks else "its template rendered to nothing"
            untimely = _WITHOUT_VALUE.get(self.state or "")
            return f"users is None: {f'{tasks} {untimely}' if untimely else f'{why}; {_REMEDY}'}"
        if isinstance(self.value, str) and not self.tasks:
            return _TEXT
        if not is_list(self.value):
            return not_rows(self.value)
        return f"users is {SHARDS}" if is_shard(next(self.rows(), None)) else None


class Upstream:
    """The rows that came from XComs.

    :param values: what each reference resolved to.
    """

    def __init__(self, values: Sequence[Resolved]) -> None:
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        for value in self._values:
            yield from value.rows()

    def chunks(self) -> Iterator[Any]:
        """Yield the rows, in chunks where they are in memory."""
        for value in self._values:
            yield from value.chunks()

    def sources(self) -> list[Any] | None:
        """Return the paths and sources, if tasks returned these; None if they returned rows.

        :raises RefusedConfiguration: if they are mixed with something else.
        """
        elements = (element for value in self._values for element in value.values())
        first = next(elements, None)
        if not is_source_spec(first):
            return None
        sources = [first, *elements]
        if not all(map(is_source_spec, sources)):
            raise RefusedConfiguration("users mixes paths or sources with something else; return only one kind")
        return sources

    def problem(self) -> str | None:
        """Return a sentence on why there are no rows, or None; it never repeats a value."""
        return next(filter(None, (value.problem() for value in self._values)), None)

    def count(self) -> int | None:
        """Return how many rows there are, if that is known before they are read."""
        counted = 0
        for value in self._values:
            if value.is_mapped or not isinstance(value.value, (list, tuple, type(None))):
                return None
            counted += len(value.value or ())
        return counted

    @property
    def is_skipped(self) -> bool:
        """Return whether there are no rows because all the tasks were skipped."""
        return all(value.is_skipped for value in self._values)

    @property
    def skipped(self) -> str | None:
        """Return the tasks that gave no rows because they were skipped, or None."""
        return ", ".join(task for value in self._values if value.is_skipped for task in value.tasks) or None


def pull(reference: Any, context: Any) -> Upstream:
    """Resolve a reference: an XComArg of any kind, or an argument of a mapped task group.

    Airflow joins the arguments of ``concat`` into one list; here each of them stays separate.

    :param reference: the reference.
    :param context: the task's context.
    """
    concat = import_module(XComArg.__module__).ConcatXComArg
    references = reference.args if isinstance(reference, concat) else [reference]
    return Upstream([_resolve(item, context) for item in references])


def from_template(value: Any) -> Upstream:
    """Return the rows that an author's template rendered to."""
    return Upstream([Resolved(_as_rows(value))])


def is_list(value: Any) -> bool:
    """Return whether a value is a list or tuple, and not a text or a dict."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, Mapping))


def is_shard(value: Any) -> bool:
    """Return whether a value is an element of what ``shards`` returns: arguments of an operator, and no row."""
    return isinstance(value, dict) and value.keys() == {"users", "shard"} and isinstance(value["users"], HandedOver)


def not_rows(value: Any) -> str:
    """Return a sentence on a value that is not a list of rows."""
    if isinstance(value, str) and is_query(value):
        return "users is a query as text; return hand_over(SqlRows(query, conn_id=...))"
    if (dicts := as_dicts(value)) is not None:
        return f"users is {kind_of(value)}; the upstream task must return a list of dicts instead: {dicts}"
    return f"users is {kind_of(value)}; {_REMEDY}"


def _resolve(reference: Any, context: Any) -> Resolved:
    operators = {operator.task_id: operator for operator, _ in reference.iter_references()}
    tasks = tuple(sorted(operators))
    try:
        value = reference.resolve(context)
    except (XComNotFound, ValueError):  # the second from map() and zip() of nothing
        if common_state(operators, context) != "skipped":
            raise
        value = None
    if value is None:
        return Resolved(None, tasks, state=common_state(operators, context))
    is_mapped = isinstance(reference, XComArg) and any(
        has_several_instances(operator, context) for operator in operators.values()
    )
    return Resolved(value if is_mapped else _as_rows(value), tasks, is_mapped)


def _as_rows(value: Any) -> Any:
    """Return a single row as a list of one: a database cursor's `fetchone` returns a tuple of cells."""
    if isinstance(value, tuple) and value and not any(isinstance(cell, (Mapping, tuple, list)) for cell in value):
        return [value]
    return value
