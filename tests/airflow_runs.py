# SPDX-License-Identifier: Apache-2.0
"""DAGs that are made on the spot and run by `dag.test()`: the fixture `airflow`, and the check of their reports."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from versions import AIRFLOW

if TYPE_CHECKING:
    from airflow_logs import Log

#: The statuses of a row, as the README lists them.
STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")


def _store(dag: Any) -> None:
    """Write a DAG to Airflow's database: Airflow 3 runs only what it finds there, and any Airflow keeps it there."""
    for name in ("airflow.dag_processing.dagbag", "airflow.models.dagbag"):  # as of Airflow 3.2, and before
        module: Any = import_module(name) if find_spec(name) else None
        if AIRFLOW.major > 2 and hasattr(module, "DagBag"):
            bag = module.DagBag(dag_folder=os.devnull)
            bag.bag_dag(dag)
            if hasattr(module, "sync_bag_to_db"):
                module.sync_bag_to_db(bag, "dags-folder", None)
            else:  # Airflow 3.0
                dag.relative_fileloc = dag.relative_fileloc or os.devnull
                bag.sync_to_db("dags-folder", None)
            return
    from airflow.models.dag import DAG  # Airflow 2
    from airflow.models.serialized_dag import SerializedDagModel

    DAG.bulk_write_to_db([dag])
    SerializedDagModel.write_dag(dag)  # type: ignore[call-arg]


@dataclass
class Run:
    """One DAG run that has ended."""

    dag: Any
    dag_run: Any
    log: Log
    states: dict[Any, str] = field(default_factory=dict)
    reports: dict[Any, Any] = field(default_factory=dict)
    rendered: dict[Any, Any] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        """The report of the only push."""
        (report,) = (value for value in self.reports.values() if isinstance(value, dict) and "vendor" in value)
        return report

    @property
    def state(self) -> str:
        """How the only push ended."""
        (state,) = (state for task, state in self.states.items() if task == "push")
        return state

    @property
    def error(self) -> BaseException | None:
        """What the push raised at last."""
        return self.log.errors[-1] if self.log.errors else None

    @property
    def counts(self) -> dict[str, int]:
        """The statuses of the report that are not 0."""
        return {status: self.report[status] for status in STATUSES if self.report[status]}


class Airflow:
    """Run DAGs that are made on the spot through `dag.test()`."""

    numbers = count(1)

    def __init__(self, log: Log) -> None:
        self.log = log

    @staticmethod
    def dag(build: Callable[[], Any], **options: Any) -> Any:
        """Make a DAG of what ``build`` adds to it."""
        from airflow_names import DAG

        options = {"schedule": None, "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc), **options}
        with DAG(options.pop("dag_id", f"dag_{next(Airflow.numbers)}"), **options) as dag:
            build()
        return dag

    def run(self, build: Callable[[], Any], **options: Any) -> Run:
        """Make a DAG and run it."""
        return self.test(self.dag(build, **options))

    def test(self, dag: Any, **options: Any) -> Run:
        """Run a DAG, with the options of ``dag.test()``."""
        _store(dag)
        del self.log[:]
        dag_run = self._ended(dag, options)
        run = Run(dag, dag_run, self.log.copied())
        for instance in dag_run.get_task_instances():
            mapped = instance.map_index >= 0
            task = (instance.task_id, instance.map_index) if mapped else instance.task_id
            run.states[task] = str(instance.state)
            run.reports[task] = instance.xcom_pull(task_ids=instance.task_id, map_indexes=instance.map_index)
            run.rendered[task] = self._rendered(instance)
        return run

    @staticmethod
    def _ended(dag: Any, options: dict[str, Any]) -> Any:
        try:
            return dag.test(**options)
        except BaseException as error:  # Airflow 2 lets its timeout through to whoever called dag.test()
            if type(error).__name__ != "AirflowTaskTimeout":
                raise
            from airflow.models.dagrun import DagRun

            return DagRun.find(dag_id=dag.dag_id)[-1]

    @staticmethod
    def _rendered(instance: Any) -> Any:
        from airflow.models.renderedtifields import RenderedTaskInstanceFields

        return RenderedTaskInstanceFields.get_templated_fields(instance)


def _never_wait_for_the_disk(connection: Any, _: object) -> None:
    """Have SQLite leave it to the system when Airflow's database gets to the disk: nobody needs it afterwards."""
    if "sqlite" in type(connection).__module__:
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def airflow_database() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own, and those of what it imports
        from airflow.utils.db import initdb
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        event.listen(Engine, "connect", _never_wait_for_the_disk)
        level = logging.getLogger().level
        initdb()
        logging.getLogger().setLevel(level)  # alembic sets it to its own
        with suppress(ImportError):  # Airflow 3 alone has these
            from airflow.dag_processing.bundles.manager import DagBundlesManager
            from airflow.sdk.execution_time import supervisor

            DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
            if AIRFLOW.release < (3, 3):  # it would be made anew for each run of a DAG, which takes seconds
                supervisor.in_process_api_server = cache(supervisor.in_process_api_server)
            supervisor.in_process_api_server()


@pytest.fixture
def airflow(airflow_database: None, log: Log) -> Airflow:
    return Airflow(log)


@pytest.fixture
def counted() -> Callable[[dict[str, Any], int], None]:
    """Check promise 1: every row read has exactly one verdict."""

    def check(report: dict[str, Any], rows: int) -> None:
        assert report["rows"] == rows
        assert sum(report[status] for status in STATUSES) == rows
        result = sum(reason["count"] for reason in report["reasons"])
        assert result == rows - report["accepted"], "reasons do not add up to the rows that were not accepted"

    return check
