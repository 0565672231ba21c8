# SPDX-License-Identifier: Apache-2.0
"""One Airflow home, one sandbox and one fake clock for the tests that need them.

The environment is set before anything imports Airflow: a home of its own, no connection, proxy, netrc or CA bundle
of whoever runs the tests. Nothing is faked but the clock: tasks run through `dag.test()` on SQLite, requests over HTTP.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import requests
from versions import LOGICAL_DATE, has

if TYPE_CHECKING:
    from airflow_runs import Airflow, Run

#: The tests of the web pages need a browser, and have a command of their own: make test-ui.
collect_ignore = [] if "USERATTRS_UI" in os.environ else ["ui"]

#: `make coverage` doubles what a test costs. It counts what tests reach by what is written in them: not what is drawn,
#: and not what these folders do to all operators alike. Of a test that runs DAGs it counts the first case alone, for
#: Airflow is traced too.
UNCOUNTED = {"canaries", "chaos", "contract", "first_hour", "fuzz", "integration"}

# A slow machine fails no test; and what a fixture gives may serve all examples.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("tests")

pytest_plugins = ["airflow_logs", "airflow_pages", "airflow_runs", "databases", "statsd_server"]

_NOT_OURS = {"http_proxy", "https_proxy", "all_proxy", "netrc", "requests_ca_bundle", "curl_ca_bundle"}
_HOME = Path(tempfile.mkdtemp(prefix="userattrs-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in list(os.environ):
    if _name.startswith("AIRFLOW_") or _name.lower() in _NOT_OURS:
        del os.environ[_name]
os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__API_AUTH__JWT_SECRET="of the tests alone, and long enough; " * 4,
    AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY="0",  # a retry is not waited for
    AIRFLOW__CORE__DAGS_FOLDER=str(_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME / 'airflow.db'}",
    NETRC=os.devnull,
    NO_PROXY="127.0.0.1,localhost,::1",
    no_proxy="127.0.0.1,localhost,::1",
)
(_HOME / "dags").mkdir()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    counted = set()
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        name = item.nodeid.partition("[")[0]
        runs_dags = "airflow" in getattr(item, "fixturenames", ())
        if folder in UNCOUNTED or item.get_closest_marker("hypothesis") or (runs_dags and name in counted):
            item.add_marker("no_cover")
        counted.add(name)


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
def nights(airflow: Airflow, control: Control) -> Callable[..., Run]:
    """Push rows to EngageLab with one task of one DAG, a day after the last time or on a given date."""
    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    control.switch(engagelab__any_user=True)
    dag_id, days = f"nights_{next(airflow.numbers)}", count(1)

    def night(users: Any = None, *, build: Any = None, on: Any = "the next day", **parameters: Any) -> Run:
        date = datetime(2026, 2, next(days), tzinfo=timezone.utc) if on == "the next day" else on
        made = build or (lambda: EngageLabSetAttributesOperator(task_id="push", users=users, **parameters))
        return airflow.test(airflow.dag(made, dag_id=dag_id), **{LOGICAL_DATE: date})

    return night


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
def no_secret() -> Callable[[str], None]:
    """Check that a text holds no password of the sandbox, nor the Basic pair made of it."""
    from airflow_provider_userattrs.sandbox.vendors import VENDORS

    passwords = "|".join(re.escape(vendor.login.password) for vendor in VENDORS)

    def check(text: str) -> None:
        assert not re.search(rf"({passwords})(?!-key)|Basic [A-Za-z0-9+/=]{{8}}", text)

    return check
