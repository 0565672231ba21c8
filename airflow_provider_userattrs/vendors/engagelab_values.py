# SPDX-License-Identifier: Apache-2.0
"""EngageLab: what an EUID, an attribute's name and value, and a contact may be.

Types: https://engagelab.com/docs/marketing-automation/console/data-management/contribute; the form of a time and the
operations' own rules: seed 000_07f6870b0c84cf74; contacts are text: seed 001_ba1b38142f9df95a.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from numbers import Integral
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.errors import InvalidRow
from airflow_provider_userattrs.push.outcome import Status, Verdict
from airflow_provider_userattrs.push.rules import Rules
from airflow_provider_userattrs.push.values import (
    NOT_A_NUMBER,
    ValueTable,
    as_is,
    clock_text,
    exact_number,
    finite,
    plain,
    refuse,
)

INVALID_EUID = Verdict(
    Status.INVALID,
    "euid",
    "EUID is no integer of 64 bits",
    "Check the EUIDs: each is the integer EngageLab gave the user.",
)
EMPTY_VALUE = Verdict(
    Status.INVALID,
    "empty-value",
    "value is empty, which EngageLab refuses (55103)",
    "Send NULL where there is no value.",
)
EMPTY_NAME = Verdict(Status.INVALID, "attribute-name", "attribute has no name", "Give the column a name.")
NOT_AN_INTEGER = Verdict(
    Status.INVALID,
    "not-an-integer",
    "increase takes whole numbers only",
    "Set the attribute instead, or round upstream.",
)
NOT_A_LIST_OF_TEXT = Verdict(
    Status.INVALID, "list-of-text", "a list takes texts only", "Turn the list's elements into text upstream."
)
CONTACT_NOT_TEXT = Verdict(
    Status.INVALID, "contact-text", "contact is no text", "Send contacts as text; a phone number is one too."
)


def rules(operation: str, zone: tzinfo) -> Rules:
    """Return the rules for an operation.

    :param operation: a ``type`` of Set User Attributes, or ``"contact"``.
    :param zone: where naive datetimes are from, and in which all are written.
    """
    return Rules(identify, value_table(operation, zone), check_name)


def identify(credentials: dict[str, Any]) -> tuple[int, tuple[Hashable, ...]]:
    """Return a user as the body names it: the EUID, an integer ("euid Long").

    :raises InvalidRow: if it is none.
    """
    (value,) = credentials.values()
    euid = value if type(value) is int else _integer(value)
    if euid is None or not -(2**63) <= euid < 2**63:
        raise InvalidRow(INVALID_EUID)
    return euid, (euid,)


def _integer(value: Any) -> int | None:
    """Return what a value is as an integer, exactly, or None."""
    value = plain(value)
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else None
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return int(value)
    # A database's NUMERIC and a data frame's integers with gaps arrive as Decimal and float.
    return int(value) if isinstance(value, (float, Decimal)) and _is_whole(value) else None


def value_table(operation: str, zone: tzinfo) -> ValueTable:
    """Return the table from type to what EngageLab takes.

    :param operation: one of `SET_OPERATIONS`, or ``"contact"``.
    :param zone: where naive datetimes are from, and in which all are written.
    """
    if operation == "contact":
        return ValueTable({str: _filled, object: refuse(CONTACT_NOT_TEXT)})
    if operation == "increase":
        return ValueTable(
            {int: as_is, bool: refuse(NOT_AN_INTEGER), float: _whole, Decimal: _whole, object: refuse(NOT_AN_INTEGER)}
        )
    if operation in ("add", "remove"):
        return ValueTable({str: lambda value: [_filled(value)], list: _texts, tuple: _texts})
    return ValueTable(
        {
            str: _filled,
            bool: as_is,
            int: as_is,
            float: finite,
            Decimal: exact_number,
            datetime: clock_text(zone, _clock),
            date: lambda value: f"{value.isoformat()} 00:00:00",
            UUID: str,
            list: _texts,
            tuple: _texts,
        }
    )


def check_name(name: Any) -> Verdict | None:
    """Return the verdict on an attribute's name, or None; what else EngageLab refuses is documented nowhere."""
    return None if isinstance(name, str) and name else EMPTY_NAME


def _filled(value: str) -> str:
    if not value:
        raise InvalidRow(EMPTY_VALUE)
    return value


def _texts(values: list[Any]) -> list[str]:
    if not values:
        raise InvalidRow(EMPTY_VALUE)
    if not all(isinstance(value, str) for value in values):
        raise InvalidRow(NOT_A_LIST_OF_TEXT)
    return [_filled(value) for value in values]


def _is_whole(value: Any) -> bool:
    """Tell whether a number is finite and without a remainder; a signalling NaN is not even to be asked."""
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return math.isfinite(value) and value == int(value)


def _whole(value: Any) -> int:
    if (isinstance(value, Decimal) and value.is_snan()) or not math.isfinite(value):
        raise InvalidRow(NOT_A_NUMBER)
    if not _is_whole(value):
        raise InvalidRow(NOT_AN_INTEGER)
    return int(value)


def _clock(time: datetime) -> str:
    parts = time.year, time.month, time.day, time.hour, time.minute, time.second
    return "%04d-%02d-%02d %02d:%02d:%02d" % parts  # noqa: UP031  twice as fast as format specifiers
