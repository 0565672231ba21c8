# SPDX-License-Identifier: Apache-2.0
"""MoEngage: the operations of its User API, and what its responses mean.

``POST /v1/customer/<APP_ID>``, one user per request; a 200 means that the update is queued, not that it is stored:
seed 003_dbbef344ba752faa, and the newer https://www.moengage.com/docs/api/user/track-user

Limits and errors: https://www.moengage.com/docs/api/data/data-overview
`x-ratelimit-reset` is seconds left on one page and epoch seconds on another: there, and
https://www.moengage.com/docs/api/rate-limits
What is cut or dropped silently: https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Encode, Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.vendors.http import (
    REMEMBERED,
    asked_to_wait,
    by_status,
    contradicted,
    has_twice,
    is_text,
)
from airflow_provider_userattrs.vendors.moengage.values import rules, unset_rules

VENDOR = "MoEngage"

#: https://www.moengage.com/docs/api/introduction#data-centers
DATA_CENTERS = ("01", "02", "03", "04", "05", "06", "101")

#: 128 KB, with 1,000 bytes to a KB, the smaller reading.
MAX_BYTES = 128_000

#: 10,000 user updates per minute and workspace.
MAX_RATE = 10_000 / 60

#: Users without activity for 60 days are removed, and no page says that an update of attributes is activity
#: (https://www.moengage.com/docs/user-guide/data/key-concepts/fair-usage-policy-fup).
REFRESH_AFTER = timedelta(days=45)

#: How an attribute to unset is matched (seed 003_dbbef344ba752faa, "type operator"; the words:
#: https://www.moengage.com/docs/user-guide/data/user-data/unset-user-attributes).
MATCHES = ("equals", "prefix", "suffix", "contains")

#: An API firewall refuses workers that are not on its list with an unspecified 4xx, even with the right key
#: (https://www.moengage.com/docs/user-guide/settings/account/security/api-firewall).
_FIREWALL = "with an API firewall, that this worker's IP address is listed"
_KEYS = f"Check the connection's workspace id and Data API key, that the key may use the Data API, and {_FIREWALL}."
_WORKSPACE = "Check the connection's login, the workspace id, and its host if one is set."
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
        "Retry the task; lower rate_limit if other senders share the workspace's 10,000 users per minute.",
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


def base_url(data_center: str) -> str:
    """Return the base URL of a data center."""
    return f"https://api-{data_center}.moengage.com"


def set_attributes(*, check_size: bool = True, update_existing_only: bool = False) -> Operation:
    """Return the operation that sets attributes; the workspace is the connection's.

    :param check_size: whether names, texts and lists that MoEngage would cut are refused.
    :param update_existing_only: whether to skip users that MoEngage does not know.
    """
    return Operation(
        vendor=VENDOR,
        name="set attributes",
        path="/v1/customer",
        rules=partial(rules, check_size=check_size),
        encode=_encode("equals", True, update_existing_only),
        read=read,
        asked_to_wait=asked_to_wait,
        accepted_means="MoEngage queued the update; it is stored later, or not at all",
        done="queued",
        max_bytes=MAX_BYTES,
        max_rate=MAX_RATE,
        rate_unit="users",
        refresh_after=REFRESH_AFTER,
    )


def unset_attributes(*, match: str = "equals", case_sensitive: bool = True) -> Operation:
    """Return the operation that removes attributes; the workspace is the connection's.

    :param match: how their names are matched, one of `MATCHES`.
    :param case_sensitive: whether case matters.
    """
    return replace(
        set_attributes(),
        name="unset attributes",
        rules=lambda zone: unset_rules(match),
        encode=_encode(match, case_sensitive, False),
        unsets=True,
        refresh_after=None,
    )


def _encode(match: str, case_sensitive: bool, update_existing_only: bool) -> Encode:
    def encode(update: UserUpdate) -> bytes:
        body: dict[str, Any] = {"type": "customer", "customer_id": update.user}
        if update_existing_only:
            body["update_existing_only"] = True
        if update.attributes:
            body["attributes"] = update.attributes
        if update.unset:
            body["unset_attributes"] = [
                {"type": match, "attr": name, "case_sensitive": case_sensitive} for name in update.unset
            ]
        return orjson.dumps(body)

    return encode


def read(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return the verdict on the one user of a request."""
    return [_verdict(response.status, response.body)] * len(users)


@lru_cache(REMEMBERED)
def _verdict(http_status: int, content: bytes) -> Verdict:
    body = _load(content)
    status = body.get("status")
    if http_status == 200:
        if has_twice(content, "status"):
            return UNREADABLE
        if is_text(status, "success"):
            return ACCEPTED
        return (NOT_QUEUED if is_text(status, "fail") else UNREADABLE).saying(_message(body))
    verdict = contradicted(http_status) if is_text(status, "success") else _refused(http_status, _error(body))
    return verdict.saying(_message(body))


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


def _load(body: bytes) -> dict[str, Any]:
    try:
        loaded = orjson.loads(body)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _error(body: dict[str, Any]) -> dict[str, Any]:
    error = body.get("error")
    return error if isinstance(error, dict) else {}


#: Name -> operation, without options.
OPERATIONS = {"set": set_attributes(), "unset": unset_attributes()}
