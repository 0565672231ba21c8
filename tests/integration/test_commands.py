# SPDX-License-Identifier: Apache-2.0
"""Airflow's own commands in a home of their own, where a warning that this package or an example causes is an error."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pkgutil import walk_packages
from typing import Any

import pytest
from integration.example_dags import EXAMPLES
from versions import has

import airflow_provider_userattrs

STRICT = (
    "import warnings\n"
    "warnings.simplefilter('ignore')\n"  # Airflow's of itself, and of others
    "warnings.filterwarnings('error', module=r'(airflow_provider_userattrs|unusual_prefix_|warehouse|made_up_users)')\n"
)


def strictly(code: str, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    # Given -W, Airflow sets no filters of its own.
    command = [sys.executable, "-W", "error", "-c", STRICT + code, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("airflow")
    return {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        # Airflow 3.0's command line does not look for modules beside a DAG, as its workers do.
        "PYTHONPATH": str(EXAMPLES),
        "COLUMNS": "200",
    }


def airflow_command(home: dict[str, str], *arguments: str) -> str:
    done = strictly("from airflow.__main__ import main; main()", home, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("module", ["airflow_provider_userattrs.operators.made_up", "unusual_prefix_1_nightly"])
def test_a_warning_of_ours_is_an_error(home: dict[str, str], module: str) -> None:
    warn = "import warnings; warnings.warn('it moved', DeprecationWarning)"
    assert strictly(f"exec({warn!r}, {{'__name__': 'airflow.models'}})", home).returncode == 0
    done = strictly(f"exec({warn!r}, {{'__name__': {module!r}}})", home)
    assert "DeprecationWarning: it moved" in done.stderr


#: What of the web pages imports what Airflow has since it has their tabs.
PAGES = ("app", "last_push", "past_pushes", "task_instances", "xcoms")


def test_no_module_imports_what_airflow_deprecates(home: dict[str, str]) -> None:
    packages = list(walk_packages(airflow_provider_userattrs.__path__, f"{airflow_provider_userattrs.__name__}."))
    lacking = set() if has("retry policy") else {"airflow_provider_userattrs.operators.retry_policy"}
    if not has("Push report tab"):
        lacking |= {f"airflow_provider_userattrs.plugins.{name}" for name in PAGES}
    modules = sorted({module.name for module in packages if not module.name.endswith("__main__")} - lacking)
    assert len(modules) > 100
    done = strictly("import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)", home, *modules)
    assert done.returncode == 0, done.stderr


def home_database(home: dict[str, str]) -> str:
    return home["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")


def listed_by(home: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    shown = airflow_command(home, *arguments, "--output", "json")
    listed: list[dict[str, Any]] = json.loads(shown[shown.index("[{") :])  # Airflow 3.0 logs to standard output
    return listed


def test_airflow_lists_the_package(home: dict[str, str]) -> None:
    listed = listed_by(home, "providers", "list")
    (ours,) = [provider for provider in listed if provider["package_name"] == "airflow-provider-userattrs"]
    assert ours["version"] == airflow_provider_userattrs.__version__
    assert "EngageLab" in ours["description"]


def test_airflow_lists_the_connection_types(home: dict[str, str]) -> None:
    listed = listed_by(home, "providers", "hooks")
    found = {hook["connection_type"]: hook for hook in listed}
    for vendor, hook_class in (("engagelab", "EngageLabHook"), ("kahuna", "KahunaHook"), ("moengage", "MoEngageHook")):
        assert found[vendor]["class"] == f"airflow_provider_userattrs.hooks.{vendor}.{hook_class}"
        assert found[vendor]["conn_id_attribute_name"] == f"{vendor}_conn_id"


@pytest.mark.usefixtures("airflow_database")
def test_a_dag_from_the_command_line(
    home: dict[str, str], sandbox: Any, control: Any, made_up: list[dict[str, Any]]
) -> None:
    """Without a fake clock, in a process of its own, with one kept-away moment for the retry to get over."""
    control.seed("kahuna", [{"username": user["username"]} for user in made_up if user["username"][0] != "g"])
    control.switch(history=False)
    control.fault("kahuna", {"status": 503}, {"next": 1})
    connection = {
        "conn_type": "kahuna",
        "host": sandbox.base_url("kahuna"),
        "login": "sandbox-secret-key",
        "password": "sandbox-api-key",
    }
    env = {**home, "AIRFLOW_CONN_KAHUNA_DEFAULT": json.dumps(connection)}
    ready = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(ready)) as source, closing(sqlite3.connect(home_database(home))) as target:
        source.backup(target)
        target.execute("DELETE FROM xcom")  # of pushes of fewer users, which another test may have left
        target.commit()
    shown = airflow_command(env, "dags", "test", "nightly_kahuna")
    assert "12 of 2,000 users were not updated at Kahuna" in shown
    # Airflow 3.0 logs, at level debug, what is to be masked.
    assert "sandbox-api-key" not in "".join(line for line in shown.splitlines() if "msg=MaskSecret(" not in line)
    with closing(sqlite3.connect(home_database(home))) as database:
        (run,) = database.execute("SELECT run_id FROM dag_run ORDER BY id DESC LIMIT 1").fetchone()
        rows = database.execute(
            "SELECT task_id, value FROM xcom WHERE run_id = ? AND key = 'return_value'", (run,)
        ).fetchall()
        states = dict(database.execute("SELECT task_id, state FROM task_instance WHERE run_id = ?", (run,)).fetchall())
        rendered = str(
            database.execute("SELECT * FROM rendered_task_instance_fields WHERE run_id = ?", (run,)).fetchall()
        )
    reports = {task: json.loads(value) for task, value in rows}
    assert reports["set_attributes"]["rows"] == 2_000
    assert reports["set_attributes"]["retries"] == 1
    assert set(states.values()) == {"success"}
    assert "2,000 rows" in rendered
    assert "user0123" not in rendered
