# SPDX-License-Identifier: Apache-2.0
"""MoEngage's Track User, Bulk Import, Get User and Test Connection APIs.

Sources: seed 003_dbbef344ba752faa.txt; https://www.moengage.com/docs/api/user/track-user;
https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events;
https://moengage.com/docs/api/utilities/test-connection-api.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..basic import Login
from ..clock import Clock
from ..exchange import JSON_TYPE, Request, Response, gateway_page, json_response, no_such_path, wrong_method
from ..faults import Firing, Then
from ..json_text import MALFORMED
from ..refusal import RefusedError
from ..switches import Switch, Switches
from . import bulk
from .account import LOGIN, check_account, check_app_id, check_project
from .body import Update, read_update
from .errors import ERRORS, TYPE_OF_STATUS, MoEngageError
from .export import export, identifiers_of
from .limiter import RateLimiter
from .switches import SWITCHES
from .users import Users

TRACK_USER = "/v1/customer"
BULK_IMPORT = "/v1/transition"
GET_USER = "/v1/customers/export"
TEST_CONNECTION = "/v1/integrations/authentication"
MAX_BYTES = 128 * 1024
APP_NAME = "Sandbox"
_ACCEPTED = (
    '{"status":"success","message":"Your request has been accepted and will be processed soon.","request_id":"%s"}'
)


class MoEngage:
    """One MoEngage workspace."""

    name: ClassVar[str] = "moengage"
    title: ClassVar[str] = "MoEngage"
    login: ClassVar[Login] = LOGIN
    environments: ClassVar[tuple[str, ...]] = ("",)
    switches: ClassVar[tuple[Switch, ...]] = SWITCHES

    def __init__(self, switches: Switches, clock: Clock) -> None:
        self._switches = switches
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Discard all users, the queue and the rate limit's window."""
        self.users = Users(self._switches)
        self._queue: list[Update] = []
        self._limiters = {
            TRACK_USER: RateLimiter(self._switches, "moengage.rate_limit", self._clock),
            BULK_IMPORT: RateLimiter(self._switches, "moengage.bulk_rate_limit", self._clock),
        }
        self._export_limiter = RateLimiter(self._switches, "moengage.export_rate_limit", self._clock)
        self._requests = 0

    def endpoint(self, path: str) -> str | None:
        """Return the documented path that matches, without the workspace id."""
        for start in self._limiters:
            if path == start or path.startswith(start + "/"):
                return start + "/<APP_ID>"
        return path if path in (TEST_CONNECTION, GET_USER) else None

    def rows(self, request: Request) -> int:
        """Return the number of users that a request updates: one, any number in bulk, or none."""
        if request.path.startswith(BULK_IMPORT):
            return len(bulk.customer_ids(request.json))
        return 0 if request.path in (TEST_CONNECTION, GET_USER) else 1

    def users_named(self, request: Request) -> frozenset[str]:
        """Return each customer_id as text."""
        if request.path.startswith(BULK_IMPORT):
            return frozenset(bulk.customer_ids(request.json))
        return frozenset({str(request.json.get("customer_id"))} if isinstance(request.json, dict) else ())

    def respond(self, request: Request, *, apply: bool = True, firing: Firing | None = None) -> Response:
        """Check in this order: credentials, rate, format, body."""
        endpoint = self.endpoint(request.path)
        if endpoint is None:
            return no_such_path()
        if request.method != "POST":
            return wrong_method()
        if endpoint == TEST_CONNECTION:
            return self._refusing(self._test_connection, request)
        if endpoint == GET_USER:
            return self._refusing(self._get_user, request)
        return self._refusing(self._update, request, endpoint.rpartition("/")[0], apply)

    def _refusing(self, handle: Any, *parts: Any) -> Response:
        try:
            response: Response = handle(*parts)
        except MoEngageError as error:
            response = self._refusal(error.kind, error.message, error.attribute)
        return response

    def _update(self, request: Request, start: str, apply: bool) -> Response:
        app_id = request.path[len(start) + 1 :]
        check_app_id(app_id)
        check_account(request, app_id, self._switches)
        check_project(request, self._switches)
        passes, headers = self._limiters[start].take(self.rows(request))
        accept = self._accept_all if start == BULK_IMPORT else self._accept
        response = self._refusing(accept, request, apply) if passes else self._refusal("RateLimitError")
        response.headers.update(headers)
        return response

    def _accept(self, request: Request, apply: bool) -> Response:
        update = read_update(self._json(request), self._switches)
        return self._accepted(apply and self._apply([update]))

    def _accept_all(self, request: Request, apply: bool) -> Response:
        elements = bulk.elements_of(self._json(request, bulk.MAX_BYTES))
        updates, malformed = bulk.read_updates(elements, self._switches)
        if malformed is None or self._switches["moengage.bulk"] == "200":
            return self._accepted(apply and self._apply(updates))
        if apply and self._switches["moengage.bulk_others"] == "applied":
            self._apply(updates)
        raise malformed

    def _apply(self, updates: list[Update]) -> bool:
        """Apply updates, or queue them; return whether any was applied."""
        if self._switches["moengage.queued"]:
            self._queue += updates
            return False
        return sum(self.users.apply(update) for update in updates) > 0

    def _accepted(self, applied: bool) -> Response:
        return Response(200, (_ACCEPTED % self._request_id()).encode(), applied=applied)

    @staticmethod
    def _json(request: Request, limit: int = MAX_BYTES) -> Any:
        if len(request.body) > limit:
            raise MoEngageError("PayloadTooLarge")
        if not request.media_type:
            raise MoEngageError("Missing header value")
        if request.media_type != JSON_TYPE:
            raise MoEngageError("MediaTypeError")
        if not request.body.strip():
            raise MoEngageError("Empty request body")
        if request.json is MALFORMED:
            raise MoEngageError("Malformed JSON")
        return request.json

    def _get_user(self, request: Request) -> Response:
        app_id = request.query.get("app_id", "")
        check_app_id(app_id)
        check_account(request, app_id, self._switches)
        if not self._switches["moengage.get_user"]:
            raise MoEngageError("BlockedClient", "Get User is not enabled")
        json = self._json(request)
        passes, headers = self._export_limiter.take(len(identifiers_of(json)))
        if not passes:
            response = self._refusal("RateLimitError")
        else:
            response = json_response(200, export(json, self.users, self._switches))
        response.headers.update(headers)
        return response

    def _test_connection(self, request: Request) -> Response:
        if "moe-appkey" not in request.headers:
            raise MoEngageError("Authentication required", "MOE-APPKEY is missing")
        login = check_account(request, None, self._switches)
        json = self._json(request)
        fields = json if isinstance(json, dict) else {}
        for name in ("app_id", "app_secret", "source", "region"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise MoEngageError("MissingAttributeError", f"{name} is not found in the payload", name)
        if (fields["app_id"], fields["app_secret"]) != login:
            raise MoEngageError("Authentication required", "APP_SECRET does not match")
        return json_response(200, {"status": "success", "app_name": APP_NAME})

    def _request_id(self) -> str:
        self._requests += 1
        return f"{self._requests % 16**8:08x}"

    def _refusal(
        self, kind: str, message: str | None = None, attribute: str | None = None, status: int | None = None
    ) -> Response:
        documented, text = ERRORS.get(kind, (500, kind))
        error = {"message": message or text, "type": kind, "request_id": self._request_id()}
        if attribute is not None:
            error["attribute"] = attribute
        return json_response(status or documented, {"status": "fail", "error": error}, code=kind)

    def alters_response(self, then: Then) -> bool:
        """Return False: a code always replaces the vendor's own response."""
        return False

    def check_fault(self, then: Then) -> None:
        """Refuse a code that is no type of error, or an unknown one without a status."""
        if then.code is not None and not isinstance(then.code, str):
            raise RefusedError("then.code must be a string at moengage, the type of an error")
        if then.code is not None and then.code not in ERRORS and then.status is None:
            raise RefusedError(f"then.code without then.status must be one of {', '.join(ERRORS)}")
        if then.short_array:
            raise RefusedError("then.short_array is for vendors that answer with a list")

    def fault_response(self, then: Then) -> Response:
        """Return the body of a failure for a documented status or a code, else a gateway's page."""
        status = then.status or 200
        kind = then.code or TYPE_OF_STATUS.get(status)
        if kind is None:
            return gateway_page(status, then.message)
        return self._refusal(str(kind), then.message, status=then.status)

    @staticmethod
    def user(number: int) -> str:
        """Return the made-up customer id of a number."""
        return f"C-{number:05d}"

    def seed(self, users: list[Any], environment: str) -> int:
        """Add customer ids."""
        if not all(isinstance(customer_id, str) and customer_id for customer_id in users):
            raise RefusedError("users must be a list of customer ids, which are strings")
        for customer_id in users:
            self.users.add(customer_id)
        return len(users)

    def count(self, environment: str) -> int:
        """Return the number of users."""
        return len(self.users.by_id)

    def stored(self, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the users."""
        return ((customer_id, user.view()) for customer_id, user in self.users.by_id.items())

    def stored_user(self, key: str, environment: str) -> dict[str, Any] | None:
        """Return one user, or None."""
        user = self.users.by_id.get(key)
        return None if user is None else user.view()

    def flush(self) -> int:
        """Apply the queue, in the order in which it was accepted; return the number applied."""
        queue, self._queue = self._queue, []
        return sum(self.users.apply(update) for update in queue)

    def details(self) -> dict[str, object]:
        """Return the number of queued updates."""
        return {"queued": len(self._queue)}
