# SPDX-License-Identifier: Apache-2.0
"""Rules: what a vendor says once is not changed later."""

from __future__ import annotations

import dataclasses

import pytest

from airflow_provider_userattrs.push.mapping.rules import Rules
from airflow_provider_userattrs.push.mapping.values import ValueTable


def test_no_attribute_has_rules_of_its_own_unless_said() -> None:
    rules = Rules(lambda credentials: (None, ()), ValueTable({}), lambda name: None)
    assert rules.named == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        rules.named = {}  # type: ignore[misc]
