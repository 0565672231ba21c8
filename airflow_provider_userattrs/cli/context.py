# SPDX-License-Identifier: Apache-2.0
"""The context of a task that no DAG run has: what its templates are rendered with."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timezone
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from airflow_provider_userattrs.cli.definition import CommandFailed

_RUN_ID = "userattrs"

#: Modules that have what `var` and `conn` are in templates, of Airflow 3 and 2; and those that have `macros`.
_ACCESSORS = ("airflow.sdk.execution_time.context", "airflow.utils.context")
_MACROS = ("airflow.sdk.execution_time.macros", "airflow.macros")


class TaskInstance:
    """Stands for the task instance: there is no XCom to read, and none is stored.

    :param task: the task.
    """

    def __init__(self, task: Any) -> None:
        self.task = task
        self.dag_id, self.task_id, self.run_id = task.dag_id, task.task_id, _RUN_ID
        self.map_index, self.try_number, self.max_tries = -1, 1, 0

    def xcom_push(self, *_: Any, **__: Any) -> None:
        """Store nothing."""

    def xcom_pull(self, *_: Any, **__: Any) -> None:
        """Return that there is nothing."""

    def get_previous_dagrun(self, *_: Any, **__: Any) -> None:
        """Return that no run was before."""


def make_context(task: Any, date: str | None, conf: str | None) -> dict[str, Any]:
    """Return the context of a task.

    :param task: the task.
    :param date: the logical date in ISO format; None for now.
    :param conf: the run's conf, as JSON; None for none.
    :raises CommandFailed: if date or conf cannot be read.
    """
    moment, run_conf = _moment(date), _conf(conf)
    start, end = _interval(task.dag, moment)
    instance = TaskInstance(task)
    context: dict[str, Any] = {
        "dag": task.dag,
        "task": task,
        "ti": instance,
        "task_instance": instance,
        "run_id": _RUN_ID,
        "dag_run": SimpleNamespace(
            run_id=_RUN_ID, conf=run_conf, logical_date=moment, data_interval_start=start, data_interval_end=end
        ),
        "params": {**params_of(task.dag, task), **run_conf},
        "logical_date": moment,
        "data_interval_start": start,
        "data_interval_end": end,
        "prev_data_interval_start_success": None,
        "prev_data_interval_end_success": None,
        "prev_start_date_success": None,
        "ds": f"{moment:%Y-%m-%d}",
        "ds_nodash": f"{moment:%Y%m%d}",
        "ts": moment.isoformat(),
        "ts_nodash": f"{moment:%Y%m%dT%H%M%S}",
        "test_mode": True,
        "outlet_events": {},
    }
    for name, make in (("var", _variables), ("conn", _connections), ("macros", _macros)):
        with suppress(ImportError, AttributeError, TypeError):
            context[name] = make()
    return context


def _moment(date: str | None) -> Any:
    import pendulum

    try:
        given = datetime.now(timezone.utc) if date is None else datetime.fromisoformat(date.replace("Z", "+00:00"))
    except ValueError:
        raise CommandFailed(f"--date {date!r} is no date in ISO format, such as 2026-11-25T03:00:00") from None
    return pendulum.instance(given, tz="UTC")


def _conf(text: str | None) -> dict[str, Any]:
    try:
        conf = json.loads(text or "{}")
    except ValueError:
        conf = None
    if not isinstance(conf, dict):
        raise CommandFailed("--conf is no JSON object, such as '{\"limit\": 10}'")
    return conf


def _interval(dag: Any, moment: Any) -> tuple[Any, Any]:
    """Return the data interval of a run by hand, as far as the timetable of this Airflow says it."""
    with suppress(Exception):  # timetables of authors run code of theirs
        interval = dag.timetable.infer_manual_data_interval(run_after=moment)
        return interval.start, interval.end
    return moment, moment


def params_of(*owners: Any) -> dict[str, Any]:
    """Return the params of a DAG and of its task, with their defaults; those without one are left out.

    :param owners: the DAG, or None, and the task, whose own come first.
    """
    found: dict[str, Any] = {}
    for owner in owners:
        params = getattr(owner, "params", None) or {}
        for name in params:
            with suppress(Exception):  # Airflow raises for one that a run must give
                found[name] = getattr(params[name], "value", params[name])
    return found


def _found(modules: tuple[str, ...], name: str | None = None) -> Any:
    for module in modules:
        with suppress(ImportError, AttributeError):
            found = import_module(module)
            return found if name is None else getattr(found, name)
    raise ImportError(modules[0])


def _variables() -> dict[str, Any]:
    accessor = _found(_ACCESSORS, "VariableAccessor")
    return {"value": accessor(deserialize_json=False), "json": accessor(deserialize_json=True)}


def _connections() -> Any:
    return _found(_ACCESSORS, "ConnectionAccessor")()


def _macros() -> Any:
    return _found(_MACROS)
