# SPDX-License-Identifier: Apache-2.0
"""Where a try begins: on real Airflow, with its task state store or a folder, after a stop, a clear or a change."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from task.tries import points, push_once, rows
from versions import AIRFLOW, needs

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.pending import pending
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.task.stores import PathStore

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.mark.parametrize("operation", ["set", "increase"])
@pytest.mark.parametrize(
    "own_folder",
    [
        pytest.param(True, id="checkpoint_path"),
        pytest.param(False, id="task state store", marks=needs("task state store")),
    ],
)
def test_a_retry_resumes_where_the_last_try_stopped(
    push_tries: Callable[..., Any], control: Any, tmp_path: Path, operation: str, own_folder: bool
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    folder = tmp_path / "checkpoints"
    rejects = tmp_path / "rejects.jsonl"
    run = push_tries(
        rows(100),
        operation=operation,
        rejects_path=str(rejects),
        checkpoint_path=str(folder) if own_folder else None,
    )
    assert run.state == "success"
    assert run.counts == {"accepted": 100}
    assert run.report["resumed_from"] == 40
    assert run.report["tries"] == [0, 40]
    assert run.report["requests"] == 101
    assert "Resumed at row 40: 40 users were done by earlier tries" in run.log.texts
    assert points(control) == {str(number): 1 for number in range(1, 101)}
    assert len(control.journal()) == 101
    if own_folder and operation == "set":
        assert list(folder.iterdir()) == [], "the checkpoint stays although the push is complete"
    assert list(Rejects(str(rejects)).rows()) == [], "rows of the first try that the second one got accepted"


class Changing:
    """A source that is another one whenever it is asked."""

    def __init__(self) -> None:
        self.readings = 0

    def identity(self) -> int:
        self.readings += 1
        return self.readings

    def rows(self) -> Iterator[Any]:
        yield from rows(60)


def test_a_changed_input_starts_at_the_first_row_and_logs_why(
    push_tries: Callable[..., Any], control: Any, tmp_path: Path
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    run = push_tries(Changing())
    assert run.counts == {"accepted": 60}
    assert run.report["resumed_from"] is None
    assert any("input changed since the last try" in text for text in run.log.texts)
    assert len(control.journal()) == 41 + 60


def test_a_changed_input_is_refused_where_rows_must_not_be_sent_twice(
    push_tries: Callable[..., Any], control: Any
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    run = push_tries(Changing(), operation="increase")
    assert run.state == "failed"
    assert "allow_restart" in str(run.error)
    assert run.report["failure"].startswith("Earlier tries got 40 rows accepted. Rows may")
    assert len(control.journal()) == 41


def test_a_source_without_identity_starts_at_the_first_row(push_tries: Callable[..., Any], control: Any) -> None:
    class Anonymous:
        def rows(self) -> Iterator[Any]:
            yield from rows(50)

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    assert push_tries(Anonymous()).counts == {"accepted": 50}
    assert len(control.journal()) == 41 + 50
    refused = push_tries(Anonymous(), operation="increase")
    assert refused.state == "failed"
    assert "identity" in str(refused.error)
    assert push_tries(Anonymous(), operation="increase", retries=0).counts == {"accepted": 50}


def test_cursors_let_a_source_resume(push_tries: Callable[..., Any], control: Any) -> None:
    from airflow_provider_userattrs.push.model.cursor import Cursor

    asked = []

    class Seekable:
        def identity(self) -> Any:
            return "the same"

        def rows(self, after: Any = None) -> Iterator[Any]:
            asked.append(after)
            for position, row in enumerate(rows(100)[after or 0 :], after or 0):
                if position % 10 == 0 and position:
                    yield Cursor(position)
                yield row

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 47, "to": 47})
    run = push_tries(Seekable())
    assert run.counts == {"accepted": 100}
    assert run.report["resumed_from"] == 46
    assert asked == [None, 40]
    assert set(points(control).values()) == {1}
    assert len(control.journal()) == 101


def test_a_completed_increase_is_not_done_again_by_a_retry_but_by_a_clear(
    control: Any, connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    from airflow_provider_userattrs.task.run import Run

    control.switch(engagelab__any_user=True)
    connect("engagelab")

    def one(max_tries: int) -> Any:
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=max_tries)
        operator = EngageLabSetAttributesOperator(
            task_id="t", users=rows(20), operation="increase", checkpoint_path=str(tmp_path)
        )
        context: Any = {"ti": ti}
        return Run(operator.make_spec(context), context).run()

    assert one(3)["accepted"] == 20
    assert one(3)["accepted"] == 20, "the report of what was done"
    assert set(points(control).values()) == {1}, "increased again by a retry"
    assert one(7)["accepted"] == 20
    assert set(points(control).values()) == {2}, "a task cleared by hand is asked to do it again"


def test_rows_in_doubt_are_sent_again_with_on_unknown_resend(control: Any, connect: Any, tmp_path: Path) -> None:

    from airflow_provider_userattrs.task.run import Run

    control.switch(engagelab__any_user=True)
    connect("engagelab")
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)

    def make(**parameters: Any) -> Run:
        operator = EngageLabSetAttributesOperator(
            task_id="t", users=rows(20), operation="increase", checkpoint_path=str(tmp_path), **parameters
        )
        context: Any = {"ti": ti}
        return Run(operator.make_spec(context), context)

    process = os.fork()
    if process == 0:  # dies with the block noted and nothing sent
        from airflow_provider_userattrs.hooks.transport import Transport

        Transport.post = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign, assignment]
        make().run()
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL
    store = PathStore(str(tmp_path), ti, "userattrs_push_once")
    noted = store.read()
    report = make().run()
    assert (report["accepted"], report["unknown"]) == (0, 20)
    assert report["reasons"][0]["code"] == "in-doubt"
    assert points(control) == {}
    assert noted is not None
    store.write(noted)
    assert make(on_unknown="resend").run()["accepted"] == 20
    assert set(points(control).values()) == {1}


@pytest.mark.skipif(AIRFLOW.major == 2, reason="a run that goes on after SIGTERM: dag.test() of Airflow 2 does not")
def test_sigterm_ends_the_try_and_the_next_one_resumes(push_tries: Callable[..., Any], control: Any) -> None:
    class Terminated:
        readings = 0

        def identity(self) -> Any:
            return "the same"

        def rows(self) -> Iterator[Any]:
            Terminated.readings += 1
            for position, row in enumerate(rows(200)):
                if Terminated.readings == 1 and position == 120:
                    os.kill(os.getpid(), signal.SIGTERM)
                yield row

    run = push_tries(Terminated(), operation="increase")
    assert run.state == "success"
    assert run.counts == {"accepted": 200}
    assert 100 <= run.report["resumed_from"] <= 121
    assert any("SIGTERM" in str(error) for error in run.log.errors)
    assert set(points(control).values()) == {1}


@needs("retry policy")
def test_the_retry_policy_waits_as_the_vendor_asks() -> None:
    from airflow.sdk.definitions.retry_policy import RetryAction

    from airflow_provider_userattrs.operators.retry_policy import VendorRetryPolicy

    policy = VendorRetryPolicy.deserialize(VendorRetryPolicy().serialize())
    asked = policy.evaluate(RetryLater("away", 90), 1, 3)
    assert (asked.action, asked.retry_delay) == (RetryAction.RETRY, timedelta(seconds=90))
    assert policy.evaluate(RetryLater("away"), 1, 3).action is RetryAction.DEFAULT
    assert policy.evaluate(OSError("another"), 1, 3).action is RetryAction.DEFAULT
    for final in (RefusedConfiguration("keys"), TooManyFailed("rows")):
        assert policy.evaluate(final, 1, 3).action is RetryAction.FAIL


def test_a_source_that_became_shorter_is_reported(control: Any, tmp_path: Path) -> None:
    class Shrinking:
        count = 40

        def identity(self) -> Any:
            return "the same"

        def rows(self) -> Iterator[Any]:
            yield from rows(self.count)

    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 31, "to": 31})
    push_once(tmp_path, users=Shrinking(), concurrency=1)
    Shrinking.count = 25
    report = push_once(tmp_path, users=Shrinking(), concurrency=1).report
    assert (report["rows"], report["accepted"]) == (30, 30)
    assert report["warning"] == "at least 5 of the 30 users done by earlier tries left the source"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a\nb"])
def test_a_name_that_no_database_stores_makes_its_row_invalid(
    control: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    control.switch(engagelab__any_user=True)
    users = [*rows(2), {"euid": 3, name: "no number"}, {"euid": 4, name: 1}]
    run = push_once(tmp_path, users=users, operation="increase")
    assert run.error is None
    assert run.report["invalid"] == (2 if name == "\ud800" else 1)
    assert run.report["accepted"] == 4 - run.report["invalid"]
    [kept] = tmp_path.rglob("*.json")
    for written in (json.dumps(run.report, ensure_ascii=False), json.dumps(json.loads(kept.read_text()))):
        assert "\\u0000" not in written
        assert "\\ud800" not in written.replace("\\\\", "")
    json.dumps(run.report, ensure_ascii=False).encode()
    assert "cannot be stored" not in caplog.text


@pytest.mark.parametrize("value", [10**5000, [10**5000], {"a": 10**5000}], ids=["integer", "list", "dict"])
def test_a_number_too_long_for_text_makes_its_row_invalid(control: Any, tmp_path: Path, value: Any) -> None:
    control.switch(engagelab__any_user=True)
    users = [*rows(2), {"euid": 3, "points": value}, {"euid": value, "points": 1}]
    run = push_once(tmp_path / "checkpoints", users=users, rejects_path=str(tmp_path / "rejects.jsonl"))
    assert run.error is None
    assert (run.report["accepted"], run.report["invalid"]) == (2, 2)


@pytest.mark.parametrize("gaps", [(), ((0, 1),), ((0, 2), (3, 4)), ((1, 3),)])
def test_a_try_resumes_with_the_unfinished_rows_alone(gaps: tuple[tuple[int, int], ...]) -> None:
    checkpoint = Checkpoint(Fingerprint("", ""), below=4, gaps=gaps)
    unfinished = [position for first, behind in gaps for position in range(first, behind)] + [4, 5]
    rows = [{"position": position} for position in range(6)]
    singly: Any = pending(rows, checkpoint, None, None)
    together: Any = pending([Chunk(rows[:3]), Chunk(rows[3:])], checkpoint, None, None)
    for chunks in (singly, together):
        assert [row["position"] for chunk in chunks for row in chunk] == unfinished
