# SPDX-License-Identifier: Apache-2.0
"""Connections: what is wrong is named with its remedy and without a secret; what is right becomes what it says."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from airflow.models import Connection
from hypothesis import given, settings
from hypothesis import strategies as st
from versions import not_on

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration

SECRET = "Zq-never-shown-7Jx"

PUBLIC = "https://gateway.example.com/vendor"


def wrong(name: str, vendor: str, fields: dict[str, Any], *words: str, remedy: str) -> Any:
    """One wrong connection, the words that name what is wrong, and the word that says what to do."""
    not_defined = not_on("3.0", "3.1", because="a connection whose extra is no JSON object is not defined")
    return pytest.param(vendor, fields, words, remedy, id=name, marks=not_defined if words == ("extra",) else ())


WRONG = [
    wrong(
        "another vendor's type",
        "engagelab",
        {"conn_type": "kahuna"},
        "is a kahuna connection, not engagelab",
        remedy="'engagelab'",
    ),
    wrong(
        "a generic type",
        "moengage",
        {"conn_type": "http", "host": PUBLIC},
        "is an http connection, not moengage",
        remedy="'moengage'",
    ),
    wrong("a type with a vowel", "kahuna", {"conn_type": "engagelab"}, "an engagelab", remedy="'kahuna'"),
    wrong("blank behind a login", "engagelab", {"login": f"{SECRET} "}, "login begins or ends with", remedy="API key"),
    wrong("tab before a login", "kahuna", {"login": f"\t{SECRET}"}, "login begins or ends with", remedy="Secret key"),
    wrong("line break behind a password", "engagelab", {"password": f"{SECRET}\n"}, "password", remedy="API secret"),
    wrong("hard space before a password", "kahuna", {"password": f"\u00a0{SECRET}"}, "password", remedy="API key"),
    wrong("invisible behind a password", "kahuna", {"password": f"{SECRET}\u200b"}, "password", remedy="API key"),
    wrong("byte order mark before a login", "kahuna", {"login": f"\ufeff{SECRET}"}, "login", remedy="Secret key"),
    wrong("nothing but blanks", "kahuna", {"password": "   "}, "password begins or ends", remedy="API key"),
    wrong("line break in a password", "kahuna", {"password": f"a\n{SECRET}"}, "password", "within", remedy="API key"),
    wrong("no login", "engagelab", {"login": None}, "login", remedy="API key"),
    wrong("empty login", "engagelab", {"login": ""}, "login", remedy="API key"),
    wrong("no password", "engagelab", {"password": None}, "password", remedy="API secret"),
    wrong("no Kahuna login", "kahuna", {"login": None}, "login", remedy="Secret key"),
    wrong("no Kahuna password", "kahuna", {"password": None}, "password", remedy="API key"),
    wrong("no MoEngage login", "moengage", {"login": None, "host": PUBLIC}, "login", remedy="Workspace ID"),
    wrong("no MoEngage password", "moengage", {"password": None, "host": PUBLIC}, "password", remedy="Data API key"),
    wrong("login with a colon", "kahuna", {"login": f"{SECRET}:x"}, "login", "colon", remedy="Secret key"),
    wrong("unknown extra", "engagelab", {"extra": {"regoin": SECRET}}, "regoin", remedy="region"),
    wrong("another type's extra", "kahuna", {"extra": {"region": "virginia"}}, "region", remedy="environment"),
    wrong("header as an extra", "moengage", {"extra": {"MOE-APPKEY": SECRET}}, "MOE-APPKEY", remedy="data_center"),
    wrong("unknown region", "engagelab", {"extra": {"region": "europe"}}, "region", remedy="singapore, virginia"),
    wrong("region's case", "engagelab", {"extra": {"region": "Virginia"}}, "region", remedy="singapore, virginia"),
    wrong("region no text", "engagelab", {"extra": {"region": ["virginia"]}}, "region", remedy="singapore, virginia"),
    wrong("unknown environment", "kahuna", {"extra": {"environment": "p"}}, "environment", remedy="sandbox"),
    wrong("unknown data center", "moengage", {"extra": {"data_center": "07"}}, "data_center", remedy="101"),
    wrong("data center without 0", "moengage", {"extra": {"data_center": "1"}}, "data_center", remedy="01"),
    wrong("data center a number", "moengage", {"extra": {"data_center": 1}}, "data_center", remedy="01"),
    wrong("data center a float", "moengage", {"extra": {"data_center": 101.0}}, "data_center", remedy="101"),
    wrong("no data center", "moengage", {}, "data_center", remedy="01, 02, 03, 04, 05, 06, 101"),
    wrong("empty data center", "moengage", {"extra": {"data_center": ""}}, "data_center", remedy="dashboard"),
    wrong("http to a public host", "kahuna", {"host": "http://example.com"}, "host", "http", remedy="allow_http"),
    wrong("http to a private host", "kahuna", {"host": "http://10.0.0.1"}, "host", "http", remedy="https"),
    wrong("http to 0.0.0.0", "kahuna", {"host": "http://0.0.0.0:8765"}, "host", "http", remedy="https"),
    wrong("http to a name like loopback", "kahuna", {"host": "http://127.0.0.1.example.com"}, "host", remedy="https"),
    wrong("http to localhost.example.com", "kahuna", {"host": "http://localhost.example.com"}, "host", remedy="https"),
    wrong("http to a loopback user", "kahuna", {"host": "http://127.0.0.1@example.com"}, "host", remedy="login"),
    wrong(
        "http, allow_http false",
        "kahuna",
        {"host": "http://example.com", "extra": {"allow_http": "false"}},
        "host",
        remedy="https",
    ),
    wrong("host without scheme", "kahuna", {"host": "example.com"}, "host", remedy="https://"),
    wrong("host and port without scheme", "kahuna", {"host": "localhost:8765"}, "host", remedy="https://"),
    wrong("host with another scheme", "kahuna", {"host": "ftp://example.com"}, "host", remedy="https://"),
    wrong("host a scheme alone", "kahuna", {"host": "https://"}, "host", remedy="https://"),
    wrong("host a path alone", "kahuna", {"host": "/vendor"}, "host", remedy="https://"),
    wrong(
        "credentials in host",
        "kahuna",
        {"host": f"https://me:{SECRET}@example.com"},
        "host",
        "login",
        remedy="password",
    ),
    wrong("password alone in host", "kahuna", {"host": f"https://:{SECRET}@example.com"}, "host", remedy="password"),
    wrong("query in host", "kahuna", {"host": f"https://example.com/?key={SECRET}"}, "host", remedy="path"),
    wrong("fragment in host", "kahuna", {"host": f"https://example.com/#{SECRET}"}, "host", remedy="path"),
    wrong(
        "host with half an IPv6 address",
        "kahuna",
        {"host": "https://[::1"},
        "host",
        remedy="https://",
    ),
    wrong(
        "host with an impossible port",
        "kahuna",
        {"host": "https://example.com:99999"},
        "host",
        remedy="port",
    ),
    wrong(
        "host with an impossible port, and a port",
        "kahuna",
        {"host": "https://example.com:99999", "port": 443},
        "host",
        remedy="port",
    ),
    wrong("port alone", "kahuna", {"port": 8765}, "port", remedy="host"),
    wrong("two ports", "kahuna", {"host": "https://example.com:1", "port": 2}, "port", "host", remedy="port empty"),
    wrong("schema", "kahuna", {"schema": "https", "host": PUBLIC}, "schema", remedy="https://"),
    wrong("extra no JSON", "kahuna", {"extra": f"{{{SECRET}"}, "extra", remedy="JSON"),
    wrong("extra a list", "kahuna", {"extra": f'["{SECRET}"]'}, "extra", remedy="JSON object"),
    wrong("extra a text", "kahuna", {"extra": f'"{SECRET}"'}, "extra", remedy="JSON object"),
    wrong("timeout 0", "kahuna", {"extra": {"timeout": 0}}, "timeout", remedy="over 0"),
    wrong("timeout negative", "kahuna", {"extra": {"timeout": -1}}, "timeout", remedy="over 0"),
    wrong("timeout a word", "kahuna", {"extra": {"timeout": "soon"}}, "timeout", remedy="number"),
    wrong("timeout true", "kahuna", {"extra": {"timeout": True}}, "timeout", remedy="number"),
    wrong("timeout nan", "kahuna", {"extra": {"timeout": "nan"}}, "timeout", remedy="number"),
    wrong("timeout infinite", "kahuna", {"extra": {"timeout": "inf"}}, "timeout", remedy="number"),
    wrong("timeout an object", "kahuna", {"extra": {"timeout": {"read": 5}}}, "timeout", remedy="number"),
    wrong("timeout a text of three", "kahuna", {"extra": {"timeout": "[1, 2, 3]"}}, "timeout", remedy="two numbers"),
    wrong("timeout no list", "kahuna", {"extra": {"timeout": "[1, 2"}}, "timeout", remedy="number"),
    wrong("timeout of one", "kahuna", {"extra": {"timeout": [1]}}, "timeout", remedy="two numbers"),
    wrong("timeout of three", "kahuna", {"extra": {"timeout": [1, 2, 3]}}, "timeout", remedy="two numbers"),
    wrong("timeout with null", "kahuna", {"extra": {"timeout": [1, None]}}, "timeout", remedy="default"),
    wrong("timeout with a word", "kahuna", {"extra": {"timeout": [1, "soon"]}}, "timeout", remedy="number"),
    wrong("rate_limit 0", "kahuna", {"extra": {"rate_limit": 0}}, "rate_limit", remedy="over 0"),
    wrong("rate_limit text 0", "kahuna", {"extra": {"rate_limit": "0"}}, "rate_limit", remedy="over 0"),
    wrong("rate_limit negative", "kahuna", {"extra": {"rate_limit": -5}}, "rate_limit", remedy="over 0"),
    wrong("rate_limit a word", "kahuna", {"extra": {"rate_limit": "fast"}}, "rate_limit", remedy="number"),
    wrong("rate_limit true", "kahuna", {"extra": {"rate_limit": True}}, "rate_limit", remedy="number"),
    wrong("rate_limit a list", "kahuna", {"extra": {"rate_limit": [5]}}, "rate_limit", remedy="number"),
    wrong("verify a list", "kahuna", {"extra": {"verify": ["ca.pem"]}}, "verify", remedy="true or false"),
    wrong("verify a number", "kahuna", {"extra": {"verify": 2}}, "verify", remedy="true or false"),
    wrong("cert a number", "kahuna", {"extra": {"cert": 1}}, "cert", remedy="path"),
    wrong("cert of one", "kahuna", {"extra": {"cert": ["a.pem"]}}, "cert", remedy="two paths"),
    wrong("cert of three", "kahuna", {"extra": {"cert": ["a", "b", "c"]}}, "cert", remedy="two paths"),
    wrong("cert with a number", "kahuna", {"extra": {"cert": ["a.pem", 1]}}, "cert", remedy="two paths"),
    wrong("allow_http a word", "kahuna", {"host": "http://example.com", "extra": {"allow_http": "perhaps"}},
          "allow_http", remedy="true or false"),
    wrong("allow_http a number", "kahuna", {"host": "http://example.com", "extra": {"allow_http": 2}},
          "allow_http", remedy="true or false"),
    wrong(
        "allow_http a word, unused",
        "kahuna",
        {"extra": {"allow_http": "perhaps"}},
        "allow_http",
        remedy="true or false",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "fields", "words", "remedy"), WRONG)
def test_a_wrong_connection_is_refused_by_name(
    hook_of: Callable[..., Any], vendor: str, fields: dict[str, Any], words: tuple[str, ...], remedy: str
) -> None:
    hook = hook_of(vendor, **{"password": SECRET, **fields})
    with pytest.raises(RefusedConfiguration) as refused:
        hook.get_conn()
    message = str(refused.value)
    assert f"{vendor}_default" in message, "the sentence does not say which connection"
    for word in (*words, remedy):
        assert word in message
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(("vendor", "fields", "words", "remedy"), WRONG)
def test_test_connection_says_the_same(
    hook_of: Callable[..., Any], vendor: str, fields: dict[str, Any], words: tuple[str, ...], remedy: str
) -> None:
    works, sentence = hook_of(vendor, **{"password": SECRET, **fields}).test_connection()
    assert not works
    assert words[0] in sentence
    assert remedy in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    ("vendor", "fields", "url"),
    [
        ("engagelab", {}, "https://ma-api.engagelab.com"),
        ("engagelab", {"extra": {"region": "singapore"}}, "https://ma-api.engagelab.com"),
        ("engagelab", {"extra": {"region": "virginia"}}, "https://ma-api-usva.engagelab.com"),
        ("engagelab", {"extra": {"region": ""}}, "https://ma-api.engagelab.com"),
        ("engagelab", {"extra": {"region": None}}, "https://ma-api.engagelab.com"),
        ("kahuna", {}, "https://tap-nexus.appspot.com"),
        ("kahuna", {"extra": {"environment": "sandbox"}}, "https://tap-nexus.appspot.com"),
        *(
            ("moengage", {"extra": {"data_center": number}}, f"https://api-{number}.moengage.com")
            for number in ("01", "02", "03", "04", "05", "06", "101")
        ),
        ("moengage", {"host": PUBLIC}, PUBLIC),
        ("moengage", {"host": PUBLIC, "extra": {"data_center": "02"}}, PUBLIC),
        ("engagelab", {"host": f"{PUBLIC}/", "extra": {"region": "virginia"}}, PUBLIC),
        ("kahuna", {"host": "https://example.com"}, "https://example.com"),
        ("kahuna", {"host": "https://example.com", "port": 8443}, "https://example.com:8443"),
        ("kahuna", {"host": "https://example.com/a/b", "port": 8443}, "https://example.com:8443/a/b"),
        ("kahuna", {"host": "https://example.com:8443", "port": 8443}, "https://example.com:8443"),
        ("kahuna", {"host": "http://127.0.0.1:8765/kahuna"}, "http://127.0.0.1:8765/kahuna"),
        ("kahuna", {"host": "http://127.8.9.1"}, "http://127.8.9.1"),
        ("kahuna", {"host": "http://localhost:1"}, "http://localhost:1"),
        ("kahuna", {"host": "http://LOCALHOST:1"}, "http://LOCALHOST:1"),
        ("kahuna", {"host": "http://[::1]:8765/kahuna"}, "http://[::1]:8765/kahuna"),
        ("kahuna", {"host": "http://10.0.0.1", "extra": {"allow_http": True}}, "http://10.0.0.1"),
    ],
)
def test_requests_go_to(hook_of: Callable[..., Any], vendor: str, fields: dict[str, Any], url: str) -> None:
    assert hook_of(vendor, **fields).transport.base_url == url


@pytest.mark.parametrize("flag", [True, "true", "True", "1", "yes", "on", 1])
def test_allow_http_is_true(hook_of: Callable[..., Any], flag: object) -> None:
    hook = hook_of("kahuna", host="http://10.0.0.1", extra={"allow_http": flag})
    assert hook.settings.base_url == "http://10.0.0.1"


@pytest.mark.parametrize("flag", [False, "false", "False", "0", "no", "off", 0, "", None])
def test_allow_http_is_false(hook_of: Callable[..., Any], flag: object) -> None:
    with pytest.raises(RefusedConfiguration, match="allow_http"):
        _ = hook_of("kahuna", host="http://10.0.0.1", extra={"allow_http": flag}).settings


@pytest.mark.parametrize(
    ("extra", "setting", "value"),
    [
        ({}, "timeout", (10.0, 30.0)),
        ({"timeout": None}, "timeout", (10.0, 30.0)),
        ({"timeout": ""}, "timeout", (10.0, 30.0)),
        ({"timeout": 5}, "timeout", (5.0, 5.0)),
        ({"timeout": "2.5"}, "timeout", (2.5, 2.5)),
        ({"timeout": [1, 0.2]}, "timeout", (1.0, 0.2)),
        ({"timeout": ["1", "0.2"]}, "timeout", (1.0, 0.2)),
        ({"timeout": "[1, 0.2]"}, "timeout", (1.0, 0.2)),
        ({}, "rate_limit", None),
        ({"rate_limit": ""}, "rate_limit", None),
        ({"rate_limit": 5}, "rate_limit", 5.0),
        ({"rate_limit": "0.5"}, "rate_limit", 0.5),
        ({}, "verify", True),
        ({"verify": ""}, "verify", True),
        ({"verify": True}, "verify", True),
        ({"verify": "true"}, "verify", True),
        ({"verify": False}, "verify", False),
        ({"verify": "False"}, "verify", False),
        ({"verify": "/etc/ca.pem"}, "verify", "/etc/ca.pem"),
        ({}, "cert", None),
        ({"cert": ""}, "cert", None),
        ({"cert": "/etc/client.pem"}, "cert", "/etc/client.pem"),
        ({"cert": ["/etc/client.pem", "/etc/client.key"]}, "cert", ("/etc/client.pem", "/etc/client.key")),
        ({"cert": '["/etc/client.pem", "/etc/client.key"]'}, "cert", ("/etc/client.pem", "/etc/client.key")),
        ({"cert": "[odd]/client.pem"}, "cert", "[odd]/client.pem"),
        ({}, "choice", "production"),
        ({"environment": "sandbox"}, "choice", "sandbox"),
    ],
)
def test_extras(hook_of: Callable[..., Any], extra: dict[str, Any], setting: str, value: object) -> None:
    assert getattr(hook_of("kahuna", extra=extra).settings, setting) == value


def test_extras_may_be_a_text(hook_of: Callable[..., Any]) -> None:
    settings = hook_of("kahuna", extra=json.dumps({"timeout": [1, 2], "environment": "sandbox"})).settings
    assert (settings.timeout, settings.choice) == ((1.0, 2.0), "sandbox")


URL = quote("http://127.0.0.1:8765/kahuna", safe="")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (f"kahuna://key:secret@{URL}", ("http://127.0.0.1:8765/kahuna", "key", "secret")),
        (f"kahuna://k%2Fe%40y:s%3Ae%2Fc@{URL}/", ("http://127.0.0.1:8765/kahuna", "k/e@y", "s:e/c")),
        (f"kahuna://cl%C3%A9:%D0%BA%D0%BB%D1%8E%D1%87@{URL}", ("http://127.0.0.1:8765/kahuna", "clé", "ключ")),
        ("kahuna://https://key:secret@example.com:8443", ("https://example.com:8443", "key", "secret")),
        ("kahuna://key:secret@", ("", "key", "secret")),
    ],
    ids=["encoded host", "encoded credentials", "non-ASCII credentials", "host with a scheme", "vendor's own address"],
)
def test_a_connection_as_uri(hook_of: Callable[..., Any], uri: str, expected: tuple[str, str, str]) -> None:
    settings = hook_of("kahuna", uri).settings
    assert (settings.base_url, settings.login, settings.password) == expected


def test_extras_of_a_uri_are_texts(hook_of: Callable[..., Any]) -> None:
    uri = "kahuna://key:secret@http%3A%2F%2F10.0.0.1/?environment=sandbox&timeout=5&rate_limit=2.5"
    settings = hook_of("kahuna", f"{uri}&allow_http=true&verify=false&cert=%2Fetc%2Fclient.pem").settings
    assert settings.base_url == "http://10.0.0.1"
    assert settings.choice == "sandbox"
    assert (settings.timeout, settings.rate_limit) == ((5.0, 5.0), 2.5)
    assert (settings.verify, settings.cert) == (False, "/etc/client.pem")


@pytest.mark.parametrize("code", ["7", "007", "blue"])
def test_an_extra_of_a_uri_may_look_like_a_number(hook_of: Callable[..., Any], code: str) -> None:
    uri = f"moengage://workspace:key@/?data_center=101&project_code={code}&timeout=%5B1%2C+0.2%5D"
    for read in (
        hook_of("moengage", uri).settings,
        # As ``airflow connections add --conn-uri`` stores it, and as Airflow before 3.2 reads it everywhere.
        hook_of("moengage", extra=json.loads(Connection(uri=uri).extra)).settings,
    ):
        assert (read.choice, read.own, read.timeout) == ("101", {"project_code": code}, (1.0, 0.2))


def test_extras_of_a_uri_as_json(hook_of: Callable[..., Any]) -> None:
    extra = quote(json.dumps({"timeout": [1, 0.2], "data_center": "101"}))
    hook = hook_of("moengage", f"moengage://workspace:key@/?__extra__={extra}")
    assert hook.settings.timeout == (1.0, 0.2)
    assert hook.transport.base_url == "https://api-101.moengage.com"


def test_a_path_of_a_uri_is_refused_and_not_lost(hook_of: Callable[..., Any]) -> None:
    with pytest.raises(RefusedConfiguration, match="schema"):
        _ = hook_of("kahuna", "kahuna://http://key:secret@127.0.0.1:8765/kahuna").settings


def test_settings_show_no_password(hook_of: Callable[..., Any]) -> None:
    assert SECRET not in repr(hook_of("kahuna", password=SECRET).settings)


@pytest.mark.parametrize("vendor", ["engagelab", "kahuna"])
def test_settings_show_no_secret_login(hook_of: Callable[..., Any], vendor: str) -> None:
    assert SECRET not in repr(hook_of(vendor, login=SECRET).settings)


@pytest.mark.usefixtures("airflow_database")
def test_a_connection_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_names import AirflowNotFoundException

    from airflow_provider_userattrs.hooks.kahuna import KahunaHook

    monkeypatch.delenv("AIRFLOW_CONN_KAHUNA_DEFAULT", raising=False)
    with pytest.raises(AirflowNotFoundException, match="kahuna_default"):
        KahunaHook().get_conn()


@settings(max_examples=100)
@given(
    extra=st.dictionaries(
        st.sampled_from(["timeout", "rate_limit", "verify", "cert", "allow_http", "environment", "colour"]),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
            max_leaves=4,
        ),
        max_size=4,
    ),
    host=st.none() | st.from_regex(r"(https?://)?[a-z0-9.:@/?#-]{0,12}", fullmatch=True),
)
def test_any_connection_is_either_refused_by_name_or_complete(
    hook_of: Callable[..., Any], extra: dict[str, Any], host: str | None
) -> None:
    hook = hook_of("kahuna", host=host, extra=extra, password=SECRET)
    refused: str | None
    try:
        settings = hook.settings
    except RefusedConfiguration as error:
        refused = str(error)
    else:
        refused = None
    if refused is not None:
        assert "kahuna_default" in refused
        assert SECRET not in refused
        return
    connect, read = settings.timeout
    assert 0 < connect < float("inf")
    assert 0 < read < float("inf")
    assert settings.rate_limit is None or settings.rate_limit > 0
    assert settings.choice in ("production", "sandbox")
    assert not settings.base_url or settings.base_url.startswith(("https://", "http://"))


@pytest.mark.parametrize("conn_type", [None, ""])
def test_a_connection_without_a_type_is_taken(hook_of: Callable[..., Any], conn_type: str | None) -> None:
    assert hook_of("kahuna", conn_type=conn_type).settings.login == "the-login"
