# SPDX-License-Identifier: Apache-2.0
"""What the engine knows about an operation of a vendor's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from math import floor, log10
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.updates import Updates
from airflow_provider_userattrs.push.model.verdict import Verdict

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.mapping.rules import Rules
    from airflow_provider_userattrs.push.model.read_back import ReadBack


def format_rate(rate: float) -> str:
    """Return a rate as text, with grouped thousands and a short fraction."""
    text = f"{rate:,.{max(0, 3 - floor(log10(rate)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


#: Seconds of a cap on users that one request may take: ten requests and more share a minute's quota.
_MAX_SHARE_OF_CAP = 6.0

#: Statuses of a vendor that cannot take more requests now (RFC 6585, 4; RFC 9110, 15.6.4).
BUSY_STATUSES = frozenset({429, 503})


@dataclass(frozen=True)
class Response:
    """A vendor's response to one request.

    :param status: the HTTP status.
    :param headers: the HTTP headers, their names in lower case.
    :param body: the body's bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(Protocol):
    """Sends one request body and returns the response, whatever its status; called from several threads at once."""

    def __call__(self, body: bytes, *, before_send: Callable[[], None] = ...) -> Response:
        """Send it.

        :param body: the request body.
        :param before_send: called right before the first byte is sent; if it raises, nothing is sent.
        :raises NotSent: if no byte was sent.
        :raises NoResponse: if one may have been sent, and no readable response came back.
        :raises RefusedConfiguration: if no request can be made with these settings.
        """


MakeRules: TypeAlias = "Callable[[tzinfo], Rules]"
Encode: TypeAlias = Callable[[UserUpdate], bytes]
Read: TypeAlias = Callable[[Response, Sequence[Any]], "list[Verdict]"]
AskedToWait: TypeAlias = Callable[[Response, Callable[[], float]], "float | None"]


@dataclass(frozen=True)
class Operation:
    """An operation of a vendor's API: its limits and rules, how an update is encoded, how a response is read.

    :param vendor: the vendor's name, as a person writes it.
    :param name: what it does, such as ``"set attributes"``.
    :param path: the path of its requests, below the base URL.
    :param rules: time zone of naive datetimes -> the rules for users, names and values.
    :param encode: update -> its bytes in a request body.
    :param read: response, the users as the request named them -> one verdict for each, in their order.
    :param asked_to_wait: response, a function that returns the seconds since the epoch -> for how many seconds the
        vendor asks to send nothing, or None.
    :param accepted_means: what ``accepted`` means for this vendor, as a clause.
    :param done: the same as a participle: ``"updated"`` or ``"queued"``.
    :param head: the start of a request body, before the encoded updates, which are joined by commas.
    :param tail: the end of a request body.
    :param max_users: users a request may hold; None for as many as its bytes allow.
    :param max_bytes: bytes a request body may have, or None.
    :param max_rate: the documented cap per second, or None.
    :param rate_unit: what the cap counts, ``"requests"`` or ``"users"``.
    :param idempotent: whether applying an update twice is the same as once.
    :param overwrites: whether what the vendor then holds depends on the last update alone.
    :param unsets: whether it removes attributes, and so takes their names and no values.
    :param read_back: how users are read back, of a vendor that only queues updates; None if they cannot be.
    :param refresh_after: after how long a user should be sent although nothing changed; None for never.
    :param lookup: the operation that finds the users that the rows name by another id; None if they name the vendor's.
    :param encode_unset: update with nothing but attributes to remove -> its bytes in a request body; None where no
        request to this path removes what it sets.
    :param gone_codes: the codes of verdicts by which the vendor does not know a user.
    :param encode_all: updates -> what ``encode`` returns for each, joined by commas; None where many at once are no
        faster.
    """

    vendor: str
    name: str
    path: str
    rules: MakeRules
    encode: Encode
    read: Read
    asked_to_wait: AskedToWait
    accepted_means: str
    done: str = "updated"
    head: bytes = b""
    tail: bytes = b""
    max_users: int | None = 1
    max_bytes: int | None = None
    max_rate: float | None = None
    rate_unit: str = "requests"
    idempotent: bool = True
    overwrites: bool = True
    unsets: bool = False
    refresh_after: timedelta | None = None
    read_back: ReadBack | None = None
    lookup: Operation | None = None
    encode_unset: Encode | None = None
    gone_codes: frozenset[str] = frozenset()
    encode_all: Callable[[Updates], bytes] | None = None

    def shares(self, rate: float | None) -> bool:
        """Return whether requests with many users share a minute's quota of them.

        :param rate: the cap per second, or None.
        """
        return self.max_users != 1 and self.rate_unit == "users" and rate is not None

    def within(self, rate: float | None) -> Operation:
        """Return the operation with no more users in a request than a cap lets go at once.

        :param rate: the cap per second, or None.
        """
        if rate is None or not self.shares(rate):
            return self
        most = max(1, int(rate * _MAX_SHARE_OF_CAP))
        return replace(self, max_users=min(self.max_users or most, most))

    def units(self, users: int) -> int:
        """Return how many units of the cap one request takes.

        :param users: the users in the request.
        """
        return users if self.rate_unit == "users" else 1
