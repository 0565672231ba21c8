# SPDX-License-Identifier: Apache-2.0
"""What every hook does: test its connection, mask its secrets, push updates alone, close."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from threading import Thread
from typing import Any

import psutil
import pytest

from airflow_provider_userattrs.hooks import base
from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna

VENDORS = ["engagelab", "kahuna", "moengage"]

WRONG_LOGINS = {
    "engagelab": ["refused", "invalid-project", "deleted-project", "deleted-source"],
    "kahuna": ["refused", "no-permission"],
    "moengage": ["refused", "nobody", "no-secret", "suspended"],
}


# test_connection


def test_moengage_says_that_the_connection_is_right(sandbox_hook: Callable[..., Any], control: Any) -> None:
    works, sentence = sandbox_hook("moengage").test_connection()
    assert works
    assert "confirmed the workspace id and the Data API key" in sentence
    (request,) = control.journal("moengage")
    assert (request["path"], request["status"]) == ("/moengage/v1/integrations/authentication", 200)
    assert control.users("moengage") == {}


@pytest.mark.parametrize("login", WRONG_LOGINS["moengage"])
def test_moengage_says_that_the_workspace_is_wrong(sandbox_hook: Callable[..., Any], login: str) -> None:
    works, sentence = sandbox_hook("moengage", login=login, password="never-shown").test_connection()
    assert not works
    assert "check" in sentence
    assert "never-shown" not in sentence


def test_moengage_says_that_the_key_is_wrong(sandbox_hook: Callable[..., Any]) -> None:
    works, sentence = sandbox_hook("moengage", password="never-shown").test_connection()
    assert not works
    for word in ("401", "workspace id", "Data API key", "data_center"):
        assert word in sentence
    assert "never-shown" not in sentence


@pytest.mark.parametrize("status", [302, 400, 403, 404, 429, 500, 502])
def test_moengage_says_what_else_came_back(sandbox_hook: Callable[..., Any], control: Any, status: int) -> None:
    control.fault("moengage", {"status": status})
    works, sentence = sandbox_hook("moengage").test_connection()
    assert not works
    assert str(status) in sentence


@pytest.mark.parametrize("body", ["", "<html>ok</html>", "[]", '{"status": "fail"}', "{"])
def test_moengage_accepts_no_other_200(sandbox_hook: Callable[..., Any], control: Any, body: str) -> None:
    control.fault("moengage", {"status": 200, "body": body})
    assert not sandbox_hook("moengage").test_connection()[0]


@pytest.mark.parametrize("vendor", ["engagelab", "kahuna"])
def test_the_others_report_no_more_than_is_known(sandbox_hook: Callable[..., Any], control: Any, vendor: str) -> None:
    works, sentence = sandbox_hook(vendor).test_connection()
    assert works
    assert "no call that confirms them" in sentence
    (request,) = control.journal(vendor)
    assert not request["applied"]
    assert control.users(vendor) == {}


@pytest.mark.parametrize("any_user", [True, False])
def test_a_connection_test_names_no_user_and_changes_none(
    sandbox_hook: Callable[..., Any], control: Any, any_user: bool
) -> None:
    control.switch(engagelab__any_user=any_user)
    control.seed("kahuna", [{"username": "ada"}])
    for vendor in VENDORS:
        sandbox_hook(vendor).test_connection()
        assert not any(user["updates"] for user in control.users(vendor).values())


@pytest.mark.parametrize("vendor", ["engagelab", "kahuna"])
@pytest.mark.parametrize(
    ("then", "word"),
    [
        ({"status": 302}, "redirected"),
        ({"status": 404}, "address not found"),
        ({"status": 500}, "internal server error"),
        ({"status": 502}, "server error"),
        ({"status": 429}, "too many requests"),
        ({"status": 200, "body": "<html>ok</html>"}, "response"),
    ],
)
def test_another_server_is_not_mistaken_for_the_vendor(
    sandbox_hook: Callable[..., Any], control: Any, vendor: str, then: dict[str, Any], word: str
) -> None:
    control.fault(vendor, then)
    works, sentence = sandbox_hook(vendor).test_connection()
    assert not works
    assert word in sentence
    assert "heck the " in sentence


@pytest.mark.parametrize(("vendor", "login"), [(vendor, login) for vendor in VENDORS for login in WRONG_LOGINS[vendor]])
def test_wrong_credentials_are_never_called_right(sandbox_hook: Callable[..., Any], vendor: str, login: str) -> None:
    works, sentence = sandbox_hook(vendor, login=login, password="never-shown").test_connection()
    assert not works
    assert "heck " in sentence or "Ask Kahuna" in sentence
    assert "never-shown" not in sentence


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_unreachable_vendor(hook_of: Callable[..., Any], vendor: str, closed_port: int) -> None:
    host = f"http://127.0.0.1:{closed_port}"
    works, sentence = hook_of(vendor, host=host).test_connection()
    assert not works
    assert host in sentence
    assert "check the host, the network and the proxy" in sentence
    assert "the-password" not in sentence


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_does_not_response(sandbox_hook: Callable[..., Any], control: Any, vendor: str) -> None:
    control.fault(vendor, {"hold": True})
    works, sentence = sandbox_hook(vendor, extra={"timeout": [1, 0.5]}).test_connection()
    assert not works
    assert "No readable response" in sentence


def test_a_wrong_connection_fails_its_test(hook_of: Callable[..., Any]) -> None:
    works, sentence = hook_of("moengage").test_connection()
    assert not works
    assert "data_center" in sentence


# Masking


def redact(text: str) -> str:
    for module in ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker"):
        with suppress(ImportError, AttributeError):  # as of Airflow 3.1, 3.0 and 2.11
            return str(import_module(module).redact(text))
    raise AssertionError("no redact")


@pytest.mark.parametrize("letters", ["", "-naïve-ключ"], ids=["ASCII", "other letters"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_password_and_basic_header_are_masked(
    hook_of: Callable[..., Any], recorder: Any, vendor: str, letters: str
) -> None:
    login, password = (secrets.token_hex(8) + letters for _ in range(2))
    hook = hook_of(vendor, login=login, password=password, host=recorder.url)
    hook.get_conn().post(recorder.url)
    header = recorder.requests[0].headers["authorization"]
    assert header == "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
    assert redact(f"sent {header}") == "sent Basic ***"
    assert password not in redact(f"with {password} as its password")


@pytest.mark.parametrize(("vendor", "masked"), [("engagelab", True), ("kahuna", True), ("moengage", False)])
def test_a_login_that_is_a_key_is_masked(hook_of: Callable[..., Any], vendor: str, masked: bool) -> None:
    login = secrets.token_hex(8)
    _ = hook_of(vendor, login=login, host="http://127.0.0.1:1").settings
    assert (login not in redact(f"the login {login}")) is masked


# A hook alone


def statuses(verdicts: list[Any]) -> list[str]:
    return [str(verdict.status) for verdict in verdicts]


def test_more_users_than_a_request_takes(sandbox_hook: Callable[..., Any], control: Any) -> None:
    control.seed("kahuna", [{"username": f"u{number}"} for number in range(250) if number != 7])
    users = [{"target": {"username": f"u{number}"}, "attributes": {"a": number}} for number in range(250)]
    hook = sandbox_hook("kahuna")
    verdicts = hook.set_attributes(users)
    assert statuses(verdicts) == ["accepted"] * 7 + ["rejected"] + ["accepted"] * 242
    assert sorted(request["rows"] for request in control.journal()) == [50, 100, 100]
    assert control.user("kahuna", "u249")["attributes"] == {"a": 249}
    assert statuses(hook.unset_attributes([user["target"] for user in users], ["a"])) == statuses(verdicts)
    assert control.user("kahuna", "u249")["attributes"] == {}


def test_updates_of_one_user_keep_their_order(sandbox_hook: Callable[..., Any], control: Any) -> None:
    control.seed("engagelab", [1, 2])
    control.fault("engagelab", {"status": 429}, {"users": [1], "times": 2})
    operation = engagelab.OPERATIONS["set"]
    updates = [({"euid": 1 + turn % 2}, {"a": turn}) for turn in range(10)]
    assert statuses(sandbox_hook("engagelab").push(operation, updates)) == ["accepted"] * 10
    assert [control.user("engagelab", euid)["properties"] for euid in (1, 2)] == [{"a": 8}, {"a": 9}]


def test_what_failed_for_a_passing_cause_is_sent_again(sandbox_hook: Callable[..., Any], control: Any) -> None:
    control.seed("engagelab", [1])
    control.fault("engagelab", {"status": 503}, {"next": 2})
    hook = sandbox_hook("engagelab")
    assert str(hook.set_attributes(1, {"a": 1}).status) == "accepted"
    assert len(control.journal()) == 3
    assert hook.clock.monotonic() > 1


def test_what_must_not_be_sent_twice_is_sent_once(sandbox_hook: Callable[..., Any], control: Any) -> None:
    control.seed("engagelab", [1])
    control.fault("engagelab", {"close": True, "apply": "before"})
    verdict = sandbox_hook("engagelab").set_attributes(1, {"a": 1}, operation="increase")
    assert (str(verdict.status), verdict.code) == ("unknown", "no-response")
    assert control.user("engagelab", 1)["properties"] == {"a": 1}


def test_a_vendor_that_stays_away_gives_a_verdict(
    hook_of: Callable[..., Any], sandbox_hook: Callable[..., Any], control: Any, closed_port: int
) -> None:
    verdict = hook_of("engagelab", host=f"http://127.0.0.1:{closed_port}").set_attributes(1, {"a": 1})
    assert (str(verdict.status), verdict.code) == ("unsent", "no-connection")
    control.fault("engagelab", {"close": True, "apply": "before"})
    verdict = sandbox_hook("engagelab").set_attributes(1, {"a": 1})
    assert (str(verdict.status), verdict.code) == ("unknown", "no-response")
    assert len(control.journal()) == 5


def test_behind_a_refused_credential_every_user_has_a_verdict(sandbox_hook: Callable[..., Any], control: Any) -> None:
    hook = sandbox_hook("engagelab", password="wrong")
    verdicts = hook.push(engagelab.OPERATIONS["set"], [({"euid": euid}, {"a": 1}) for euid in range(1, 2_001)])
    assert set(statuses(verdicts)) == {"unsent"}
    assert verdicts[0].code == "40050"
    assert verdicts[-1].code == "not-tried"
    assert len(control.journal()) < 100


def test_the_connections_cap_is_kept(sandbox_hook: Callable[..., Any], control: Any) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    hook = sandbox_hook("kahuna", extra={"rate_limit": 2})
    users = [{"target": {"username": "ada"}, "attributes": {"a": number}} for number in range(10)]
    began = hook.clock.monotonic()
    assert statuses(hook.set_attributes(users)) == ["accepted"] * 10  # one user: a request after the other
    assert hook.clock.monotonic() - began > 3.9


def test_a_refused_credential_is_a_verdict_too(sandbox_hook: Callable[..., Any]) -> None:
    verdict = sandbox_hook("engagelab", password="wrong").set_attributes(1, {"a": 1})
    assert (str(verdict.status), verdict.code) == ("unsent", "40050")
    assert "secret" in verdict.remedy


def test_a_response_that_its_reader_stumbles_over_is_unknown(
    sandbox_hook: Callable[..., Any], control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(answer: Response, users: Sequence[Any]) -> Any:
        raise ZeroDivisionError

    control.seed("kahuna", [{"username": "ada"}])
    operation = replace(kahuna.OPERATIONS["set"], read=stumble)
    verdicts = sandbox_hook("kahuna").push(operation, [({"username": name}, {"a": 1}) for name in ("ada", "bob")])
    assert [(str(verdict.status), verdict.code) for verdict in verdicts] == [("unknown", "unreadable")] * 2
    monkeypatch.setitem(kahuna.OPERATIONS, "set", operation)
    works, sentence = sandbox_hook("kahuna").test_connection()
    assert not works
    assert "could not be read" in sentence


def established(port: int) -> int:
    return sum(
        1
        for connection in psutil.Process().net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.raddr and connection.raddr.port == port
    )


def test_close_closes_the_connections_of_all_threads(sandbox_hook: Callable[..., Any], sandbox: Any) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    hook = sandbox_hook("engagelab")
    before = established(port)
    threads = [Thread(target=hook.set_attributes, args=(1, {"a": 1})) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session = hook.get_conn()  # this thread's stays alive, and so would its connection
    assert str(hook.set_attributes(1, {"a": 1}).status) == "rejected"
    assert established(port) > before, "no connection was kept at all"
    hook.close()
    assert session is hook.get_conn()
    assert established(port) <= before


def test_a_transport_is_made_by_one_thread_at_a_time(
    sandbox_hook: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only one of several threads had would not be closed."""
    hook = sandbox_hook("engagelab")
    alone: list[bool] = []

    class Transport:
        def __init__(self, *_: Any) -> None:
            alone.append(hook._making.locked())

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(base, "Transport", Transport)
    assert hook.transport is hook.transport
    assert alone == [True]


def test_one_call_after_another_goes_over_one_connection(sandbox_hook: Callable[..., Any], sandbox: Any) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    before = established(port)
    hook = sandbox_hook("engagelab")
    for _ in range(5):
        hook.set_attributes(1, {"a": 1})
    assert established(port) == before + 1


def test_closing_a_hook_that_sent_nothing(hook_of: Callable[..., Any]) -> None:
    hook_of("kahuna").close()
    wrong = hook_of("kahuna", login=None)
    wrong.test_connection()
    wrong.close()
