# SPDX-License-Identifier: Apache-2.0
"""EngageLab: users named by an identifier of their own, whose EUID is looked up.

Obtain EUID, ``POST /v1/user/register``:
https://www.engagelab.com/docs/marketing-automation/rest-api/get-euid

A request takes up to 100 values of one identifier, each of up to 256 characters; ``data`` has ``identity_value`` and
``euid`` of each. Code 0 may be a partial success, and nothing is said about the order of ``data`` or about how a value
comes back: each is matched by its value alone, exactly. Where it is unclear whose EUID one is, there is none: with a
wrong one, a person's data would go to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import Any

import orjson

from airflow_provider_userattrs.push.mapping.rules import Rules, none_at_once
from airflow_provider_userattrs.push.mapping.values import ValueTable
from airflow_provider_userattrs.push.model.operation import MakeRules, Operation, Read, Response
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Found, Status, Verdict
from airflow_provider_userattrs.vendors.engagelab import api
from airflow_provider_userattrs.vendors.engagelab.identifiers import IDENTIFIERS, LEAVE_OUT, identify
from airflow_provider_userattrs.vendors.http import asked_to_wait, by_status, has_twice

PATH = "/v1/user/register"

MAX_VALUES = 100

_MAX_LONG = 2**63 - 1

#: Body code -> verdict on the ids of a request, "Error Code" of the page; other codes mean what they mean elsewhere. Of
#: a request with several ids the halves are sent, until those at fault are found.
CODES = {
    "55101": Verdict(
        Status.REJECTED,
        "55101",
        "over 100 user identifiers in a request",
        "Not expected here: a request has 100 at most. Report it to EngageLab.",
        Action.SPLIT,
    ),
    "55105": Verdict(
        Status.REJECTED,
        "55105",
        "user identifier over 256 characters",
        "Name these users by a shorter id, or leave them out of the push.",
        Action.SPLIT,
    ),
    "55106": Verdict(
        Status.UNSENT,
        "55106",
        "user identifier's name is not supported",
        f"EngageLab's page names {', '.join(IDENTIFIERS)}; ask its support which of them the project takes.",
        Action.STOP,
    ),
    "55107": Verdict(Status.REJECTED, "55107", "user identifier is empty", LEAVE_OUT, Action.SPLIT),
}
NO_EUID = Verdict(
    Status.REJECTED,
    "no-euid",
    "EngageLab returned no EUID for the user's id",
    "Check the id in EngageLab, by the letter: case and blanks count. Then push the row again.",
)

#: Codes by which EngageLab does not know an EUID, and what helps if nobody gave one.
_GONE = api.OPERATIONS["set"].gone_codes
_LOOK_UP_AGAIN = (
    "EngageLab does not know the EUID that was looked up, perhaps because the user was merged into another. Push the "
    "row again: its id is looked up again."
)


def read(response: Response, ids: Sequence[Any]) -> list[Verdict]:
    """Return the verdict on each id of a request: `Found` with its EUID, or why there is none."""
    (verdict,) = api.read(response, (None,))
    if verdict is not ACCEPTED and verdict.status is not Status.PARTIAL:
        return [_on_request(verdict)] * len(ids)
    data = orjson.loads(response.body).get("data")
    if data is not None and not isinstance(data, list):  # says nothing of any id
        return [by_status(response.status)] * len(ids)
    euids = _euids(response.body, data or [])
    missing = replace(NO_EUID, detail=verdict.detail)
    return [missing if (euid := euids.get(each)) is None else Found(Status.ACCEPTED, user=euid) for each in ids]


def _on_request(verdict: Verdict) -> Verdict:
    known = CODES.get(verdict.code)
    if known is not None:
        return known.saying(verdict.detail)
    return replace(verdict, action=Action.SPLIT) if verdict.status is Status.REJECTED else verdict


def _euids(body: bytes, data: Sequence[Any]) -> Mapping[str, int]:
    """Return the EUID of each value in a response's data, as far as it is clear."""
    pairs = [each for each in data if isinstance(each, dict)]
    named = {key: sum(key in each for each in pairs) for key in ("identity_value", "euid")}
    if has_twice(body, "data") or any(has_twice(body, key, count) for key, count in named.items()):
        return {}
    euids: dict[str, int] = {}
    unclear = set()
    for each in pairs:
        value, euid = each.get("identity_value"), _euid(each.get("euid"))
        if isinstance(value, str) and euid is not None and euids.setdefault(value, euid) != euid:
            unclear.add(value)
    return {value: euid for value, euid in euids.items() if value not in unclear}


def _euid(value: Any) -> int | None:
    """Return an EUID, a positive integer of 64 bits ("euid Long"); some write such a one as text in JSON."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 < value <= _MAX_LONG else None


def named_by(operation: Operation, identifier: str) -> Operation:
    """Return an operation whose users are named by one of their identifiers, and looked up.

    :param operation: one that takes an EUID.
    :param identifier: one of `IDENTIFIERS`.
    """
    return replace(
        operation,
        rules=partial(_rules, operation.rules),
        read=partial(_read_looked_up, operation.read),
        lookup=LOOKUPS[identifier],
    )


def _read_looked_up(read: Read, response: Response, users: Sequence[Any]) -> list[Verdict]:
    return [replace(each, remedy=_LOOK_UP_AGAIN) if each.code in _GONE else each for each in read(response, users)]


def _rules(rules: MakeRules, zone: tzinfo) -> Rules:
    return replace(rules(zone), identify=identify, identify_all=none_at_once)


def _lookup(identifier: str) -> Operation:
    return Operation(
        vendor=api.VENDOR,
        name=f"look up {identifier}",
        path=PATH,
        rules=lambda _: Rules(identify, ValueTable({}), lambda _: None),
        encode=lambda update: orjson.dumps(update.user),
        read=read,
        asked_to_wait=asked_to_wait,
        accepted_means="EngageLab returned the EUID",
        done="looked up",
        head=b'{"identity_name":"%s","identity_values":[' % identifier.encode(),
        tail=b"]}",
        max_users=MAX_VALUES,
    )


#: Identifier -> the operation that looks its values up.
LOOKUPS = {identifier: _lookup(identifier) for identifier in IDENTIFIERS}
