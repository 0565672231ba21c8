# SPDX-License-Identifier: Apache-2.0
"""`make up` with DAGs of its own, and a browser that looks at it; nothing stands in for either.

Without a browser there is no test here, and that is a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from past_nights import past_nights
from past_runs import store_runs
from run import CONNECTIONS

ROOT = Path(__file__).parents[2]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: Where pictures are kept; `make screenshots` has them in docs/.
SHOTS = Path(os.environ.get("USERATTRS_SCREENSHOTS", ROOT / ".airflow" / "screenshots"))

#: The frames of our own tabs.
TAB = 'iframe[title="Push report"], iframe[title="Pushes"]'

#: Seconds that anything may take; there is nothing else running that could keep it up longer.
PATIENCE = 300.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Give what a condition comes to, once that is something."""
    pause = Event()
    for _ in range(int(PATIENCE / 0.25)):
        if found := condition():
            return found
        pause.wait(0.25)  # for other processes, whose clock is not ours
    raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")


class Up:
    """Airflow and the sandbox, as `make up` runs them."""

    def __init__(self, url: str, sandbox: str, home: Path) -> None:
        self.url = url
        self.sandbox = sandbox
        self.home = home
        self.http = requests.Session()
        self.http.trust_env = False

    until = staticmethod(until)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask Airflow's API; everybody is an administrator here."""
        return self.http.request(method, f"{self.url}/api/v2/{path}", timeout=60, **options)

    def control(self, method: str, path: str, **options: Any) -> None:
        """Ask the sandbox's control."""
        self.http.request(method, f"{self.sandbox}/_sandbox/{path}", timeout=60, **options).raise_for_status()

    def is_parsed(self, dag: str) -> bool:
        return self.api("GET", f"dags/{dag}").status_code == 200

    def connect(self, vendor: str, conn_id: str, **extra: Any) -> None:
        """Make a connection like the vendor's default one."""
        default = self.api("GET", f"connections/{vendor}_default").json()
        body = {"connection_id": conn_id, "conn_type": vendor, "host": default["host"], "extra": json.dumps(extra)}
        body |= CONNECTIONS[vendor]
        assert self.api("POST", "connections", json=body).status_code == 201

    def run_id(self, dag: str) -> str | None:
        runs = self.api("GET", f"dags/{dag}/dagRuns").json().get("dag_runs") or [{}]
        found: str | None = runs[0].get("dag_run_id")
        return found

    def state(self, dag: str, task: str = "push", index: int = -1) -> str | None:
        """Give the state of a task of the DAG's only run."""
        run_id = self.run_id(dag)
        if run_id is None:
            return None
        mapped = f"/{index}" if index >= 0 else ""
        found = self.api("GET", f"dags/{dag}/dagRuns/{run_id}/taskInstances/{task}{mapped}").json()
        state: str | None = found.get("state")
        return state

    def wait_for(self, state: str, dag: str, task: str = "push", index: int = -1) -> str:
        """Wait for a task's state; give the path of its page in Airflow."""
        until(lambda: self.state(dag, task, index) == state, f"{dag}.{task} is {state}")
        mapped = f"/mapped/{index}" if index >= 0 else ""
        return f"/dags/{dag}/runs/{self.run_id(dag)}/tasks/{task}{mapped}"


def left_over(home: Path) -> list[str]:
    """Name the processes that were started for an Airflow home and are still there."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and f"AIRFLOW_HOME={home}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Run `make up` with the demo's DAG for Kahuna and our own; check that Ctrl-C ends all of it."""
    home = tmp_path_factory.mktemp("airflow")
    dags = tmp_path_factory.mktemp("dags")
    demo = [ROOT / "example_dags" / name for name in ("nightly_kahuna.py", "made_up_users.py", "made_up_users.csv")]
    for source in (Path(__file__).parent / "dags" / "pushes.py", *demo):
        shutil.copy(source, dags)
    command = [sys.executable, str(ROOT / "demo/up.py"), "--port", "0", "--home", str(home), "--dags", str(dags)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            line = "nothing was said"
            for line in process.stdout:
                if found := re.match(r"Airflow: (\S+)   Vendors, imitated: (\S+)   Ctrl-C stops all\.", line):
                    break
            else:
                pytest.fail(f"make up did not come up: {line}")
            airflow = Up(found[1], found[2], home)
            airflow.wait_for("success", "nightly_kahuna", "unset_attributes")  # it has the fault that the demo injects
            yield airflow
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(90) == 0
    assert left_over(home) == [], "Ctrl-C left something running"


@pytest.fixture(scope="session")
def pushes(up: Up) -> Up:
    """Start every push, each at a vendor that behaves as its DAG needs it."""
    up.control("POST", "switches", json={"engagelab.any_user": True})
    up.control(
        "POST",
        "faults",
        json=[
            {"vendor": "engagelab", "when": {"from": 300, "to": 300}, "then": {"hold": True}},
            {
                "vendor": "moengage",
                "when": {"users": ["resumed600"], "times": 1},
                "then": {"status": 429, "headers": {"Retry-After": "4000"}},
            },
        ],
    )
    up.connect("engagelab", "patient", timeout=600)
    for dag in ("running", "failed", "resumed", "mapped"):
        until(partial(up.is_parsed, dag), f"{dag} is parsed")
        assert up.api("POST", f"dags/{dag}/dagRuns", json={"logical_date": None}).status_code == 200
    return up


@pytest.fixture(scope="session")
def nights(up: Up) -> Up:
    """Have pushes of many nights in Airflow's database, as if it had run that long."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    for dag in ("nightly_loyalty", "hourly_points", "first_night", "no_night"):
        until(partial(up.is_parsed, dag), f"{dag} is parsed")
    engine = create_engine(f"sqlite:///{up.home / 'airflow.db'}", connect_args={"timeout": 60})
    with Session(engine) as session:
        for dag, (runs, every) in past_nights().items():
            store_runs(session, dag, runs, every=every)
            session.commit()
    engine.dispose()
    return up


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("No browser: install Debian's chromium, which `make test-ui` does by itself where it may.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(OPTIONS))
        yield browser
        browser.close()


class Seen:
    """A page of Airflow in a browser of its own, and what its console said."""

    def __init__(self, context: Any, up: Up) -> None:
        self.page = context.new_page()
        self.up = up
        self.errors: list[str] = []
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note_request)
        self.elsewhere: list[str] = []

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.up.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, path: str) -> Any:
        """Open a page of Airflow."""
        self.page.goto(self.up.url + path)
        return self.page

    def tab(self, path: str) -> Any:
        """Open the Push report tab of a task; give what is in it."""
        self.open(f"{path}/plugin/push-report")
        return self.in_frame()

    def in_frame(self) -> Any:
        """Give what is in the tab that is open."""
        frame = self.page.frame_locator(TAB)
        frame.locator("h1").wait_for()
        return frame

    def frame(self) -> Any:
        """Give the tab's document itself; without a tab, the page's own."""
        tabs = [frame for frame in self.page.frames if frame.parent_frame and "/userattrs/" in frame.url]
        return tabs[0] if tabs else self.page

    def check(self) -> None:
        """Check the tab's document with axe, and that nothing went wrong on the way there."""
        from axe_playwright_python.sync_playwright import Axe

        results = Axe().run(self.frame())
        assert results.violations_count == 0, results.generate_report()
        assert self.errors == []
        assert self.elsewhere == []

    def shoot(self, name: str, what: Any = None) -> None:
        """Keep a picture of the tab, or of something else on the page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        (what or self.page.locator(TAB)).screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture(scope="session")
def profiles(browser: Any) -> Iterator[dict[str, Any]]:
    """Keep a profile for each theme, so that Airflow's scripts are fetched once for each."""
    profiles = {theme: browser.new_context(color_scheme=theme) for theme in ("light", "dark")}
    yield profiles
    for profile in profiles.values():
        profile.close()


@pytest.fixture
def look(profiles: dict[str, Any], up: Up) -> Iterator[Callable[..., Seen]]:
    """Look at Airflow."""
    pages = []

    def look(theme: str = "light", width: int = 1280, height: int = 900) -> Seen:
        seen = Seen(profiles[theme], up)
        seen.page.set_viewport_size({"width": width, "height": height})
        pages.append(seen.page)
        return seen

    yield look
    for page in pages:
        page.close()
