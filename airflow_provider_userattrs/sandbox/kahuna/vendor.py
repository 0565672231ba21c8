# SPDX-License-Identifier: Apache-2.0
"""Kahuna's User Attribute API. Source: seed 002_3492fff7f26e71be.txt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..basic import Login
from ..clock import Clock
from ..exchange import JSON_TYPE, Request, Response, gateway_page, json_response, no_such_path, wrong_method
from ..faults import Firing, Then
from ..json_text import MALFORMED
from ..refusal import RefusedError
from ..switches import Switch, Switches
from .checks import MAX_USERS, items_of, value_problem, white_listed
from .errors import ACCOUNTS, ITEM_ERRORS, REQUEST_ERRORS, KahunaError
from .switches import SWITCHES
from .users import Users

PATH = "/api/userattributes"
_NO_FIRING = Firing(0, Then())


def _failed(code: int, message: str) -> dict[str, Any]:
    return {"success": False, "error_code": code, "error": message}


class Kahuna:
    """One Kahuna namespace, with its production and its sandbox environment."""

    name: ClassVar[str] = "kahuna"
    title: ClassVar[str] = "Kahuna"
    login: ClassVar[Login] = Login("sandbox-secret-key", "sandbox-api-key")
    environments: ClassVar[tuple[str, ...]] = ("p", "s")
    switches: ClassVar[tuple[Switch, ...]] = SWITCHES

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self.reset()

    def reset(self) -> None:
        """Discard all users."""
        self.users = {environment: Users() for environment in self.environments}

    def endpoint(self, path: str) -> str | None:
        """Return the documented path that matches."""
        return PATH if path == PATH else None

    @staticmethod
    def _targets(request: Request) -> list[dict[str, Any]]:
        items = request.json.get("user_attributes_array") if isinstance(request.json, dict) else None
        if not isinstance(items, list):
            return []
        targets = (item.get("target") if isinstance(item, dict) else None for item in items)
        return [target if isinstance(target, dict) else {} for target in targets]

    def rows(self, request: Request) -> int:
        """Return the number of elements of the array."""
        return len(self._targets(request))

    def users_named(self, request: Request) -> frozenset[str]:
        """Return every credential value in the request."""
        return frozenset(str(value) for target in self._targets(request) for value in target.values())

    def respond(self, request: Request, *, apply: bool = True, firing: Firing | None = None) -> Response:
        """Check in this order: credentials, format, environment, items."""
        if request.path != PATH:
            return no_such_path()
        if request.method != "POST":
            return wrong_method()
        try:
            self._check_account(request)
            if request.media_type != JSON_TYPE:
                raise KahunaError(400, "Content-Type must be application/json")
            if request.json is MALFORMED:
                raise KahunaError(400, "The JSON is written incorrectly")
            environment = request.query.get("env", "")
            if environment not in self.environments:
                raise KahunaError(400, "env must be p or s")
            items = items_of(request.json, self._switches)
        except KahunaError as error:
            return self._request_error(error.status, error.message)
        return self._respond_to_items(self.users[environment], items, apply, firing or _NO_FIRING)

    def _check_account(self, request: Request) -> None:
        login = request.login
        if not isinstance(login, Login):
            raise KahunaError(401)
        state = login.user
        if login == self.login:
            state = self._switches["kahuna.account"]
            if state == "active":
                return
        raise KahunaError(ACCOUNTS.get(state, 401))

    def _respond_to_items(self, users: Users, items: list[dict[str, Any]], apply: bool, firing: Firing) -> Response:
        results: list[dict[str, Any]] = []
        applied = False
        for index, item in enumerate(items):
            fault = firing.then if firing.every_item else _item_fault(firing.items, item["target"])
            applies = apply and (fault is None or fault.apply == "before")
            result = self._update(users, item, index, applies)
            applied = applied or (applies and result is None)
            if fault is not None:
                code = int(fault.code or 0)
                result = _failed(code, fault.message or ITEM_ERRORS.get(code, "Update failed"))
            results.append({"success": True} if result is None else result)
        codes = Counter(str(result["error_code"]) for result in results if "error_code" in result)
        response = json_response(200, results[: max(0, len(results) - firing.then.short_array)], applied=applied)
        response.codes = dict(codes)
        return response

    def _update(self, users: Users, item: Mapping[str, Any], index: int, apply: bool) -> dict[str, Any] | None:
        if index >= MAX_USERS:
            return _failed(400, f"At most {MAX_USERS} users are allowed per request")
        user = users.first_match(white_listed(item["target"], self._switches))
        if user is None:
            return _failed(404, ITEM_ERRORS[404])
        problem = value_problem(item["attributes"])
        if problem is not None:
            return _failed(400, problem)
        if apply:
            user.update(item["attributes"], self._switches["history"])
        return None

    def _request_error(self, status: int, message: str | None = None, code: int | None = None) -> Response:
        code = status if code is None else code
        error = _failed(code, message or REQUEST_ERRORS.get(status, "Request failed"))
        form = self._switches["kahuna.error_body"]
        response = json_response(status, error if form == "object" else [error], code=str(code))
        if form == "empty":
            response.body = b""
        return response

    def alters_response(self, then: Then) -> bool:
        """Return whether a fault's code applies to items."""
        return then.by_code

    def check_fault(self, then: Then) -> None:
        """Refuse a code that is no integer."""
        if then.code is not None and not isinstance(then.code, int):
            raise RefusedError("then.code must be an integer at kahuna")

    def fault_response(self, then: Then) -> Response:
        """Return an array of one error for a documented status or a code, else a gateway's page."""
        status = then.status or 200
        if isinstance(then.code, int):
            return self._request_error(status, then.message, then.code)
        if status in REQUEST_ERRORS:
            return self._request_error(status, then.message)
        return gateway_page(status, then.message)

    @staticmethod
    def user(number: int) -> dict[str, str]:
        """Return the made-up credentials of a number."""
        username = f"user{number:04d}"
        return {"username": username, "email": f"{username}@example.com"}

    def seed(self, users: list[Any], environment: str) -> int:
        """Add users by their credentials."""
        for user in users:
            fits = isinstance(user, dict) and user
            if not fits or not all(isinstance(value, str) and value for value in user.values()):
                raise RefusedError('users must be a list of credentials, like {"username": "george0000"}')
        for user in users:
            self.users[environment].add(user)
        return len(users)

    def count(self, environment: str) -> int:
        """Return the number of users in an environment."""
        return len(self.users[environment].by_key)

    def stored(self, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the users of an environment."""
        return ((key, user.view()) for key, user in self.users[environment].by_key.items())

    def stored_user(self, key: str, environment: str) -> dict[str, Any] | None:
        """Return one user by the value of the first credential, or None."""
        user = self.users[environment].by_key.get(key)
        return None if user is None else user.view()

    def flush(self) -> int:
        """Return 0: this vendor queues nothing."""
        return 0

    def details(self) -> dict[str, object]:
        """Return nothing further."""
        return {}


def _item_fault(faults: Mapping[str, Then], target: Mapping[str, Any]) -> Then | None:
    if not faults:
        return None
    return next((faults[str(value)] for value in target.values() if str(value) in faults), None)
