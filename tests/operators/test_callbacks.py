# SPDX-License-Identifier: Apache-2.0
"""`on_attention` is called when a push succeeds and needs attention, and never changes how it ends."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from operators.test_base_serialization import read_back, serialized

from airflow_provider_userattrs.notifications import PushNotifier
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

GOOD: dict[str, Any] = {"euid": 1, "plan": "gold"}
BAD: dict[str, Any] = {"euid": "zanzibar", "plan": "gold"}

called: list[tuple[Any, Any]] = []


@pytest.fixture(autouse=True)
def _nothing_called_yet() -> None:
    called.clear()


def note(context: Any, report: Any) -> None:
    called.append((context["ti"].map_index, report))


def fail(context: Any, report: Any) -> None:
    raise ValueError(f"{report['vendor']} cannot be told")


def told(context: Any) -> None:
    """Have the signature of Airflow's own callbacks."""


def test_it_is_called_with_the_context_and_the_report(push: Any) -> None:
    run = push([GOOD, BAD], on_attention=note)
    assert run.state == "success"
    ((index, report),) = called
    assert index in (-1, None)
    assert report == run.report
    assert report["warning"].startswith("1 of 2 users was not updated at EngageLab")


@pytest.mark.parametrize(
    ("rows", "parameters"),
    [
        ([GOOD], {}),
        ([GOOD, BAD], {"dry_run": True}),
        ([GOOD, BAD], {"max_failed": 0}),
        ([GOOD], {"expect_rows": (2, None)}),
    ],
    ids=["accepted", "dry-run", "over-max-failed", "refused"],
)
def test_nothing_is_called_otherwise(push: Any, rows: Any, parameters: Any) -> None:
    push(rows, on_attention=[note], **parameters)
    assert called == []


def test_an_error_of_one_is_logged_and_changes_nothing(push: Any) -> None:
    run = push([GOOD, BAD], on_attention=[fail, note], retries=1)
    assert run.state == "success"
    assert len(called) == 1
    assert run.log.errors == []
    assert "on_attention: fail failed, which changes nothing about the push" in run.log.texts
    assert run.report["failure"] is None


def test_what_one_changes_changes_nothing_else(push: Any) -> None:
    def spoil(context: Any, report: Any) -> None:
        report["reasons"].clear()
        report["warning"] = object()

    run = push([GOOD, BAD], on_attention=[spoil, note, PushNotifier()])
    assert run.state == "success"
    assert called[0][1] == run.report
    assert len(run.report["reasons"]) == 1
    assert any("needs attention\n1 of 2 users was not updated" in text for text in run.log.texts)


def test_one_that_ends_the_process_changes_nothing(push: Any) -> None:
    def leave(context: Any, report: Any) -> None:
        sys.exit(3)

    run = push([GOOD, BAD], on_attention=[leave, note])
    assert run.state == "success"
    assert len(called) == 1
    assert "on_attention: leave failed, which changes nothing about the push" in run.log.texts


def test_a_notifier_is_called_as_airflow_calls_it(push: Any) -> None:
    run = push([GOOD, BAD], on_attention=PushNotifier())
    (line,) = [line for line in run.log if "needs attention" in line.text]
    assert line.level == "warning"
    assert "\n1 of 2 users was not updated at EngageLab: 1 x EUID" in line.text


def test_mapped_tasks_and_their_total_call_it_each(airflow: Any, control: Any) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        pushes = EngageLabSetAttributesOperator.partial(task_id="push", on_attention=note).expand(
            users=[[GOOD], [GOOD, BAD]]
        )
        PushTotalOperator(task_id="total", reports=pushes.output, on_attention=[note])

    run = airflow.run(build)
    assert set(run.states.values()) == {"success"}
    assert [(index, report["rows"]) for index, report in called] == [(1, 2), (called[1][0], 3)]
    assert called[1][1] == run.reports["total"]


@pytest.mark.parametrize("form", ["plain", "mapped"])
def test_the_stored_dag_has_no_more_than_names(form: str) -> None:
    def build() -> None:
        given: dict[str, Any] = {"task_id": "push", "on_attention": [note, PushNotifier(), lambda *_: None]}
        if form == "mapped":
            EngageLabSetAttributesOperator.partial(**given).expand(users=[[]])
        else:
            EngageLabSetAttributesOperator(users=[], **given)
        PushTotalOperator(task_id="total", reports=[], on_attention=note)

    stored = serialized(build)
    assert serialized(build) == stored
    assert "called.append" not in stored
    assert "def __call__" not in stored
    assert " at 0x" not in stored
    assert ("note, PushNotifier, " in stored) is (form == "mapped")
    assert read_back(json.loads(stored)).get_task("push").task_type == "EngageLabSetAttributesOperator"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (5, r"^on_attention is 5; give a function that takes the context and the report, a notifier"),
        ([note, "note"], r"^on_attention is the text 'note'; give a function"),
        (PushNotifier, r"^on_attention is the class PushNotifier; call it, as in PushNotifier\(\.\.\.\)"),
        (told, r"^on_attention calls told with two arguments, which it does not take; write def told\(context, report"),
    ],
    ids=["number", "text", "class", "one-argument"],
)
def test_what_cannot_be_called_is_an_error_of_the_dag(given: Any, sentence: str) -> None:
    for make in (
        lambda: EngageLabSetAttributesOperator(task_id="push", users=[], on_attention=given),
        lambda: EngageLabSetAttributesOperator.partial(task_id="push", on_attention=given),
        lambda: PushTotalOperator(task_id="total", reports=[], on_attention=given),
    ):
        with pytest.raises(ValueError, match=sentence):
            make()


def test_templates_of_what_follows_find_the_report(push: Any) -> None:
    class Told(PushNotifier):
        template_fields = ("text",)
        text = "{{ push_report.rows }} rows"

        def notify(self, context: Any) -> None:
            called.append((context["ti"].map_index, self.text))

    push([GOOD, BAD], on_attention=Told())
    assert [text for _, text in called] == ["2 rows"]
