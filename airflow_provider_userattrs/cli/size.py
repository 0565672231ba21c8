# SPDX-License-Identifier: Apache-2.0
"""How long a push takes at each vendor, by its documented limits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any

from airflow_provider_userattrs.get_provider_info import VENDORS
from airflow_provider_userattrs.push.model.operation import Operation, format_rate


def _operations() -> Iterator[tuple[str, Operation]]:
    """Yield what is pushed, in words, and its operation: of each vendor, in each way that has limits of its own."""
    for vendor in VENDORS:
        api: Any = import_module(f"airflow_provider_userattrs.vendors.{vendor.name}.api")
        for way, operation in getattr(api, "WAYS", {"": api.OPERATIONS["set"]}).items():
            yield f"{vendor.title}, {way}" if way else vendor.title, operation


#: What is pushed, in words -> its operation.
OPERATIONS = dict(_operations())

_HEADS = ("vendor", "users a second", "one task", "shards", "time", "limited by")


@dataclass(frozen=True)
class Size:
    """How a push runs at a vendor.

    :param rate: users a second of one task.
    :param seconds: how long one task takes.
    :param shards: how many shards it takes to end in time.
    :param seconds_in_shards: how long they take.
    :param is_capped: whether the vendor's cap limits it, so that more shards do not help.
    """

    rate: float
    seconds: float
    shards: int
    seconds_in_shards: float
    is_capped: bool


def size_of(operation: Operation, users: int, hours: float, requests_a_second: float, user_bytes: int) -> Size:
    """Return how a push runs.

    :param operation: what is done.
    :param users: how many users.
    :param hours: in how many hours it is to end.
    :param requests_a_second: what one task sends, if nothing limits it.
    :param user_bytes: bytes of a user, where bytes limit a request.
    """
    in_request = operation.max_users or max((operation.max_bytes or 0) // user_bytes, 1)
    cap = operation.max_rate
    if cap is not None and operation.rate_unit != "users":
        cap *= in_request
    alone = requests_a_second * in_request
    rate = alone if cap is None else min(alone, cap)
    shards = max(ceil(users / rate / (hours * 3_600)), 1)
    if cap is not None:
        shards = min(shards, max(ceil(cap / alone), 1))
    together = rate * shards if cap is None else min(rate * shards, cap)
    return Size(rate, users / rate, shards, users / together, cap is not None and together >= cap)


def size(given: argparse.Namespace) -> None:
    """Print the table."""
    print(
        f"{given.users:,} users in {given.hours:g} hours; {given.concurrency} requests in flight of a task, "
        f"{given.latency:g} s each:\n"
    )
    rows = [_HEADS, *_rows(given)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print("\nHow to split a push into shards: shards() and PushTotalOperator, in the documentation under Sizing.")


def _rows(given: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    for name, operation in OPERATIONS.items():
        of = size_of(operation, given.users, given.hours, given.concurrency / given.latency, given.user_bytes)
        yield (
            name,
            format_rate(of.rate),
            duration(of.seconds),
            f"{of.shards:,}",
            duration(of.seconds_in_shards),
            "the vendor's cap" if of.is_capped else "the requests",
        )


def duration(seconds: float) -> str:
    """Return a time in words."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:,.1f} {name}"
    return f"{seconds:,.0f} s"
