# SPDX-License-Identifier: Apache-2.0
"""Kahuna: the operations of its User Attribute API, and what its responses mean.

``POST /api/userattributes?env=p|s``, up to 100 existing users per request:
https://support.kahuna.com/hc/en-us/articles/360008462633-User-Attribute-API (seed 002_3492fff7f26e71be)

A 200 has one element for each user, in their order, also when every user failed. Other statuses concern the whole
request; their body is documented as an array of one object, and has been seen as a bare object and empty
(https://github.com/edgar/KahunaClient).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.vendors.http import REMEMBERED, asked_to_wait, by_status, contradicted, has_twice
from airflow_provider_userattrs.vendors.kahuna.values import rules

VENDOR = "Kahuna"
BASE_URL = "https://tap-nexus.appspot.com"

#: environment -> value of ``env`` (seed 002_3492fff7f26e71be, "Request URI").
ENVIRONMENTS = {"production": "p", "sandbox": "s"}

MAX_USERS = 100

#: A request that can change nothing: it names no user. Its response is not documented, except for 401 and 409 with
#: wrong keys.
EMPTY_REQUEST = b'{"user_attributes_array":[]}'

_CHECK = "Check these users in Kahuna, then push the rows again."
_KEYS = "Check the connection's secret key and API key: both are in Kahuna's Settings."

#: HTTP status of the whole request -> verdict (seed 002_3492fff7f26e71be, "HTTP Response Codes").
STATUSES = {
    400: Verdict(
        Status.REJECTED,
        "400",
        "request could not be parsed, or has invalid options",
        "Check the credentials named in target and the attributes' values.",
        Action.SPLIT,
        see_rejects=True,
    ),
    401: Verdict(Status.UNSENT, "401", "authentication error", _KEYS, Action.STOP),
    409: Verdict(
        Status.UNSENT,
        "409",
        "no permission to use the User Attributes API",
        "Ask Kahuna to enable the User Attributes API for these keys.",
        Action.STOP,
    ),
    500: Verdict(
        Status.UNKNOWN,
        "500",
        "internal server error",
        "Push the rows again later; if the error persists, ask Kahuna's support.",
        Action.RETRY,
    ),
}

#: `error_code` of one user -> verdict (seed 002_3492fff7f26e71be, "Response Object"). The page has 404 only, and
#: calls the field "an HTTP error code": a transient one is retried, any other is `rejected` ("the request failed").
USER_CODES = {
    404: Verdict(
        Status.REJECTED,
        "404",
        "User not found",
        "Kahuna updates existing users only: check the credentials, or wait until the user has signed in once.",
    ),
}
_TRANSIENT = frozenset({408, 423, 425, 429})

WRONG_LENGTH = Verdict(Status.UNKNOWN, "wrong-length", "response does not have one element for each user", _CHECK)
UNREADABLE = Verdict(Status.UNKNOWN, "unreadable", "response could not be read", _CHECK)


def set_attributes(*, check_size: bool = True) -> Operation:
    """Return the operation that sets attributes; the environment is the connection's.

    :param check_size: whether a value over 2,048 bytes is refused.
    """
    return Operation(
        vendor=VENDOR,
        name="set attributes",
        path="/api/userattributes",
        rules=partial(rules, check_size=check_size),
        encode=encode,
        encode_all=encode_all,
        read=read,
        asked_to_wait=asked_to_wait,
        accepted_means="Kahuna confirmed each user",
        head=b'{"user_attributes_array":[',
        tail=b"]}",
        max_users=MAX_USERS,
        encode_unset=encode,
        gone_codes=frozenset({"404"}),
    )


def encode(update: UserUpdate) -> bytes:
    """Return the User Attribute object of an update; an attribute set to null is deleted."""
    return orjson.dumps({"target": update.user, "attributes": _attributes(update.attributes, update.unset)})


def encode_all(updates: Updates) -> bytes:
    """Return the User Attribute objects of updates, joined by commas."""
    attributes: Iterable[Mapping[str, Any]] = updates.attributes
    if any(updates.unset):
        attributes = map(_attributes, attributes, updates.unset)
    pairs = zip(updates.users, attributes, strict=True)
    return orjson.dumps([{"target": user, "attributes": each} for user, each in pairs])[1:-1]


def _attributes(attributes: Mapping[str, Any], unset: Iterable[str]) -> Mapping[str, Any]:
    return {**attributes, **dict.fromkeys(unset)} if unset else attributes


def read(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return one verdict for each user of a request, matched by position."""
    return list(_verdicts(response.status, response.body, len(users)))


@lru_cache(REMEMBERED)
def _verdicts(status: int, content: bytes, users: int) -> Sequence[Verdict]:
    body = _load(content)
    if status != 200:
        if isinstance(body, list) and any(isinstance(item, dict) and item.get("success") is True for item in body):
            return [contradicted(status)] * users
        verdict = STATUSES.get(status) or by_status(status)
        return [verdict.saying(_message(body))] * users
    if not isinstance(body, list):
        return [UNREADABLE] * users
    if len(body) != users:
        return [WRONG_LENGTH] * users
    if has_twice(content, "success", users):
        return [UNREADABLE] * users
    return [_read_user(item) for item in body]


def _read_user(item: Any) -> Verdict:
    success = item.get("success") if isinstance(item, dict) else None
    if success is True:
        return UNREADABLE if item.get("error") or item.get("error_code") else ACCEPTED
    if success is not False:
        return UNREADABLE
    code = item.get("error_code")
    verdict = USER_CODES.get(code) if type(code) is int else None
    if verdict is None and type(code) is int and (code in _TRANSIENT or 500 <= code < 600):
        verdict = by_status(code)
    if verdict is None:
        shown = str(code) if type(code) is int else "none"
        verdict = Verdict(
            Status.REJECTED,
            shown,
            "user refused with an undocumented code",
            "Ask Kahuna's support what the code means.",
        )
    return verdict.saying(item.get("error"))


def _load(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _message(body: Any) -> object:
    """Return the message of an error body: an array of one object, or the object itself."""
    error = body[0] if isinstance(body, list) and len(body) == 1 else body
    return error.get("error") if isinstance(error, dict) else None


#: Name -> operation, without options.
OPERATIONS = {
    "set": set_attributes(),
    "unset": replace(set_attributes(), name="unset attributes", unsets=True, encode_unset=None),
}
