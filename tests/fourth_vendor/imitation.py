# SPDX-License-Identifier: Apache-2.0
"""Petrel in the sandbox; the part of ``sandbox/<vendor>/``, which shares nothing with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow_provider_userattrs.sandbox.basic import Login
from airflow_provider_userattrs.sandbox.clock import Clock
from airflow_provider_userattrs.sandbox.exchange import (
    JSON_TYPE,
    Request,
    Response,
    gateway_page,
    json_response,
    no_such_path,
    wrong_method,
)
from airflow_provider_userattrs.sandbox.faults import Firing, Then
from airflow_provider_userattrs.sandbox.refusal import RefusedError
from airflow_provider_userattrs.sandbox.switches import Switch, Switches

PATH = "/v2/members"
MAX_MEMBERS = 40
MAX_BYTES = 24_000
MULTI_STATUS = 207
_NO_FIRING = Firing(0, Then())


def _is_item(item: Any) -> bool:
    is_named = isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] != ""
    return is_named and isinstance(item.get("merge"), dict) and isinstance(item.get("drop"), list)


@dataclass(slots=True)
class Member:
    """One member, under the id with which it joined."""

    id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    history: list[dict[str, Any]] | None = None

    def change(self, item: Mapping[str, Any], keep_history: bool) -> None:
        """Merge and drop attributes."""
        self.attributes.update(item["merge"])
        for name in item["drop"]:
            self.attributes.pop(name, None)
        self.updates += 1
        if keep_history:
            self.history = [*(self.history or []), {"attributes": item["merge"]}]

    def view(self) -> dict[str, Any]:
        """Return the member as the control API shows it."""
        shown = {"attributes": self.attributes, "updates": self.updates}
        return shown if self.history is None else {**shown, "history": self.history}


class Petrel:
    """One Petrel account."""

    name: ClassVar[str] = "petrel"
    title: ClassVar[str] = "Petrel"
    login: ClassVar[Login] = Login("sandbox-account", "sandbox-token")
    environments: ClassVar[tuple[str, ...]] = ("",)
    switches: ClassVar[tuple[Switch, ...]] = (Switch("petrel.read_only", False, "the token may not write: 403"),)

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self.reset()

    def reset(self) -> None:
        """Discard all members."""
        self.members: dict[str, Member] = {}

    def endpoint(self, path: str) -> str | None:
        """Return the documented path that matches."""
        return PATH if path == PATH else None

    def _items(self, request: Request) -> list[Any]:
        members = request.json.get("members") if isinstance(request.json, dict) else None
        return members if isinstance(members, list) else []

    def rows(self, request: Request) -> int:
        """Return the number of members in a request."""
        return len(self._items(request))

    def users_named(self, request: Request) -> frozenset[str]:
        """Return the ids, as they are compared."""
        return frozenset(str(item.get("id")).casefold() for item in self._items(request) if isinstance(item, dict))

    def respond(self, request: Request, *, apply: bool = True, firing: Firing | None = None) -> Response:
        """Check in this order: credentials, form, members."""
        if request.path != PATH:
            return no_such_path()
        if request.method != "POST":
            return wrong_method()
        if request.login != self.login:
            return self._problem(401, "unauthorized")
        if self._switches["petrel.read_only"]:
            return self._problem(403, "read_only")
        if len(request.body) > MAX_BYTES:
            return self._problem(413, "too_large")
        items = self._items(request)
        if request.media_type != JSON_TYPE or not 0 < len(items) <= MAX_MEMBERS or not all(map(_is_item, items)):
            return self._problem(400, "malformed")
        return self._merge(items, apply, firing or _NO_FIRING)

    def _merge(self, items: list[dict[str, Any]], apply: bool, firing: Firing) -> Response:
        """Merge members in their order; one that is listed twice has one result."""
        result_of: dict[str, str] = {}
        applied = False
        for item in items:
            member = self.members.get(item["id"].casefold())
            fault = firing.then if firing.every_item else firing.items.get(item["id"].casefold())
            result = "merged" if member else "unknown_member"
            if fault is not None and member:
                result = str(fault.code)
            applies = apply and (fault is None or fault.apply == "before")
            if member and apply and result == "merged_in_part":
                item, applies = self._first_half(item), True
            if member and applies:
                member.change(item, self._switches["history"])
                applied = True
            result_of[item["id"].casefold()] = result
        results = [{"id": member, "result": result} for member, result in sorted(result_of.items(), reverse=True)]
        kept = results[: max(0, len(results) - firing.then.short_array)]
        response = json_response(MULTI_STATUS, {"results": kept}, applied=applied)
        response.codes = dict(Counter(result for result in result_of.values() if result != "merged"))
        return response

    @staticmethod
    def _first_half(item: dict[str, Any]) -> dict[str, Any]:
        merge, drop = dict(item["merge"]), item["drop"][:-1]
        if merge:
            merge.popitem()
        return {**item, "merge": merge, "drop": drop}

    @staticmethod
    def _problem(status: int, kind: str) -> Response:
        return json_response(status, {"problem": kind}, code=kind)

    def alters_response(self, then: Then) -> bool:
        """Return whether a fault's code applies to members."""
        return then.by_code

    def check_fault(self, then: Then) -> None:
        """Refuse a code that is not text."""
        if then.code is not None and not isinstance(then.code, str):
            raise RefusedError("then.code must be a string at petrel, the result of a member")

    def fault_response(self, then: Then) -> Response:
        """Return a gateway's page: no fault causes Petrel's own problems."""
        return gateway_page(then.status or MULTI_STATUS, then.message)

    @staticmethod
    def user(number: int) -> str:
        """Return the made-up member of a number."""
        return f"member{number}"

    def seed(self, users: list[Any], environment: str) -> int:
        """Add members."""
        if not all(isinstance(member, str) and member for member in users):
            raise RefusedError("users must be a list of ids, which are strings")
        for member in users:
            self.members.setdefault(member.casefold(), Member(member))
        return len(users)

    def count(self, environment: str) -> int:
        """Return the number of members."""
        return len(self.members)

    def stored(self, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the members."""
        return ((member.id, member.view()) for member in self.members.values())

    def stored_user(self, key: str, environment: str) -> dict[str, Any] | None:
        """Return one member, or None."""
        member = self.members.get(key.casefold())
        return None if member is None else member.view()

    def flush(self) -> int:
        """Return 0: this vendor queues nothing."""
        return 0

    def details(self) -> dict[str, object]:
        """Return nothing further."""
        return {}
