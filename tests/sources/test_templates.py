# SPDX-License-Identifier: Apache-2.0
"""A source's template fields on real Airflow: files of the DAG's folder, and values that stay values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_names import BaseOperator

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.sources.templates import render


class Read(BaseOperator):
    """Return the rows of a source."""

    def __init__(self, *, source: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source

    def execute(self, context: Any) -> Any:
        return list(render(self.source, context).rows())


@pytest.fixture
def users(sqlite: Callable[..., None]) -> None:
    sqlite("CREATE TABLE users (id, name)", "INSERT INTO users VALUES (1, 'ada'), (2, '{{ ds }}')")


@pytest.mark.usefixtures("users")
def test_a_sql_file_of_the_dag(airflow: Any, tmp_path: Path) -> None:
    (tmp_path / "users.sql").write_text(
        "SELECT id, name FROM {{ params.table }} WHERE id > CAST(:low AS INTEGER) ORDER BY id"
    )
    source = SqlRows("users.sql", conn_id="{{ params.conn }}", parameters={"low": "{{ params.low }}"})
    params = {"table": "users", "conn": "warehouse", "low": 1}
    run = airflow.run(lambda: Read(task_id="read", source=source, params=params), template_searchpath=[str(tmp_path)])
    assert run.states["read"] == "success"
    assert run.reports["read"] == [{"id": 2, "name": "{{ ds }}"}]
    assert source.sql == "users.sql"
    assert source.parameters == {"low": "{{ params.low }}"}


@pytest.mark.usefixtures("users")
def test_a_value_is_no_template(airflow: Any) -> None:
    source = SqlRows(
        "SELECT id, name FROM users WHERE id > ? ORDER BY {{ params.order }}", conn_id="warehouse", parameters=[1]
    )
    run = airflow.run(lambda: Read(task_id="read", source=source, params={"order": "id"}))
    assert run.reports["read"] == [{"id": 2, "name": "{{ ds }}"}]


def test_a_path(airflow: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    source = FileRows([f"{tmp_path}/{{{{ params.name }}}}.jsonl"])
    run = airflow.run(lambda: Read(task_id="read", source=source, params={"name": "a"}))
    assert run.reports["read"] == [{"a": 1}]


def test_a_sql_file_that_is_not_there(airflow: Any) -> None:
    run = airflow.run(lambda: Read(task_id="read", source=SqlRows("none.sql", conn_id="warehouse")))
    assert run.states["read"] == "failed"
    assert isinstance(run.error, RefusedConfiguration)
    assert "sql names the file 'none.sql'" in str(run.error)


def test_a_source_without_templates_is_itself() -> None:
    source = object()
    assert render(source, {}) is source


def test_sources_in_expand_kwargs(airflow: Any, tmp_path: Path) -> None:
    sources = []
    for number in range(3):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"n": {number}}}\n')
        sources.append({"source": FileRows(f"{tmp_path}/{number}.jsonl")})
    run = airflow.run(lambda: Read.partial(task_id="read").expand_kwargs(sources))
    assert run.states == {("read", number): "success" for number in range(3)}
    assert run.reports == {("read", number): [{"n": number}] for number in range(3)}
