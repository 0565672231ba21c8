# SPDX-License-Identifier: Apache-2.0
"""What a request takes of the cap, and what an operation is unless it says otherwise."""

from __future__ import annotations

import dataclasses

import pytest
from push.delivery.fake_vendor import no_rules

from airflow_provider_userattrs.push.model.operation import Operation


@pytest.fixture
def operation() -> Operation:
    return Operation(
        vendor="Vendor",
        name="set attributes",
        path="/",
        rules=no_rules,
        encode=lambda update: b"",
        read=lambda answer, users: [],
        asked_to_wait=lambda answer, clock: None,
        accepted_means="said yes",
    )


@pytest.mark.parametrize(
    ("unit", "users", "units"), [("requests", 1, 1), ("requests", 100, 1), ("users", 1, 1), ("users", 100, 100)]
)
def test_units(operation: Operation, unit: str, users: int, units: int) -> None:
    assert dataclasses.replace(operation, rate_unit=unit).units(users) == units


def test_defaults_are_the_careful_ones(operation: Operation) -> None:
    assert (operation.max_users, operation.max_bytes, operation.max_rate) == (1, None, None)
    assert operation.idempotent
    assert not operation.unsets
    assert operation.units(5) == 1


def test_is_not_changed_by_accident(operation: Operation) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        operation.max_users = 5  # type: ignore[misc]
