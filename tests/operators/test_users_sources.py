# SPDX-License-Identifier: Apache-2.0
"""Sources as users: what they yield arrives, and they are closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from threading import get_ident
from typing import Any

import pytest
from operators.engagelab_push import Given, properties, push

pytestmark = pytest.mark.usefixtures("connections", "clock")


def test_a_source_object(airflow: Any, any_euid: Any, counted: Any) -> None:
    run = airflow.run(lambda: push(Given({"euid": 1, "a": "{{ ds }}"}, {"euid": 2, "a": 2})))
    counted(run.report, 2)
    assert properties(any_euid) == {"1": {"a": "{{ ds }}"}, "2": {"a": 2}}


def test_a_sources_own_template_fields_are_rendered_and_its_rows_are_not(airflow: Any, any_euid: Any) -> None:
    source = Given({"euid": 1, "a": "{{ ds }}"}, label="{{ dag.dag_id }}")
    run = airflow.run(lambda: push(source))
    assert properties(any_euid) == {"1": {"a": "{{ ds }}", "label": run.dag.dag_id}}
    assert source.label == "{{ dag.dag_id }}", "the DAG's own source was changed"


def test_a_source_that_fails_leaves_a_true_report(airflow: Any, any_euid: Any, counted: Any) -> None:
    rows = [{"euid": number, "a": 1} for number in range(1, 6)]
    run = airflow.run(lambda: push(Given(*rows, OSError("the database went away"))))
    assert run.state == "failed"
    assert isinstance(run.error, OSError), "a source that breaks may work at the next try"
    assert "database went away" in str(run.error)
    counted(run.report, 5)
    assert run.report["accepted"] == len(properties(any_euid))
    assert run.report["accepted"] + run.report["unsent"] == 5


def test_a_push_that_stops_early_closes_its_source(airflow: Any, any_euid: Any) -> None:
    closed: list[int] = []

    class Open(Given):
        def rows(self) -> Iterator[Any]:
            try:
                yield from super().rows()
            finally:
                closed.append(get_ident())

    unfit = [{"euid": number, "a": object()} for number in range(2_000)]
    run = airflow.run(lambda: push(Open(*unfit)))
    assert run.state == "failed", "none of the first rows can be sent, so that the others are not read"
    assert closed == [get_ident()], "by the thread that opened it, before the report"


def test_a_push_whose_source_fails_is_tried_again(airflow: Any, any_euid: Any) -> None:
    from datetime import timedelta

    class Moody(Given):
        tries = 0

        def rows(self) -> Iterator[Any]:
            Moody.tries += 1
            if Moody.tries == 1:
                raise OSError("not yet")
            yield from super().rows()

    source = Moody({"euid": 1, "a": 1})
    run = airflow.run(lambda: push(source, retries=1, retry_delay=timedelta(0)))
    assert run.state == "success"
    assert run.counts == {"accepted": 1}
