# SPDX-License-Identifier: Apache-2.0
"""What docs/watching.md shows works as it stands there."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "watching.md").read_text()

pytest.importorskip("airflow.sdk", reason="the page is written for Airflow 3")


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Be Slack: remember each message."""
    messages: list[str] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_WEBHOOK", json.dumps({"conn_type": "http", "password": url}))
        yield messages
        server.shutdown()
        thread.join()


@pytest.fixture
def notify_slack(tmp_path: Path) -> Callable[[Any], None]:
    (code,) = (code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "notify_slack" in code)
    names: dict[str, Any] = {}
    path = tmp_path / "alerts.py"  # Airflow 3.0 looks for the source of a callback
    path.write_text(code)
    exec(compile(code, str(path), "exec"), names)
    result: Callable[[Any], None] = names["notify_slack"]
    return result


@pytest.mark.usefixtures("connections", "clock")
@pytest.mark.parametrize(
    ("known", "parameters", "messages"),
    [
        (["ada", "bob"], {}, []),
        (["ada"], {}, ["1 of 2 users was not updated at Kahuna: 1 x User not found (404)"]),
        (
            ["ada"],
            {"max_failed": 0},
            [
                "1 of 2 users failed at Kahuna; max_failed allows 0 rows: 1 x User not found (404). Kahuna updates "
                "existing users only: check the credentials, or wait until the user has signed in once"
            ],
        ),
        ([], {"kahuna_conn_id": "nowhere"}, ["The conn_id `nowhere` isn't defined"]),
    ],
    ids=["well", "warning", "failure", "nothing begun"],
)
def test_a_message_to_slack(
    airflow: Any,
    control: Any,
    slack: list[str],
    notify_slack: Callable[[Any], None],
    known: list[str],
    parameters: dict[str, Any],
    messages: list[str],
) -> None:
    control.seed("kahuna", [{"username": name} for name in known])
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push",
            users=[{"username": "ada", "plan": "gold"}, {"username": "bob", "plan": "gold"}],
            target=["username"],
            on_failure_callback=notify_slack,
            on_success_callback=notify_slack,
            **parameters,
        )
    )
    assert slack == [f"{run.dag.dag_id}.push: {message}" for message in messages]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
