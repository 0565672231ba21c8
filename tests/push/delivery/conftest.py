# SPDX-License-Identifier: Apache-2.0
"""Rows, and a push of them to a vendor that behaves as told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from push.delivery.fake_vendor import Book, Push, Vendor, operation

from airflow_provider_userattrs.push.delivery.delivery import Delivery
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.row import UserUpdate


@pytest.fixture(scope="session")
def push(fake_clock: Any, no_thread_left: Any) -> Callable[..., Push]:
    """Return a function that pushes rows to a vendor that judges as told, and sees to it that no thread is left."""

    def run(
        rows: Iterable[Any],
        judge: Any,
        *,
        target: Operation | None = None,
        clock: Any = None,
        source: Callable[[Iterator[Any]], Iterator[Any]] = lambda rows: rows,
        record: Callable[[Book], Any] = lambda book: book,
        **options: Any,
    ) -> Push:
        clock = clock or fake_clock()
        vendor = Vendor(judge if callable(judge) else lambda positions, turn: judge, clock)
        delivery = Delivery(target or operation(), vendor, record(vendor.book), clock=clock, **options)
        with no_thread_left():
            stopped = delivery.run([row] for row in source(vendor.book.source(rows)))
        return Push(vendor, delivery, stopped)

    return run


@pytest.fixture(scope="session")
def rows(update: Callable[..., UserUpdate]) -> Callable[..., list[UserUpdate]]:
    """Return a function that makes rows: so many users, or one for each letter of a text."""
    return lambda users: [
        update(position, user if isinstance(users, str) else None)
        for position, user in enumerate(users if isinstance(users, str) else range(users))
    ]
