# SPDX-License-Identifier: Apache-2.0
"""Digests of users and updates."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.changes.digests import Digests
from airflow_provider_userattrs.push.changes.table import DIGESTS
from airflow_provider_userattrs.push.model.row import UserUpdate

DIGEST = Digests(b"s" * 32)


def test_users_are_told_apart_by_value_and_type() -> None:
    keys = ["1", 1, "ada@example.com", ("email", "ada@example.com"), ("username", "ada@example.com"), "\ud800", ""]
    digests = DIGEST.of_users(keys)
    assert len(set(digests)) == len(keys)
    assert 0 not in digests
    assert DIGEST.of_users(keys) == digests
    assert not set(Digests(b"t" * 32).of_users(keys)) & set(digests), "another secret"
    assert DIGEST.of_users([]) == []


@pytest.mark.parametrize(
    "attributes", [{}, {"a": 1}, {"a": "\ud800"}, {"a": 2**80}, {"b": {"y": 1, "x": 2}}, {"a": "x" * 10_000}]
)
def test_updates_leave_room_for_flags(attributes: dict[str, object]) -> None:
    updates = [UserUpdate(0, "u", ("u",), attributes, unset, {}) for unset in ((), ("z",))]
    first, second = DIGEST.of_updates(updates)
    assert first != second
    assert 0 < first < DIGESTS
    assert 0 < second < DIGESTS
