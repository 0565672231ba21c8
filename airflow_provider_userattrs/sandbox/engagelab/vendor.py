# SPDX-License-Identifier: Apache-2.0
"""EngageLab MA's REST API: properties, contacts, and the registration that gives out EUIDs.

Sources: seeds 000_07f6870b0c84cf74.txt and 001_ba1b38142f9df95a.txt;
https://www.engagelab.com/docs/marketing-automation/rest-api/get-euid for the registration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..basic import Login
from ..clock import Clock
from ..exchange import JSON_TYPE, Request, Response, gateway_page, json_response, no_such_path, wrong_method
from ..faults import Firing, Then
from ..json_text import is_integer
from ..refusal import RefusedError
from ..switches import Switch, Switches
from . import checks, registration
from .errors import ACCOUNTS, CODE_OF_STATUS, ERRORS, EngageLabError
from .operations import OPERATIONS
from .switches import SWITCHES
from .users import MAX_LONG, Users

PARTIAL = "partial success"
_FIRST_EUID = 10_360_000


class EngageLab:
    """The EngageLab project behind one API data source."""

    name: ClassVar[str] = "engagelab"
    title: ClassVar[str] = "EngageLab MA"
    login: ClassVar[Login] = Login("sandbox-key", "sandbox-secret")
    environments: ClassVar[tuple[str, ...]] = ("",)
    switches: ClassVar[tuple[Switch, ...]] = SWITCHES

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._endpoints = {
            "/v1/user/property": self._property,
            "/v1/user/contact": self._contact,
            "/v1/user/register": self._register,
        }
        self.reset()

    def reset(self) -> None:
        """Discard all users."""
        self.users = Users()

    def endpoint(self, path: str) -> str | None:
        """Return the documented path that matches."""
        return path if path in self._endpoints else None

    def rows(self, request: Request) -> int:
        """Return the number of users in a request: one, or several in a registration."""
        values = request.json.get("identity_values") if isinstance(request.json, dict) else None
        return len(values) if isinstance(values, list) else 1

    def users_named(self, request: Request) -> frozenset[str]:
        """Return the euid as text, or the identifiers of a registration."""
        if not isinstance(request.json, dict):
            return frozenset()
        values = request.json.get("identity_values")
        return frozenset(map(str, values)) if isinstance(values, list) else frozenset({str(request.json.get("euid"))})

    def respond(self, request: Request, *, apply: bool = True, firing: Firing | None = None) -> Response:
        """Check in this order: credentials, structure, user, names, values."""
        handle = self._endpoints.get(request.path)
        if handle is None:
            return no_such_path()
        if request.method != "POST":
            return wrong_method()
        lost = self._switches["engagelab.partial_success"]
        message = PARTIAL
        if firing is not None and self.alters_response(firing.then):
            lost, message = True, firing.then.message or PARTIAL
        try:
            self._check_account(request)
            if request.media_type != JSON_TYPE or not isinstance(request.json, dict):
                raise EngageLabError(55004)
            data = handle(request.json, apply, lost)
        except EngageLabError as error:
            return self._refusal(error.code)
        body = {"code": 0, "message": message if lost else "success"}
        return json_response(200, body | ({} if data is None else {"data": data}), applied=apply)

    def _check_account(self, request: Request) -> None:
        login = request.login
        if not isinstance(login, Login):
            raise EngageLabError(40050)
        state = login.user
        if login == self.login:
            state = self._switches["engagelab.account"]
            if state == "active":
                return
        raise EngageLabError(ACCOUNTS.get(state, 40050))

    def _known_euid(self, json: dict[str, Any]) -> int:
        euid = json.get("euid")
        if euid is None or euid == "":
            raise EngageLabError(40007)
        if not is_integer(euid) or not 0 < euid <= MAX_LONG:
            raise EngageLabError(55108)
        if euid not in self.users.by_euid and not self._switches["engagelab.any_user"]:
            raise EngageLabError(55108)
        return int(euid)

    def _property(self, json: dict[str, Any], apply: bool, lost: bool) -> None:
        operation, sent = json.get("type"), json.get("properties")
        if not isinstance(operation, str) or operation not in OPERATIONS or not isinstance(sent, dict) or not sent:
            raise EngageLabError(55004)
        euid = self._known_euid(json)
        checks.check_properties(operation, sent, self._switches)
        user = self.users.by_euid.get(euid)
        stored = user.properties if user is not None else {}
        changed = checks.changed(operation, stored, sent, self._switches)
        if lost:
            changed.popitem()
        if apply:
            change = {"type": operation, "properties": {name: sent[name] for name in changed}}
            self.users.store_properties(euid, changed).updated(change, self._switches["history"])

    def _contact(self, json: dict[str, Any], apply: bool, lost: bool) -> None:
        contacts = json.get("contacts")
        if not isinstance(contacts, dict) or not contacts:
            raise EngageLabError(55004)
        if not all(value is None or isinstance(value, str) for value in contacts.values()):
            raise EngageLabError(55004)
        euid = self._known_euid(json)
        checks.check_contacts(contacts)
        if self._switches["engagelab.duplicate_contact"] and self.users.is_contact_taken(euid, contacts):
            raise EngageLabError(55014)
        stored = dict(contacts)
        if lost:
            stored.popitem()
        if apply:
            change = {"type": "contact", "contacts": stored}
            self.users.store_contacts(euid, stored).updated(change, self._switches["history"])

    def _register(self, json: dict[str, Any], apply: bool, lost: bool) -> list[dict[str, Any]]:
        name, values = checks.check_identifiers(json)
        if lost:
            values = values[:-1]
        if not apply:
            return []
        return registration.register(self.users, name, values, self._switches)

    def _refusal(self, code: int, message: str | None = None, status: int | None = None) -> Response:
        text, mapped = ERRORS.get(code, ("Unknown error", 400))
        if status is None:
            status = mapped if self._switches["engagelab.http_status"] == "mapped" else 200
        return json_response(status, {"code": code, "message": message or text}, code=str(code))

    def alters_response(self, then: Then) -> bool:
        """Return whether a fault only turns the success into a partial one."""
        return then.by_code and then.code == 0

    def check_fault(self, then: Then) -> None:
        """Refuse a code that is no integer, and what only another vendor has."""
        if then.code is not None and not isinstance(then.code, int):
            raise RefusedError("then.code must be an integer at engagelab")
        if then.short_array:
            raise RefusedError("then.short_array is for vendors that answer with a list")

    def fault_response(self, then: Then) -> Response:
        """Build the envelope with the fault's code; a status that the table does not know is a gateway's."""
        code = then.code if isinstance(then.code, int) else CODE_OF_STATUS.get(then.status or 200)
        if code is None:
            return gateway_page(then.status or 200, then.message)
        return self._refusal(code, then.message, then.status)

    @staticmethod
    def user(number: int) -> int:
        """Return the made-up euid of a number."""
        return _FIRST_EUID + number

    def seed(self, users: list[Any], environment: str) -> int:
        """Add users: euids, or objects with an euid and identifiers, such as {"euid": 7, "user_id": ["a", "b"]}."""
        parsed = [registration.parse_user(user) for user in users]
        for euid, identifiers in parsed:
            self.users.add(euid)
            for name, value in identifiers:
                self.users.identify(euid, name, value)
        return len(users)

    def count(self, environment: str) -> int:
        """Return the number of users."""
        return len(self.users.by_euid)

    def stored(self, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the users."""
        return ((str(euid), user.view()) for euid, user in self.users.by_euid.items())

    def stored_user(self, key: str, environment: str) -> dict[str, Any] | None:
        """Look up one user by the euid as text, or by an identifier as in ``user_id=a``."""
        name, _, value = key.partition("=")
        euid = self.users.find(name, value)
        if euid is None and key.isdecimal() and len(key) < 20:
            euid = int(key)
        user = None if euid is None else self.users.by_euid.get(euid)
        return None if user is None else user.view()

    def flush(self) -> int:
        """Return 0: this vendor queues nothing."""
        return 0

    def details(self) -> dict[str, object]:
        """Return nothing further."""
        return {}
