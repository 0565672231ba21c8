# SPDX-License-Identifier: Apache-2.0
"""MoEngage: what may be added to an array attribute, or removed from it.

``addValueToArrayField`` and ``removeValueFromArrayField``: https://www.moengage.com/docs/api/user/track-user. The types
of elements: https://help.moengage.com/hc/en-us/articles/360037314991-Data-Tracking-Policies
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import LibraryFloat, ValueTable
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.moengage.ids import identify
from airflow_provider_userattrs.vendors.moengage.names import check_name
from airflow_provider_userattrs.vendors.moengage.standard import STANDARD
from airflow_provider_userattrs.vendors.moengage.values import value_table

#: Operation -> the key under ``attributes`` that the arrays go under.
FIELDS = {"add": "addValueToArrayField", "remove": "removeValueFromArrayField"}

NO_ARRAY = Verdict(
    Status.INVALID,
    "no-array",
    "standard attribute, which is no array that values are added to or removed from",
    'Set it with operation="set", or leave it out.',
)

_TAKES = "add and remove take text, a number or a date, or a list of one of these"


def array_rules(zone: tzinfo, *, check_size: bool = True) -> Rules:
    """Return the rules for values to add to arrays, or to remove from them; a single value is a list of one.

    :param zone: the time zone of naive datetimes; times are sent in UTC.
    :param check_size: whether names over 200 characters, texts over 512 and lists over 50 elements are refused.
    """
    types = value_table(zone, check_size=check_size)
    list_of: Callable[[Any], Any] = types[list]

    def several(values: Any) -> Any:
        return list_of(values) if values else None  # nothing to add or remove

    def one(value: Any) -> Any:
        types[type(value)](value)  # refuses what is wrong with it by itself, such as a NaN
        return list_of([value])

    kinds = (str, bool, int, float, LibraryFloat, Decimal, datetime, date, UUID)
    lists = ValueTable({**dict.fromkeys(kinds, one), list: several, tuple: several}, _TAKES)
    return Rules(identify, lists, partial(check_array, check_size))


def check_array(check_size: bool, name: Any) -> Verdict | None:
    """Return the verdict on the name of an array, or None."""
    return NO_ARRAY if name in STANDARD else check_name(name, check_size=check_size)
