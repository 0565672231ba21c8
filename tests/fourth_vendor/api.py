# SPDX-License-Identifier: Apache-2.0
"""Petrel: what its Members API says; the facts of ``vendors/<vendor>/api.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from airflow_provider_userattrs.push.model.operation import BUSY_STATUSES, Operation, Response
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Action, Status, Verdict
from airflow_provider_userattrs.vendors import http
from fourth_vendor.values import rules

VENDOR = "Petrel"
CLUSTERS = {"north": "https://north.petrel.example", "south": "https://south.petrel.example"}
EMPTY_REQUEST = b'{"members":[]}'

#: Result of one member -> verdict.
RESULTS = {
    "merged": ACCEPTED,
    "merged_in_part": Verdict(Status.PARTIAL, "merged_in_part", "some attributes were left out", "Check the member."),
    "unknown_member": Verdict(
        Status.REJECTED, "unknown_member", "no such member", "Petrel updates members that have joined: check the id."
    ),
    "bad_value": Verdict(Status.REJECTED, "bad_value", "a value is refused", "Mend the row's values."),
    "locked": Verdict(Status.UNSENT, "locked", "member is locked for now", "Retry the task later.", Action.RETRY),
    "failed": Verdict(Status.UNKNOWN, "failed", "member may be changed or not", "Check the member.", Action.RETRY),
}

#: HTTP status of the whole request -> verdict; else by what HTTP says.
STATUSES = {
    400: Verdict(Status.REJECTED, "400", "request is malformed", "Mend the row.", Action.SPLIT, see_rejects=True),
    403: Verdict(
        Status.UNSENT, "403", "the token may not write", "Give the token the scope members:write.", Action.STOP
    ),
}

UNREADABLE = Verdict(Status.UNKNOWN, "unreadable", "response could not be read", "Check the members.")
OTHER_MEMBERS = Verdict(Status.UNKNOWN, "other-members", "response is about other members", "Check the members.")


def encode(update: UserUpdate) -> bytes:
    """Return a member with what changes of it."""
    return orjson.dumps({"id": update.user, "merge": update.attributes, "drop": update.unset})


def read(response: Response, users: Sequence[Any]) -> list[Verdict]:
    """Return one verdict for each member of a request, matched by id."""
    try:
        body = orjson.loads(response.body)
    except ValueError:
        body = None
    results = body.get("results") if isinstance(body, dict) else None
    if response.status != 207:
        verdict = STATUSES.get(response.status) or http.by_status(response.status)
        return [http.contradicted(response.status) if results else verdict] * len(users)
    if not isinstance(results, list) or http.has_twice(response.body, "result", len(users)):
        return [UNREADABLE] * len(users)
    result = {str(each["id"]).casefold(): each["result"] for each in results}
    if len(results) != len(users) or result.keys() != {user.casefold() for user in users}:
        return [OTHER_MEMBERS] * len(users)
    return [RESULTS.get(result[user.casefold()], UNREADABLE) for user in users]


def asked_to_wait(response: Response, clock: Callable[[], float]) -> float | None:
    """Return for how many seconds a response asks to send nothing: Petrel's own header says it in milliseconds."""
    pause = response.headers.get("petrel-pause", "")
    own = (
        float(pause) / 1000
        if response.status in BUSY_STATUSES and pause.isascii() and pause.isdecimal() and len(pause) < 9
        else 0.0
    )
    return max(own, http.asked_to_wait(response, clock) or 0.0) or None


_SET = Operation(
    vendor=VENDOR,
    name="set attributes",
    path="/v2/members",
    rules=rules,
    encode=encode,
    read=read,
    asked_to_wait=asked_to_wait,
    accepted_means="Petrel confirmed each member",
    head=b'{"members":[',
    tail=b"]}",
    max_users=40,
    max_bytes=24_000,
    encode_unset=encode,
    gone_codes=frozenset({"unknown_member"}),
)

#: What an author asks for -> the operation.
OPERATIONS = {"set": _SET, "unset": replace(_SET, name="unset attributes", unsets=True, encode_unset=None)}
