# SPDX-License-Identifier: Apache-2.0
"""The first requests of a dry run, as they would be sent, and the same with their values masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from airflow_provider_userattrs.push.model.masked import NOT_LOOKED_UP, masked
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.text import printable

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import Sample

#: Requests that a report has at most.
MAX_REQUESTS = 20

#: Bytes that all bodies together may take in a report, as JSON.
_MAX_BYTES = 6_000


class SampledRequest(NamedTuple):
    """One request.

    :param users: how many users are in it.
    :param body: its body.
    :param masked: the same without values.
    """

    users: int
    body: bytes
    masked: bytes


class SampledRequests:
    """Keeps the first requests of a dry run.

    :param count: how many, at most.
    :param url: where they would go.
    :param headers: the headers of each, without secrets.
    """

    def __init__(self, count: int, url: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.headers = dict(headers or {})
        #: The requests so far, in their order.
        self.requests: list[SampledRequest] = []
        self._count = count

    def note(self, updates: Sequence[UserUpdate], operation: Operation) -> None:
        """Keep a request, if it is one of the first.

        :param updates: what it would send.
        :param operation: the operation.
        """
        if len(self.requests) >= self._count:
            return
        if operation.lookup is not None:
            updates = list(map(_without_id, updates))
        body, without_values = _body(updates, operation), _body(list(map(masked, updates)), operation)
        self.requests.append(SampledRequest(len(updates), body, without_values))

    def as_dict(self) -> Sample:
        """Return what the report says of them: no value."""
        shown = self.requests[:MAX_REQUESTS]
        longest = _MAX_BYTES // max(len(shown), 1)
        return {
            "url": self.url,
            "headers": self.headers,
            "requests": [
                {"users": each.users, "bytes": len(each.body), "body": _cut(each.masked.decode(), longest)}
                for each in shown
            ],
        }


def _body(updates: Sequence[UserUpdate], operation: Operation) -> bytes:
    return operation.head + b",".join(map(operation.encode, updates)) + operation.tail


def _without_id(update: UserUpdate) -> UserUpdate:
    """Return an update whose user was not looked up without the id that stands in for the vendor's own."""
    if update.user not in update.keys:
        return update
    return UserUpdate(update.position, update.user, (NOT_LOOKED_UP,), update.attributes, update.unset, {})


def _cut(text: str, longest: int) -> str:
    """Return a text that takes no more than so many bytes as JSON."""
    text = printable(text)
    while len(json.dumps(text)) > longest:
        text = f"{text[: len(text) * longest // len(json.dumps(text)) - 5]} ..."
    return text
