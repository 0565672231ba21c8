# SPDX-License-Identifier: Apache-2.0
"""How users are read back from a vendor that only queues updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from airflow_provider_userattrs.push.model.operation import Response
from airflow_provider_userattrs.push.model.row import UserUpdate


class Finding(str, Enum):
    """What reading a user back has shown."""

    EQUAL = "equal"
    NOT_YET = "not_yet"
    DIFFERENT = "different"
    UNKNOWN_USER = "unknown_user"
    UNREAD = "unread"


#: User -> the attributes held, None if the vendor does not know the user; a user of whom nothing is said is missing.
Held: TypeAlias = "Mapping[Any, Mapping[str, Any] | None]"


class CannotRead(Exception):
    """The vendor does not let users be read; the message says why, and what would help."""


@dataclass(frozen=True)
class ReadBack:
    """A vendor's call that returns users.

    :param path: the path of its requests, below the base URL.
    :param max_users: users a request may ask for.
    :param max_rate: users that may be asked for per second.
    :param encode: updates -> the request body that asks for what they changed.
    :param read: response -> what is held; raises `CannotRead`, or any other exception for a response that says nothing.
    :param compare: an update, what is held of its user -> what that shows.
    """

    path: str
    max_users: int
    max_rate: float
    encode: Callable[[Sequence[UserUpdate]], bytes]
    read: Callable[[Response], Held]
    compare: Callable[[UserUpdate, Mapping[str, Any]], Finding]
