# SPDX-License-Identifier: Apache-2.0
"""Kahuna: what a user's credentials, an attribute's name and its value may be.

All of it: seed 002_3492fff7f26e71be, "target" and "attributes".
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from itertools import repeat
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.displays import Display, display_of
from airflow_provider_userattrs.push.mapping.ids import (
    FROM_FLOAT,
    MAX_MISSING_LENGTH,
    are_texts,
    id_note,
    required_id,
)
from airflow_provider_userattrs.push.mapping.numbers import exact_text, exact_texts
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.times import local_text, local_texts
from airflow_provider_userattrs.push.mapping.values import Bulk, Noted, ValueTable, as_is, each, unchanged
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

MAX_VALUE_BYTES = 2048

_AS_TEXT = "number sent as its exact decimal text"

VALUE_TOO_LONG = Verdict(
    Status.INVALID,
    "value-too-long",
    f"value over {MAX_VALUE_BYTES:,} bytes",
    'Shorten the value, or set oversize="send" to see what Kahuna makes of it.',
)
NO_TARGET = Verdict(
    Status.INVALID,
    "target",
    "no credential to find the user by",
    "Give every row a value in at least one column of target.",
)
TARGET_TYPE = Verdict(
    Status.INVALID, "target-type", "credential is neither text nor integer", "Convert the credential to text upstream."
)
MISSING_CREDENTIAL = Verdict(
    Status.INVALID,
    "target-type",
    "credential is a data library's marker for a missing value (NaN, NaT, NA)",
    "Replace it with NULL upstream: the user is then found by the other credentials, if there are any.",
)
EMPTY_NAME = Verdict(Status.INVALID, "attribute-name", "attribute has no name", "Give the column a name.")


def rules(zone: tzinfo, *, check_size: bool = True) -> Rules:
    """Return the rules for attributes.

    :param zone: the time zone of naive datetimes, and of the text that is sent.
    :param check_size: whether a value over 2,048 bytes is refused.
    """
    return Rules(identify, value_table(zone, check_size=check_size), check_name, identify_all=identify_all)


def identify(credentials: dict[str, Any]) -> tuple[dict[str, str] | Noted, tuple[Hashable, ...]]:
    """Return a user as the request names it: the credentials that are not NULL or blank, in order of preference.

    Kahuna takes the first credential that matches a user.

    :raises InvalidRow: if there is none, or one is neither text nor integer.
    """
    target: dict[str, str] = {}
    noted: Noted | None = None
    for credential, value in credentials.items():
        if type(value) is not str:
            if value is None:
                continue
            if isinstance(value, float):
                noted = noted or Noted(target, FROM_FLOAT, credential)
            value = required_id(value, MISSING_CREDENTIAL, TARGET_TYPE)
        stripped = value.strip()
        if not stripped:
            continue
        if (stripped is not value or len(value) <= MAX_MISSING_LENGTH) and (note := id_note(value)):
            noted = noted or Noted(target, note, credential)
        target[credential] = value
    if not target:
        raise InvalidRow(NO_TARGET)
    return noted or target, tuple(target.items())


def identify_all(credentials: Mapping[str, Sequence[Any]]) -> tuple[list[Any], list[Any]] | None:
    """Return the users and their keys; None if a credential is missing or odd."""
    if not all(map(are_texts, credentials.values())):
        return None
    users = _targets_of(tuple(credentials))(zip(*credentials.values(), strict=True))
    # Of each credential, its pair with every value; then the pairs of each row.
    pairs = [zip(repeat(credential), values) for credential, values in credentials.items()]
    return users, list(zip(*pairs, strict=True))


@lru_cache(maxsize=16)
def _targets_of(credentials: tuple[str, ...]) -> Display:
    return display_of(credentials, {})


def value_table(zone: tzinfo, *, check_size: bool = True) -> ValueTable:
    """Return the table from type to what Kahuna takes: string, integer, boolean.

    Times and dates have the form of the page's samples. A number that is not an integer is sent as its exact decimal
    text, and noted.

    :param zone: the time zone of naive datetimes, and of the text that is sent.
    :param check_size: whether a value over 2,048 bytes is refused.
    """
    return ValueTable(
        {
            str: _within_limit if check_size else as_is,
            bool: as_is,
            int: as_is,
            float: partial(_number_text, check_size=check_size),
            Decimal: partial(_integer_or_text, check_size=check_size),
            datetime: local_text(zone, _clock, to="minute"),
            date: _day,
            UUID: str,
        },
        "Kahuna takes text, numbers, booleans, times and dates",
        {
            str: unchanged(_are_within_limit),
            float: _integers_or_texts,
            Decimal: _integers_or_texts,
            datetime: local_texts(zone, dates="/", to="minute"),
            date: each(_day),
            UUID: each(str),
        },
    )


def check_name(name: Any) -> Verdict | None:
    """Return the verdict on an attribute's name, or None."""
    return None if isinstance(name, str) and name else EMPTY_NAME


def _within_limit(value: str) -> str:
    # A character has at most 4 bytes in UTF-8; text that cannot be encoded is refused when the body is written.
    if len(value) * 4 > MAX_VALUE_BYTES and len(value.encode("utf-8", "surrogatepass")) > MAX_VALUE_BYTES:
        raise InvalidRow(VALUE_TOO_LONG)
    return value


def _are_within_limit(values: Sequence[str]) -> bool:
    return max(map(len, values)) * 4 <= MAX_VALUE_BYTES


def _number_text(value: float | Decimal, *, check_size: bool) -> Noted:
    return _as_text(exact_text(value), check_size)


def _integer_or_text(value: Decimal, *, check_size: bool) -> int | Noted:
    text = exact_text(value)
    # By the scale, not the value, so that a NUMERIC(10, 2) column has one type in all rows.
    return _as_text(text, check_size) if "." in text else int(value)


def _as_text(number: str, check_size: bool) -> Noted:
    if check_size and len(number) > MAX_VALUE_BYTES:
        raise InvalidRow(VALUE_TOO_LONG)
    return Noted(number, _AS_TEXT)


def _integers_or_texts(values: Sequence[Any]) -> Bulk | None:
    texts = exact_texts(values)
    if texts is None or max(map(len, texts)) > MAX_VALUE_BYTES:
        return None
    sent = [text if "." in text else int(text) for text in texts]
    return Bulk(sent, _AS_TEXT, [index for index, value in enumerate(sent) if type(value) is str])


def _day(day: date) -> str:
    return day.isoformat().replace("-", "/")


def _clock(time: datetime) -> str:
    parts = time.year, time.month, time.day, time.hour, time.minute
    return "%04d/%02d/%02d %02d:%02d" % parts  # noqa: UP031  twice as fast as format specifiers
