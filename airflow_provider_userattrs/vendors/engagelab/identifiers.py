# SPDX-License-Identifier: Apache-2.0
"""EngageLab: the ids by which a user's EUID is looked up, and what they may be.

https://www.engagelab.com/docs/marketing-automation/rest-api/get-euid
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from airflow_provider_userattrs.push.mapping.encodable import NOT_UTF8
from airflow_provider_userattrs.push.mapping.ids import FROM_FLOAT, id_note, required_id
from airflow_provider_userattrs.push.mapping.values import Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

#: The identifiers that EngageLab knows.
IDENTIFIERS = ("user_id", "anonymous_id", "registration_id")

MAX_LENGTH = 256

LEAVE_OUT = "Leave users without an id out of the push."

NO_IDENTIFIER = Verdict(
    Status.INVALID,
    "identifier",
    "user identifier is missing: NULL, or a data library's marker for it",
    LEAVE_OUT,
)
EMPTY_IDENTIFIER = Verdict(
    Status.INVALID, "identifier", "user identifier is empty or blank, which EngageLab refuses (55107)", LEAVE_OUT
)
LONG_IDENTIFIER = Verdict(
    Status.INVALID,
    "identifier",
    "user identifier over 256 characters, which EngageLab refuses (55105)",
    "Name these users by a shorter id, or leave them out of the push.",
)
NOT_AN_IDENTIFIER = Verdict(
    Status.INVALID,
    "identifier",
    "user identifier is not text, a whole number or a UUID",
    "Name the column with the user's id.",
)


def identify(credentials: dict[str, Any]) -> tuple[str | Noted, tuple[Hashable, ...]]:
    """Return a user as the author names it: an id, as text of up to 256 characters.

    :raises InvalidRow: if it is not such an id.
    """
    (value,) = credentials.values()
    text = identifier_text(value)
    note = FROM_FLOAT if isinstance(value, float) else id_note(text)
    return Noted(text, note, next(iter(credentials))) if note else text, (text,)


def identifier_text(value: Any) -> str:
    """Return an identifier as a request has it.

    :raises InvalidRow: if it cannot be one.
    """
    text = value if type(value) is str else required_id(value, NO_IDENTIFIER, NOT_AN_IDENTIFIER)
    if not text or text.isspace():
        raise InvalidRow(EMPTY_IDENTIFIER)
    if len(text) > MAX_LENGTH:
        raise InvalidRow(LONG_IDENTIFIER)
    if not text.isascii():
        _check_encodable(text)
    return text


def _check_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRow(NOT_UTF8) from None
