# SPDX-License-Identifier: Apache-2.0
"""EngageLab: what an EUID, an attribute's name and value, and a contact may be.

Types: https://engagelab.com/docs/marketing-automation/console/data-management/contribute; the form of a time and the
operations' own rules: seed 000_07f6870b0c84cf74; contacts are text: seed 001_ba1b38142f9df95a.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from numbers import Number
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.ids import wrong_type
from airflow_provider_userattrs.push.mapping.numbers import (
    are_finite,
    as_integer,
    exact_number,
    exact_numbers,
    finite,
    parse_integer,
)
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.scalars import NOT_A_NUMBER, check_missing, plain
from airflow_provider_userattrs.push.mapping.times import local_text, local_texts
from airflow_provider_userattrs.push.mapping.values import (
    LibraryFloat,
    ValueTable,
    as_is,
    each,
    elements,
    invalid,
    unchanged,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

INVALID_EUID = Verdict(
    Status.INVALID,
    "euid",
    "EUID is not a 64-bit integer",
    "Check the EUIDs: each is the integer EngageLab assigned to the user.",
)
NO_EUID = Verdict(
    Status.INVALID,
    "euid",
    "EUID is missing: NULL, or a data library's marker for it",
    "Leave users without an EUID out of the push.",
)
EMPTY_VALUE = Verdict(
    Status.INVALID,
    "empty-value",
    "value is empty, which EngageLab refuses (55103)",
    "Send NULL where there is no value.",
)
EMPTY_ELEMENT = Verdict(
    Status.INVALID,
    "empty-value",
    "list with an empty text, which EngageLab refuses (55103)",
    "Leave empty texts out of the list.",
)
EMPTY_NAME = Verdict(Status.INVALID, "attribute-name", "attribute has no name", "Give the column a name.")
NOT_AN_INTEGER = Verdict(
    Status.INVALID,
    "not-an-integer",
    "increase takes whole numbers only, not fractions",
    "Set the attribute instead, or round upstream.",
)
NO_NUMBER = Verdict(
    Status.INVALID,
    "not-an-integer",
    "increase takes whole numbers only, not text, booleans or other types",
    "Make the column an integer in the query, or with the source's types.",
)
NOT_A_LIST_OF_TEXT = Verdict(
    Status.INVALID,
    "list-of-text",
    "list with elements that are not text",
    "Convert the list's elements to text upstream.",
)
CONTACT_NOT_TEXT = Verdict(
    Status.INVALID, "contact-text", "contact is not text", "Send contacts as text, phone numbers too."
)

_TAKES = "EngageLab takes text, numbers, booleans, times, dates and lists of text"
_TAKES_LISTS = "Add and remove take text and lists of text"

_INFINITE = (math.inf, -math.inf)


def rules(operation: str, zone: tzinfo) -> Rules:
    """Return the rules for an operation.

    :param operation: a ``type`` of Set User Attributes, or ``"contacts"``.
    :param zone: the time zone of naive datetimes, and of the text that is sent.
    """
    return Rules(identify, value_table(operation, zone), check_name, identify_all=identify_all)


def identify(credentials: dict[str, Any]) -> tuple[int, tuple[Hashable, ...]]:
    """Return a user as the request names it: the EUID, an integer ("euid Long").

    :raises InvalidRow: if it is not an integer of 64 bits.
    """
    (value,) = credentials.values()
    euid = value if type(value) is int else _euid(value)
    if euid is None or not -(2**63) <= euid < 2**63:
        raise InvalidRow(INVALID_EUID)
    return euid, (euid,)


def identify_all(credentials: Mapping[str, Sequence[Any]]) -> tuple[Sequence[int], list[tuple[int, ...]]] | None:
    """Return the users and their keys; None if an EUID is no integer of 64 bits."""
    (euids,) = credentials.values()
    if set(map(type, euids)) == {int} and min(euids) >= -(2**63) and max(euids) < 2**63:
        return euids, list(zip(euids, strict=True))
    return None


def _euid(value: Any) -> int | None:
    """Return a value as an integer, or None; a database's NUMERIC and a data frame's float count if they are whole."""
    value = plain(value) if isinstance(value, Enum) else value
    if value is None or check_missing(value):
        raise InvalidRow(NO_EUID)
    if isinstance(value, str):
        return parse_integer(value)
    euid = as_integer(value)
    if euid is None and not isinstance(value, Number):
        raise wrong_type(INVALID_EUID, value)
    return euid


def value_table(operation: str, zone: tzinfo) -> ValueTable:
    """Return the table from type to what EngageLab takes.

    :param operation: one of `SET_OPERATIONS`, or ``"contacts"``.
    :param zone: the time zone of naive datetimes, and of the text that is sent.
    """
    if operation == "contacts":
        return ValueTable({str: not_empty, object: invalid(CONTACT_NOT_TEXT)}, many={str: unchanged(all)})
    if operation == "increase":
        return ValueTable(
            {
                int: as_is,
                bool: invalid(NO_NUMBER),
                float: _amount,
                LibraryFloat: _amount,
                Decimal: _amount,
                object: invalid(NO_NUMBER),
            }
        )
    if operation in ("add", "remove"):
        return ValueTable({str: lambda value: [not_empty(value)], list: _texts, tuple: _texts}, _TAKES_LISTS)
    return ValueTable(
        {
            str: not_empty,
            bool: as_is,
            int: as_is,
            float: finite,
            Decimal: exact_number,
            datetime: local_text(zone, _clock),
            date: _midnight,
            UUID: str,
            list: _texts,
            tuple: _texts,
        },
        _TAKES,
        {
            str: unchanged(all),
            float: unchanged(are_finite),
            Decimal: exact_numbers,
            datetime: local_texts(zone, dates="-"),
            date: each(_midnight),
            UUID: each(str),
        },
    )


def check_name(name: Any) -> Verdict | None:
    """Return the verdict on an attribute's name, or None; what else EngageLab refuses is not documented."""
    return None if isinstance(name, str) and name else EMPTY_NAME


def not_empty(value: str) -> str:
    """Return a text that is not empty.

    :raises InvalidRow: if it is.
    """
    if not value:
        raise InvalidRow(EMPTY_VALUE)
    return value


def _texts(values: list[Any]) -> list[str]:
    if not values:
        raise InvalidRow(EMPTY_VALUE)
    texts = elements(values)
    if not all(isinstance(text, str) for text in texts):
        raise InvalidRow(NOT_A_LIST_OF_TEXT)
    if not all(texts):
        raise InvalidRow(EMPTY_ELEMENT)
    return texts


def _amount(value: float | Decimal) -> int:
    amount = as_integer(value)
    if amount is None:
        raise InvalidRow(NOT_A_NUMBER if value in _INFINITE else NOT_AN_INTEGER)
    return amount


def _midnight(day: date) -> str:
    return f"{day.isoformat()} 00:00:00"


def _clock(time: datetime) -> str:
    parts = time.year, time.month, time.day, time.hour, time.minute, time.second
    return "%04d-%02d-%02d %02d:%02d:%02d" % parts  # noqa: UP031  twice as fast as format specifiers
