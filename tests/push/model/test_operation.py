# SPDX-License-Identifier: Apache-2.0
"""What a request takes of the cap."""

from __future__ import annotations

import dataclasses

import pytest

from airflow_provider_userattrs.push.model.operation import Endpoint


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("Vendor", "set attributes", "/", lambda update: b"", lambda answer, users: [], "said yes")


@pytest.mark.parametrize(
    ("unit", "users", "units"), [("requests", 1, 1), ("requests", 100, 1), ("users", 1, 1), ("users", 100, 100)]
)
def test_units(endpoint: Endpoint, unit: str, users: int, units: int) -> None:
    assert dataclasses.replace(endpoint, rate_unit=unit).units(users) == units


def test_defaults_are_the_careful_ones(endpoint: Endpoint) -> None:
    assert (endpoint.max_users, endpoint.max_bytes, endpoint.max_rate) == (1, None, None)
    assert endpoint.idempotent
    assert endpoint.units(5) == 1


def test_is_not_changed_by_accident(endpoint: Endpoint) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        endpoint.max_users = 5  # type: ignore[misc]
