# SPDX-License-Identifier: Apache-2.0
"""README's quick start ends green: its commands and its code, as they stand there, by a person with an empty home.

Two things are other than written: the package is the one at hand, for `pip install` needs a network; and the sandbox
listens on a free port.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import requests
from pages import blocks, parsed, section

from airflow_provider_userattrs.sandbox.vendors import VENDORS
from airflow_provider_userattrs.sandbox.welcome import populate

PORT = "8765"
SECTION = section("README.md", "Quick start")
BLOCKS = blocks("README.md", "Quick start")
INSTALL, START, PREPARE, RUN, LOOK = (block.text.strip() for block in BLOCKS if block.language == "bash")
(DAG,) = (block.text for block in BLOCKS if block.language == "python")
LINES, USER = (block.text.strip() for block in BLOCKS if not block.language)
TASKS = ("engagelab", "kahuna", "moengage")


@dataclass(frozen=True)
class Walk:
    """What a person has before them at the end."""

    shown: str
    home: Path
    url: str

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    home = tmp_path_factory.mktemp("home")
    env = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    env |= {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    saved = re.search(r"Save as `(\S+)`", SECTION)
    assert saved
    (home / "dag.py").write_text(DAG, encoding="utf-8")
    start = shlex.split(f"{START} --port 0")
    with subprocess.Popen(start, env=env, cwd=home, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout
            url = sandbox.stdout.readline().split()[-1]
            script = f"set -euo pipefail\n{PREPARE}\ncp dag.py {saved[1]}\n{RUN}\n".replace(
                PORT, url.rpartition(":")[2]
            )
            done = subprocess.run(
                ["bash", "-c", script], env=env, cwd=home, capture_output=True, text=True, timeout=900
            )
            shown = done.stdout + done.stderr
            assert done.returncode == 0, shown
            yield Walk(shown, home / "airflow-quickstart", url)
        finally:
            sandbox.terminate()


def test_what_is_installed_has_that_name_and_that_extra() -> None:
    found = re.fullmatch(r"pip install '([\w-]+)\[(\w+)\]'", INSTALL)
    assert found
    assert metadata("airflow-provider-userattrs")["Name"] == found[1]
    assert found[2] in metadata("airflow-provider-userattrs").get_all("Provides-Extra", [])


def test_every_task_is_green(walk: Walk) -> None:
    with closing(sqlite3.connect(walk.home / "airflow.db")) as database:
        states = dict(database.execute("SELECT task_id, state FROM task_instance").fetchall())
    assert states == dict.fromkeys((*TASKS, "changed_users"), "success")


def test_the_log_has_the_lines_that_the_page_shows(walk: Walk) -> None:
    """But for the seconds, which are this machine's."""
    shown = re.sub(r"\d+\.\d s \(", "0.0 s (", walk.shown)
    for line in re.sub(r"\d+\.\d s \(", "0.0 s (", LINES).replace(PORT, walk.port).splitlines():
        assert line in shown


def test_the_vendor_holds_what_the_page_shows(walk: Walk) -> None:
    curl, url = LOOK.replace(PORT, walk.port).split()
    assert curl == "curl"
    assert requests.get(url, timeout=30).text == USER


# The three forms of a connection


def exported(lines: str) -> dict[str, str]:
    """Return the variables that lines of a shell set."""
    words = [word for line in lines.splitlines() if line.startswith("export ") for word in shlex.split(line)[1:]]
    return dict(word.split("=", 1) for word in words)


def airflow_cli(line: str) -> None:
    """Carry out a command of Airflow's in this process."""
    from airflow.cli import cli_parser

    airflow, *arguments = shlex.split(line)
    assert airflow == "airflow"
    args = cli_parser.get_parser().parse_args(arguments)
    args.func(args)


@pytest.fixture
def port(sandbox: Any, airflow_database: None) -> str:
    """Have the sandbox begin as its command does; return its port."""
    for vendor in sandbox.world.vendors.values():
        populate(vendor)
    return str(sandbox.url.rpartition(":")[2])


@pytest.fixture
def first_push(port: str, tmp_path: Path) -> Callable[..., Any]:
    """Parse README's DAG, as it is or with another user."""

    def first_push(known: str = "user0002", other: str = "user0002") -> Any:
        (tmp_path / "first_push.py").write_text(DAG.replace(known, other), encoding="utf-8")
        return parsed(tmp_path).dags["first_push"]

    return first_push


@pytest.fixture(params=["JSON", "URI", "database"])
def connected(request: pytest.FixtureRequest, port: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the three connections as README and docs/sandbox.md write them."""
    uris, commands = (block.text.replace(PORT, port) for block in blocks("docs/sandbox.md", "Its connections", "bash"))
    if request.param != "database":
        written = PREPARE.replace(PORT, port) if request.param == "JSON" else uris
        found = {name: value for name, value in exported(written).items() if name.startswith("AIRFLOW_CONN_")}
        assert len(found) == 3
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        yield
        return
    assert len(commands.splitlines()) == 3
    for command in commands.splitlines():
        airflow_cli(command)
    yield
    for vendor in TASKS:
        airflow_cli(f"airflow connections delete {vendor}_default")


@pytest.mark.usefixtures("connected")
def test_a_connection_in_each_form(airflow: Any, first_push: Callable[..., Any], control: Any) -> None:
    run = airflow.test(first_push())
    assert {run.states[task] for task in TASKS} == {"success"}
    assert [run.reports[task]["accepted"] for task in TASKS] == [2, 2, 2]
    assert json.loads(USER)["attributes"] == control.user("kahuna", "user0001")["attributes"]


def test_the_partial_failure_that_the_page_proposes(
    airflow: Any, first_push: Callable[..., Any], connections: Any
) -> None:
    known, stranger = re.findall(r"Replace `(\w+)` with `(\w+)`", SECTION)[0]
    run = airflow.test(first_push(known, stranger))
    assert {run.states[task] for task in TASKS} == {"success"}
    assert run.reports["kahuna"]["warning"] == "1 of 2 users was not updated at Kahuna: 1 x User not found (404)"
    assert run.reports["engagelab"]["warning"] is None


# docs/sandbox.md


def test_the_page_s_table_is_what_the_sandbox_says() -> None:
    table = section("docs/sandbox.md", "The sandbox")
    for vendor in VENDORS:
        host = f"http://127.0.0.1:{PORT}/{vendor.name}"
        assert f"| `{host}` | `{vendor.login.user}` | `{vendor.login.password}` |" in table
        user = vendor.user(0)
        for word in user.values() if isinstance(user, dict) else [user]:
            assert str(word) in table


def test_the_page_s_requests_are_taken(control: Any) -> None:
    requests_shown = re.findall(
        r"`(GET|POST) /(\w+)`(?: `(\{.*?\})`)?", section("docs/sandbox.md", "Inspecting users and injecting faults")
    )
    assert {"faults", "switches", "reset"} <= {path for _, path, _ in requests_shown}
    for method, path, body in requests_shown:
        assert control.get(path) if method == "GET" else control.post(path, json.loads(body) if body else None)
    seeding = blocks("docs/sandbox.md", "The sandbox", "bash")[0].text
    curl, url, option, body = shlex.split(seeding)
    assert (curl, url, option) == ("curl", f"http://127.0.0.1:{PORT}/_sandbox/users", "-d")
    assert control.post("users", json.loads(body))["added"] == 1
