# SPDX-License-Identifier: Apache-2.0
"""One Airflow home, one sandbox and one fake clock for the tests that need them.

The environment is set before anything imports Airflow: a home of its own, no connection, proxy, netrc or CA bundle
of whoever runs the tests. Nothing is faked but the clock: tasks run through `dag.test()` on SQLite, requests over HTTP.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest
import requests
from versions import AIRFLOW, has

#: The tests of the web pages need a browser, and have a command of their own: make test-ui.
collect_ignore = [] if "USERATTRS_UI" in os.environ else ["ui"]

pytest_plugins = ["airflow_pages", "databases", "statsd_server"]

_NOT_OURS = {"http_proxy", "https_proxy", "all_proxy", "netrc", "requests_ca_bundle", "curl_ca_bundle"}
_HOME = Path(tempfile.mkdtemp(prefix="userattrs-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in list(os.environ):
    if _name.startswith("AIRFLOW_") or _name.lower() in _NOT_OURS:
        del os.environ[_name]
os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__API_AUTH__JWT_SECRET="of the tests alone, and long enough; " * 4,
    AIRFLOW__CORE__DAGS_FOLDER=str(_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME / 'airflow.db'}",
    NETRC=os.devnull,
    NO_PROXY="127.0.0.1,localhost,::1",
    no_proxy="127.0.0.1,localhost,::1",
)
(_HOME / "dags").mkdir()

#: The statuses of a row, as the README lists them.
STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")

_PACKAGE = "airflow_provider_userattrs"


class FakeClock:
    """Time that passes only by sleeping, and then at once; threads that sleep side by side do so together."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self._started = time.time()
        self._lock = Lock()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self._started + self.now - 1_000.0

    def sleep(self, seconds: float, wake: Event) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now = max(self.now, self.now + seconds)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


class Control:
    """The sandbox's control API."""

    def __init__(self, url: str, http: requests.Session) -> None:
        self.url = f"{url}/_sandbox"
        self.http = http

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"{self.url}/{path}", params=query, timeout=30)
        return None if answer.status_code == 404 else answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.http.post(f"{self.url}/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def switch(self, **switches: Any) -> None:
        self.post("switches", {name.replace("__", "."): value for name, value in switches.items()})

    def fault(self, vendor: str | None, then: dict[str, Any], when: Any = None, path: str | None = None) -> None:
        self.post("faults", {"vendor": vendor, "path": path, "when": when, "then": then})

    def clear_faults(self) -> None:
        assert self.http.delete(f"{self.url}/faults", timeout=30).status_code == 200

    def seed(self, vendor: str, users: list[Any], environment: str | None = None) -> None:
        self.post("users", {"vendor": vendor, "users": users, "environment": environment})

    def user(self, vendor: str, key: object, **query: Any) -> Any:
        return self.get(f"users/{vendor}/{key}", **query)

    def users(self, vendor: str, **query: Any) -> Any:
        return self.get(f"users/{vendor}", **query)["users"]

    def journal(self, vendor: str | None = None) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.get("journal", vendor=vendor)["requests"]
        return requests


@dataclass(frozen=True)
class Line:
    """One line of a log, before anything is masked."""

    level: str
    logger: str
    text: str
    error: BaseException | None = None

    @property
    def ours(self) -> bool:
        """Return whether the package wrote it."""
        return _PACKAGE in self.logger


class Log(list[Line]):
    """What was logged, in its order, by the package and by all others."""

    @property
    def ours(self) -> list[Line]:
        return [line for line in self if line.ours]

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.ours]

    @property
    def errors(self) -> list[BaseException]:
        """What tasks raised, as Airflow logged it: each try once."""
        found: list[BaseException] = []
        for line in self:
            if line.error is not None and "Task failed" in line.text and line.error not in found:
                found.append(line.error)
        return found

    def everything(self) -> str:
        """Give all that can be read in the log, the exceptions and what they were raised from included."""
        return "\n".join(f"{line.text} {_chain_text(line.error)}" for line in self)


def _chain_text(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(f"{error!r} {error}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(parts)


def _formatted(event: object, args: Any) -> str:
    text = str(event)
    if not args:
        return text
    with suppress(TypeError, ValueError, KeyError):
        return text % (args if isinstance(args, (tuple, dict)) else (args,))
    return f"{text} {args!r}"


def _recording_processor(log: Log) -> Callable[[Any, str, dict[str, Any]], dict[str, Any]]:
    def record(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        info = event.get("exc_info")
        error = info if isinstance(info, BaseException) else None
        if info is not None and error is None and (info is True or isinstance(info, tuple)):
            error = sys.exc_info()[1] if info is True else info[1]
        rest = {name: value for name, value in event.items() if name not in {"event", "exc_info", "positional_args"}}
        text = _formatted(event.get("event"), event.get("positional_args"))
        name = str(getattr(logger, "name", None) or event.get("logger", ""))
        if type(event.get("msg")).__name__ == "MaskSecret":  # Airflow 3.0 logs, at level debug, what is to be masked
            return event
        log.append(Line(method, name, text if not rest else f"{text} {rest}", error))
        return event

    return record


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(0)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._log.append(Line(record.levelname.lower(), record.name, record.getMessage(), error))


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is logged: by structlog on Airflow 3, by the standard library on Airflow 2 and by libraries."""
    import airflow  # noqa: F401  it configures logging

    recorded = Log()
    handler = _Handler(recorded)
    task_logger = logging.getLogger("airflow.task")
    loggers = [logging.getLogger(), *([] if task_logger.propagate else [task_logger])]
    for logger in loggers:
        logger.addHandler(handler)
    processors: list[Any] = []
    with suppress(ImportError):
        import structlog

        processors = structlog.get_config()["processors"]
    processor = _recording_processor(recorded)
    processors.insert(0, processor)
    yield recorded
    with suppress(ValueError):
        processors.remove(processor)
    for logger in loggers:
        logger.removeHandler(handler)


def _store(dag: Any) -> None:
    """Write a DAG to Airflow's database: Airflow 3 runs only what it finds there, and any Airflow keeps it there."""
    for name in ("airflow.dag_processing.dagbag", "airflow.models.dagbag"):  # as of Airflow 3.2, and before
        module: Any = import_module(name) if find_spec(name) else None
        if AIRFLOW.major > 2 and hasattr(module, "DagBag"):
            bag = module.DagBag(dag_folder=os.devnull)
            bag.bag_dag(dag)
            if hasattr(module, "sync_bag_to_db"):
                module.sync_bag_to_db(bag, "dags-folder", None)
            else:  # Airflow 3.0
                dag.relative_fileloc = dag.relative_fileloc or os.devnull
                bag.sync_to_db("dags-folder", None)
            return
    from airflow.models.dag import DAG  # Airflow 2
    from airflow.models.serialized_dag import SerializedDagModel

    DAG.bulk_write_to_db([dag])
    SerializedDagModel.write_dag(dag)  # type: ignore[call-arg]


@dataclass
class Run:
    """One DAG run that has ended."""

    dag: Any
    dag_run: Any
    log: Log
    states: dict[Any, str] = field(default_factory=dict)
    reports: dict[Any, Any] = field(default_factory=dict)
    rendered: dict[Any, Any] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        """The report of the only push."""
        (report,) = (value for value in self.reports.values() if isinstance(value, dict) and "vendor" in value)
        return report

    @property
    def state(self) -> str:
        """How the only push ended."""
        (state,) = (state for task, state in self.states.items() if task == "push")
        return state

    @property
    def error(self) -> BaseException | None:
        """What the push raised at last."""
        return self.log.errors[-1] if self.log.errors else None

    @property
    def counts(self) -> dict[str, int]:
        """The statuses of the report that are not 0."""
        return {status: self.report[status] for status in STATUSES if self.report[status]}


class Airflow:
    """Run DAGs that are made on the spot through `dag.test()`."""

    numbers = count(1)

    def __init__(self, log: Log) -> None:
        self.log = log

    @staticmethod
    def dag(build: Callable[[], Any], **options: Any) -> Any:
        """Make a DAG of what ``build`` adds to it."""
        from airflow_names import DAG

        options = {"schedule": None, "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc), **options}
        with DAG(options.pop("dag_id", f"dag_{next(Airflow.numbers)}"), **options) as dag:
            build()
        return dag

    def run(self, build: Callable[[], Any], **options: Any) -> Run:
        """Make a DAG and run it."""
        return self.test(self.dag(build, **options))

    def test(self, dag: Any, **options: Any) -> Run:
        """Run a DAG, with the options of ``dag.test()``."""
        _store(dag)
        del self.log[:]
        dag_run = self._ended(dag, options)
        run = Run(dag, dag_run, Log(self.log))
        for instance in dag_run.get_task_instances():
            mapped = instance.map_index >= 0
            task = (instance.task_id, instance.map_index) if mapped else instance.task_id
            run.states[task] = str(instance.state)
            run.reports[task] = instance.xcom_pull(task_ids=instance.task_id, map_indexes=instance.map_index)
            run.rendered[task] = self._rendered(instance)
        return run

    @staticmethod
    def _ended(dag: Any, options: dict[str, Any]) -> Any:
        try:
            return dag.test(**options)
        except BaseException as error:  # Airflow 2 lets its timeout through to whoever called dag.test()
            if type(error).__name__ != "AirflowTaskTimeout":
                raise
            from airflow.models.dagrun import DagRun

            return DagRun.find(dag_id=dag.dag_id)[-1]

    @staticmethod
    def _rendered(instance: Any) -> Any:
        from airflow.models.renderedtifields import RenderedTaskInstanceFields

        return RenderedTaskInstanceFields.get_templated_fields(instance)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own, and those of what it imports
        from airflow.utils.db import initdb

        level = logging.getLogger().level
        initdb()
        logging.getLogger().setLevel(level)  # alembic sets it to its own
        with suppress(ImportError):  # Airflow 3 alone has these
            from airflow.dag_processing.bundles.manager import DagBundlesManager
            from airflow.sdk.execution_time import supervisor

            DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
            if AIRFLOW.release < (3, 3):  # it would be made anew for each run of a DAG, which takes seconds
                supervisor.in_process_api_server = cache(supervisor.in_process_api_server)
            supervisor.in_process_api_server()


@pytest.fixture
def airflow(airflow_database: None, log: Log) -> Airflow:
    return Airflow(log)


@pytest.fixture(scope="session")
def _served() -> Iterator[Any]:
    from vendor_cases import VENDOR_CASES

    from airflow_provider_userattrs.sandbox.server import serve
    from airflow_provider_userattrs.sandbox.world import World

    with serve(world=World(vendors=[case.imitation for case in VENDOR_CASES.values()])) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def _http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def sandbox(_served: Any) -> Iterator[Any]:
    """Serve all vendors, put back to their beginning."""
    _served.world.reset()
    yield _served
    _served.world.reset()


@pytest.fixture
def control(sandbox: Any, _http: requests.Session) -> Control:
    """Control the sandbox, which keeps the history of each user."""
    control = Control(sandbox.url, _http)
    control.switch(history=True)
    return control


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Stand in for the operators' clock."""
    clock = FakeClock()
    monkeypatch.setattr("airflow_provider_userattrs.task.run.Clock", lambda: clock)
    return clock


@pytest.fixture
def fake_clock() -> type[FakeClock]:
    """Make clocks to hand over where one can be handed over."""
    return FakeClock


@pytest.fixture
def connect(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set ``AIRFLOW_CONN_<VENDOR>_DEFAULT``: the sandbox's, or as told."""

    def connect(vendor: str, *, conn_id: str | None = None, **fields: Any) -> None:
        login, password = sandbox.world.vendors[vendor].login
        connection = {
            "conn_type": vendor,
            "host": sandbox.base_url(vendor),
            "login": login,
            "password": password,
            **fields,
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{(conn_id or vendor + '_default').upper()}", json.dumps(connection))

    return connect


@pytest.fixture
def fourth_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the package know the vendor that exists in the tests alone."""
    from fourth_vendor.provider_row import ROW

    from airflow_provider_userattrs.get_provider_info import VENDORS

    monkeypatch.setattr("airflow_provider_userattrs.get_provider_info.VENDORS", (*VENDORS, ROW))


@pytest.fixture
def bench(sandbox: Any, control: Control, connect: Callable[..., None], fourth_vendor: None) -> Any:
    """Push the cases' rows to the sandbox, and judge."""
    from cases import Bench

    return Bench(sandbox, control, connect, FakeClock)


@pytest.fixture
def push(airflow: Airflow, control: Control) -> Callable[..., Run]:
    """Push rows to EngageLab, which knows every user, with a task of a DAG of its own."""
    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    control.switch(engagelab__any_user=True)

    def push(rows: Any, operator: Any = EngageLabSetAttributesOperator, **parameters: Any) -> Run:
        return airflow.run(lambda: operator(task_id="push", users=rows, **parameters))

    return push


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, Any]:
    """Give a push a place for its checkpoint where Airflow itself has none."""
    return {} if has("task state store") else {"checkpoint_path": str(tmp_path / "checkpoints")}


@pytest.fixture
def connections(sandbox: Any, connect: Callable[..., None]) -> Callable[..., None]:
    """Have each vendor's default connection point at the sandbox."""
    for vendor in sandbox.world.vendors:
        connect(vendor)
    return connect


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1 that signed itself, with its key."""
    from wire_server import make_certificate

    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def wire_server(certificate: Path) -> Iterator[Callable[..., Any]]:
    """Start servers that do as a script says with each connection."""
    from wire_server import WireServer

    servers: list[Any] = []

    def start(script: Callable[[Any], object], tls: bool = False) -> Any:
        servers.append(WireServer(script, certificate if tls else None))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def counted() -> Callable[[dict[str, Any], int], None]:
    """Check promise 1: every row read has exactly one verdict."""

    def check(report: dict[str, Any], rows: int) -> None:
        assert report["rows"] == rows
        assert sum(report[status] for status in STATUSES) == rows
        result = sum(reason["count"] for reason in report["reasons"])
        assert result == rows - report["accepted"], "reasons do not add up to the rows that were not accepted"

    return check


@pytest.fixture
def no_secret() -> Callable[[str], None]:
    """Check that a text holds no password of the sandbox, nor the Basic pair made of it."""
    from airflow_provider_userattrs.sandbox.vendors import VENDORS

    passwords = "|".join(re.escape(vendor.login.password) for vendor in VENDORS)

    def check(text: str) -> None:
        assert not re.search(rf"({passwords})(?!-key)|Basic [A-Za-z0-9+/=]{{8}}", text)

    return check
