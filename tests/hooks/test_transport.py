# SPDX-License-Identifier: Apache-2.0
"""One request over real HTTP: what it holds, where it goes, and what is certain when no answer comes."""

from __future__ import annotations

import base64
import contextlib
import errno
import gzip
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hooks.vendor_operations import OPERATIONS, VENDORS, assert_no_response, assert_not_sent

from airflow_provider_userattrs.push.delivery.classify import classify
from airflow_provider_userattrs.push.model.errors import NotSent, RefusedConfiguration
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

GZIP = gzip.compress(b"{}")


def basic(header: str) -> tuple[str, str]:
    scheme, _, pair = header.partition(" ")
    assert scheme == "Basic"
    login, _, password = base64.b64decode(pair).decode().partition(":")
    return login, password


@pytest.mark.parametrize(
    ("vendor", "operation", "extra", "target"),
    [
        ("engagelab", engagelab.OPERATIONS["set"], {}, "/v1/user/property"),
        ("engagelab", engagelab.OPERATIONS["unset"], {}, "/v1/user/property"),
        ("engagelab", engagelab.OPERATIONS["contacts"], {}, "/v1/user/contact"),
        ("kahuna", kahuna.OPERATIONS["set"], {}, "/api/userattributes?env=p"),
        ("kahuna", kahuna.OPERATIONS["unset"], {"environment": "production"}, "/api/userattributes?env=p"),
        ("kahuna", kahuna.OPERATIONS["set"], {"environment": "sandbox"}, "/api/userattributes?env=s"),
        ("moengage", moengage.OPERATIONS["set"], {}, "/v1/customer/the%2Flogin%3F"),
        ("moengage", moengage.OPERATIONS["unset"], {"data_center": "02"}, "/v1/customer/the%2Flogin%3F"),
    ],
)
def test_a_request_on_the_wire(
    hook_of: Callable[..., Any], recorder: Any, vendor: str, operation: Any, extra: dict[str, Any], target: str
) -> None:
    hook = hook_of(vendor, login="the/login?", host=f"{recorder.url}/base", extra=extra)
    answer = hook.sender(operation)('{"naïve": "юникод"}'.encode())
    assert answer.status == 200
    (request,) = recorder.requests
    assert (request.method, request.target) == ("POST", f"/base{target}")
    assert request.headers["content-type"] == "application/json"
    assert basic(request.headers["authorization"]) == ("the/login?", "the-password")
    assert request.body == '{"naïve": "юникод"}'.encode()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("text", ["pässwörd", "ключ", "鍵🔑", "a b+c%2F&=:"])
def test_credentials_may_be_any_text(hook_of: Callable[..., Any], recorder: Any, vendor: str, text: str) -> None:
    hook = hook_of(vendor, login=text.replace(":", ""), password=text, host=recorder.url)
    hook.sender(OPERATIONS[vendor])(b"{}")
    assert basic(recorder.requests[0].headers["authorization"]) == (text.replace(":", ""), text)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "entry", ["machine 127.0.0.1 login other password other", "default login other password other"]
)
def test_netrc_does_not_override_the_connection(
    hook_of: Callable[..., Any],
    recorder: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    vendor: str,
    entry: str,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(entry + "\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(recorder.url) == ("other", "other"), "the netrc is not read at all"
    hook = hook_of(vendor, host=recorder.url)
    hook.sender(OPERATIONS[vendor])(b"{}")
    hook.get_conn().get(recorder.url)
    for request in recorder.requests:
        assert basic(request.headers["authorization"]) == ("the-login", "the-password")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("vendor", VENDORS)
def test_redirects_are_not_followed(
    hook_of: Callable[..., Any], sandbox: Any, control: Any, recorder: Any, vendor: str, status: int
) -> None:
    control.fault(vendor, {"status": status, "location": f"{recorder.url}/elsewhere"})
    hook = hook_of(vendor, host=sandbox.base_url(vendor))
    assert hook.sender(OPERATIONS[vendor])(b'{"euid": 1}').status == status
    hook.test_connection()
    assert recorder.requests == []


def test_a_session_of_its_own_for_each_thread(hook_of: Callable[..., Any], recorder: Any) -> None:
    hook = hook_of("kahuna", host=recorder.url)
    others: list[requests.Session] = []
    thread = threading.Thread(target=lambda: others.append(hook.get_conn()))
    thread.start()
    thread.join()
    assert hook.get_conn() is hook.get_conn()
    assert others[0] is not hook.get_conn()
    assert others[0].auth == hook.get_conn().auth


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_refused_connection_sent_nothing(hook_of: Callable[..., Any], vendor: str, closed_port: int) -> None:
    assert_not_sent(hook_of(vendor, host=f"http://127.0.0.1:{closed_port}"), vendor)


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """Find a port that takes no more connections and refuses none."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a full backlog does differs")
def test_a_connection_that_times_out_sent_nothing(hook_of: Callable[..., Any], full_backlog: int) -> None:
    assert_not_sent(hook_of("engagelab", host=f"http://127.0.0.1:{full_backlog}", extra={"timeout": [0.1, 30]}))


def test_an_unknown_host_name_sent_nothing(hook_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    hook = hook_of("engagelab", host="https://nowhere.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)  # without asking a name server
    assert_not_sent(hook)


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_response_in_time(hook_of: Callable[..., Any], sandbox: Any, control: Any, vendor: str) -> None:
    control.fault(vendor, {"hold": True})
    assert_no_response(hook_of(vendor, host=sandbox.base_url(vendor), extra={"timeout": [1, 0.5]}), vendor)


@pytest.mark.parametrize("apply", ["before", "never"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_closed_after_sending(hook_of: Callable[..., Any], sandbox: Any, control: Any, vendor: str, apply: str) -> None:
    control.fault(vendor, {"close": True, "apply": apply})
    assert_no_response(hook_of(vendor, host=sandbox.base_url(vendor)), vendor)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTT",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["nothing", "half a line", "garbage", "bad status", "cut body", "cut chunk", "bad chunk", "bad gzip"],
)  # fmt: skip
@pytest.mark.parametrize("before", [(), (ANSWER,)], ids=["first", "second"])
def test_half_a_response_is_none(
    hook_of: Callable[..., Any], raw_server: Callable[..., str], before: tuple[bytes, ...], answer: bytes
) -> None:
    hook = hook_of("engagelab", host=raw_server(*before, answer))
    for _ in before:
        assert hook.sender(OPERATIONS["engagelab"])(b"{}").body == b"{}"
    assert_no_response(hook)
    assert before == () or hook.sender(OPERATIONS["engagelab"])(b"{}").body == b"{}"  # on a connection of its own


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP) + GZIP,
    ],
    ids=["plain", "continue", "chunks", "until it closes", "HTTP/1.0", "gzip"],
)
@pytest.mark.parametrize("before", [(), (ANSWER,)], ids=["first", "second"])
def test_a_response_may_have_any_form(
    hook_of: Callable[..., Any], raw_server: Callable[..., str], before: tuple[bytes, ...], answer: bytes
) -> None:
    send = hook_of("engagelab", host=raw_server(*before, answer)).sender(OPERATIONS["engagelab"])
    for _ in (*before, answer):
        assert (received := send(b"{}")).body == b"{}"
        assert received.status == 200


@pytest.mark.parametrize("closing", [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", b"HTTP/1.0 200 OK\r\n\r\n{}"])
def test_a_response_may_close_the_connection(
    hook_of: Callable[..., Any], raw_server: Callable[..., str], closing: bytes
) -> None:
    send = hook_of("engagelab", host=raw_server(ANSWER, closing)).sender(OPERATIONS["engagelab"])
    for _ in range(6):
        assert send(b"{}").body == b"{}"


def test_all_requests_of_a_connection_are_alike(hook_of: Callable[..., Any], recorder: Any) -> None:
    recorder.headers = {"X-RateLimit-Remaining": "0", "Retry-After": "7"}
    send = hook_of("moengage", host=recorder.url).sender(OPERATIONS["moengage"])
    answers = [send(body) for body in (b"{}", b'{"a": 1}', "ключ".encode())]
    first, second, third = recorder.requests
    assert [request.body for request in (first, second, third)] == [b"{}", b'{"a": 1}', "ключ".encode()]
    assert (first.method, first.target) == (second.method, second.target) == (third.method, third.target)
    assert first.headers == {**second.headers, "content-length": "2"} == {**third.headers, "content-length": "2"}
    for answer in answers:
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert answer.headers["retry-after"] == "7"


def test_a_failed_handshake_sent_nothing(hook_of: Callable[..., Any], recorder: Any) -> None:
    hook = hook_of("engagelab", host=recorder.url.replace("http:", "https:"))
    with pytest.raises((NotSent, RefusedConfiguration)):
        hook.sender(OPERATIONS["engagelab"])(b"{}")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"host": "https://127.0.0.1:1", "extra": {"verify": "/nowhere/ca.pem"}}, "verify"),
        ({"host": "https://127.0.0.1:1", "extra": {"cert": "/nowhere/client.pem"}}, "cert"),
        ({"host": "https://127.0.0.1:1", "extra": {"cert": ["/nowhere/c.pem", "/nowhere/c.key"]}}, "cert"),
        ({"host": "https://exa mple.com"}, "host"),
        ({"host": "https://.example.com"}, "host"),
        ({"host": "https://127.0.0.1:99999"}, "host"),
    ],
    ids=["no CA bundle", "no certificate", "no key", "space in host", "host with a dot first", "impossible port"],
)
def test_what_cannot_be_sent_is_named(hook_of: Callable[..., Any], fields: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedConfiguration, match=word):
        hook_of("kahuna", **fields).sender(OPERATIONS["kahuna"])(b"{}")


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host name cannot be resolved"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (TimeoutError("timed out"), "timed out"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no route to the host"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no route to the host"),
    ],
)
def test_the_cause_of_a_failed_connection_is_named(
    hook_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, raised: Exception, words: str
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise raised

    hook = hook_of("kahuna", host="https://vendor.example.com")
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(NotSent) as not_sent:
        hook.sender(OPERATIONS["kahuna"])(b"[]")
    assert str(not_sent.value) == f"No connection to https://vendor.example.com ({words})"
    assert not_sent.value.cause == words
    (verdict,) = classify(OPERATIONS["kahuna"], not_sent.value, range(1))
    assert verdict.meaning == f"no connection to the vendor ({words})"
