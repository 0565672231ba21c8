# SPDX-License-Identifier: Apache-2.0
"""The instances of upstream tasks in this run: how many there are, and in which state each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from airflow_provider_userattrs._airflow import MappedOperator, XComArg


def states(reference: Any, context: Any) -> dict[tuple[str, int], str]:
    """Return the state of each task instance of a reference, by task id and map index (-1 if it is not mapped).

    A mapped task that has not been expanded has one instance, without an index. Instances that were removed when the
    task was expanded again are left out.

    :param reference: an XComArg of any kind, an argument of a mapped task group, or lists of them.
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


def common_state(operators: Mapping[str, Any], context: Any) -> str | None:
    """Return the state that all instances of some tasks have; None if there is no such state, or it is not known."""
    with suppress(Exception):
        states = {state for operator in operators.values() for _, state in _states(operator, context)}
        return states.pop() if len(states) == 1 else None
    return None


def has_several_instances(operator: Any, context: Any) -> bool:
    """Return whether a task has several instances whose XComs are pulled together."""
    return isinstance(operator, MappedOperator) or (
        _group(operator) is not None and not _shares_group(operator, context)
    )


def _group(operator: Any) -> str | None:
    group = operator.get_closest_mapped_task_group()
    return None if group is None else str(group.group_id)


def _shares_group(operator: Any, context: Any) -> bool:
    """Return whether a task is in the same mapped task group as this one; then only one instance of it is upstream."""
    return _group(operator) == _group(context["task"])


def _states(operator: Any, context: Any) -> Iterator[tuple[int, str]]:
    """Yield the map indexes and states of a task's instances in this run."""
    ti = context["ti"]
    map_index = ti.map_index if _group(operator) is not None and _shares_group(operator, context) else None
    if hasattr(ti, "get_task_states"):
        wanted = {"task_ids": [operator.task_id], "run_ids": [ti.run_id], "map_index": map_index}
        for by_name in ti.get_task_states(dag_id=ti.dag_id, **wanted).values():
            for name, state in by_name.items():  # "push", or "push_3" of a mapped one
                index = name.removeprefix(operator.task_id).removeprefix("_")
                yield int(index or -1), str(state)
    else:  # Airflow 2
        for instance in context["dag_run"].get_task_instances():
            if instance.task_id == operator.task_id and map_index in (None, instance.map_index):
                yield instance.map_index, str(instance.state)
