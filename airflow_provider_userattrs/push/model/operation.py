# SPDX-License-Identifier: Apache-2.0
"""What the engine must know of one operation of a vendor's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import floor, log10
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from airflow_provider_userattrs.push.model.row import UserUpdate
from airflow_provider_userattrs.push.model.verdict import Verdict

if TYPE_CHECKING:
    from airflow_provider_userattrs.push.mapping.rules import Rules


def format_rate(rate: float) -> str:
    """Return a rate with its thousands grouped and four digits of a fraction at most."""
    text = f"{rate:,.{max(0, 3 - floor(log10(rate)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


#: Statuses that say that there are too many requests (RFC 6585, 4; RFC 9110, 15.6.4).
BUSY = frozenset({429, 503})


@dataclass(frozen=True)
class Answer:
    """Hold a vendor's answer to one request.

    :param status: the HTTP status.
    :param headers: the HTTP headers, their names in lower case.
    :param body: the body's bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(Protocol):
    """Send one request body and return the answer, whatever its status; called from several threads at once."""

    def __call__(self, body: bytes, *, leave: Callable[[], None] = ...) -> Answer:
        """Send it.

        :param body: the request body.
        :param leave: called right before the first byte of the request leaves; what it raises is passed on, and
            nothing leaves.
        :raises NotSent: if no byte has left.
        :raises NoAnswer: if one may have, and no answer came back.
        :raises RefusedConfiguration: if it cannot work with these settings.
        """


MakeRules: TypeAlias = "Callable[[tzinfo], Rules]"
Encode: TypeAlias = Callable[[UserUpdate], bytes]
Read: TypeAlias = Callable[[Answer, Sequence[Any]], "list[Verdict]"]
AskedToWait: TypeAlias = Callable[[Answer, Callable[[], float]], "float | None"]


@dataclass(frozen=True)
class Operation:
    """Describe one operation of a vendor's API: limits, rules, how an update is written, how an answer is read.

    :param vendor: the vendor's name, as a person writes it.
    :param name: what is done, in two words such as ``"set attributes"``.
    :param path: where requests go, below the base URL.
    :param rules: where naive datetimes are from -> the vendor's rules for users, names and values.
    :param encode: update -> its part of a request body.
    :param read: answer, the users of the request as its body names them -> one verdict for each, in their order.
    :param asked_to_wait: answer, what returns the seconds since the epoch -> for how many seconds the vendor asks to
        send nothing, or None.
    :param accepted_means: how strong an ``accepted`` of this vendor is, as half a sentence.
    :param done: the same in one word: users were ``"updated"``, or ``"queued"``.
    :param head: what stands before the parts in a body; parts are joined by commas.
    :param tail: what stands after them.
    :param max_users: users a request may hold.
    :param max_bytes: bytes a request body may have, or None.
    :param max_rate: the documented cap per second, or None.
    :param rate_unit: what the cap counts, ``"requests"`` or ``"users"``.
    :param idempotent: whether applying an update twice is the same as once.
    :param unsets: whether attributes are removed: what is given are their names, and no values.
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
    max_users: int = 1
    max_bytes: int | None = None
    max_rate: float | None = None
    rate_unit: str = "requests"
    idempotent: bool = True
    unsets: bool = False

    def units(self, users: int) -> int:
        """Return what one request with so many users takes of the cap."""
        return users if self.rate_unit == "users" else 1
