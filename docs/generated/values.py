# SPDX-License-Identifier: Apache-2.0
"""What becomes of a value of each type at each vendor, and names that a vendor treats in a way of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

from airflow_provider_userattrs.push.mapping.values import Noted, ValueTable
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage import ids
from airflow_provider_userattrs.vendors.moengage import names as moengage_names
from generated.markup import table

VENDORS = (engagelab, kahuna, moengage)


class Plan(Enum):
    """An enumeration, as an author may have one."""

    GOLD = "gold"


#: As a page writes it -> the value.
SAMPLES: dict[str, Any] = {
    '`"gold"`': "gold",
    '`""`': "",
    "`True`": True,
    "`44`": 44,
    "`46.2`": 46.2,
    '`Decimal("19.90")`': Decimal("19.90"),
    '`Decimal("20")`': Decimal("20"),
    "`datetime(2026, 3, 28, 14, 5, 30)`, in UTC or without a zone": datetime(2026, 3, 28, 14, 5, 30),
    "the same at +05:30": datetime(2026, 3, 28, 14, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "`date(2026, 3, 28)`": date(2026, 3, 28),
    "`time(14, 5)`": time(14, 5),
    "`timedelta(days=3)`": timedelta(days=3),
    "a UUID": UUID("6f1c2f1e-0b57-4f0e-9d3b-2f6f3a1f8f10"),
    "`Plan.GOLD`, an Enum": Plan.GOLD,
    '`["a", "b"]`': ["a", "b"],
    "`[1, 2.5]`": [1, 2.5],
    "`[True, False]`": [True, False],
    "`[]`, an empty list": [],
    '`{"city": "Rome"}`, a dict': {"city": "Rome"},
    '`b"\\x00"`, bytes': b"\0",
    "`{1, 2}`, a set": {1, 2},
    "`nan`": float("nan"),
    "`10**20`": 10**20,
}


def value_table(_: str) -> str:
    """Return what becomes of a value of each type, at each vendor."""
    rules = [vendor.OPERATIONS["set"].rules(timezone.utc).types for vendor in VENDORS]
    rows = [[label, *(_sent(types, value) for types in rules)] for label, value in SAMPLES.items()]
    return table(["value", "EngageLab", "Kahuna", "MoEngage"], rows)


def _sent(types: ValueTable, value: Any) -> str:
    """Return a value as it is sent, or the code with which its row is invalid."""
    try:
        converted = types[type(value)](value)
        is_noted = isinstance(converted, Noted)
        shown = orjson.dumps(converted.value if is_noted else converted).decode()
    except InvalidRow as invalid:
        return f"invalid: {invalid.verdict.code}"
    except orjson.JSONEncodeError:
        return "invalid: number-too-large"
    return f"`{shown}`{', noted' if is_noted else ''}"


def names(which: str) -> str:
    """Return a list of names that a vendor treats in a way of its own."""
    found: dict[str, Iterable[str]] = {
        "blocked-ids": ids.BLOCKED_CUSTOMER_IDS,
        "reserved": moengage_names.RESERVED_NAMES,
        "moe": moengage_names.MOE_NAMES,
        "create-only": moengage_names.CREATE_ONLY,
    }
    return ", ".join(f"`{name}`" if name else "the empty text" for name in sorted(found[which], key=str.lower)) + "."
