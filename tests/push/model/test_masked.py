# SPDX-License-Identifier: Apache-2.0
"""A masked update has no value of the row's, and names the same attributes."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.model.masked import NOT_LOOKED_UP, masked
from airflow_provider_userattrs.push.model.row import UserUpdate


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ada", "<text>"),
        ("", "<text>"),
        (7, "<number>"),
        (7.5, "<number>"),
        (True, "<boolean>"),
        (["ada"], "<list>"),
        ({"ada": 1}, "<object>"),
        (None, "<value>"),
        (b"ada", "<value>"),
        (NOT_LOOKED_UP, NOT_LOOKED_UP),
    ],
)
def test_a_value_is_shown_by_its_kind(value: Any, shown: str) -> None:
    made = masked(UserUpdate(3, value, (value,), {"a": value}, ["b"], {"c": value}))
    assert made.keys == (shown,)
    assert made.attributes == {"a": shown}
    assert (made.position, made.unset, made.row) == (3, ["b"], {})


def test_credentials_keep_their_names() -> None:
    made = masked(UserUpdate(0, {"username": "ada", "user_id": 7}, (), {}, (), {}))
    assert made.user == {"username": "<text>", "user_id": "<number>"}
