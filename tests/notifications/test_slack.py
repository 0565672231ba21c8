# SPDX-License-Identifier: Apache-2.0
"""A message as it arrives at an incoming webhook of Slack's, on loopback."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import pytest
from packaging.version import Version

from airflow_provider_userattrs.notifications.slack import SlackPushNotifier
from airflow_provider_userattrs.push.report.attention import Message

pytestmark = pytest.mark.usefixtures("connections", "clock")

ROWS: list[dict[str, Any]] = [{"euid": 1, "plan": "gold"}, {"euid": "zanzibar", "plan": "gold"}]


def test_what_arrives(push: Any, slack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    run = push(ROWS, on_attention=SlackPushNotifier(), on_success_callback=SlackPushNotifier("{{ 'slack_default' }}"))
    (path, body), second = slack.received
    assert path == "/services/T0/B0/token"
    assert second[1]["text"] == body["text"]
    title, sentence, reason, link = body["text"].split("\n")
    assert title.startswith(f"*{run.dag.dag_id}.push, run ")
    assert title.endswith(": the push to EngageLab needs attention*")
    assert sentence == run.report["warning"]
    assert reason.startswith("- 1 x EUID")
    assert link.startswith("<http")
    assert link.endswith("|Push report>")
    assert "zanzibar" not in str(slack.received)


def test_marks_of_slacks_are_escaped(slack: Any) -> None:
    SlackPushNotifier().send(Message("d.t: a & b", "<!channel>", ("1 x a > b",), "dags/d"))
    ((_, body),) = slack.received
    assert body["text"] == "*d.t: a &amp; b*\n&lt;!channel&gt;\n- 1 x a &gt; b\ndags/d"


def test_a_webhook_that_fails_changes_nothing(push: Any, slack: Any) -> None:
    slack.status = 404
    run = push(ROWS, on_attention=SlackPushNotifier())
    assert (run.state, len(slack.received)) == ("success", 1)
    assert "on_attention: SlackPushNotifier failed, which changes nothing about the push" in run.log.texts or any(
        "Failed to send notification" in line.text for line in run.log
    )


@pytest.mark.parametrize("lacking", ["airflow.providers.slack.hooks.slack_webhook", "aiohttp"])
def test_without_slacks_provider_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)
    for name in [name for name in sys.modules if name.startswith(("airflow.providers.slack.", "slack_sdk."))]:
        if name != lacking:
            monkeypatch.delitem(sys.modules, name)
    if Version(version("apache-airflow-providers-slack")) < Version("9.2") and lacking == "aiohttp":
        pytest.skip("it does not import aiohttp yet")
    with pytest.raises(ImportError, match=r"install airflow-provider-userattrs with the extra slack"):
        SlackPushNotifier().send(Message("t", "s", (), "u"))
