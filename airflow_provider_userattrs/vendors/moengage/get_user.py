# SPDX-License-Identifier: Apache-2.0
"""MoEngage: reads users back, to see whether what it queued has been stored.

``POST /v1/customers/export``, 20 users a request, 1,000 users a minute; the account must be enabled for it:
https://www.moengage.com/docs/api/user/get-user and https://www.moengage.com/docs/api/rate-limits
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.read_back import CannotRead, Finding, Held, ReadBack
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.vendors.moengage.standard import STANDARD

MAX_USERS = 20
MAX_RATE = 1_000 / 60

#: Under which name a user's id is asked for and returned: users come without an echo of the request.
_ID = "customer_id"

_PASSING = frozenset({408, 425, 429})


def get_user(operation: str) -> ReadBack:
    """Return the call, for updates of an operation.

    :param operation: ``"set"``, ``"add"`` or ``"remove"``.
    """
    return ReadBack("/v1/customers/export", MAX_USERS, MAX_RATE, encode, read, partial(compare, operation))


def encode(updates: Sequence[UserUpdate]) -> bytes:
    """Return the request that asks for what some updates changed."""
    names = dict.fromkeys(name for update in updates for name in (*update.attributes, *update.unset))
    identifiers = [{"identifier_type": _ID, "identifier": update.user} for update in updates]
    return orjson.dumps({"data": {"identifiers": identifiers, "user_fields_to_export": [_ID, *names]}})


def read(response: Response) -> Held:
    """Return the users of a response.

    :raises CannotRead: if the account may not read users.
    """
    if 400 <= response.status < 500 and response.status not in _PASSING:
        raise _refused(str(response.status))
    if response.status != 200:
        raise ValueError("no users")
    body = orjson.loads(response.body)
    if isinstance(body, dict) and body.get("status") == "fail":  # of other calls, too, a 200 may have such a body
        raise _refused("200 with status fail")
    data = body["data"]
    held: dict[Any, Mapping[str, Any] | None] = {}
    for user in data.get("users") or ():
        attributes = user["user_attributes"]
        held[attributes[_ID]] = attributes
    for missing in data.get("users_not_found") or ():
        held.setdefault(missing["identifier"], None)
    return held


def _refused(response: str) -> CannotRead:
    return CannotRead(
        f"MoEngage refused Get User ({response}): its support enables it for an account; an API firewall must list "
        "this worker's IP address"
    )


def compare(operation: str, update: UserUpdate, held: Mapping[str, Any]) -> Finding:
    """Return whether a user holds what was sent: what is missing may come yet, and another value is different.

    Of a user of whom nothing can be compared nothing was read.
    """
    findings = {_compare_one(operation, name, value, held) for name, value in update.attributes.items()}
    findings |= {_compare_unset(name, held) for name in update.unset}
    for finding in (Finding.DIFFERENT, Finding.NOT_YET, Finding.EQUAL):
        if finding in findings:
            return finding
    return Finding.UNREAD


def _compare_one(operation: str, name: str, value: Any, held: Mapping[str, Any]) -> Finding | None:
    there = held.get(name)
    if operation != "set":
        array = there if isinstance(there, list) else []
        has = [any(same(element, each) for each in array) for element in value]
        return Finding.EQUAL if (all(has) if operation == "add" else not any(has)) else Finding.NOT_YET
    if there is None:
        # Under which names the standard attributes come back is not documented, so that they may be missing.
        return None if name in STANDARD else Finding.NOT_YET
    return Finding.EQUAL if same(value, there) else Finding.DIFFERENT


def _compare_unset(name: str, held: Mapping[str, Any]) -> Finding | None:
    if held.get(name) is not None:
        return Finding.NOT_YET
    return None if name in STANDARD else Finding.EQUAL  # one that is missing may have come back under another name


def same(sent: Any, held: Any) -> bool:
    """Return whether two values are the same, however times and numbers are written."""
    if isinstance(sent, list) and isinstance(held, list):
        return len(sent) == len(held) and all(map(same, sent, held))
    if isinstance(sent, dict) and isinstance(held, dict):
        return sent.keys() == held.keys() and all(same(value, held[key]) for key, value in sent.items())
    if isinstance(sent, bool) or isinstance(held, bool):
        return sent is held
    if isinstance(sent, str) and isinstance(held, str) and sent != held:
        moments = _moment(sent), _moment(held)
        return None not in moments and moments[0] == moments[1]
    return bool(sent == held)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
