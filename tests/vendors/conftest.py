# SPDX-License-Identifier: Apache-2.0
"""What a row becomes at a vendor: the bytes that are sent, or the verdict that says why none are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, TypeAlias

import odd_values
import pytest

from airflow_provider_userattrs.push.delivery.batching import Batcher
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.operation import Operation
from airflow_provider_userattrs.push.model.verdict import Outcome, Verdict

UTC = time_zone("UTC")

Become: TypeAlias = Callable[..., "bytes | Verdict"]


def become(
    operation: Operation,
    user: dict[str, str],
    *rows: Any,
    zone: tzinfo = UTC,
    notes: dict[Any, int] | None = None,
    **more: Any,
) -> bytes | Verdict:
    """Return the request body that rows become, or the verdict on the first that cannot be sent."""
    mapper, batcher = Mapper(operation.rules(zone), user, **more), Batcher(operation)
    batch = None
    for position, row in enumerate(rows):
        update = mapper(position, row)
        if isinstance(update, Outcome):
            return update.verdict
        try:
            batch = batcher.add(update, batcher.encode(update))
        except InvalidRow as invalid:
            return invalid.verdict
    batch = batch or batcher.flush()
    assert batch is not None
    if notes is not None:
        notes.update(mapper.notes)
    return batch.body(operation)


@pytest.fixture(scope="session", name="become")
def becoming() -> Become:
    return become


@pytest.fixture(scope="session")
def odd() -> Any:
    return odd_values
