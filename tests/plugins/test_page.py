# SPDX-License-Identifier: Apache-2.0
"""The page of real tasks: while they run, and however they ended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import good
from versions import needs

from airflow_provider_userattrs.columns import Constant
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.plugins.formats import duration

pytestmark = [needs("Push report tab"), pytest.mark.usefixtures("connections", "clock")]

EVIL = "<script>alert('\"&')</script>"


def test_all_is_well(push: Callable[..., Any], see: Callable[..., Any]) -> None:
    seen = see(push(good(3)))
    assert seen.level == "ok"
    assert seen.texts[0] == "3 of 3 users updated at EngageLab"
    assert "Accepted: EngageLab confirmed the request." in seen.text
    assert not seen.is_live
    for absent in ("Progress", "Reasons", "Rejects", "Instances"):
        assert absent not in seen.texts


def test_some_need_attention(push: Callable[..., Any], see: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.fault("engagelab", {"code": 55108}, {"users": [1, 2]})
    rejects = tmp_path / "rejects.jsonl"
    seen = see(push([*good(9), {"euid": "x", "a": 1}], rejects_path=str(rejects)))
    assert seen.level == "warning"
    assert seen.texts[0] == "7 of 10 users updated at EngageLab; 3 need attention"
    assert ("aria-label", "7 accepted, 2 rejected, 1 invalid") in seen.attributes
    remedy = "Check the EUIDs: each is the integer EngageLab assigned to the user."
    assert f"2 rejected 55108 EUID is invalid {remedy} 0, 1" in seen.text
    [written] = tmp_path.iterdir()
    assert f"users=Rejects('{written}')" in seen.text
    assert "engagelab_conn_id engagelab_default region singapore host http://127.0.0.1" in seen.text
    assert "Try 1 began at the first row." in seen.text


def test_without_a_rejects_path_it_explains_what_one_would_do(
    push: Callable[..., Any], see: Callable[..., Any]
) -> None:
    assert "The rows were not kept." in see(push([*good(1), {"euid": "x", "a": 1}])).text


def test_a_push_that_a_guard_refused_read_no_rows_that_could_be_kept(
    push: Callable[..., Any], see: Callable[..., Any]
) -> None:
    seen = see(push(good(2), expect_rows=(3, None)))
    assert "Nothing was sent to EngageLab: the source has 2 rows, and expect_rows asks for at least 3." in seen.texts
    assert "Rejects" not in seen.texts


@pytest.mark.parametrize(
    ("parameters", "fault", "sentence"),
    [
        (
            {"max_failed": 0},
            {"code": 55108},
            "1 of 4 users failed at EngageLab; max_failed allows 0 rows: 1 x EUID is invalid (55108). Check the EUIDs: "
            "each is the integer EngageLab assigned to the user.",
        ),
        ({}, {"code": 40050}, "EngageLab refuses the push: authentication failed (40050). Check the connection's API"),
        ({"engagelab_conn_id": "nowhere"}, None, "The conn_id `nowhere` isn't defined."),
    ],
)
def test_a_failed_push_shows_why(
    push: Callable[..., Any],
    see: Callable[..., Any],
    control: Any,
    parameters: dict[str, Any],
    fault: Any,
    sentence: str,
) -> None:
    if fault:
        control.fault("engagelab", fault, {"users": [2]})
    seen = see(push(good(4), concurrency=1, **parameters))
    assert seen.level == "failed"
    assert sentence in seen.text


def test_tries_and_where_each_went_on(
    push: Callable[..., Any], see: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    again = {"retries": 1, "retry_delay": timedelta(0), "checkpoint_path": str(tmp_path)}
    run = push(good(40), rate_limit=10, concurrency=1, **again)
    seen = see(run)
    assert seen.level == "ok"
    assert "Tries Try Began at row 1 0 2 20 where the previous try stopped" in seen.text
    assert re.search(
        r"Over time [\d.]+ users a second over [\d.]+ s, .* at the most; .*The time between tries", seen.text
    )
    assert seen.tags.count("figure") == 1


class Watched:
    """Rows of which the 61st shows the page, as whoever watches the task sees it then."""

    def __init__(self, look: Callable[[], None]) -> None:
        self.look = look

    def rows(self) -> Iterator[dict[str, Any]]:
        for row in good(80):
            if row["euid"] == 61:
                self.look()
            yield row


class Known(Watched):
    def identity(self) -> str:
        return "the same"


@pytest.mark.parametrize("kind", [Known, Watched], ids=["from the checkpoint", "from the XCom"])
def test_while_it_runs(push: Callable[..., Any], get: Callable[..., Any], page: Any, airflow: Any, kind: Any) -> None:
    seen: list[Any] = []

    def look() -> None:
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            (instance,) = session.scalars(select(TaskInstance).where(TaskInstance.state == "running"))
            address = (instance.dag_id, instance.run_id, instance.task_id)
        seen.append(page(get(*address).text))

    push(kind(look), rate_limit=2, concurrency=1, max_failed=0.5)
    (running,) = seen
    assert running.level == "running"
    assert running.is_live
    done = int(re.match(r"(\d+) users done at EngageLab so far", running.texts[0])[1])  # type: ignore[index]
    assert 40 < done <= 60
    assert re.search(r"Progress \d+ users done, 2.0 a second; as of \d\d:\d\d:\d\d UTC", running.text), running.text
    assert "Configuration" in running.texts


def test_a_shortened_list_shows_the_total(
    push: Callable[..., Any], get: Callable[..., Any], page: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    seen: list[Any] = []
    before = RuntimeTaskInstance.xcom_push

    def look(self: Any, key: str, value: Any) -> None:
        before(self, key, value)
        if key == "userattrs_progress":
            seen.append(page(get(self.dag_id, self.run_id, self.task_id).text))

    monkeypatch.setattr(RuntimeTaskInstance, "xcom_push", look)
    push(good(40), rate_limit=2, concurrency=1, checkpoint_path=str(tmp_path))
    assert seen
    assert re.search(r"\d+ of 40 users done, 2.0 a second, about \d.\d s left", seen[-1].text), seen[-1].text
    assert ("max", "40") in seen[-1].attributes


def test_a_mapped_task(airflow: Any, control: Any, see: Callable[..., Any], get: Callable[..., Any], page: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])

    def build() -> None:
        KahunaSetAttributesOperator.partial(
            task_id="push",
            target=["username"],
            map_index_template="at most {{ task.max_failed }}",
            attributes={"plan": "plan"},
        ).expand_kwargs(
            [
                {"users": [{"username": "ada", "plan": 1}], "max_failed": 0},
                {"users": [{"username": "ada", "plan": 1}, {"username": "bob", "plan": 1}], "max_failed": 1},
                {"users": [{"username": "bob", "plan": 1}], "max_failed": 0},
            ]
        )

    run = airflow.run(build)
    first, second, third = (see(run, which=index) for index in range(3))
    assert [each.level for each in (first, second, third)] == ["ok", "warning", "failed"]
    assert ("href", "whole") in second.attributes
    whole = see(run, which="whole")
    assert whole.level == "failed"
    assert whole.texts[0] == "2 of 4 users updated at Kahuna; 2 need attention"
    assert {"0", "1", "2"} <= {value for name, value in whole.attributes if name == "href"}
    assert "at most 1" in whole.texts
    assert whole.texts.count("1 of 2 users updated at Kahuna; 1 needs attention") == 1
    assert get(run.dag.dag_id, run.dag_run.run_id, "push", 7).status_code == 404


def test_the_task_that_gives_the_verdict_on_all_shards(airflow: Any, control: Any, see: Callable[..., Any]) -> None:
    control.switch(engagelab__any_user=True)

    def build() -> None:
        push = EngageLabSetAttributesOperator.partial(task_id="push", max_failed=1.0).expand(
            users=[good(2), [{"euid": "x", "a": 1}, *good(1)]]
        )
        PushTotalOperator(task_id="total", reports=push.output, max_failed=0)

    seen = see(airflow.run(build), "total")
    assert seen.level == "failed"
    assert seen.texts[0] == "3 of 4 users updated at EngageLab; 1 needs attention"
    sentence = (
        "1 of 4 users failed at EngageLab; max_failed allows 0 rows: 1 x EUID is not a 64-bit integer (Check the "
        "EUIDs: each is the integer EngageLab assigned to the user)."
    )
    assert sentence in seen.texts


def test_a_task_that_is_no_push(airflow: Any, see: Callable[..., Any]) -> None:
    from airflow.sdk import task

    def build() -> None:
        @task
        def other() -> dict[str, str]:
            return {"vendor": EVIL}

        other()

    seen = see(airflow.run(build), "other")
    assert seen.text == "No push report here: this task has pushed no users. Pushes of this Dag"


def test_an_xcom_too_large_to_be_a_report_is_not_even_loaded(
    airflow: Any, see: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.xcom import XComModel
    from airflow.sdk import task

    def build() -> None:
        @task
        def other() -> list[dict[str, str]]:
            return [{"a": "x" * 1_000}] * 100

        other()

    run = airflow.run(build)
    monkeypatch.setattr(XComModel, "deserialize_value", lambda xcom: pytest.fail("it was loaded"))
    assert "No push report here" in see(run, "other").text


def test_a_report_that_was_deleted(push: Callable[..., Any], see: Callable[..., Any]) -> None:
    from airflow.models.xcom import XComModel

    run = push(good(1))
    XComModel.clear(dag_id=run.dag.dag_id, task_id="push", run_id=run.dag_run.run_id)
    assert "There is no report of this push: its XCom was deleted" in see(run).text


def test_whatever_a_name_holds_is_text(airflow: Any, see: Callable[..., Any]) -> None:
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(
            task_id="push",
            users=[{"customer_id": "ada", EVIL: object()}, {"customer_id": EVIL, EVIL: 1}],
            attributes={EVIL: EVIL, "by": Constant(EVIL)},
        )
    )
    seen = see(run)
    assert seen.tags.count("script") == 1
    assert f"on {EVIL}" in seen.text
    assert "&lt;script&gt;alert(" in seen.html


def test_it_shows_no_personal_data(airflow: Any, see: Callable[..., Any], control: Any, no_secret: Any) -> None:
    control.fault("kahuna", {"status": 400, "message": "ada@example.com is unheard of"})
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push",
            users=[{"username": "ada@example.com", "plan": "platinum-deluxe", "bio": "private" * 400}],
            target=["username"],
        )
    )
    seen = see(run)
    assert not re.search("ada@example|platinum|private", seen.html)
    no_secret(seen.html)


def test_it_is_small(push: Callable[..., Any], get: Callable[..., Any]) -> None:
    run = push([{"euid": f"x{number}", f"{'n' * 50}{number}": object()} for number in range(300)])
    answer = get(run.dag.dag_id, run.dag_run.run_id, "push")
    assert len(json.dumps(run.report)) < 16 * 1024
    assert len(answer.content) < 40_000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (3_599.7, "1 h 0 min"), (7_300, "2 h 1 min")],
)
def test_a_duration_as_text(seconds: float, words: str) -> None:
    assert duration(seconds) == words
