# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what a customer id, an attribute's name and its value may be.

MoEngage cuts, drops or changes what breaks these rules, and answers 200:
https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
Standard attributes and reserved names: seed 003_dbbef344ba752faa.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.errors import InvalidRow
from airflow_provider_userattrs.push.outcome import Status, Verdict
from airflow_provider_userattrs.push.rules import Rules
from airflow_provider_userattrs.push.values import (
    Convert,
    Noted,
    ValueTable,
    as_is,
    exact_number,
    finite,
    plain,
    utc_text,
)

MAX_NAME = 200
MAX_TEXT = 512
MAX_ELEMENTS = 50
RESERVED_NAMES = frozenset({"id", "_id", ""})

#: Attributes the seed gives the type Date.
DATES = ("created_time", "last_seen")
PLATFORMS = frozenset({"android", "ios", "web"})

_OVERSIZE = 'or set oversize="send" to let MoEngage cut it.'
RESERVED_NAME = Verdict(
    Status.INVALID,
    "reserved-name",
    "attribute name that MoEngage blocks",
    "Rename it: id, _id and no name are blocked.",
)
NAME_TOO_LONG = Verdict(
    Status.INVALID, "name-too-long", f"attribute name over {MAX_NAME} characters", f"Shorten the name, {_OVERSIZE}"
)
VALUE_TOO_LONG = Verdict(
    Status.INVALID, "value-too-long", f"value over {MAX_TEXT} characters", f"Shorten the value, {_OVERSIZE}"
)
LIST_TOO_LONG = Verdict(
    Status.INVALID, "list-too-long", f"list over {MAX_ELEMENTS} elements", f"Shorten the list, {_OVERSIZE}"
)
MIXED_LIST = Verdict(
    Status.INVALID, "mixed-list", "list with elements of several types", "Give the list elements of one type."
)
NOT_A_DATE = Verdict(
    Status.INVALID,
    "not-a-date",
    "date attribute that MoEngage would store as text",
    "Send a date or datetime, or text such as 2019-05-21T03:47:35Z.",
)
NOT_A_PLACE = Verdict(
    Status.INVALID,
    "not-a-place",
    "location is no {'lat': number, 'lon': number}",
    "Send both numbers under these keys.",
)
NOT_PLATFORMS = Verdict(
    Status.INVALID,
    "not-platforms",
    "platforms is no list of {'platform': ..., 'active': ...}",
    "Name ANDROID, iOS or web, each with active true or false.",
)


CUSTOMER_ID = Verdict(
    Status.INVALID,
    "customer-id",
    "customer_id is no text of more than one character",
    "Name the user by the text that identifies it in MoEngage.",
)
BLOCKED_CUSTOMER_ID = Verdict(
    Status.INVALID,
    "blocked-customer-id",
    "customer_id is one that MoEngage blocks",
    "Leave users without an id of their own out of the push.",
)

#: Ids that stand for no user (https://www.moengage.com/docs/api/data/data-overview); whether case counts when they are
#: compared is not documented, so it does not count here.
BLOCKED_CUSTOMER_IDS = frozenset(
    {"", '""', "0", "1", "2", "-1", "-2", "id", "uid", "userid", "user_id", "customer_id", "user_attribute_unique_id"}
    | {"na", "n/a", "none", "null", "true", "false", "guest", "unknown", "dummy_seller_code"}
)


def rules(zone: tzinfo, *, check_size: bool = True) -> Rules:
    """Return the rules for attributes.

    :param zone: where naive datetimes are from; all are written in UTC.
    :param check_size: whether names over 200 characters, texts over 512 and lists over 50 elements are refused.
    """
    types = value_table(zone, check_size=check_size)
    return Rules(identify, types, partial(check_name, check_size=check_size), named(zone))


def unset_rules(match: str) -> Rules:
    """Return the rules for attributes to remove.

    :param match: how their names are matched; what is no whole name may be part of a reserved one, but not empty.
    """
    check = check_name if match == "equals" else _check_part
    return Rules(identify, ValueTable({}), check)


def identify(credentials: dict[str, Any]) -> tuple[str, tuple[Hashable, ...]]:
    """Return a user as the body names it: the customer id, a text of more than one character.

    :raises InvalidRow: if it is none, or one that MoEngage blocks.
    """
    (value,) = credentials.values()
    if type(value) is not str:
        value = plain(value)
        if isinstance(value, bool) or not isinstance(value, (str, int, UUID)):
            raise InvalidRow(CUSTOMER_ID)
        value = str(value)
    if value.strip().lower() in BLOCKED_CUSTOMER_IDS:
        raise InvalidRow(BLOCKED_CUSTOMER_ID)
    if len(value) < 2:
        raise InvalidRow(CUSTOMER_ID)
    return value, (value,)


def check_name(name: Any, *, check_size: bool = True) -> Verdict | None:
    """Return the verdict on an attribute's name, or None.

    :param name: the name.
    :param check_size: whether a name over 200 characters is refused.
    """
    if not isinstance(name, str) or name in RESERVED_NAMES:
        return RESERVED_NAME
    return NAME_TOO_LONG if check_size and len(name) > MAX_NAME else None


def _check_part(part: Any) -> Verdict | None:
    return None if isinstance(part, str) and part else RESERVED_NAME


def value_table(zone: tzinfo, *, check_size: bool = True) -> ValueTable:
    """Return the table from type to what MoEngage takes: string, number, boolean, date, and lists of one of these.

    :param zone: where naive datetimes are from; all are written in UTC.
    :param check_size: whether texts over 512 characters and lists over 50 elements are refused.
    """
    scalars = ValueTable(
        {
            str: _within_limit if check_size else as_is,
            bool: as_is,
            int: as_is,
            float: finite,
            Decimal: exact_number,
            datetime: utc_text(zone),
            date: date.isoformat,
            UUID: str,
        }
    )
    elements = _list_of(scalars, check_size)
    return ValueTable({**scalars, list: elements, tuple: elements})


def named(zone: tzinfo) -> dict[str, Convert]:
    """Return the converters of the standard attributes that have rules of their own, by name.

    :param zone: where naive datetimes are from.
    """
    return {**dict.fromkeys(DATES, _date(zone)), "moe_geo_location": _place, "platforms": _platforms}


def _within_limit(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise InvalidRow(VALUE_TOO_LONG)
    return value


def _list_of(scalars: ValueTable, check_size: bool) -> Convert:
    def convert(values: list[Any]) -> Any:
        if check_size and len(values) > MAX_ELEMENTS:
            raise InvalidRow(LIST_TOO_LONG)
        values = [plain(value) for value in values]
        if len({_family(value) for value in values}) > 1:
            raise InvalidRow(MIXED_LIST)
        converted = [scalars[type(value)](value) for value in values]
        notes = [value.note for value in converted if isinstance(value, Noted)]
        sent = [value.value if isinstance(value, Noted) else value for value in converted]
        return Noted(sent, notes[0]) if notes else sent

    return convert


def _family(value: Any) -> type:
    """Return the kind of element a list counts a value as: numbers are one kind, and so are dates."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float
    for kind in (str, date):
        if isinstance(value, kind):
            return kind
    return type(value)


def _date(zone: tzinfo) -> Convert:
    moment = utc_text(zone)

    def convert(value: Any) -> Any:
        if isinstance(value, datetime) and value == value:
            return moment(value)
        if isinstance(value, date) and value == value:
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


def _place(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != {"lat", "lon"}:
        raise InvalidRow(NOT_A_PLACE)
    return {key: _degrees(part) for key, part in value.items()}


def _degrees(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise InvalidRow(NOT_A_PLACE)
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
