# SPDX-License-Identifier: Apache-2.0
"""`PushNotifier` as Airflow calls it: it says what needs attention, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow_names import task
from versions import AIRFLOW, has

from airflow_provider_userattrs.get_provider_info import get_provider_info
from airflow_provider_userattrs.notifications.push import PushNotifier
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

GOOD: dict[str, Any] = {"euid": 1, "plan": "canary"}
BAD: dict[str, Any] = {"euid": "zanzibar", "plan": "canary"}
CALLBACKS: dict[str, Any] = {"on_success_callback": PushNotifier(), "on_failure_callback": PushNotifier()}


def break_off(context: Any) -> None:
    raise RuntimeError("zanzibar")


def said(run: Any) -> list[str]:
    return [line.text for line in run.log if ": the push" in line.text or ": the task failed" in line.text]


def test_it_says_nothing_where_nothing_needs_attention(push: Any) -> None:
    assert said(push([GOOD], **CALLBACKS)) == []
    assert said(push([GOOD, BAD], dry_run=True, **CALLBACKS)) == []


def test_a_success_with_a_warning(push: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for section in ("API", "WEBSERVER"):
        monkeypatch.setenv(f"AIRFLOW__{section}__BASE_URL", "https://airflow.example/shop")
    run = push([GOOD, BAD], **CALLBACKS)
    (text,) = said(run)
    title, sentence, reason, url = text.split("\n")
    assert title == f"{run.dag.dag_id}.push, run {run.dag_run.run_id}: the push to EngageLab needs attention"
    assert sentence == run.report["warning"]
    assert reason.startswith("- 1 x EUID")
    assert url.startswith(f"https://airflow.example/shop/dags/{run.dag.dag_id}/")
    assert ("/push/plugin/push-report" in url) is has("Push report tab")
    assert "zanzibar" not in text
    assert "canary" not in text


def test_a_failure(push: Any) -> None:
    run = push([GOOD, BAD], max_failed=0, **CALLBACKS)
    (text,) = said(run)
    assert ": the push to EngageLab failed\n" in text
    assert text.split("\n")[1] == run.report["failure"]


def test_a_task_that_failed_without_a_report(push: Any) -> None:
    (text,) = said(push([GOOD], pre_execute=break_off, **CALLBACKS))
    assert text.split("\n")[0].endswith(": the task failed")
    assert text.split("\n")[1] == "It failed before it made a report; the log says why"
    assert "zanzibar" not in text


def test_of_a_task_that_pushes_nothing_it_says_that_it_failed_and_no_more(
    airflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for section in ("API", "WEBSERVER"):
        monkeypatch.setenv(f"AIRFLOW__{section}__BASE_URL", "https://airflow.example/shop")

    @task
    def extract(well: bool) -> Any:
        if not well:
            raise RuntimeError("zanzibar")
        return [GOOD]

    def build() -> None:
        extract.override(task_id="well")(True)
        extract.override(task_id="extract")(False)

    run = airflow.run(build, default_args=CALLBACKS)
    (text,) = said(run)
    title, sentence, url = text.split("\n")
    assert title == f"{run.dag.dag_id}.extract, run {run.dag_run.run_id}: the task failed"
    assert sentence == "The log says why"
    assert url.startswith(f"https://airflow.example/shop/dags/{run.dag.dag_id}/")
    assert "push" not in text
    assert "zanzibar" not in text


def test_a_mapped_push_that_failed_without_a_report(airflow: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", pre_execute=break_off, **CALLBACKS).expand(
            users=[[GOOD]]
        )

    (text,) = said(airflow.run(build))
    assert text.split("\n")[1] == "It failed before it made a report; the log says why"


def test_a_mapped_task_is_named_with_its_index_and_an_unreadable_xcom_is_no_report() -> None:
    lines: list[str] = []

    class Kept(PushNotifier):
        def send(self, message: Any) -> None:
            lines.extend(message.lines())

    def fail(**_: Any) -> Any:
        raise ConnectionError

    ti = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=3, xcom_pull=fail)
    Kept().notify({"ti": ti, "exception": ValueError()})  # type: ignore[typeddict-item]
    assert lines[0] == "d.t[3], run r: the task failed"
    assert "/dags/d/" in f"/{lines[2]}"
    Kept().notify({"ti": ti})  # type: ignore[typeddict-item]
    assert len(lines) == 3


def test_airflow_lists_the_notifiers() -> None:
    from importlib import import_module

    listed: Any = get_provider_info()["notifications"]
    for path in listed:
        module, _, name = path.rpartition(".")
        assert issubclass(getattr(import_module(module), name), PushNotifier)
    assert AIRFLOW.major >= 2
