# SPDX-License-Identifier: Apache-2.0
"""Where a try begins: on real Airflow, with its task state store or a folder, after a stop, a clear or a change."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_names import get_current_context, task
from versions import AIRFLOW, needs

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater, TooManyFailed
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint
from airflow_provider_userattrs.push.resume.pending import pending
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task.stores import PathStore

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.fixture
def push(airflow: Any, control: Any, kept: dict[str, Any]) -> Callable[..., Any]:
    control.switch(engagelab__any_user=True)
    control.switch(history=True)

    def run(rows: Any, **parameters: Any) -> Any:
        parameters = {"retries": 3, "retry_delay": timedelta(0), "concurrency": 1, **kept, **parameters}
        return airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=rows, **parameters))

    return run


def rows(count: int) -> list[dict[str, Any]]:
    return [{"euid": number, "points": 1} for number in range(1, count + 1)]


def held(control: Any) -> dict[str, int]:
    return {euid: user["properties"]["points"] for euid, user in control.users("engagelab").items()}


@pytest.mark.parametrize("operation", ["set", "increase"])
@pytest.mark.parametrize(
    "own_folder",
    [
        pytest.param(True, id="checkpoint_path"),
        pytest.param(False, id="task state store", marks=needs("task state store")),
    ],
)
def test_a_retry_goes_on_where_the_last_try_stopped(
    push: Callable[..., Any], control: Any, tmp_path: Path, operation: str, own_folder: bool
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    folder = tmp_path / "checkpoints"
    rejects = tmp_path / "rejects.jsonl"
    run = push(
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
    assert held(control) == {str(number): 1 for number in range(1, 101)}
    assert len(control.journal()) == 101
    if own_folder and operation == "set":
        assert list(folder.iterdir()) == [], "the checkpoint stays although the push is complete"
    assert list(Rejects(str(rejects)).rows()) == [], "rows of the first try that the second one got accepted"


def test_a_changed_input_starts_anew_and_says_why(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    class Changing:
        readings = 0

        def identity(self) -> Any:
            Changing.readings += 1
            return Changing.readings

        def rows(self) -> Iterator[Any]:
            yield from rows(60)

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    run = push(Changing())
    assert run.counts == {"accepted": 60}
    assert run.report["resumed_from"] is None
    assert any("input changed since the last try" in text for text in run.log.texts)
    assert len(control.journal()) == 41 + 60


def test_a_changed_input_is_refused_where_rows_must_not_be_sent_twice(push: Callable[..., Any], control: Any) -> None:
    class Changing:
        readings = 0

        def identity(self) -> Any:
            Changing.readings += 1
            return Changing.readings

        def rows(self) -> Iterator[Any]:
            yield from rows(60)

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    run = push(Changing(), operation="increase")
    assert run.state == "failed"
    assert "allow_restart" in str(run.error)
    assert run.report["failure"].startswith("Earlier tries got 40 rows accepted. Rows may")
    assert len(control.journal()) == 41


def test_a_source_without_identity_starts_anew(push: Callable[..., Any], control: Any) -> None:
    class Anonymous:
        def rows(self) -> Iterator[Any]:
            yield from rows(50)

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 41, "to": 41})
    assert push(Anonymous()).counts == {"accepted": 50}
    assert len(control.journal()) == 41 + 50
    refused = push(Anonymous(), operation="increase")
    assert refused.state == "failed"
    assert "identity" in str(refused.error)
    assert push(Anonymous(), operation="increase", retries=0).counts == {"accepted": 50}


def test_bookmarks_let_a_source_go_on(push: Callable[..., Any], control: Any) -> None:
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
    run = push(Seekable())
    assert run.counts == {"accepted": 100}
    assert run.report["resumed_from"] == 46
    assert asked == [None, 40]
    assert set(held(control).values()) == {1}
    assert len(control.journal()) == 101


def test_a_completed_increase_is_not_done_again_by_a_retry_but_by_a_clear(
    control: Any, connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

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
    assert set(held(control).values()) == {1}, "increased again by a retry"
    assert one(7)["accepted"] == 20
    assert set(held(control).values()) == {2}, "a task cleared by hand is asked to do it again"


def test_what_a_killed_try_left_in_doubt_is_sent_again_if_the_author_says_so(
    control: Any, connect: Any, tmp_path: Path
) -> None:
    from types import SimpleNamespace

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
    assert held(control) == {}
    assert noted is not None
    store.write(noted)
    assert make(on_unknown="resend").run()["accepted"] == 20
    assert set(held(control).values()) == {1}


@pytest.mark.skipif(AIRFLOW.major == 2, reason="a run that goes on after SIGTERM: dag.test() of Airflow 2 does not")
def test_sigterm_ends_the_try_and_the_next_goes_on(push: Callable[..., Any], control: Any) -> None:
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

    run = push(Terminated(), operation="increase")
    assert run.state == "success"
    assert run.counts == {"accepted": 200}
    assert 100 <= run.report["resumed_from"] <= 121
    assert any("SIGTERM" in str(error) for error in run.log.errors)
    assert set(held(control).values()) == {1}


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


def test_a_source_that_ends_before_the_row_that_was_reached_is_said(control: Any, tmp_path: Path) -> None:
    class Shrinking:
        count = 40

        def identity(self) -> Any:
            return "the same"

        def rows(self) -> Iterator[Any]:
            yield from rows(self.count)

    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 31, "to": 31})
    once(tmp_path, users=Shrinking(), concurrency=1)
    Shrinking.count = 25
    report = once(tmp_path, users=Shrinking(), concurrency=1).report
    assert (report["rows"], report["accepted"]) == (30, 30)
    assert report["warning"] == "at least 5 of the 30 users done by earlier tries left the source"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a\nb"])
def test_a_name_that_no_database_holds_costs_its_row_only(
    control: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    control.switch(engagelab__any_user=True)
    users = [*rows(2), {"euid": 3, name: "no number"}, {"euid": 4, name: 1}]
    run = once(tmp_path, users=users, operation="increase")
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
def test_a_number_python_writes_no_text_of_costs_its_row_only(control: Any, tmp_path: Path, value: Any) -> None:
    control.switch(engagelab__any_user=True)
    users = [*rows(2), {"euid": 3, "points": value}, {"euid": value, "points": 1}]
    run = once(tmp_path / "checkpoints", users=users, rejects_path=str(tmp_path / "rejects.jsonl"))
    assert run.error is None
    assert (run.report["accepted"], run.report["invalid"]) == (2, 2)


@pytest.mark.parametrize("gaps", [(), ((0, 1),), ((0, 2), (3, 4)), ((1, 3),)])
def test_a_try_takes_up_the_unfinished_rows_and_no_other(gaps: tuple[tuple[int, int], ...]) -> None:
    checkpoint = Checkpoint(Fingerprint("", ""), below=4, gaps=gaps)
    unfinished = [position for first, behind in gaps for position in range(first, behind)] + [4, 5]
    rows = [{"position": position} for position in range(6)]
    taken_up: list[Any] = list(pending(rows, checkpoint, None, lambda position, row: row["position"]))
    assert taken_up == unfinished


def once(path: Path, context: Any = None, **parameters: Any) -> Any:
    """Push in this process, as a try of a task does that keeps its checkpoint in a folder; return the run."""
    from airflow_provider_userattrs.task.run import Run

    ti: Any = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
    operator = EngageLabSetAttributesOperator(task_id="t", checkpoint_path=str(path), **parameters)
    given: Any = {"ti": ti} if context is None else context
    run: Any = Run(operator.make_spec(given), given)
    run.report = run.run()
    return run


# Several pushes of one task


def test_several_pushes_of_one_task_are_several_pushes(control: Any, airflow: Any, kept: dict[str, Any]) -> None:
    control.switch(engagelab__any_user=True)
    told = []
    increase = {"task_id": "a", "operation": "increase", **kept}

    def build() -> None:
        @task(retries=1, retry_delay=timedelta(0))
        def push() -> None:
            context = get_current_context()
            first = EngageLabSetAttributesOperator(users=rows(20), **increase)
            second = EngageLabSetAttributesOperator(task_id="a", users=rows(30), attributes={"plan": "points"}, **kept)
            third = EngageLabSetAttributesOperator(users=rows(50)[20:], **increase)
            told.append([each.execute(context)["accepted"] for each in (first, second, third, first)])
            if len(told) == 1:
                raise OSError("once more")

        push()

    run = airflow.run(build)
    assert run.state == "success"
    assert told == [[20, 30, 30, 20]] * 2
    values = held(control)
    assert [values[str(euid)] for euid in (1, 20, 21, 50)] == [2, 2, 1, 1], "the first one was asked for twice"


def test_pushes_of_one_task_resume_each_where_it_stopped(control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    context = {"ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)}
    increase = {"operation": "increase", "concurrency": 1}
    assert once(tmp_path, context, users=rows(20), **increase).report["requests"] == 20
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 11, "to": 11})
    stopped = once(tmp_path, context, users=rows(50)[20:], **increase)
    assert stopped.report["accepted"] == 10
    del context["userattrs_checkpoints"]  # the next try
    assert once(tmp_path, context, users=rows(20), **increase).report["requests"] == 20
    resumed = once(tmp_path, context, users=rows(50)[20:], **increase)
    assert (resumed.report["accepted"], resumed.report["resumed_from"]) == (30, 10)
    assert set(held(control).values()) == {1}


def test_a_push_that_changed_after_it_was_complete_is_refused(control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    once(tmp_path, users=rows(20), operation="increase")
    changed = once(tmp_path, users=rows(21), operation="increase")
    assert isinstance(changed.error, RefusedConfiguration)
    assert "input changed since the last try" in str(changed.error)
    assert set(held(control).values()) == {1}


# What is kept may be damaged


def damages(state: dict[str, Any]) -> Iterator[dict[str, Any] | list[Any] | str]:
    for name in state:
        yield {**state, name: "x"}
        yield {**state, name: None} if state[name] is not None else {**state, name: 5}
        yield {each: value for each, value in state.items() if each != name}
    yield {**state, "gaps": [[5, 3]]}
    yield {**state, "below": state["below"] + 1}
    yield {**state, "counts": {"counts": {"accepted": -1}, "reasons": []}}
    yield from ([], "x")


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_damaged_checkpoint(control: Any, tmp_path: Path, operation: str) -> None:
    control.switch(engagelab__any_user=True)
    fault = {"status": 429, "headers": {"Retry-After": "4000"}}
    parameters: dict[str, Any] = {"users": rows(12), "operation": operation, "concurrency": 1}
    control.fault("engagelab", fault, {"from": 9, "to": 9})
    assert once(tmp_path, **parameters).report["accepted"] == 8
    [file] = tmp_path.iterdir()
    texts = [json.dumps(state) for state in damages(json.loads(file.read_text()))] + ["", "{", "\0"]
    for text in texts:
        file.write_text(text)
        before = len(control.journal())
        run = once(tmp_path, **parameters)
        if operation == "set":
            assert (run.error, run.report["accepted"], run.report["resumed_from"]) == (None, 12, None), text
            assert len(control.journal()) == before + 12
        else:
            assert isinstance(run.error, RefusedConfiguration), text
            assert "allow_restart" in str(run.error)
            assert len(control.journal()) == before


def test_ids_too_long_for_a_files_name(tmp_path: Path) -> None:
    names = set()
    for run_id in ("r" * 250, "r" * 249 + "ü"):
        ti = SimpleNamespace(dag_id="d" * 250, run_id=run_id, task_id="ä" * 250, map_index=-1)
        for key in ("userattrs_push", "userattrs_push_once", "userattrs_push_2"):
            store = PathStore(str(tmp_path), ti, key)
            assert store.read() is None
            store.write({"key": key})
            assert store.read() == {"key": key}
            names = {file.name for file in tmp_path.iterdir()}
    assert len(names) == 6


# A table that changes between two tries


def warehouse(script: str) -> list[Any]:
    path = json.loads(os.environ["AIRFLOW_CONN_WAREHOUSE"])["host"]
    with closing(sqlite3.connect(path)) as connection, connection:
        return [row for statement in script.split(";") for row in connection.execute(statement).fetchall()]


class Changing(SqlRows):
    """A query whose table changes before it is read again."""

    change = ""

    def rows(self, after: Any = None) -> Iterator[Any]:
        if self.change and Changing.readings:
            warehouse(self.change)
        Changing.readings += 1
        yield from super().rows(after)

    readings = 0


@pytest.fixture
def changing(sqlite: Callable[..., None], control: Any, monkeypatch: pytest.MonkeyPatch) -> type[Changing]:
    """Fill a table of 600 users; the first try stops behind the 300th."""
    sqlite("CREATE TABLE users (id INTEGER, euid INTEGER, points INTEGER)")
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 600)"
    sqlite(f"INSERT INTO users SELECT n * 10, n, 1 FROM ({numbers} SELECT n FROM c)")
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 301, "to": 301})
    monkeypatch.setattr(Changing, "readings", 0)
    return Changing


@pytest.mark.parametrize("operation", ["set", "increase"])
@pytest.mark.parametrize(
    ("change", "left_out", "warning"),
    [
        (
            "DELETE FROM users WHERE euid BETWEEN 281 AND 300",
            0,
            "at least 20 of the 300 users done by earlier tries left",
        ),
        (
            "DELETE FROM users WHERE euid <= 200",
            0,
            "at least 200 of the 300 users done by earlier tries left the source",
        ),
        ("DELETE FROM users", 0, "300 of the 300 users done by earlier tries left the source"),
        (
            "INSERT INTO users SELECT id - 5, euid + 10000, 1 FROM users WHERE euid BETWEEN 282 AND 300",
            19,
            "at least 19 users came into the source among those done by earlier tries and were not read: push once",
        ),
        ("INSERT INTO users SELECT id + 5, euid + 10000, 1 FROM users WHERE euid > 300", 0, None),
        (
            "CREATE TABLE o AS SELECT * FROM users ORDER BY -id; DROP TABLE users; ALTER TABLE o RENAME TO users",
            0,
            None,
        ),
    ],
)
def test_a_table_that_changes_between_two_tries(
    push: Callable[..., Any],
    control: Any,
    changing: type[Changing],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    change: str,
    left_out: int,
    warning: str | None,
) -> None:
    monkeypatch.setattr(Changing, "change", change)
    source = changing("SELECT * FROM users", conn_id="warehouse", key="id")
    run = push(source, operation=operation, attributes=["points"])
    assert run.state == "success"
    assert run.report["resumed_from"] == 300
    assert (run.report["warning"] or "").startswith(warning or "")
    assert bool(run.report["warning"]) is bool(warning)
    assert set(held(control).values()) == {1}
    assert run.report["rows"] == run.report["accepted"] == len(held(control))
    assert len({str(euid) for (euid,) in warehouse("SELECT euid FROM users")} - set(held(control))) == left_out


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_without_a_key_a_retry_starts_anew_or_is_refused(
    push: Callable[..., Any], control: Any, changing: type[Changing], operation: str
) -> None:
    source = changing("SELECT * FROM users ORDER BY id", conn_id="warehouse")
    run = push(source, operation=operation, attributes=["points"])
    if operation == "increase":
        assert run.state == "failed"
        assert "sql is read without key=" in str(run.error)
        assert control.journal() == []
        return
    assert run.state == "success"
    assert run.counts == {"accepted": 600}
    assert any("sql is read without key=" in text and "starts at the first row" in text for text in run.log.texts)
    assert len(control.journal()) == 301 + 600


# Keys that may name a person


@pytest.fixture
def mails(sqlite: Callable[..., None], control: Any) -> SqlRows:
    """Give 40 users, each by an e-mail address."""
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE users (mail TEXT, euid INTEGER, points INTEGER)")
    sqlite(*(f"INSERT INTO users VALUES ('ada{n:03}@example.com', {n}, 1)" for n in range(1, 41)))
    return SqlRows("SELECT * FROM users", conn_id="warehouse", key="mail")


def push_mails(path: Path, users: SqlRows, operation: str) -> Any:
    return once(path, users=users, operation=operation, attributes=["points"], concurrency=1)


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_key_that_may_name_a_person_is_kept_sealed(
    control: Any, mails: SqlRows, tmp_path: Path, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    folder = tmp_path / "checkpoints"
    assert push_mails(folder, mails, operation).report["accepted"] == 20
    [file] = folder.iterdir()
    kept = json.loads(file.read_text())
    assert isinstance(kept["keys"], str)
    assert "example" not in file.read_text()
    assert "@" not in file.read_text()
    resumed = push_mails(folder, mails, operation)
    assert (resumed.report["accepted"], resumed.report["resumed_from"]) == (40, 20)
    assert set(held(control).values()) == {1}
    assert "@example" not in json.dumps(resumed.report) + "".join(capsys.readouterr())


@pytest.mark.parametrize("operation", ["set", "increase"])
def test_a_secret_that_changed_starts_anew_or_is_refused(
    control: Any, connect: Any, mails: SqlRows, tmp_path: Path, operation: str, log: Any
) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    push_mails(tmp_path / "checkpoints", mails, operation)
    before = len(control.journal())
    connect("engagelab", password="another-secret")
    run = push_mails(tmp_path / "checkpoints", mails, operation)
    if operation == "increase":
        assert isinstance(run.error, RefusedConfiguration)
        assert "secret changed since the last try" in str(run.error)
        assert len(control.journal()) == before
    else:
        assert any("the connection's secret changed since the last try" in text for text in log.texts)
        assert run.report["resumed_from"] is None


def test_ids_and_times_stay_readable(control: Any, sqlite: Callable[..., None], tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE users (euid INTEGER, points INTEGER)", "INSERT INTO users VALUES (5, 1), (6, 1)")
    users = SqlRows("SELECT * FROM users", conn_id="warehouse", key="euid")
    once(tmp_path / "checkpoints", users=users, operation="increase")
    [file] = (tmp_path / "checkpoints").iterdir()
    assert json.loads(file.read_text())["keys"] == {"type": "int", "tries": [[[[6], []]]], "sent_upto": None}


@needs("task state store")
def test_a_task_state_store_holds_no_key_in_clear(push: Callable[..., Any], control: Any, mails: SqlRows) -> None:
    from airflow.models.task_state_store import TaskStateStoreModel
    from airflow.utils.session import create_session

    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    run = push(mails, operation="increase", attributes=["points"], retries=0)
    assert run.state == "failed"
    with create_session() as session:
        kept = [row.value for row in session.query(TaskStateStoreModel).all()]
    assert kept
    assert not any("@example.com" in value for value in kept)
