# SPDX-License-Identifier: Apache-2.0
"""Certificates: of the server, and of the client."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from hooks.vendor_operations import OPERATIONS, VENDORS

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration


@pytest.fixture
def tls(certificate: Path, tls_server: Callable[..., Any]) -> Iterator[Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with tls_server(lambda listening: context.wrap_socket(listening, server_side=True)) as recorder:
        yield recorder


def test_an_unknown_certificate_is_refused_with_the_remedy(hook_of: Callable[..., Any], tls: Any) -> None:
    with pytest.raises(RefusedConfiguration, match=r"certificate.*verify.*CA bundle"):
        hook_of("kahuna", host=tls.url).sender(OPERATIONS["kahuna"])(b"{}")
    with pytest.raises(RefusedConfiguration, match=r"certificate.*verify.*CA bundle"):
        hook_of("engagelab", host=tls.url).set_attributes(1, {"a": 1})
    assert tls.requests == []


def test_an_unknown_certificate_fails_the_connection_test(hook_of: Callable[..., Any], tls: Any) -> None:
    for vendor in VENDORS:
        works, sentence = hook_of(vendor, host=tls.url).test_connection()
        assert not works
        assert "verify" in sentence


def test_verify_names_the_bundle(hook_of: Callable[..., Any], tls: Any, certificate: Path) -> None:
    hook = hook_of("kahuna", host=tls.url, extra={"verify": str(certificate)})
    assert hook.sender(OPERATIONS["kahuna"])(b"{}").status == 200
    assert len(tls.requests) == 1


def test_verify_false_verifies_nothing(hook_of: Callable[..., Any], tls: Any) -> None:
    hook = hook_of("kahuna", host=tls.url, extra={"verify": False})
    with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        assert hook.sender(OPERATIONS["kahuna"])(b"{}").status == 200


def test_verify_wins_over_the_environment(
    hook_of: Callable[..., Any], tls: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.utils.DEFAULT_CA_BUNDLE_PATH)
    hook = hook_of("kahuna", host=tls.url, extra={"verify": str(certificate)})
    assert hook.sender(OPERATIONS["kahuna"])(b"{}").status == 200


def test_without_verify_the_environment_names_the_bundle(
    hook_of: Callable[..., Any], tls: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert hook_of("kahuna", host=tls.url).sender(OPERATIONS["kahuna"])(b"{}").status == 200


def test_a_client_certificate_is_shown(
    hook_of: Callable[..., Any], certificate: Path, tls_server: Callable[..., Any]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with tls_server(lambda listening: context.wrap_socket(listening, server_side=True)) as recorder:
        hook = hook_of("kahuna", host=recorder.url, extra={"verify": str(certificate), "cert": str(certificate)})
        for _ in range(2):
            assert hook.sender(OPERATIONS["kahuna"])(b"{}").status == 200
        hook.close()
