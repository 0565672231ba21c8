# SPDX-License-Identifier: Apache-2.0
"""Finds a task that pushes in its DAG, and runs its push in this process, without Airflow's scheduler."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any, cast

from airflow_provider_userattrs._airflow import AirflowNotFoundException, MappedOperator
from airflow_provider_userattrs.cli.context import make_context
from airflow_provider_userattrs.cli.dags import find_dag
from airflow_provider_userattrs.cli.definition import CommandFailed
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.users import Rows
from airflow_provider_userattrs.push.model.errors import InvalidRow, PushError
from airflow_provider_userattrs.push.model.phrases import did_you_mean, listed

#: What a command does not do beside its push: callbacks, files and logs of the nightly one are not its own.
_LEFT_OUT = ("checkpoint_path", "expect_rows", "max_change", "on_attention", "log_to")

#: What is raised by a file that may not be read, and by a folder in place of one.
UNREADABLE = (IsADirectoryError, PermissionError)


class Printed:
    """A log that prints."""

    def info(self, event: Any, *args: Any, **_: Any) -> None:
        """Print a line."""
        print(str(event) % args if args else event)

    def warning(self, event: Any, *args: Any, **_: Any) -> None:
        """Print a line that needs attention."""
        self.info(f"WARNING: {event}", *args)


def find_task(given: argparse.Namespace) -> UserPushOperator:
    """Return the operator of a task.

    :param given: the arguments: ``dag_id``, ``task_id`` and ``file``.
    :raises CommandFailed: if there is none, or it is not one of ours.
    """
    dag = find_dag(given.dag_id, given.file)
    if given.task_id not in dag.task_ids:
        meant = did_you_mean(given.task_id, dag.task_ids)
        raise CommandFailed(
            f"{given.dag_id} has no task {given.task_id!r}{meant}; its tasks are {listed(sorted(dag.task_ids))}"
        )
    task = dag.get_task(given.task_id)
    if not isinstance(task, UserPushOperator):
        if isinstance(task, MappedOperator):
            raise CommandFailed(
                f"{given.task_id} is mapped, and what each instance pushes is known only in a run of the DAG; give a "
                "task that is not mapped; to see what this one would push, run the DAG with dry_run=True and sample=3"
            )
        raise CommandFailed(f"{given.task_id} is a {type(task).__name__}, which pushes no users; give a task that does")
    return task


def run_push(given: argparse.Namespace, task: UserPushOperator, changed: Mapping[str, Any]) -> None:
    """Run the push of a task, and print how it goes.

    :param given: the arguments: ``date`` and ``conf``.
    :param task: the task.
    :param changed: fields of the operator that differ for this push.
    :raises CommandFailed: if the push fails.
    """
    from airflow_provider_userattrs.task.failure import to_raise
    from airflow_provider_userattrs.task.run import Run
    from airflow_provider_userattrs.task.shutdown import Interruption

    context = cast("Any", make_context(task, given.date, given.conf))
    made = copy(task)
    for field in _LEFT_OUT:
        if hasattr(made, field):
            setattr(made, field, None)
    for field, value in changed.items():
        setattr(made, field, value)
    if names := sorted({str(operator.task_id) for operator, _ in made.users.iter_references()}):
        raise CommandFailed(
            f"users of {task.task_id} is the output of {listed(names)}, which is not run here; to see what it would "
            "push, run the DAG with dry_run=True and sample=3"
        )
    try:
        made.render_template_fields(context)
        spec = replace(made.make_spec(context), log=Printed(), retries=0)
    except Exception as error:  # whatever a template raises
        raise CommandFailed(f"{task.task_id} cannot be rendered: {error}") from None
    with Interruption(Rows.rows) as interruption:
        run = Run(spec, context, interruption)
        report = run.run()
    if isinstance(run.error, UNREADABLE):
        raise cannot_open(run.error)
    if run.error is not None:
        failure = report["failure"] or str(run.error)
        expected = isinstance(run.error, (PushError, InvalidRow, AirflowNotFoundException))
        raise CommandFailed(failure) if expected else to_raise(run.error, failure)


def cannot_open(error: OSError) -> CommandFailed:
    """Return the error on a file, or a folder in place of one, that cannot be opened."""
    return CommandFailed(f"{error.filename or 'a file'} cannot be opened: {error.strerror or type(error).__name__}")
