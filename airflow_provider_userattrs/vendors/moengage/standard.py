# SPDX-License-Identifier: Apache-2.0
"""MoEngage: the standard attributes, each of a type of its own (seed 003_dbbef344ba752faa, "Standard User Attributes").

MoEngage responds to a value of another type with 200 and stores it unchanged; changing the attribute's type later does
not fix it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.numbers import (
    as_integer,
    exact_number,
    exact_text,
    finite,
    parse_integer,
    parse_number,
)
from airflow_provider_userattrs.push.mapping.scalars import check_missing, parse_boolean, plain
from airflow_provider_userattrs.push.mapping.times import utc_text
from airflow_provider_userattrs.push.mapping.values import Convert, LibraryFloat, Noted, ValueTable, as_is, invalid
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

TEXTS = ("name", "first_name", "last_name", "email", "gender", "mobile", "source")
NUMBERS = ("age", "transactions", "revenue")
BOOLEANS = ("moe_unsubscribe",)
DATES = ("created_time", "last_seen")
STANDARD = frozenset({*TEXTS, *NUMBERS, *BOOLEANS, *DATES, "moe_geo_location", "platforms"})
PLATFORMS = frozenset({"android", "ios", "web"})

_FROM_TEXT = "text sent as a number"

NOT_TEXT = Verdict(
    Status.INVALID,
    "not-text",
    "standard attribute of type String that is not text",
    "Send text; a number is sent as its text.",
)
NOT_NUMERIC = Verdict(
    Status.INVALID,
    "not-numeric",
    "standard attribute of type Numeric that is not a number",
    "Send a number or its text, and NULL where there is none.",
)
NOT_BOOLEAN = Verdict(
    Status.INVALID,
    "not-boolean",
    "standard attribute of type Boolean that is not a boolean",
    "Send a boolean or text such as true or false, and NULL where there is none.",
)
NOT_A_DATE = Verdict(
    Status.INVALID,
    "not-a-date",
    "date attribute that MoEngage would store as text",
    "Send a date or datetime, or text such as 2019-05-21T03:47:35Z.",
)
NOT_A_LOCATION = Verdict(
    Status.INVALID,
    "not-a-location",
    "location is not {'lat': number, 'lon': number}",
    "Send a dict with exactly these two keys.",
)
NOT_PLATFORMS = Verdict(
    Status.INVALID,
    "not-platforms",
    "platforms is not a list of {'platform': ..., 'active': ...}",
    "Give ANDROID, iOS or web, each with active true or false.",
)


def standard_tables(zone: tzinfo, types: ValueTable) -> dict[str, ValueTable]:
    """Return the table of each standard attribute, by name.

    :param zone: the time zone of naive datetimes.
    :param types: the converters for other attributes, of which text is converted in the same way.
    """
    texts = ValueTable(
        {
            str: types[str],
            UUID: str,
            int: _number_as_text,
            float: _number_as_text,
            LibraryFloat: _number_as_text,
            Decimal: _number_as_text,
            bool: invalid(NOT_TEXT),
            object: invalid(NOT_TEXT),
        },
        many={kind: types.many[kind] for kind in (str, UUID)},
    )
    numbers = ValueTable(
        {
            int: as_is,
            float: finite,
            Decimal: exact_number,
            str: _text_as_number,
            bool: invalid(NOT_NUMERIC),
            object: invalid(NOT_NUMERIC),
        },
        many={kind: types.many[kind] for kind in (float, Decimal)},
    )
    dates = ValueTable({object: _date(zone)}, many={kind: types.many[kind] for kind in (datetime, date)})
    return {
        **dict.fromkeys(TEXTS, texts),
        **dict.fromkeys(NUMBERS, numbers),
        **dict.fromkeys(BOOLEANS, ValueTable({bool: as_is, object: _as_boolean})),
        **dict.fromkeys(DATES, dates),
        "moe_geo_location": ValueTable({object: _location}),
        "platforms": ValueTable({object: _platforms}),
    }


def _number_as_text(value: float | Decimal) -> Noted:
    number = as_integer(value)
    return Noted(exact_text(value) if number is None else str(number), "number sent as text")


def _text_as_number(value: str) -> Noted:
    number = parse_integer(value.strip())
    if number is not None:
        return Noted(number, _FROM_TEXT)
    decimal = parse_number(value, Decimal)
    if decimal is None:
        raise InvalidRow(NOT_NUMERIC)
    return Noted(exact_number(decimal), _FROM_TEXT)


def _as_boolean(value: Any) -> Noted:
    boolean = parse_boolean(value)
    if boolean is None:
        raise InvalidRow(NOT_BOOLEAN)
    return Noted(boolean, "value sent as a boolean")


def _date(zone: tzinfo) -> Convert:
    moment = utc_text(zone)

    def convert(value: Any) -> Any:
        if verdict := check_missing(value):
            raise InvalidRow(verdict)
        if isinstance(value, datetime):
            return moment(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str) and _is_date(value):
            return value
        raise InvalidRow(NOT_A_DATE)

    return convert


#: What MoEngage reads as a date; anything else it stores as text.
_DATE_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?")


def _is_date(text: str) -> bool:
    if not _DATE_FORM.fullmatch(text):
        return False
    try:
        datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S" if len(text) > 10 else "%Y-%m-%d")
    except ValueError:
        return False
    return True


def _location(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != {"lat", "lon"}:
        raise InvalidRow(NOT_A_LOCATION)
    return {key: _degrees(part) for key, part in value.items()}


def _degrees(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InvalidRow(NOT_A_LOCATION)
    return exact_number(value) if isinstance(value, Decimal) else finite(value)


def _platforms(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, (list, tuple)) or not all(map(_is_platform, value)):
        raise InvalidRow(NOT_PLATFORMS)
    return [{"platform": item["platform"], "active": str(item["active"]).lower()} for item in value]


def _is_platform(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"platform", "active"}
        and str(item["platform"]).lower() in PLATFORMS
        and str(item["active"]).lower() in ("true", "false")
    )
