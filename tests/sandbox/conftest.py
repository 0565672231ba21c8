# SPDX-License-Identifier: Apache-2.0
"""One sandbox for all tests here, put back to its beginning before each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from airflow_provider_userattrs.sandbox.server import Sandbox, serve

ENGAGELAB = ("sandbox-key", "sandbox-secret")
KAHUNA = ("sandbox-secret-key", "sandbox-api-key")
MOENGAGE = ("SANDBOXWORKSPACE", "sandbox-data-key")


class Control:
    """The control API, as a test uses it."""

    def __init__(self, url: str, http: requests.Session) -> None:
        self.url = f"{url}/_sandbox"
        self.http = http

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.http.get(f"{self.url}/{path}", params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.http.post(f"{self.url}/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def switch(self, **switches: Any) -> None:
        self.post("switches", {name.replace("__", "."): value for name, value in switches.items()})

    def fault(self, then: dict[str, Any], when: Any = None, vendor: str | None = None, path: Any = None) -> int:
        ids: list[int] = self.post("faults", {"vendor": vendor, "path": path, "when": when, "then": then})["ids"]
        return ids[0]

    def seed(self, vendor: str, *users: Any, **more: Any) -> None:
        self.post("users", {"vendor": vendor, "users": list(users), **more})

    def user(self, vendor: str, key: object, **query: Any) -> Any:
        return self.get(f"users/{vendor}/{key}", **query)

    def last(self) -> Any:
        return self.get("journal", limit=1)["requests"][0]

    def until(self, fits: Callable[[Any], bool]) -> None:
        """Ask for the health until it is as wanted."""
        for _ in range(20_000):
            if fits(self.get("health")):
                return
        pytest.fail("the sandbox never came to be as wanted")


class Client:
    """Sends requests to the three vendors, right ones unless told otherwise."""

    def __init__(self, url: str, http: requests.Session) -> None:
        self.url = url
        self.http = http

    def send(self, path: str, body: Any, auth: Any, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        method = options.pop("method", "POST")
        if isinstance(body, bytes):
            headers = {"Content-Type": "application/json", **options.pop("headers", {})}
            return self.http.request(method, self.url + path, data=body, auth=auth, headers=headers, **options)
        return self.http.request(method, self.url + path, json=body, auth=auth, **options)

    def property(self, body: Any, auth: Any = ENGAGELAB, **options: Any) -> requests.Response:
        return self.send("/engagelab/v1/user/property", body, auth, **options)

    def contact(self, body: Any, auth: Any = ENGAGELAB, **options: Any) -> requests.Response:
        return self.send("/engagelab/v1/user/contact", body, auth, **options)

    def register(self, body: Any, auth: Any = ENGAGELAB, **options: Any) -> requests.Response:
        return self.send("/engagelab/v1/user/register", body, auth, **options)

    def set(self, euid: object, operation: str = "set", **properties: Any) -> Any:
        return self.property({"euid": euid, "type": operation, "properties": properties}).json()

    def kahuna(self, body: Any, auth: Any = KAHUNA, env: str = "p", **options: Any) -> requests.Response:
        return self.send(f"/kahuna/api/userattributes?env={env}", body, auth, **options)

    def items(self, *pairs: tuple[dict[str, Any], dict[str, Any]], env: str = "p") -> requests.Response:
        array = [{"target": target, "attributes": attributes} for target, attributes in pairs]
        return self.kahuna({"user_attributes_array": array}, env=env)

    def customer(self, body: Any, auth: Any = MOENGAGE, app_id: str = MOENGAGE[0], **options: Any) -> requests.Response:
        return self.send(f"/moengage/v1/customer/{app_id}", body, auth, **options)

    def track(self, customer_id: Any, attributes: Any = None, **more: Any) -> requests.Response:
        body = {"type": "customer", "customer_id": customer_id, **more}
        return self.customer(body if attributes is None else {**body, "attributes": attributes})


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Let nobody's proxy stand between the tests and loopback."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="session")
def _served() -> Iterator[Sandbox]:
    with serve(port=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def sandbox(_served: Sandbox) -> Iterator[Sandbox]:
    _served.world.reset()
    yield _served
    _served.world.reset()


@pytest.fixture
def control(sandbox: Sandbox, http: requests.Session) -> Control:
    return Control(sandbox.url, http)


@pytest.fixture
def client(sandbox: Sandbox, http: requests.Session) -> Client:
    return Client(sandbox.url, http)
