# SPDX-License-Identifier: Apache-2.0
"""Finds a task that pushes in its DAG file, and runs its push in this process, without Airflow's scheduler."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from airflow_provider_userattrs._airflow import AirflowNotFoundException, MappedOperator
from airflow_provider_userattrs.cli.context import make_context
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
    dag = _find_dag(given.dag_id, given.file)
    if given.task_id not in dag.task_ids:
        meant = did_you_mean(given.task_id, dag.task_ids)
        raise CommandFailed(
            f"{given.dag_id} has no task {given.task_id!r}{meant}; its tasks are {listed(sorted(dag.task_ids))}"
        )
    task = dag.get_task(given.task_id)
    if not isinstance(task, UserPushOperator):
        if isinstance(task, MappedOperator):
            raise CommandFailed(f"{given.task_id} is mapped, and over what is known only in a run of the DAG")
        raise CommandFailed(f"{given.task_id} is a {type(task).__name__}, which pushes no users")
    return task


def run_push(given: argparse.Namespace, task: UserPushOperator, changed: Mapping[str, Any]) -> None:
    """Run the push of a task, and print how it goes.

    :param given: the arguments: ``date`` and ``conf``.
    :param task: the task.
    :param changed: fields of the operator that differ for this push.
    :raises CommandFailed: if the push fails.
    """
    # As Airflow's own commands do that read connections from its database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
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


def _find_dag(dag_id: str, file: str | None) -> Any:
    from airflow.configuration import conf

    folder = Path(file or str(conf.get("core", "dags_folder")))
    if not folder.exists():
        raise CommandFailed(f"{folder} does not exist; give the DAG's file with --file")
    if find_spec("airflow.dag_processing.dagbag"):  # as of Airflow 3.2
        bag = import_module("airflow.dag_processing.dagbag").DagBag(dag_folder=str(folder))
    else:
        bag = import_module("airflow.models.dagbag").DagBag(dag_folder=str(folder), include_examples=False)
    dag = bag.dags.get(dag_id)
    if dag is None:
        broken = "".join(f"\n{path}: {error.strip().splitlines()[-1]}" for path, error in bag.import_errors.items())
        there = f"; it has {listed(sorted(bag.dags))}" if bag.dags else ""
        raise CommandFailed(
            f"{folder} has no DAG {dag_id!r}{did_you_mean(dag_id, bag.dags)}{there}"
            f"{broken or '; give its file with --file'}"
        )
    for path, error in bag.import_errors.items():
        if f"Ignoring DAG {dag_id} from" in error:
            raise CommandFailed(f"{dag_id} is in {dag.fileloc} and in {path}; give the one you mean with --file")
    return dag
