# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what its responses mean.

Errors: https://www.moengage.com/docs/api/data/data-overview; those of a bulk request:
https://www.moengage.com/docs/api/bulk/bulk-import-users-and-events
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.vendors.http import REMEMBERED, by_status, contradicted, has_twice, is_text

#: An API firewall refuses workers that are not on its list with an unspecified 4xx, even with the right key
#: (https://www.moengage.com/docs/user-guide/settings/account/security/api-firewall).
_FIREWALL = "with an API firewall, that this worker's IP address is listed"
_KEYS = f"Check the connection's workspace id and Data API key, that the key may use the Data API, and {_FIREWALL}."
_WORKSPACE = (
    "Check the connection's login, the workspace id; its project_code, if the workspace has Portfolio; and its host, "
    "if one is set."
)
_FIX = "Fix the rows as MoEngage's message says, and push them again."
_SUPPORT = f"Ask MoEngage's support about the account; check, {_FIREWALL}."
_OTHER_4XX = f"Check, {_FIREWALL}; otherwise fix the rows and push them again."

#: HTTP status -> verdict. The types in error bodies differ between MoEngage's pages, so the status decides, except for
#: `ACCOUNT_TYPES`.
STATUSES = {
    400: Verdict(Status.REJECTED, "400", "request refused as invalid", _FIX, see_rejects=True),
    401: Verdict(Status.UNSENT, "401", "authentication required or failed", _KEYS, Action.STOP),
    403: Verdict(Status.UNSENT, "403", "account blocked or suspended", _SUPPORT, Action.STOP),
    409: Verdict(
        Status.UNSENT,
        "409",
        "workspace id and credentials do not belong together, or no key is set",
        _KEYS,
        Action.STOP,
    ),
    413: Verdict(Status.REJECTED, "413", "payload over 128 KB", "Send fewer or shorter attributes of this user."),
    415: Verdict(
        Status.UNSENT, "415", "content type is not supported", "Check for a proxy that changes headers.", Action.STOP
    ),
    429: Verdict(
        Status.UNSENT,
        "429",
        "rate limit exceeded",
        "Retry the task; lower rate_limit if other senders share the workspace's users per minute.",
        Action.RETRY,
    ),
}

#: Type in the error body of a 400 that concerns the account or the connection, and so every row -> verdict
#: (https://www.moengage.com/docs/api/data/data-overview, "Response Codes").
ACCOUNT_TYPES = {
    "Blacklisted": Verdict(Status.UNSENT, "400", "account is blacklisted", _SUPPORT, Action.STOP),
    "InvalidParams": Verdict(Status.UNSENT, "400", "workspace id is invalid", _WORKSPACE, Action.STOP),
    "ParamsRequired": Verdict(Status.UNSENT, "400", "workspace id is missing", _WORKSPACE, Action.STOP),
}

#: (HTTP status, type in the error body) -> a more exact meaning; the status and the action stay.
TYPES = {
    (400, "MissingAttributeError"): "a required field is missing or of the wrong type",
    (400, "AttributeError"): "the request's type is not the endpoint's",
    (400, "ArrayFieldError"): "an array attribute is both added to and removed from",
    (400, "Missing header value"): "a header is missing",
    (400, "Empty request body"): "body is empty",
    (400, "Body type is not JSON"): "body is not JSON",
    (400, "Malformed JSON"): "body is malformed JSON",
    (401, "Authentication required"): "authentication required or failed",
    (403, "BlockedClient"): "account is blocked",
    (403, "Account Suspended"): "account is suspended",
    (403, "Account Temporarily Suspended"): "account is temporarily suspended",
    (409, "Authentication Mismatch"): "workspace id differs from that of the credentials",
    (409, "Authentication required"): "no Data API key is set for the workspace",
    (409, "App Secret key not set"): "no Data API key is set for the workspace",
    (413, "Payload too large"): "payload over 128 KB",
    (413, "PayloadTooLarge"): "payload over 128 KB",
    (415, "Unsupported Media Type"): "content type is not supported",
    (415, "MediaTypeError"): "content type is not supported",
    (429, "RateLimitError"): "rate limit exceeded",
    (429, "Rate Limit Exceeded"): "rate limit exceeded",
}
NOT_QUEUED = Verdict(Status.REJECTED, "200-fail", "HTTP status 200 with status fail", _FIX, see_rejects=True)
UNREADABLE = Verdict(
    Status.UNKNOWN,
    "unreadable",
    "response could not be read",
    "Check these users in MoEngage, then push the rows again.",
)

#: A bulk request may hold less than a request with one user, and is sent in halves instead.
BULK_TOO_LARGE = Verdict(
    Status.REJECTED, "413", "payload over 100 KB", "Send fewer or shorter attributes of this user.", Action.SPLIT
)
HALF_ACCEPTED = Verdict(
    Status.UNKNOWN,
    "200-error",
    "HTTP status 200 with status success and an error",
    "Check these users in MoEngage, then push the rows again.",
    see_rejects=True,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_BULK = "; whom of the request's users it concerns, and whether the others are queued, is not said"
_LOOK = "Check these users in MoEngage, and push the rows again if that may be repeated."


def read(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return the verdict on the one user of a request."""
    return [_verdict(response.status, response.body)] * len(users)


def read_bulk(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return the verdicts on the users of a bulk request: all have the same, for no response tells them apart."""
    verdict = _verdict(response.status, response.body)
    if response.status == 413:
        verdict = BULK_TOO_LARGE.saying(verdict.detail, verdict.request_id)
    elif verdict.status is Status.REJECTED:
        verdict = replace(verdict, action=Action.SPLIT)
        if len(users) > 1:
            verdict = replace(verdict, status=Status.UNKNOWN, meaning=verdict.meaning + _IN_BULK, remedy=_LOOK)
    return [verdict] * len(users)


@lru_cache(REMEMBERED)
def _verdict(http_status: int, content: bytes) -> Verdict:
    body = _load(content)
    status = body.get("status")
    if http_status == 200:
        if has_twice(content, "status"):
            return UNREADABLE.saying(_message(body), _request_id(body))
        if is_text(status, "success"):
            has_error = body.get("error") or body.get("errors")
            return HALF_ACCEPTED.saying(_message(body), _request_id(body)) if has_error else ACCEPTED
        return (NOT_QUEUED if is_text(status, "fail") else UNREADABLE).saying(_message(body), _request_id(body))
    verdict = contradicted(http_status) if is_text(status, "success") else _refused(http_status, _error(body))
    return verdict.saying(_message(body), _request_id(body))


def _refused(status: int, error: dict[str, Any]) -> Verdict:
    kind = error.get("type")
    if status == 400 and isinstance(kind, str) and kind in ACCOUNT_TYPES:
        return ACCOUNT_TYPES[kind]
    verdict = STATUSES.get(status)
    if verdict is None:
        verdict = by_status(status)
        return replace(verdict, remedy=_OTHER_4XX) if verdict.status is Status.REJECTED else verdict
    return replace(verdict, meaning=TYPES.get((status, str(kind)), verdict.meaning))


def succeeded(response: Response) -> bool:
    """Return whether a response's body reports success."""
    return is_text(_load(response.body).get("status"), "success")


def _message(body: dict[str, Any]) -> str:
    """Return MoEngage's message, with the request id by which its support finds the request."""
    error = _error(body)
    message, request = error.get("message"), error.get("request_id") or body.get("request_id")
    return " ".join([*([str(message)] if message else ()), *([f"(request_id {request})"] if request else ())])


def _request_id(body: dict[str, Any]) -> str:
    """Return the id of a request if it looks like one: it goes into the report."""
    given = _error(body).get("request_id") or body.get("request_id")
    return given if isinstance(given, str) and _REQUEST_ID.fullmatch(given) else ""


def _load(body: bytes) -> dict[str, Any]:
    try:
        loaded = orjson.loads(body)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _error(body: dict[str, Any]) -> dict[str, Any]:
    error = body.get("error")
    return error if isinstance(error, dict) else {}
