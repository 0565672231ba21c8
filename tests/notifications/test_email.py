# SPDX-License-Identifier: Apache-2.0
"""A message as it arrives at an SMTP server on loopback."""

from __future__ import annotations

from typing import Any

import pytest
from notifications import mail_backend

from airflow_provider_userattrs.notifications.email import EmailPushNotifier
from airflow_provider_userattrs.push.report.attention import Message

pytestmark = pytest.mark.usefixtures("connections", "clock")

ROWS: list[dict[str, Any]] = [{"euid": 1, "plan": "gold"}, {"euid": "zanzibar", "plan": "gold"}]


def content(received: Any) -> str:
    """Return the HTML of a message; white space is as a reader sees it."""
    return " ".join(received["message"].get_body().get_content().split())


def test_what_arrives(push: Any, smtp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for section in ("API", "WEBSERVER"):
        monkeypatch.setenv(f"AIRFLOW__{section}__BASE_URL", "https://airflow.example")
    notifier = EmailPushNotifier(to=["night@shop.example", "{{ 'data' }}@shop.example"])
    run = push(ROWS, on_attention=notifier, on_success_callback=None)
    (received,) = smtp.received
    assert received["to"] == ["night@shop.example", "data@shop.example"]
    message = received["message"]
    assert message["Subject"].endswith(": the push to EngageLab needs attention")
    assert message["From"] == "airflow@shop.example"
    assert run.report["warning"].split(": ")[0] in content(received)
    assert "<li>1 x EUID" in content(received)
    assert f'<a href="https://airflow.example/dags/{run.dag.dag_id}/' in content(received)
    assert ">Push report</a>" in content(received)
    assert "zanzibar" not in str(message)


def test_a_failed_push(push: Any, smtp: Any) -> None:
    push(ROWS, max_failed=0, on_failure_callback=EmailPushNotifier("night@shop.example"))
    (received,) = smtp.received
    assert received["message"]["Subject"].endswith(": the push to EngageLab failed")
    assert "max_failed allows 0 rows" in content(received)


def test_what_could_be_markup_is_escaped(smtp: Any) -> None:
    EmailPushNotifier("night@shop.example").send(Message("d.t", "<b>1</b>", ("on <i>",), 'https://x"y'))
    (received,) = smtp.received
    assert content(received) == (
        '<p>&lt;b&gt;1&lt;/b&gt;</p><ul><li>on &lt;i&gt;</li></ul><p><a href="https://x&#34;y">Push report</a></p>'
    )


def test_without_airflows_own_address_there_is_no_dead_link(smtp: Any) -> None:
    EmailPushNotifier("night@shop.example").send(Message("d.t", "1", (), "dags/<d>"))
    (received,) = smtp.received
    assert content(received) == "<p>1</p><p>Push report: dags/&lt;d&gt;</p>"


@pytest.mark.parametrize("to", ["", " , ", [], [""], 3], ids=["empty", "comma", "none", "blank", "number"])
def test_nobody_to_tell_is_an_error_of_the_dag(to: Any) -> None:
    with pytest.raises(ValueError, match=r"^to is .+; give an e-mail address, or a list of them$"):
        EmailPushNotifier(to)


def test_another_backend_of_airflows_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_backend, "sent", [])
    monkeypatch.setenv("AIRFLOW__EMAIL__EMAIL_BACKEND", "notifications.mail_backend.send")
    EmailPushNotifier("night@shop.example", smtp_conn_id="ses").send(Message("title", "sentence", (), "url"))
    assert mail_backend.sent == [("night@shop.example", "title", "ses")]
