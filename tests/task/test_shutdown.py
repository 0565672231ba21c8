# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and `execution_timeout`, wherever a push is: it ends at once, and its account is true."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cases import STATUSES
from servers import Postgres

from airflow_provider_userattrs.operators import users as operators_rows
from airflow_provider_userattrs.operators.base import UserPushOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.push.delivery import delivery
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, SourceInterrupted
from airflow_provider_userattrs.sources.database import blocking
from airflow_provider_userattrs.sources.sql import SqlRows
from airflow_provider_userattrs.task import shutdown as module
from airflow_provider_userattrs.task.run import Run
from airflow_provider_userattrs.task.shutdown import Interrupted, Interruption

pytestmark = pytest.mark.usefixtures("connections")

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM], ids=lambda number: number.name)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt a source again soon."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    monkeypatch.setattr(module, "_CLEANING_UP", 0.05)


class Told(BaseException):
    """What the handler in Airflow's place raises."""


@pytest.fixture
def airflows() -> Iterator[list[int]]:
    """Stand in for Airflow's handlers; give what they heard."""
    heard: list[int] = []

    def handle(number: int, frame: Any) -> None:
        heard.append(number)
        raise Told("a text of Airflow's")

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGALRM)}
    yield heard
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def push(tmp_path: Path, control: Any, airflows: list[int], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that pushes rows to Kahuna in this process, checks the counts and gives the run."""
    # All requests are answered here, however slow the machine is, and all threads end.
    monkeypatch.setattr(delivery, "_GRACE", 60.0)
    monkeypatch.setattr(delivery, "_JOINING", 60.0)
    control.seed("kahuna", [{"username": f"user{number}"} for number in range(500)])

    def run(users: Any, **parameters: Any) -> Any:
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3)
        parameters = {"target": ["username"], "checkpoint_path": str(tmp_path / "checkpoints"), **parameters}
        operator = KahunaSetAttributesOperator(task_id="t", users=users, **parameters)
        before = set(threading.enumerate())
        context: Any = {"ti": ti}
        with Interruption(operators_rows.Rows.rows) as interruption:
            one: Any = Run(operator.make_spec(context), context, interruption)
            one.report = one.run()
        one.raised = interruption.forward(str(one.report["failure"]))
        assert not [thread for thread in set(threading.enumerate()) - before if thread.name != "userattrs-call-off"]
        assert sum(one.report[status] for status in STATUSES) == one.report["rows"]
        return one

    return run


class Rows:
    """A source made of a function that yields rows."""

    def __init__(self, read: Callable[[], Iterator[Any]]) -> None:
        self.rows = read

    def identity(self) -> Any:
        return "the same"


class Nobody:
    """Let the calling thread wait in a system call for what never comes; once it is about to, a signal is sent."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ends = os.pipe()

    def wait(self) -> None:
        sender = threading.Thread(target=os.kill, args=(os.getpid(), self.number))
        sender.start()
        try:
            os.read(self.ends[0], 1)
        finally:
            sender.join()

    def come(self) -> None:
        for end in self.ends:
            os.close(end)


@pytest.fixture
def nobody(number: int) -> Iterator[Nobody]:
    one = Nobody(number)
    yield one
    one.come()


def good(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"username": f"user{number}", "a": number} for number in range(first, first + count)]


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


@BOTH
def test_a_source_that_hangs_in_a_system_call_is_interrupted(
    push: Any, nobody: Nobody, number: int, airflows: list[int], control: Any
) -> None:
    def hang() -> Iterator[Any]:
        yield from good(250)
        nobody.wait()
        yield from good(250, 250)

    run = push(Rows(hang))
    assert isinstance(run.error, Interrupted)
    report = run.report
    assert report["rows"] == report["stopped_at"] == 250
    assert report["accepted"] + report["unsent"] == 250
    assert report["accepted"] == sum(user["updates"] for user in control.users("kahuna").values())
    assert report["failure"].endswith("; stopped at row 250; the rows after it are not counted")
    assert report["warning"].endswith("stopped at row 250; the rows after it are not counted")
    assert airflows == [number], "Airflow's own handler is told, once"
    assert (type(run.raised), str(run.raised)) == (Told, report["failure"])


@BOTH
@pytest.mark.parametrize("swallows", [Exception, BaseException])
@pytest.mark.usefixtures("impatient")
def test_a_source_cannot_swallow_it(push: Any, nobody: Nobody, number: int, swallows: type[BaseException]) -> None:
    def hang() -> Iterator[Any]:
        yield from good(10)
        try:
            nobody.wait()
        except swallows:
            os.read(nobody.ends[0], 1)
        yield from good(10)

    run = push(Rows(hang))
    assert isinstance(run.error, Interrupted)
    assert run.report["stopped_at"] == 10


@BOTH
def test_an_error_that_a_source_makes_of_it_is_not_the_reason(push: Any, nobody: Nobody, number: int) -> None:
    def hang() -> Iterator[Any]:
        yield from good(10)
        try:
            nobody.wait()
        except BaseException:
            raise OSError("the warehouse went away") from None

    run = push(Rows(hang))
    assert isinstance(run.error, Interrupted)
    assert run.report["stopped_at"] == 10


ENDLESS = {
    "invalid": {"username": None},
    "skipped": {"username": "user1", "a": None},
    "refused when encoded": {"username": "user1", "a": "\ud800"},
}


@BOTH
@pytest.mark.parametrize("kind", ENDLESS)
def test_rows_that_are_never_sent_do_not_hide_it(push: Any, number: int, kind: str) -> None:
    def endless() -> Iterator[Any]:
        for position in itertools.count():
            if position == 700:
                kill(number)
            yield ENDLESS[kind]

    run = push(Rows(endless))
    assert isinstance(run.error, Interrupted)
    assert run.report["rows"] == run.report["stopped_at"] <= 701


@BOTH
def test_a_signal_while_remaining_rows_are_counted_keeps_the_first_reason(push: Any, number: int, control: Any) -> None:
    control.fault("kahuna", {"status": 401})

    def endless() -> Iterator[Any]:
        for position in itertools.count():
            if position == 100_000:
                kill(number)
            yield good(1)[0]

    run = push(Rows(endless))
    assert isinstance(run.error, RefusedConfiguration)
    assert run.report["failure"].startswith("Kahuna refuses the push")
    assert run.report["failure"].endswith("stopped at row 100,000; the rows after it are not counted")
    assert run.report["unsent"] == run.report["rows"] == 100_000


@BOTH
def test_before_the_delivery_it_means_that_nothing_is_sent(push: Any, number: int, control: Any) -> None:
    class Early(Rows):
        def identity(self) -> Any:
            kill(number)
            return "the same"

    run = push(Early(lambda: iter(good(50))))
    assert isinstance(run.error, Interrupted)
    assert run.report["rows"] == 0
    assert run.report["requests"] == 0
    assert control.users("kahuna")["user1"]["updates"] == 0


@BOTH
def test_a_checkpoint_store_that_hangs_is_interrupted(
    push: Any, nobody: Nobody, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_userattrs.task.stores.PathStore.read", lambda store: nobody.wait())
    run = push(good(50))
    assert isinstance(run.error, Interrupted)
    assert run.report["requests"] == 0


@BOTH
def test_rows_that_were_not_reached_are_unsent_where_their_number_is_known(
    push: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators_rows.Rows, "count", lambda rows: 400)
    ends = [47, None]

    def cut_short() -> Iterator[Any]:
        end = ends.pop(0)
        for position, row in enumerate(good(400)):
            if position == end:
                kill(number)
            yield row

    report = push(Rows(cut_short)).report
    assert report["rows"] == report["of"] == 400
    assert report["accepted"] + report["unsent"] == 400
    assert report["unsent"] >= 353
    assert report["failure"].endswith("; stopped at row 47 of 400")
    assert "353 x not read: the push had stopped" in report["warning"]
    again = push(Rows(cut_short))
    assert again.error is None
    assert again.report["accepted"] == again.report["rows"] == 400


@BOTH
def test_a_signal_while_the_report_is_made_changes_nothing(
    push: Any, number: int, airflows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_userattrs.task.stores import PathStore

    delete = PathStore.delete

    def late(store: PathStore) -> None:
        kill(number)
        delete(store)

    monkeypatch.setattr(PathStore, "delete", late)
    run = push(good(50))
    assert run.error is None
    assert run.report["accepted"] == 50
    assert run.raised is None
    assert airflows == []


@BOTH
def test_a_second_signal_changes_nothing(push: Any, nobody: Nobody, number: int, airflows: list[int]) -> None:
    def hang() -> Iterator[Any]:
        yield from good(10)
        try:
            nobody.wait()
        finally:
            for each in (signal.SIGTERM, signal.SIGALRM):
                with suppress(SourceInterrupted):
                    kill(each)

    run = push(Rows(hang))
    assert str(run.error) == str(Interrupted(module._MEANINGS[signal.Signals(number)]))
    assert run.report["stopped_at"] == 10
    assert airflows == [number]


def test_it_waits_for_the_end_of_an_exchange_with_the_supervisor() -> None:
    """An answer that nobody waits for would be taken for the answer to the next question."""
    result: dict[str, Any] = {"__name__": "airflow.sdk.execution_time.comms", "kill": kill}
    exec("def ask():\n    kill(15)\n    return 'answer'", result)
    with Interruption(operators_rows.Rows.rows) as interruption:
        interruption.prepare()
        assert result["ask"]() == "answer"
        assert interruption.why is not None
        with pytest.raises(SourceInterrupted):
            interruption.prepare()


def test_signals_are_left_alone_outside_of_the_main_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[Any] = []

    def enter() -> None:
        with Interruption(operators_rows.Rows.rows) as interruption:
            interruption.prepare()
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_process_that_a_source_forks_has_airflows_handlers(airflows: list[int]) -> None:
    with Interruption(operators_rows.Rows.rows) as interruption:
        process = os.fork()
        if process == 0:
            try:
                kill(signal.SIGTERM)
            except Told:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 7
        assert interruption.why is None
    assert interruption.why is None


@pytest.fixture
def push_query(push: Any) -> Callable[..., Any]:
    """Return a function that pushes what a query gives, which gets a signal once a condition holds."""

    def run(sql: str, number: int, condition: Callable[[], bool], rows: int = 0) -> Any:
        def send() -> None:
            while not condition():
                time.sleep(0.001)  # for the push, which is in a thread of its own
            kill(number)

        sender = threading.Thread(target=send)
        sender.start()
        done = push(SqlRows(sql, conn_id="warehouse"))
        sender.join()
        assert isinstance(done.error, Interrupted)
        assert done.report["rows"] <= rows
        return done

    return run


@BOTH
@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT 'user1' AS username, 1 AS a FROM pg_sleep(3600)", 0),
        # Of 4,000 rows, the last thousand is fetched while the others are pushed.
        (
            "SELECT 'user' || n AS username, CASE WHEN n = 3500 THEN pg_sleep(3600)::text ELSE 'a' END AS a "
            "FROM generate_series(1, 4000) n",
            3_000,
        ),
    ],
    ids=["at-once", "while-rows-are-pushed"],
)
def test_a_query_that_hangs_in_the_databases_client_is_called_off(
    push_query: Any, number: int, postgres: Postgres, sql: str, rows: int
) -> None:
    """Clients in C hear no signal: libpq goes on waiting (PEP 475 is Python's alone)."""

    def waiting() -> int:
        ((count,),) = postgres.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return int(count)

    push_query(sql, number, lambda: waiting() > 0, rows)
    while waiting():
        time.sleep(0.01)


@BOTH
def test_an_endless_query_is_cancelled(push_query: Any, number: int, sqlite: Any) -> None:
    sqlite("CREATE TABLE users (id INTEGER)")
    for_ever = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) AS a FROM t"
    earlier = len(blocking._active)  # of sources that other tests left, and nobody has collected yet
    push_query(for_ever, number, lambda: len(blocking._active) > earlier)


def test_a_signal_that_comes_while_the_package_is_imported_leaves_an_account(
    airflows: list[int], monkeypatch: Any
) -> None:
    name = "airflow_provider_userattrs.task.run"
    pushed: list[Any] = []

    class Slow:
        """Find nothing, and have the alarm go off meanwhile."""

        @staticmethod
        def find_spec(found: str, *_: Any) -> None:
            if found == name:
                os.kill(os.getpid(), signal.SIGALRM)

    monkeypatch.setattr(sys.modules["airflow_provider_userattrs.task"], "run", sys.modules[name])  # put back at the end
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Slow, *sys.meta_path])
    ti = SimpleNamespace(
        dag_id="d", run_id="r", task_id="t", map_index=-1, max_tries=3, xcom_push=lambda **one: pushed.append(one)
    )
    operator = KahunaSetAttributesOperator(task_id="t", users=[{"username": "user1"}], target=["username"])
    with pytest.raises(Told, match=r"^execution_timeout is over"):
        UserPushOperator.execute(operator, {"ti": ti})  # type: ignore[typeddict-item]
    assert airflows == [signal.SIGALRM]
    assert pushed[0]["value"]["failure"].startswith("execution_timeout is over")
    assert pushed[0]["value"]["accepted"] == 0
