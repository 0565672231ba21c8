# SPDX-License-Identifier: Apache-2.0
"""Whatever fails, for each operator and each hook: nobody's data and no secret but in a rejects file.

Tables: what fails is in `failures`, where it is looked for is in `places`, operators and hooks come from `cases`.
"""

from __future__ import annotations

import json
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from airflow_names import Asset
from cases import CASES, Case
from versions import AIRFLOW, has

from airflow_provider_userattrs.push_log import PushLog
from canaries import EMAIL, Canaries, places
from canaries.failures import COLUMNS, DATABASES, FAILURES, Failure, people, user

pytestmark = [
    pytest.mark.usefixtures("clock", "fourth_vendor"),
    # Airflow leaves its StatsD sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

#: Connections whose login is shown in URLs.
PUBLIC_LOGINS = {"moengage"}


class Arranger:
    """Sets up failures: for each a connection of its own, and what is to happen while its task runs."""

    def __init__(self, case: Case, control: Any, sandbox: Any, connect: Any, wire_server: Any) -> None:
        self.case, self._control, self._sandbox = case, control, sandbox
        self._connect, self._wire_server = connect, wire_server
        self._environment = pytest.MonkeyPatch()

    def connection(self, failure: Failure) -> str:
        """Set the connection of a failure; return its id."""
        fields = dict(failure.connection)
        if failure.wire is not None:
            server = self._wire_server(lambda peer: peer.request() and peer.send(failure.wire))
            if "host" in fields:
                server = self._wire_server(lambda peer: peer.head() and peer.send(failure.wire))
                self._wired = f"127.0.0.1:{server.port}"
            else:
                fields["host"] = server.url
        conn_id = f"canary_{failure.name}"
        self._connect(self.case.vendor.name, conn_id=conn_id, **fields)
        return conn_id

    def begin(self, failure: Failure, number: int = 1) -> None:
        """Have it happen from now on."""
        self._environment.undo()
        for name, value in failure.environment.items():
            self._environment.setenv(name, value.replace("WIRE", getattr(self, "_wired", "")))
        with places.not_printed():
            self._control.clear_faults()
            if failure.fault is not None and (number == 1 or failure.when is None):
                self._control.fault(self.case.vendor.name, failure.fault, failure.when)

    def end(self) -> None:
        self._environment.undo()


@pytest.fixture
def arranger(
    case: Case,
    control: Any,
    sandbox: Any,
    connect: Callable[..., None],
    wire_server: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    sqlite: Any,
) -> Iterator[Arranger]:
    vendor = case.vendor
    control.switch(engagelab__any_user=True)
    control.seed(vendor.name, vendor.seeds([user(case, number) for number in range(150)]))
    for conn_id, fields in DATABASES.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
    sqlite(*people(case))
    arranger = Arranger(case, control, sandbox, connect, wire_server)
    yield arranger
    arranger.end()


@pytest.fixture
def canaries(case: Case, sandbox: Any) -> Canaries:
    login, password = sandbox.world.vendors[case.vendor.name].login
    return Canaries.of(None if case.vendor.name in PUBLIC_LOGINS else login, password)


def applicable(case: Case) -> list[Failure]:
    """Give the failures to try: all with a vendor's first operation, with the others what depends on the operation."""
    is_first = case.operation == next(iter(case.vendor.operations))
    left_out = {
        "2.11": {"sigterm"},  # dag.test() does not go on after it
        "3.0": {"extra_no_json"},  # Airflow itself prints the extra, with the traceback of reading it
    }.get(f"{AIRFLOW.major}.{AIRFLOW.minor}", set())
    return [
        failure
        for failure in FAILURES
        if failure.name not in left_out and (is_first or failure.about == "operation" or failure.name == "sigterm")
    ]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_no_failure_of_an_operator_shows_a_canary(
    case: Case,
    airflow: Any,
    arranger: Arranger,
    canaries: Canaries,
    heard: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ran: dict[str, Any] = {}
    stopped: list[Path] = []
    log = tmp_path / "log.db"
    monkeypatch.setenv("AIRFLOW_CONN_CANARY_LOG", json.dumps({"conn_type": "sqlite", "host": str(log)}))
    checkpoints, rejects, inputs = (tmp_path / name for name in ("checkpoints", "rejects", "inputs"))
    for folder in (checkpoints, rejects, inputs):
        folder.mkdir()

    def build() -> None:
        for failure in applicable(case):

            def begin(context: Any, failure: Failure = failure) -> None:
                arranger.begin(failure, context["ti"].try_number)

            def end(context: Any) -> None:
                ran[context["ti"].task_id] = context["ti"].task
                stopped.extend(places.look_into_files(canaries, checkpoints))

            parameters = {**case.parameters, **failure.parameters}
            case.operator(
                task_id=failure.name,
                users=failure.users(case, inputs),
                **{f"{case.vendor.name}_conn_id": arranger.connection(failure)},
                outlets=[Asset(f"{case.vendor.name}://singapore/users")],
                checkpoint_path=str(checkpoints),
                rejects_path=str(rejects / f"{failure.name}.jsonl"),
                log_to=PushLog("canary_log", level="all"),
                retries=int(failure.retried),
                retry_delay=timedelta(0),
                max_failed=0,
                pre_execute=begin,
                on_success_callback=end,
                on_failure_callback=end,
                on_retry_callback=end,
                **parameters,
            )

    with places.everything_is_logged():
        run = airflow.run(build)
    arranger.end()
    printed = capfd.readouterr()

    states = {failure.name: run.states[failure.name] == "success" for failure in applicable(case)}
    assert states == {failure.name: failure.succeeds for failure in applicable(case)}
    places.look_into_log(canaries, run.log)
    canaries.look("stdout", places.printed_lines(printed.out))
    canaries.look("stderr", places.printed_lines(printed.err))
    canaries.look("reports", [json.dumps(run.reports, default=str)])
    canaries.look("rendered fields", [json.dumps(run.rendered, default=str)])
    assert stopped, "no checkpoint was seen"
    places.look_into_database(canaries, run.dag.dag_id)
    canaries.look("metrics", heard.take())
    if has("Push report tab"):
        places.look_into_pages(canaries, request.getfixturevalue("get"), run)
    if find_spec("airflow.providers.openlineage"):
        places.look_into_lineage(canaries, run, ran)
    with closing(sqlite3.connect(log)) as database:
        logged = list(database.iterdump())
    canaries.look("the log in a database", logged)
    assert len(logged) > 100, "the canaries' rows were logged"
    assert not canaries.found, "\n".join(canaries.found)
    held = b"".join(path.read_bytes() for path in rejects.iterdir())
    assert EMAIL.encode() in held or not case.vendor.has_text_keys, "the canaries were on their way"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_no_failure_of_a_hook_shows_a_canary(
    case: Case,
    arranger: Arranger,
    canaries: Canaries,
    fake_clock: Callable[[], Any],
    log: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    names = {case.vendor.user_column: user(case)}
    unset = {"unset": ("name",)} if case.operation == "unset" else {}
    calls = 0
    with places.everything_is_logged():
        for failure in FAILURES:
            if not (failure.fault or failure.wire or failure.connection):
                continue
            conn_id = f"{case.vendor.name}_conn_id"
            operator = case.operator(
                task_id="push", users=[], **case.parameters, **{conn_id: arranger.connection(failure)}
            )
            arranger.begin(failure)
            for call in ("push", "test_connection"):
                place, calls = f"{call} under {failure.name}", calls + 1
                with closing(operator.make_hook()) as hook:
                    hook.clock = fake_clock()
                    try:
                        if call == "push":
                            told: Any = hook.push(
                                operator.make_operation(), [(names, COLUMNS[case.operation])], **unset
                            )
                        else:
                            told = hook.test_connection()
                    except Exception as error:
                        canaries.look(place, [*places.chain(error), *traceback.format_exception(error)])
                    else:
                        canaries.look(place, [repr(told)])
    arranger.end()
    places.look_into_log(canaries, log)
    printed = capfd.readouterr()
    canaries.look("stdout", places.printed_lines(printed.out))
    canaries.look("stderr", places.printed_lines(printed.err))
    assert calls > 60
    assert not canaries.found, "\n".join(canaries.found)
