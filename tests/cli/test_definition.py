# SPDX-License-Identifier: Apache-2.0
"""The commands as a person runs them: processes of their own, with what they print and their exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from versions import AIRFLOW, needs

from airflow_provider_userattrs import FileRows
from airflow_provider_userattrs.cli.definition import COMMANDS, make_parser
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator

MODULE = (sys.executable, "-m", "airflow_provider_userattrs")

DAG = """
from datetime import datetime
from airflow.sdk import dag, task
from airflow_provider_userattrs import Constant, FileRows
from airflow_provider_userattrs.operators import KahunaSetAttributesOperator

@dag(schedule="0 3 * * *", start_date=datetime(2026, 1, 1), catchup=False, params={"plan": "free"})
def nightly():
    folder = r"FOLDER"
    KahunaSetAttributesOperator(
        task_id="push",
        users=FileRows(folder + "/users-{{ ds }}.jsonl"),
        target=["username"],
        attributes={"plan": "plan", "n": "n", "was": Constant("{{ params.plan }}")},
        rejects_path=folder + "/rejects.jsonl",
    )

    @task
    def rows():
        return []

    KahunaSetAttributesOperator(task_id="of_task", users=rows(), target=["username"])
    KahunaSetAttributesOperator.partial(task_id="mapped", target=["username"]).expand(users=[[]])

nightly()
"""
USERS = [
    {"username": "user0001", "plan": "gold", "n": 1},
    {"username": "user9999", "plan": "gold", "n": 2},
    {"username": "user0002", "plan": {"no": "value"}, "n": 3},
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a home of Airflow's, with a DAG and the file that it reads; nobody has made a database there."""
    (tmp_path / "dags").mkdir()
    code = DAG.replace("FOLDER", str(tmp_path))
    (tmp_path / "dags" / "nightly.py").write_text(
        code if AIRFLOW.major > 2 else code.replace("airflow.sdk", "airflow.decorators")
    )
    (tmp_path / "users-2026-03-04.jsonl").write_text("\n".join(map(json.dumps, USERS)))
    return tmp_path


@pytest.fixture
def run(home: Path, sandbox: Any) -> Callable[..., Any]:
    """Run a command in that home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    login, password = sandbox.world.vendors["kahuna"].login
    connection = {
        "conn_type": "kahuna",
        "host": sandbox.base_url("kahuna"),
        "login": login,
        "password": password,
    }
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW_CONN_KAHUNA_DEFAULT": json.dumps(connection),
        "COLUMNS": "100",
    }

    def run(*arguments: str, program: tuple[str, ...] = MODULE, stdout: int = subprocess.PIPE) -> Any:
        return subprocess.run(
            [*program, *arguments],
            env=environment,
            cwd=home,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=900,
            check=False,
        )

    return run


def test_preview_shows_what_would_be_sent(run: Any, home: Path, control: Any) -> None:
    done = run("preview", "nightly", "push", "--date", "2026-03-04", "--limit", "2", "--conf", '{"plan": "silver"}')
    assert done.returncode == 0, done.stderr
    assert "the first 2 rows at most (limit), dry run: nothing is sent" in done.stdout
    assert "sample: request 1, with 2 users\nPOST " in done.stdout
    assert '"attributes":{"was":"<text>","plan":"<text>","n":"<number>"}' in done.stdout
    assert "Dry run: would send 2 of 2 users to Kahuna, and sent none; limit: only the first 2 rows" in done.stdout
    assert "user0001" not in done.stdout
    assert control.journal() == []
    assert not list(home.glob("rejects*")), "nothing is written"


def test_preview_shows_values_if_asked(run: Any, control: Any) -> None:
    done = run("preview", "nightly", "push", "-d", "2026-03-04", "--values", "--conf", '{"plan": "silver"}')
    assert done.returncode == 0, done.stderr
    assert '{"target":{"username":"user0001"},"attributes":{"was":"silver","plan":"gold","n":1}}' in done.stdout
    assert "1 x value of type dict [invalid] on plan" in done.stdout
    assert control.journal() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("nightly", "pusch"),
            "nightly has no task 'pusch' (did you mean 'push'?); its tasks are mapped, of_task, push",
        ),
        (
            ("nightli", "push"),
            "has no DAG 'nightli' (did you mean 'nightly'?); it has nightly; give its file with --file",
        ),
        (("nightly", "rows"), "rows is a _PythonDecoratedOperator, which pushes no users"),
        (("nightly", "of_task"), "users of of_task is the output of rows, which is not run here; to see what it would"),
        (
            ("nightly", "mapped"),
            "mapped is mapped, and what each instance pushes is known only in a run of the DAG; give a task that is "
            "not mapped; to see what this one would push, run the DAG with dry_run=True and sample=3",
        ),
        (("nightly", "push", "--date", "2026-13-01"), "--date '2026-13-01' is no date in ISO format"),
        (("nightly", "push", "--conf", "[1]"), "--conf is no JSON object"),
        (("nightly", "push", "--file", "/nowhere"), "/nowhere does not exist; give the DAG's file with --file"),
        (("nightly", "push", "--date", "2020-01-01"), "names no file"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_previewed_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, connections: Any, capsys: Any, arguments: Any, said: str
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    given = make_parser().parse_args(["preview", "--file", str(home / "dags"), *arguments])
    with pytest.raises(SystemExit) as ended:
        given.func(given)
    assert ended.value.code == 1
    assert said in capsys.readouterr().err


def test_a_broken_dag_file_is_named(run: Any, home: Path) -> None:
    (home / "dags" / "nightly.py").write_text("import airflow\nraise ValueError('no such thing')\ndag")
    done = run("preview", "nightly", "push")
    assert done.returncode == 1
    assert re.search(r"has no DAG 'nightly'\n\S+nightly\.py: ValueError: no such thing", done.stderr)
    assert "Traceback" not in done.stderr


def test_a_dag_of_two_files_is_not_guessed(run: Any, home: Path) -> None:
    (home / "dags" / "other.py").write_text((home / "dags" / "nightly.py").read_text())
    done = run("preview", "nightly", "push")
    assert done.returncode == 1
    assert re.search(r"nightly is in \S+\.py and in \S+\.py; give the one you mean with --file", done.stderr)


@pytest.mark.parametrize("arguments", ["size", "preview nightly push --date 2026-03-04"], ids=["size", "preview"])
def test_a_reader_may_close_the_pipe(run: Any, arguments: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*arguments.split(), stdout=writing)
    os.close(writing)
    assert done.returncode == 141
    assert "BrokenPipe" not in done.stderr


@pytest.mark.usefixtures("connections")
def test_replay_sends_the_rows_of_a_rejects_file_again(run: Any, home: Path, control: Any, airflow: Any) -> None:
    control.seed("kahuna", [{"username": f"user000{number}"} for number in range(1, 4)])
    pushed = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push",
            users=FileRows(str(home / "users-2026-03-04.jsonl")),
            target=["username"],
            rejects_path=str(home / "rejects.jsonl"),
            max_failed=None,
        )
    )
    path = Path(pushed.report["rejects_path"])
    assert pushed.counts == {"accepted": 1, "rejected": 1, "invalid": 1}
    corrected = re.sub(r'\{"no": ?"value"\}', '"silver"', path.read_text())
    path.write_text(corrected.replace("user9999", "user0003"))
    requests_before = len(control.journal())
    again = home / "again.jsonl"

    def replay(*more: str) -> Any:
        return run("replay", str(path), "nightly", "push", "--date", "2026-03-04", *more)

    shown = replay()
    assert shown.returncode == 0, shown.stderr
    assert "Dry run: would send 2 of 2 users to Kahuna, and sent none" in shown.stdout
    assert "push, and are pushed as nightly.push pushes its own" in shown.stdout  # by another DAG, in this test
    assert shown.stdout.endswith("Nothing was sent; add --send to send these rows\n")
    assert len(control.journal()) == requests_before

    control.fault("kahuna", {"status": 401}, {"from": 1, "to": 1})
    refused = replay("--send")
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "Traceback" not in refused.stderr

    sent = replay("--send", "--rejects", again.name)
    assert sent.returncode == 0, sent.stderr
    assert "last push" not in sent.stdout  # nothing is compared, and nothing said of it
    assert "2 users: 2 accepted; 1 request" in sent.stdout
    assert control.user("kahuna", "user0002")["attributes"] == {"plan": "silver", "n": 3, "was": "free"}
    assert control.user("kahuna", "user0003")["attributes"]["n"] == 2


def test_a_push_that_fails_ends_with_1(run: Any, home: Path) -> None:
    done = run("replay", str(home / "no.jsonl"), "nightly", "push", "--send")
    assert done.returncode == 1
    assert "names no rejects file, and no push has written one to it" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("replay", str(home), "nightly", "push", "--send")
    assert done.returncode == 1
    assert "Kahuna" not in done.stdout, "the push did not begin"
    assert done.stderr.endswith(f"{home} cannot be opened: Is a directory\n")
    assert "Traceback" not in done.stderr


@needs("commands of providers")
def test_airflow_has_the_commands(run: Any, control: Any) -> None:
    airflow = (str(Path(sys.executable).with_name("airflow")), "userattrs")
    done = run("preview", "nightly", "push", "--date", "2026-03-04", program=airflow)
    assert done.returncode == 0, done.stderr
    assert "Dry run: would send 2 of 3 users to Kahuna, and sent none" in done.stdout
    assert control.journal() == []
    shown = run("--help", program=airflow).stdout
    for command in COMMANDS:
        assert f"{command.name} " in shown
        assert command.help in shown


def test_the_sandbox_is_started(home: Path) -> None:
    arguments = [*MODULE, "sandbox", "--port", "0", "--empty"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=home) as started:
        try:
            assert started.stdout
            url = started.stdout.readline().split()[-1]
            assert requests.get(f"{url}/_sandbox/users/kahuna", timeout=30).json()["users"] == {}
        finally:
            started.terminate()
            started.communicate(timeout=60)
    assert started.returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])
def test_help_says_what_each_argument_is(command: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([command.name, "--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert command.description in shown
    for each in command.arguments:
        assert each.options["help"] in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["preview", "a", "b", "--limit", "0"], "must be a whole number from 1 on, not '0'"),
        (["preview", "a", "b", "--sample", "21"], "must be a whole number from 0 to 20, not '21'"),
        (["size", "--hours", "nan"], "must be a number over 0, not 'nan'"),
        (["preview", "a"], "the following arguments are required: TASK"),
        ([], "the following arguments are required: COMMAND"),
    ],
    ids=["limit", "sample", "hours", "task", "command"],
)
def test_wrong_arguments_end_with_2(arguments: list[str], said: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_number_may_be_written_as_it_is_shown() -> None:
    assert make_parser().parse_args(["size", "--users", "1,000,000"]).users == 1_000_000
