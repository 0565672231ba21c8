# SPDX-License-Identifier: Apache-2.0
"""The page at the root."""

from __future__ import annotations

import re
import shlex
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

EVIL = "<script>alert('\"&')</script>"


class Tags(HTMLParser):
    """Collects the tags of a page and its addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value for name, value in attrs if name in ("src", "href")}


@pytest.fixture
def page(sandbox: Any, http: Any) -> Any:
    def get() -> str:
        answer = http.get(sandbox.url)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return str(answer.text)

    return get


def test_empty(page: Any) -> None:
    text = page()
    assert re.findall("<h2>(.*?)</h2>", text) == ["EngageLab MA", "Kahuna", "MoEngage"]
    assert "prefers-color-scheme" in text
    tags = Tags()
    tags.feed(text)
    assert tags.addresses == {"data:,"}
    assert "script" not in tags.tags


def test_shows_users_requests_and_refusals(client: Any, control: Any, page: Any) -> None:
    control.seed("engagelab", *range(1, 31))
    control.seed("kahuna", {"username": "production-user"})
    control.seed("kahuna", {"username": "sandbox-user"}, environment="s")
    client.set(1, color="green")
    client.set(99, color="red")
    client.items(({"username": "nobody"}, {"x": 1}))
    client.customer({}, auth=None)
    control.fault({"close": True}, vendor="moengage")
    with pytest.raises(Exception, match="Connection aborted"):
        client.track("somebody")
    text = page()
    for word in (
        "30 users<",
        "green",
        "55108",
        "404 (1)",
        "HTTP 401",
        "Authentication required",
        "no answer",
    ):
        assert word in text
    assert "production-user" in text
    assert "sandbox-user" in text
    assert "/kahuna/api/userattributes?env=p" in text
    assert "<td>20</td>" in text
    assert "<td>21</td>" not in text


def test_everything_is_escaped(client: Any, control: Any, page: Any) -> None:
    control.switch(history=True)
    control.seed("engagelab", 7)
    control.seed("kahuna", {EVIL: EVIL})
    client.set(7, **{EVIL: EVIL})
    client.track(EVIL, {EVIL: EVIL, "lone": "\ud800"})
    control.fault({"code": EVIL, "status": 400}, vendor="moengage")
    client.track("somebody")
    text = page()
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#x27;" in text
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.tags


def test_has_credentials_and_a_seeding_command_that_works(sandbox: Any, control: Any, page: Any, http: Any) -> None:
    text = unescape(page())
    for vendor in sandbox.world.vendors.values():
        user, password = vendor.login
        assert (
            f"<code>{sandbox.url}/{vendor.name}</code>, login <code>{user}</code>, password <code>{password}<" in text
        )
    commands = re.findall(r"<code>(curl .*?)</code>", text)
    assert len(commands) == 3
    for command, vendor in zip(commands, sandbox.world.vendors, strict=True):
        curl, url, option, body = shlex.split(command)
        assert (curl, option) == ("curl", "-d")
        form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl -d says
        assert http.post(url, data=body, headers=form).json() == {"added": 1, "count": 1}
        assert control.get(f"users/{vendor}")["count"] == 1
