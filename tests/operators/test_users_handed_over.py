# SPDX-License-Identifier: Apache-2.0
"""Paths and sources that an upstream task hands over as users, in place of rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException, ObjectStoragePath, task

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import HandedOver, hand_over
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections", "clock")


# A place instead of rows


def handed(value: Callable[[], Any]) -> Any:
    def build() -> None:
        @task
        def give() -> Any:
            return value()

        EngageLabSetAttributesOperator(task_id="push", users=give())

    return build


def test_a_path_from_an_xcom(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    (tmp_path / "{{ ds }}.jsonl").write_text('{"euid": 7, "a": "{{ ds }}"}\n')
    run = airflow.run(handed(lambda: f"{tmp_path}/{{{{ ds }}}}.jsonl"))
    assert run.counts == {"accepted": 1}, "a path out of an XCom is data, and no template"
    assert control.user("engagelab", 7)["properties"] == {"a": "{{ ds }}"}
    assert run.rendered["push"]["users"] == "rows of a FileRows"


def test_a_path_in_the_dag_file_is_a_template(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    (tmp_path / "users.jsonl").write_text('{"euid": 7, "a": 1}\n')
    path = f"{tmp_path}/{{{{ 'users' }}}}.jsonl"
    assert airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=path)).counts == {"accepted": 1}


def test_a_source_from_an_xcom_is_rendered_in_the_task_that_returned_it(
    airflow: Any, warehouse: Any, control: Any
) -> None:
    warehouse(5)
    parameters = ["{{ not a template }}", "{{ dag.dag_id }}"]
    sql = "SELECT euid, ? AS a, '{{ task.task_id }}' AS b FROM users WHERE ? <> ''"

    def give() -> HandedOver:
        handed = hand_over(SqlRows(sql, conn_id="warehouse"))
        return HandedOver({**handed.serialize(), "parameters": parameters})

    run = airflow.run(handed(give))
    assert run.counts == {"accepted": 5}
    assert control.user("engagelab", 1)["properties"] == {"a": "{{ not a template }}", "b": "give"}


def test_a_dict_from_outside_is_no_source_whatever_it_looks_like(airflow: Any, warehouse: Any, control: Any) -> None:
    warehouse(5)
    dumped = hand_over(SqlRows("SELECT euid, 1 AS a FROM users", conn_id="warehouse")).serialize()
    given: list[Any] = [dumped, [dumped]]
    while given:
        run = airflow.run(handed(given.pop))
        assert run.state == "failed"
        assert control.journal() == []
        assert "SELECT" not in str(run.error)


def test_paths_and_sources_of_all_kinds(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    for number in (1, 2, 3):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"euid": {number}, "a": 1}}\n')
    first = f"{tmp_path}/1.jsonl"

    def push(users: Any) -> dict[str, int]:
        counts: dict[str, int] = airflow.run(
            lambda: EngageLabSetAttributesOperator(task_id="push", users=users() if callable(users) else users)
        ).counts
        return counts

    for one in (Path(first), ObjectStoragePath(f"file://{first}"), [first], hand_over(FileRows(first))):
        assert push(one) == {"accepted": 1}

    def mapped(value: Callable[[int], Any]) -> Callable[[], Any]:
        def build() -> Any:
            @task
            def give(number: int) -> Any:
                return value(number)

            return give.expand(number=[1, 2, 3])

        return build

    def path(number: int) -> str:
        return f"{tmp_path}/{number}.jsonl"

    assert push(mapped(path)) == {"accepted": 3}
    assert push(mapped(lambda number: ObjectStoragePath(f"file://{path(number)}"))) == {"accepted": 3}
    assert push(mapped(lambda number: hand_over(FileRows(path(number))))) == {"accepted": 3}
    assert push(mapped(lambda number: [hand_over(FileRows(path(number))), path(number)])) == {
        "accepted": 3
    }  # read once
    assert push([hand_over(FileRows(f"{tmp_path}/{{{{ 1 }}}}.jsonl")), first, path(2)]) == {"accepted": 2}
    mixed = airflow.run(handed(lambda: [path(1), {"euid": 5, "a": 1}]))
    assert "users mixes paths or sources with something else" in str(mixed.error)


def test_something_that_is_no_source_fails_for_good(airflow: Any, control: Any) -> None:
    run = airflow.run(handed(lambda: HandedOver({"source": "excel", "rendered": True})))
    assert "users is a source of unknown kind" in str(run.error)
    assert isinstance(run.error, AirflowFailException)


def test_many_rows_in_an_xcom_cause_one_log_line(airflow: Any, control: Any) -> None:
    control.switch(engagelab__any_user=True)
    run = airflow.run(handed(lambda: [{"euid": 1, "a": "x" * 10_000} for _ in range(101)]))
    lines = [text for text in run.log.texts if "1.0 MB of rows in an XCom" in text]
    assert len(lines) == 1
    assert "pass the path of a file" in lines[0]
    run = airflow.run(handed(lambda: [{"euid": 1, "a": "x" * 10_000} for _ in range(99)]))
    assert not any("in an XCom" in text for text in run.log.texts)
