# SPDX-License-Identifier: Apache-2.0
"""What a row becomes at a vendor: the bytes that are sent, or the verdict that says why none are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from numbers import Integral, Real
from typing import Any, TypeAlias

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


SECRET = "s3cr3t"


class Loud:
    """Show a secret in every text made of it, and in every error."""

    def __repr__(self) -> str:
        return SECRET

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise ValueError(SECRET)

    __hash__ = None  # type: ignore[assignment]

    def __int__(self) -> int:
        raise ValueError(SECRET)


class LibraryFloat(float):
    """Be a float as numpy 2 has them: a subclass with a repr of its own."""

    def __repr__(self) -> str:
        return f"np.float64({float(self)!r})"


class LibraryInteger:
    """Be an integer as numpy has them: registered with the numbers, and no int."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value

    def __index__(self) -> int:
        return self.value


class LibraryReal:
    """Be a float32 as numpy has it: registered with the numbers, and no float."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


Integral.register(LibraryInteger)
Real.register(LibraryReal)


class NaT(datetime):
    """Be a missing time as a data-frame library has it: a datetime that differs from itself."""

    def __ne__(self, other: object) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class Odd:
    """Values that are made in no ordinary way."""

    SECRET = SECRET
    Loud = Loud
    LibraryFloat = LibraryFloat
    LibraryInteger = LibraryInteger
    LibraryReal = LibraryReal
    NaT = NaT


@pytest.fixture(scope="session")
def odd() -> type[Odd]:
    return Odd
