# SPDX-License-Identifier: Apache-2.0
"""A web page of another origin changes nothing in the sandbox; its own page and other clients do."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from airflow_provider_userattrs.sandbox.origins import is_foreign

OTHERS = [
    "http://evil.example",
    "null",
    "http://localhost:8080",
    "http://127.0.0.1:1",
    "http://127.0.0.1.evil.example",
    "",
]
WRITES = {
    "/_sandbox/users": {"vendor": "kahuna", "users": [{"username": "bob"}]},
    "/_sandbox/faults": {"vendor": "kahuna", "when": {"next": 1}, "then": {"status": 500}},
    "/_sandbox/switches": {"engagelab.any_user": True},
    "/_sandbox/reset": {},
    "/kahuna/api/userattributes?env=p": {},
}


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("origin", OTHERS)
def test_another_origin_changes_nothing(sandbox: Any, http: requests.Session, path: str, origin: str) -> None:
    """A text needs no permission that a browser would ask for before it is sent."""
    sandbox.world.vendors["kahuna"].seed([{"username": "ada"}], "p")
    switches = http.get(f"{sandbox.url}/_sandbox/switches").json()
    answer = http.post(sandbox.url + path, json=WRITES[path], headers={"Origin": origin, "Content-Type": "text/plain"})
    assert (answer.status_code, answer.text.split(" from ")[0]) == (403, "The sandbox takes nothing")
    assert sandbox.world.vendors["kahuna"].count("p") == 1
    assert sandbox.world.journal.entries() == []
    assert http.get(f"{sandbox.url}/_sandbox/switches").json() == switches


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_origin(sandbox: Any, http: requests.Session, name: str) -> None:
    own = sandbox.url.replace("127.0.0.1", name)
    host, path = own.partition("://")[2], "/_sandbox/users"
    answer = http.post(sandbox.url + path, json=WRITES[path], headers={"Origin": own, "Host": host})
    assert answer.json()["added"] == 1


def test_a_link_from_another_page_leads_to_the_page(sandbox: Any, http: requests.Session) -> None:
    answer = http.get(sandbox.url, headers={"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", ""])
def test_what_is_foreign(method: str) -> None:
    assert is_foreign(method, b"localhost:8765", [b"http://localhost:8765", b"http://evil.example"])
    assert not is_foreign(method, b"LOCALHOST:8765", [b"HTTP://localhost:8765"])
    assert not is_foreign(method, b"localhost:8765", [])
