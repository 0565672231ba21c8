# SPDX-License-Identifier: Apache-2.0
"""The places where nobody's data and no secret may be: everything that a push leaves anywhere but in a rejects file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from typing import Any

from canaries import Canaries

#: Where Airflow's loggers keep the level they filter by, as of 3.1.
_LEVELS = ("airflow.sdk._shared.logging.structlog", "airflow._shared.logging.structlog")


@contextmanager
def everything_is_logged() -> Iterator[None]:
    """Log at level DEBUG, and have `http.client` print what it sends and receives."""
    loggers = [logging.getLogger(name) for name in ("", "airflow", "airflow.task", "urllib3", "requests")]
    levels = [logger.level for logger in loggers]
    tables = []
    for name in _LEVELS:
        with suppress(ImportError, AttributeError):
            tables.append(import_module(name).PER_LOGGER_LEVELS)
    before = [table[""] for table in tables]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    for table in tables:
        table[""] = logging.DEBUG
    HTTPConnection.debuglevel = 1
    try:
        yield
    finally:
        HTTPConnection.debuglevel = 0
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for table, level in zip(tables, before, strict=True):
            table[""] = level


@contextmanager
def not_printed() -> Iterator[None]:
    """Have `http.client` print nothing of what the test itself asks the sandbox."""
    before, HTTPConnection.debuglevel = HTTPConnection.debuglevel, 0
    try:
        yield
    finally:
        HTTPConnection.debuglevel = before


def masked(text: str) -> str:
    """Give a text as Airflow writes it to a log."""
    for name in ("airflow.sdk._shared.secrets_masker", "airflow.sdk.execution_time.secrets_masker"):
        with suppress(ImportError):
            return str(import_module(name).redact(text))
    return str(import_module("airflow.utils.log.secrets_masker").redact(text))


def printed_lines(text: str) -> Iterator[str]:
    """Give what was printed, but for the lines in which `dag.test()` itself logs what is to be masked, at DEBUG."""
    return (masked(line) for line in text.splitlines() if "MaskSecret" not in line)


def chain(error: BaseException | None, *, all_of_it: bool = True) -> Iterator[str]:
    """Give all that an exception holds, and those it was raised from, whether or not they would be shown.

    :param all_of_it: whether its attributes count too, which no log shows.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield f"{link!r} {link} {getattr(link, '__notes__', '')!r} {vars(link) if all_of_it else ''!r}"
        waiting += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]


def look_into_log(canaries: Canaries, log: Any) -> None:
    """Look into lines as they are before anything is masked; what is not ours, as Airflow has masked it."""
    canaries.look("log of the package", (line.text for line in log if line.ours))
    canaries.look("log", (masked(line.text) for line in log if not line.ours))
    for line in log:
        # Airflow's own: its JSON errors hold a connection's extra, and do not show it.
        texts = chain(line.error, all_of_it=not line.logger.lower().endswith(".connection"))
        canaries.look(f"exception logged by {line.logger}", texts)


def look_into_database(canaries: Canaries, dag_id: str) -> None:
    """Look into each table: XCom, rendered fields, state store, asset events, serialized DAGs, Airflow's own log."""
    from airflow.configuration import conf

    with closing(sqlite3.connect(conf.get("database", "sql_alchemy_conn").removeprefix("sqlite:///"))) as database:
        canaries.look(f"Airflow's database after {dag_id}", database.iterdump())


def look_into_files(canaries: Canaries, folder: Path) -> list[Path]:
    """Look into checkpoints as a stop or a kill leaves them; return them."""
    paths = sorted(folder.iterdir())
    for path in paths:
        canaries.look(f"checkpoint {path.name}", [path.name, path.read_bytes()])
    return paths


def look_into_pages(canaries: Canaries, get: Callable[..., Any], run: Any) -> None:
    """Look into each task's Push report page, and what Airflow's API says of the task."""
    for task in run.states:
        canaries.look(f"page of {task}", [get(run.dag.dag_id, run.dag_run.run_id, task).text])


def look_into_lineage(canaries: Canaries, run: Any, tasks: dict[str, Any]) -> None:
    """Look into what OpenLineage's extractor takes, and the facets that its listener adds."""
    manager = import_module("airflow.providers.openlineage.extractors.manager")
    utils = import_module("airflow.providers.openlineage.utils.utils")
    instances = {instance.task_id: instance for instance in run.dag_run.get_task_instances()}
    for task_id, task in tasks.items():
        instance = instances[task_id]
        told = manager.ExtractorManager().extract_metadata(
            run.dag_run, task, task_instance_state=instance.state, task_instance=instance
        )
        canaries.look(f"lineage of {task_id}", [repr(told), repr(utils.get_unknown_source_attribute_run_facet(task))])
