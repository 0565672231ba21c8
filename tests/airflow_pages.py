# SPDX-License-Identifier: Apache-2.0
"""Airflow's own API server, with its own auth manager, asked over HTTP in this process."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest


class Page(HTMLParser):
    """What can be seen on a page, and what a browser would make of it."""

    VOID = frozenset({"meta", "link", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script", "title"} & set(self._open) and data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    @property
    def level(self) -> str | None:
        """How bad it is."""
        return next(value for name, value in self.attributes if name == "class")

    @property
    def is_live(self) -> bool:
        """Whether it will be fetched again."""
        return ("data-live", None) in self.attributes


@pytest.fixture
def page() -> type[Page]:
    return Page


@pytest.fixture(scope="session")
def client(airflow_database: None) -> Any:
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    return TestClient(create_app("core"), raise_server_exceptions=False, base_url="http://127.0.0.1")


@pytest.fixture
def token() -> Callable[..., str]:
    """Log somebody in."""

    def token(role: str | None = "viewer", **more: Any) -> str:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        return str(get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ada", role=role, **more)))

    return token


@pytest.fixture
def get(client: Any, token: Callable[..., str]) -> Callable[..., Any]:
    """Ask for a task's page; as a viewer, or as told."""

    def get(dag_id: str, run_id: str, task_id: str, which: object = "{MAP_INDEX}", **options: Any) -> Any:
        path = "/".join(quote(str(part), safe="") for part in ("dags", dag_id, "runs", run_id, "tasks", task_id, which))
        return client.get(f"/userattrs/{path}", **{"headers": {"Authorization": f"Bearer {token()}"}, **options})

    return get


@pytest.fixture
def see(get: Callable[..., Any]) -> Callable[..., Page]:
    """Look at the page of a task of a run that has ended."""

    def see(run: Any, task_id: str = "push", which: object = "{MAP_INDEX}") -> Page:
        answer = get(run.dag.dag_id, run.dag_run.run_id, task_id, which)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    return see
