# SPDX-License-Identifier: Apache-2.0
"""Proxies of the environment."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from hooks.vendor_operations import OPERATIONS, assert_not_sent

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


@pytest.fixture
def without_no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    return monkeypatch


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    hook_of: Callable[..., Any], recorder: Any, without_no_proxy: pytest.MonkeyPatch, closed_port: int, variable: str
) -> None:
    without_no_proxy.setenv(variable, recorder.url)
    send = hook_of("engagelab", host=f"http://127.0.0.1:{closed_port}/base").sender(OPERATIONS["engagelab"])
    for _ in range(2):
        assert send(b"{}").status == 200
    target = f"http://127.0.0.1:{closed_port}/base/v1/user/property"
    assert [request.target for request in recorder.requests] == [target] * 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_proxy_sent_nothing(
    hook_of: Callable[..., Any], without_no_proxy: pytest.MonkeyPatch, closed_port: int, scheme: str
) -> None:
    without_no_proxy.setenv(f"{scheme}_proxy", f"http://me:the-password@127.0.0.1:{closed_port}")
    assert_not_sent(hook_of("engagelab", host=f"{scheme}://127.0.0.1:{closed_port}"))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_proxy_that_gives_no_tunnel_for_now_sent_nothing(
    hook_of: Callable[..., Any], recorder: Any, without_no_proxy: pytest.MonkeyPatch, closed_port: int, status: int
) -> None:
    recorder.status = status
    without_no_proxy.setenv("https_proxy", recorder.url)
    assert_not_sent(hook_of("engagelab", host=f"https://127.0.0.1:{closed_port}"))
    assert [request.method for request in recorder.requests] == ["CONNECT"]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (401, "asks for credentials"),
        (403, "refuses connections to the host"),
        (404, "refuses connections to the host"),
        (405, "does not open tunnels"),
        (407, "asks for credentials"),
    ],
)
def test_a_proxy_that_refuses_the_tunnel_is_a_configuration_error(
    hook_of: Callable[..., Any],
    recorder: Any,
    without_no_proxy: pytest.MonkeyPatch,
    closed_port: int,
    status: int,
    meaning: str,
) -> None:
    """As it is where the proxy answers the request itself, over plain http."""
    recorder.status = status
    without_no_proxy.setenv("https_proxy", recorder.url.replace("//", "//me:the-password@"))
    hook = hook_of("engagelab", host=f"https://127.0.0.1:{closed_port}")
    with pytest.raises(
        RefusedConfiguration, match=rf"proxy {meaning} \({status}\).*Check the proxy's settings"
    ) as error:
        hook.sender(OPERATIONS["engagelab"])(b"{}")
    assert "the-password" not in str(error.value)
    assert [request.method for request in recorder.requests] == ["CONNECT"]


@pytest.mark.skipif(find_spec("socks") is not None, reason="PySocks is installed")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_socks_proxy_without_pysocks_is_named(
    hook_of: Callable[..., Any], without_no_proxy: pytest.MonkeyPatch, closed_port: int, scheme: str
) -> None:
    without_no_proxy.setenv("all_proxy", f"socks5h://me:the-password@127.0.0.1:{closed_port}")
    hook = hook_of("engagelab", host=f"{scheme}://127.0.0.1:{closed_port}")
    with pytest.raises(RefusedConfiguration, match=r"SOCKS proxy.*install requests\[socks\]") as error:
        hook.sender(OPERATIONS["engagelab"])(b"{}")
    assert "the-password" not in str(error.value)


def test_no_proxy_is_obeyed(hook_of: Callable[..., Any], recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    hook = hook_of("engagelab", host=recorder.url)
    assert hook.sender(OPERATIONS["engagelab"])(b"{}").status == 200
