# SPDX-License-Identifier: Apache-2.0
"""The example DAGs on real Airflow: they parse alone, run against the sandbox, and their account is true."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
import warehouse_file
from versions import AIRFLOW, has, needs

import airflow_provider_userattrs

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "example_dags"
DAGS = [
    "nightly_all_vendors",
    *(["nightly_approved"] if has("human in the loop") else []),
    "nightly_changes",
    "nightly_engagelab",
    "nightly_interval",
    "nightly_kahuna",
    "nightly_logged",
    "nightly_moengage",
    "nightly_only_changed",
    "nightly_own_ids",
    *(["nightly_partition"] if has("partitions") else []),
    "nightly_sharded",
]
#: Those with a window of its own for each run, none of which may be left out.
WINDOWS = ("nightly_interval", "nightly_partition")
STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")


@pytest.fixture
def examples(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Parse the folder as Airflow does."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 2
        from airflow.models.dagbag import DagBag  # type: ignore[no-redef]

    monkeypatch.syspath_prepend(str(EXAMPLES))
    return DagBag(dag_folder=str(EXAMPLES))


@pytest.fixture
def made_up(examples: Any) -> list[dict[str, Any]]:
    import made_up_users  # type: ignore[import-not-found]

    users: list[dict[str, Any]] = made_up_users.read_users()
    return users


@pytest.fixture
def night(
    connect: Callable[..., None],
    control: Any,
    made_up: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """Have the vendors know their users, as the demo has it; return the folder for rejects."""
    for vendor in ("engagelab", "kahuna", "moengage"):
        connect(vendor, extra={"rate_limit": 100_000})
    control.switch(history=False)
    euids = [int(user["euid"]) for user in made_up if user["euid"].isdecimal()]
    known = [{"username": user["username"]} for user in made_up if not user["username"].startswith("ghost")]
    control.seed("engagelab", euids[12:])
    control.seed("kahuna", known)
    monkeypatch.setenv("AIRFLOW_VAR_REJECTS_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_VAR_CHECKPOINTS_FOLDER", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("AIRFLOW_VAR_KNOWN_FOLDER", str(tmp_path / "known"))
    fill(tmp_path, monkeypatch)
    return tmp_path


def fill(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str = "true") -> None:
    """Connect the warehouse of the demo, with the users of whom something is true."""
    path = folder / "warehouse.db"
    warehouse_file.write(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"DELETE FROM users WHERE NOT ({where})")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))


def test_they_parse_without_network_or_sandbox(examples: Any) -> None:
    assert examples.import_errors == {}
    assert sorted(examples.dags) == DAGS


@pytest.mark.parametrize("name", DAGS)
def test_they_are_set_as_one_would_in_production(examples: Any, name: str) -> None:
    dag = examples.dags[name]
    assert dag.catchup == (name in WINDOWS)
    pushes = [task for task in dag.tasks if hasattr(task, "max_failed")]
    assert len(pushes) >= (1 if name in ("nightly_changes", *WINDOWS) else 2)
    for task in pushes:
        assert task.retries
        assert task.max_failed is not None
        assert task.upstream_task_ids or "SqlRows" in str(task.users)


def pushes(run: Any) -> dict[str, Any]:
    return {task: report for task, report in run.reports.items() if isinstance(report, dict) and "vendor" in report}


def test_the_whole_night(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]], counted: Any, no_secret: Any
) -> None:
    run = airflow.test(examples.dags["nightly_all_vendors"])
    assert set(run.states.values()) == {"success"}
    reports = pushes(run)
    assert len(reports) == 8
    leavers = sum(1 for user in made_up if not user["newsletter"])
    for task, report in reports.items():
        counted(report, leavers if task.endswith("unset") else 2_000)
        assert report["accepted"] > 0.95 * report["rows"]
    # What the vendors hold is what the reports say.
    for vendor in ("engagelab", "kahuna", "moengage"):
        applied = sum(user["updates"] for user in control.users(vendor).values())
        said = sum(report["accepted"] for report in reports.values() if report["vendor"].lower() == vendor)
        assert applied == said
    orders = {user["euid"]: user["orders"] for user in made_up}
    for euid, user in control.users("engagelab").items():
        assert user["properties"].get("orders_seen", orders[euid]) == orders[euid], "increased by another number"
    assert {customer["attributes"].get("loaded_by") for customer in control.users("moengage").values()} <= {
        "nightly_all_vendors",
        None,
    }
    # Known bad rows, each for its own reason.
    assert reports["kahuna_attributes"]["warning"].startswith("12 of 2,000 users were not updated at Kahuna: ")
    assert "9 x User not found (404)" in reports["kahuna_attributes"]["warning"]
    assert "3 x value over 2,048 bytes" in reports["kahuna_attributes"]["warning"]
    assert reports["moengage_attributes"]["invalid"] == 9
    assert (reports["engagelab_attributes"]["invalid"], reports["engagelab_attributes"]["rejected"]) == (3, 12)
    # The last line of each push is its warning.
    warnings = [line.text for line in run.log.ours if line.level == "warning"]
    assert sorted(warnings) == sorted(report["warning"] for report in reports.values() if report["warning"])
    # Rows that failed are in files beside the name that the DAG gives, one for each task, and nowhere else.
    for task, report in reports.items():
        (file,) = night.glob(f"{task}.*.jsonl")
        _, *lines = file.read_text().splitlines()
        assert len(lines) == sum(report[status] for status in STATUSES if status not in ("accepted", "skipped"))
    shown = run.log.everything()
    no_secret(shown)
    ours = "\n".join(line.text for line in run.log.ours) + json.dumps(reports)
    for user in made_up[::10]:
        for name in ("email", "username", "customer_id"):
            assert user[name] not in ours
    assert {run.rendered[task]["users"] for task in reports} == {"rows of a SqlRows"}


def test_a_night_sends_who_changed_since_the_last_that_succeeded(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]]
) -> None:
    nights = [datetime(2026, 5, day, 3, tzinfo=timezone.utc) for day in (1, 2, 3)]
    ordered = [user["last_order_at"] for user in made_up if user["last_order_at"] and len(user["customer_id"]) > 5]
    at = "logical_date" if AIRFLOW.major > 2 else "execution_date"
    dag = examples.dags["nightly_changes"]
    first = airflow.test(dag, **{at: nights[0]})
    assert first.reports["set_attributes"]["accepted"] == sum(each < nights[0] for each in ordered) > 500
    control.fault("moengage", {"status": 401})
    assert airflow.test(dag, **{at: nights[1]}).states == {"set_attributes": "failed"}
    control.clear_faults()
    third = airflow.test(dag, **{at: nights[2]})
    assert third.reports["set_attributes"]["accepted"] == sum(nights[0] <= each < nights[2] for each in ordered) > 5


def test_a_night_sends_who_changed_in_its_interval(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]]
) -> None:
    days = [datetime(2026, 5, day, 3, tzinfo=timezone.utc) for day in (1, 2, 3)]
    ordered = [user["last_order_at"] for user in made_up if user["last_order_at"] and len(user["customer_id"]) > 5]
    at = "logical_date" if AIRFLOW.major > 2 else "execution_date"
    dag = examples.dags["nightly_interval"]
    for first, last in pairwise(days):
        run = airflow.test(dag, **{at: last})  # a run by hand has the interval that ended last
        assert run.reports["set_attributes"]["accepted"] == sum(first <= each < last for each in ordered) > 2


@needs("partitions")
def test_a_partition_is_a_day(examples: Any, night: Path, made_up: list[dict[str, Any]]) -> None:
    from airflow.sdk.execution_time import macros

    task = examples.dags["nightly_partition"].get_task("set_attributes")
    rows = task.users.resolve({"task": task, "partition_key": "2026-05-02", "macros": macros})
    read = [row for row in rows if isinstance(row, dict)]
    day = datetime(2026, 5, 2, tzinfo=timezone.utc).date()
    assert len(read) == sum(bool(user["last_order_at"]) and user["last_order_at"].date() == day for user in made_up) > 2


def test_a_second_night_sends_what_changed(
    airflow: Any, examples: Any, control: Any, night: Path, counted: Any
) -> None:
    dag = examples.dags["nightly_only_changed"]
    first = pushes(airflow.test(dag))
    with closing(sqlite3.connect(night / "warehouse.db")) as database, database:
        database.execute(
            "UPDATE users SET plan = 'new', orders = 999, last_order_at = '2026-11-24' WHERE rowid BETWEEN 101 AND 140"
        )
        database.execute("DELETE FROM users WHERE rowid BETWEEN 201 AND 220")
    second = pushes(airflow.test(dag))
    assert len(second) == 3
    for task, report in second.items():
        counted(report, 1_980)
        removed = report["changed_only"]["removed"]
        assert removed["left"] == removed["unset"]
        assert 18 <= removed["unset"] <= 20  # some of them no vendor takes
        assert 38 <= report["accepted"] <= 40
        assert report["skipped"] == first[task]["accepted"] - report["accepted"] - removed["unset"]
        failed = first[task]["rejected"] + first[task]["invalid"]
        assert first[task]["rejected"] - 2 <= report["changed_only"]["failing"] <= failed  # some have no id


def test_a_second_night_looks_up_new_users_only(
    airflow: Any, examples: Any, control: Any, night: Path, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_EUIDS_FOLDER", str(night / "euids"))
    requests = []
    for last in ("C-00399", "C-00402"):
        fill(night, monkeypatch, f"customer_id BETWEEN 'C-00100' AND '{last}'")
        reports = pushes(airflow.test(examples.dags["nightly_own_ids"]))
        assert {reports["set_attributes"][status] for status in ("rejected", "unknown", "unsent")} == {0}
        requests.append([reports[task]["lookups"]["requests"] for task in ("set_attributes", "set_contacts")])
    assert requests == [[3, 0], [1, 0]]
    assert control.user("engagelab", "user_id=C-00400")["updates"]


def test_a_night_is_logged(
    airflow: Any, examples: Any, control: Any, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = pushes(airflow.test(examples.dags["nightly_logged"]))
    with closing(sqlite3.connect(night / "warehouse.db")) as database:
        lines = database.execute(
            "SELECT task_id, status, COUNT(*) FROM userattrs_rows GROUP BY task_id, status ORDER BY 1, 2"
        ).fetchall()
    failed = ("invalid", "rejected")
    assert lines == [
        (task, status, reports[task][status]) for task in reports for status in failed if reports[task][status]
    ]
    assert {task for task, _, _ in lines} == {"kahuna", "moengage"}


@needs("human in the loop")
@pytest.mark.skipif(AIRFLOW.release < (3, 3), reason="dag.test() waits for people: Airflow 3.3 and later")
def test_nothing_is_sent_or_removed_unless_a_person_says_so(
    airflow: Any, examples: Any, control: Any, night: Path, client: Any, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"approve_set_attributes": "Approve", "approve_remove": "Reject"}
    asked: dict[str, str] = {}
    sent_before: list[int] = []
    headers = {"Authorization": f"Bearer {token('admin')}"}

    def answer(seconds: float) -> None:
        """Answer over Airflow's API, while dag.test() waits."""
        path = "/api/v2/dags/nightly_approved/dagRuns/~/hitlDetails"
        waiting = client.get(path, params={"response_received": False}, headers=headers).json()["hitl_details"]
        for each in waiting:
            instance = each["task_instance"]
            if instance["task_id"] not in asked:
                asked[instance["task_id"]] = each["body"]
                sent_before.append(len(control.journal()))
            url = f"/api/v2/dags/nightly_approved/dagRuns/{instance['dag_run_id']}/taskInstances/{instance['task_id']}"
            response = client.patch(
                f"{url}/-1/hitlDetails",
                json={"chosen_options": [answers[instance["task_id"]]], "params_input": {}},
                headers=headers,
            )
            assert response.status_code == 200, response.text

    monkeypatch.setattr("time.sleep", answer)
    run = airflow.test(examples.dags["nightly_approved"])
    assert sent_before[0] == 0, "nothing is sent before anybody is asked"
    rehearsed = run.reports["rehearse_set_attributes"]
    would_go = rehearsed["skipped"]
    assert asked["approve_set_attributes"] == rehearsed["warning"]
    assert f"Dry run: would send {would_go:,} of 2,000 users to Kahuna" in asked["approve_set_attributes"]
    assert re.match(r"Dry run: would send [\d,]+ of [\d,]+ users to Kahuna", asked["approve_remove"])
    assert (run.states["set_attributes"], run.states["remove"]) == ("success", "skipped")
    assert run.reports["set_attributes"]["accepted"] > 0.95 * would_go
    assert len(control.journal()) == run.reports["set_attributes"]["requests"], "nothing else is sent"
    assert len(rehearsed["sample"]["requests"]) == 1


@pytest.mark.parametrize("name", ["nightly_engagelab", "nightly_kahuna", "nightly_moengage"])
def test_one_vendors_night(
    airflow: Any,
    examples: Any,
    control: Any,
    night: Path,
    made_up: list[dict[str, Any]],
    counted: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """With a tenth of the users, which is enough to see every task work."""
    few = made_up[100:300]  # past those that EngageLab does not know
    for module in [module for module in sys.modules.values() if getattr(module, "read_users", None)]:
        monkeypatch.setattr(module, "read_users", lambda: few)
    run = airflow.test(examples.dags[name])
    assert set(run.states.values()) == {"success"}
    for task, report in pushes(run).items():
        counted(report, sum(1 for user in few if not user["newsletter"]) if "unset" in task else 200)
        filtered = sum(reason["count"] for reason in report["reasons"] if reason["code"] == "filtered")
        assert filtered == (sum(not user["newsletter"] for user in few) if task == "set_contacts" else 0)
        assert report["accepted"] >= 0.9 * (report["rows"] - filtered)
    vendor = name.removeprefix("nightly_")
    applied = sum(user["updates"] for user in control.users(vendor).values())
    assert applied == sum(report["accepted"] for report in pushes(run).values())


def test_an_unavailable_vendor_delays_no_other(
    airflow: Any,
    examples: Any,
    control: Any,
    night: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(night, monkeypatch, "customer_id BETWEEN 'C-00100' AND 'C-00149'")
    control.fault("kahuna", {"status": 401})
    run = airflow.test(examples.dags["nightly_all_vendors"])
    states = dict(run.states)
    assert states.pop("kahuna_attributes") == "failed"
    assert states.pop("kahuna_unset") == "upstream_failed"
    assert set(states.values()) == {"success"}


@pytest.mark.parametrize("name", ["nightly_all_vendors", "nightly_sharded"])
def test_from_postgresql(airflow: Any, examples: Any, control: Any, night: Path, postgres: Any, name: str) -> None:
    """With the types that PostgreSQL has; plain, and in shards."""
    postgres.execute(warehouse_file.TABLE)
    names = ", ".join(warehouse_file.COLUMNS)
    values = ", ".join(["%s"] * len(warehouse_file.COLUMNS))
    with closing(postgres.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO users ({names}) VALUES ({values})", warehouse_file.read()[:400])
    run = airflow.test(examples.dags[name])
    assert set(run.states.values()) == {"success"}
    reports = pushes(run)
    for vendor in ("engagelab", "kahuna", "moengage"):
        totals = [report for task, report in reports.items() if task == f"{vendor}_total"]
        said = [report for report in reports.values() if report["vendor"].lower() == vendor and report not in totals]
        accepted = sum(report["accepted"] for report in said)
        assert sum(user["updates"] for user in control.users(vendor).values()) == accepted
        if name == "nightly_sharded":
            assert len(said) == 4
            assert [(total["rows"], total["accepted"]) for total in totals] == [(400, accepted)]
    assert control.user("kahuna", "user0123")["attributes"]["birthday"] == "1986/04/18"
    assert control.user("engagelab", 10360123)["properties"]["lifetime_value"] == 2222.56


# Airflow's own commands, in a home of their own, where a warning that our code or an example causes is an error

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


def test_no_example_has_airflow_log_the_users(examples: Any) -> None:
    tasks = [task for dag in examples.dags.values() for task in dag.tasks if hasattr(task, "python_callable")]
    assert tasks
    assert [task.task_id for task in tasks if task.show_return_value_in_logs] == []


def test_examples_import_what_every_supported_airflow_has() -> None:
    newer = {EXAMPLES / f"nightly_{name}.py" for name in ("approved", "partition")}  # which are no DAG before
    nights = {*EXAMPLES.glob("nightly_*.py")} - newer
    for path in [*sorted(nights), EXAMPLES.parent / "README.md"]:
        text = path.read_text(encoding="utf-8")
        both = re.findall(
            r"^try:\n    from airflow\.sdk import (.+)\n"
            r"except ImportError:  # Airflow 2\n    from airflow\.decorators import (.+)$",
            text,
            re.MULTILINE,
        )
        assert both, path
        assert all(in_3 == in_2 for in_3, in_2 in both)
        assert len(re.findall(r"from airflow\.\S+ import (?:dag|task)", text)) == 2 * len(both)


def test_increase_has_a_checkpoint_path_before_airflow_3_3(examples: Any) -> None:
    tasks = [
        task for dag in examples.dags.values() for task in dag.tasks if getattr(task, "operation", "") == "increase"
    ]
    assert len(tasks) == 2
    assert all(task.checkpoint_path for task in tasks)
