# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what an attribute's value may be, and the rules for users, names and values together.

MoEngage cuts, drops or changes what breaks these rules, and responds with 200:
https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.numbers import are_finite, exact_number, exact_numbers, finite
from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.times import utc_text, utc_texts
from airflow_provider_userattrs.push.mapping.values import (
    Bulk,
    Convert,
    ConvertMany,
    Noted,
    ValueTable,
    as_is,
    each,
    elements,
    unchanged,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.moengage.ids import identify, identify_all
from airflow_provider_userattrs.vendors.moengage.names import (
    CREATE_ONLY,
    PLACES,
    check_match,
    check_name,
    check_unset_name,
)
from airflow_provider_userattrs.vendors.moengage.standard import standard_tables

MAX_TEXT = 512
MAX_ELEMENTS = 50

_TAKES = "MoEngage takes text, numbers, booleans, dates and lists of text, numbers or dates"

_PLACE = "MoEngage's own city, state and country are used only when it creates the user; another name is always used"

_OVERSIZE = 'or set oversize="send" to let MoEngage cut it.'
VALUE_TOO_LONG = Verdict(
    Status.INVALID, "value-too-long", f"value over {MAX_TEXT} characters", f"Shorten the value, {_OVERSIZE}"
)
URL_TOO_LONG = Verdict(
    Status.INVALID,
    "url-too-long",
    f"URL over {MAX_TEXT} characters, which MoEngage drops instead of cutting it",
    "Shorten the URL.",
)
LIST_TOO_LONG = Verdict(
    Status.INVALID, "list-too-long", f"list over {MAX_ELEMENTS} elements", f"Shorten the list, {_OVERSIZE}"
)
MIXED_LIST = Verdict(
    Status.INVALID, "mixed-list", "list with elements of several types", "Use one type for all elements."
)
LIST_OF_BOOLEANS = Verdict(
    Status.INVALID,
    "list-of-booleans",
    "list of booleans, which MoEngage ignores",
    "Send each as an attribute of its own, or the list's elements as text.",
)


def rules(zone: tzinfo, *, check_size: bool = True) -> Rules:
    """Return the rules for attributes.

    :param zone: the time zone of naive datetimes; times are sent in UTC.
    :param check_size: whether names over 200 characters, texts over 512 and lists over 50 elements are refused.
    """
    types = value_table(zone, check_size=check_size)
    tables = {
        **standard_tables(zone, types),
        **dict.fromkeys(CREATE_ONLY, _noting(types, "used only when MoEngage creates the user")),
        **dict.fromkeys(PLACES, _noting(types, _PLACE)),
    }
    return Rules(identify, types, partial(check_name, check_size=check_size), tables, identify_all)


def unset_rules(match: str) -> Rules:
    """Return the rules for attributes to remove.

    :param match: how their names are matched; unless it is ``"equals"``, the text may occur in reserved names too.
    """
    check = check_unset_name if match == "equals" else check_match
    return Rules(identify, ValueTable({}), check, identify_all=identify_all)


def value_table(zone: tzinfo, *, check_size: bool = True) -> ValueTable:
    """Return the table from type to what MoEngage takes: string, number, boolean, date, and lists of one of these.

    :param zone: the time zone of naive datetimes; times are sent in UTC.
    :param check_size: whether texts over 512 characters and lists over 50 elements are refused.
    """
    scalars = ValueTable(
        {
            str: _within_limit if check_size else _no_long_url,
            bool: as_is,
            int: as_is,
            float: finite,
            Decimal: exact_number,
            datetime: utc_text(zone),
            date: date.isoformat,
            UUID: str,
        },
        _TAKES,
        {
            str: unchanged(_are_within_limit),
            float: unchanged(are_finite),
            Decimal: exact_numbers,
            datetime: utc_texts(zone),
            date: each(date.isoformat),
            UUID: each(str),
        },
    )
    list_of = _list_of(scalars, check_size)
    return ValueTable({**scalars, list: list_of, tuple: list_of}, _TAKES, scalars.many)


def _noting(types: ValueTable, note: str) -> ValueTable:
    def convert(value: Any) -> Noted:
        converted = types[type(value)](value)
        sent = converted.value if isinstance(converted, Noted) else converted
        return Noted(sent, note)

    def noting(convert_many: ConvertMany) -> ConvertMany:
        def convert_all(values: Sequence[Any]) -> Bulk | None:
            bulk = convert_many(values)
            return None if bulk is None else Bulk(bulk.values, note, range(len(values)))

        return convert_all

    return ValueTable({object: convert}, many={kind: noting(many) for kind, many in types.many.items()})


def _within_limit(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise InvalidRow(URL_TOO_LONG if _is_url(value) else VALUE_TOO_LONG)
    return value


def _are_within_limit(values: Sequence[str]) -> bool:
    return max(map(len, values)) <= MAX_TEXT


def _no_long_url(value: str) -> str:
    if len(value) > MAX_TEXT and _is_url(value):
        raise InvalidRow(URL_TOO_LONG)
    return value


def _is_url(value: str) -> bool:
    return value.lstrip()[:8].lower().startswith(("http://", "https://"))


def _list_of(scalars: ValueTable, check_size: bool) -> Convert:
    def convert(values: list[Any]) -> Any:
        if check_size and len(values) > MAX_ELEMENTS:
            raise InvalidRow(LIST_TOO_LONG)
        values = elements(values)
        families = {_family(value) for value in values}
        if len(families) > 1:
            raise InvalidRow(MIXED_LIST)
        if bool in families:
            raise InvalidRow(LIST_OF_BOOLEANS)
        converted = [scalars[type(value)](value) for value in values]
        notes = [value.note for value in converted if isinstance(value, Noted)]
        sent = [value.value if isinstance(value, Noted) else value for value in converted]
        return Noted(sent, notes[0]) if notes else sent

    return convert


def _family(value: Any) -> type:
    """Return the element type that a list counts a value as: all numbers are one type, and so are all dates."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return float
    for kind in (str, date):
        if isinstance(value, kind):
            return kind
    return type(value)
