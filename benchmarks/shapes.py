# SPDX-License-Identifier: Apache-2.0
"""Made-up users: rows of several shapes, and requests that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from math import nan
from typing import Any

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def plain(euid: Any, number: int) -> dict[str, Any]:
    """Return six columns of text, numbers and a flag."""
    return {"euid": euid, "plan": "gold", "age": number % 90, "city": "Lisbon", "vip": True, "orders": number % 20}


def wide(euid: Any, number: int) -> dict[str, Any]:
    """Return seven columns, among them a decimal and a time, as a database has them."""
    return {
        "euid": euid,
        "id": number,
        "email": f"user{number}@example.com",
        "age": number % 90,
        "balance": Decimal(number) / 7,
        "vip": number % 2 == 0,
        "seen": _START + timedelta(seconds=number),
    }


def nulls(euid: Any, number: int) -> dict[str, Any]:
    """Return twenty columns, of which one in five is NULL, in each row others."""
    columns = {f"column{at}": None if (number * 7 + at) % 5 == 0 else number % 97 for at in range(20)}
    return {"euid": euid, **columns}


def invalid(euid: Any, number: int) -> dict[str, Any]:
    """Return six columns; one row in ten has a value that no vendor takes."""
    return {**plain(euid, number), **({"orders": nan} if number % 10 == 0 else {})}


def two_shapes(euid: Any, number: int) -> dict[str, Any]:
    """Return six columns, or three others, in turn."""
    return plain(euid, number) if number % 2 else {"euid": euid, "country": "PT", "visits": number % 20}


SHAPES: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "plain": plain,
    "wide": wide,
    "nulls": nulls,
    "invalid": invalid,
    "two_shapes": two_shapes,
}


def made(shape: str, rows: int, *, text: bool) -> list[dict[str, Any]]:
    """Return rows.

    :param shape: a key of `SHAPES`.
    :param rows: how many.
    :param text: whether users are named by texts, not by numbers.
    """
    make = SHAPES[shape]
    return [make(f"user{number}" if text else number, number) for number in range(1, rows + 1)]


class Users:
    """Give made-up rows of six columns, none of which is kept; if asked for, one of 50 changed, one of 10 invalid."""

    def __init__(self, count: int, text: bool, changed: bool = False, invalid: bool = False) -> None:
        self.count = count
        self.text = text
        self.changed = changed
        self.invalid = invalid

    def rows(self) -> Iterator[dict[str, Any]]:
        for number in range(1, self.count + 1):
            one = row(f"user{number}" if self.text else number)
            if self.changed and number % 50 == 0:
                one["orders"] = 18
            if self.invalid and number % 10 == 0:
                one["orders"] = float("nan")
            yield one


def row(euid: Any) -> dict[str, Any]:
    """Return one user."""
    return {"euid": euid, "plan": "gold", "age": 44, "city": "Lisbon", "vip": True, "orders": 17}


def body(euid: int = 1) -> bytes:
    """Return one user as EngageLab takes it."""
    properties = {key: value for key, value in row(euid).items() if key != "euid"}
    return json.dumps({"euid": euid, "type": "set", "properties": properties}, separators=(",", ":")).encode()


def batch() -> bytes:
    """Return 100 users as Kahuna takes them."""
    attributes = {key: value for key, value in row(1).items() if key != "euid"}
    users = [{"target": {"euid": f"user{number}"}, "attributes": attributes} for number in range(100)]
    return json.dumps({"user_attributes_array": users}, separators=(",", ":")).encode()


def full_bulk() -> bytes:
    """Return 500 users as MoEngage takes them in bulk, some 75 KB."""
    attributes = {key: value for key, value in row(1).items() if key != "euid"}
    users = [{"type": "customer", "customer_id": f"user{n}", "attributes": attributes} for n in range(500)]
    return json.dumps({"type": "transition", "elements": users}, separators=(",", ":")).encode()
