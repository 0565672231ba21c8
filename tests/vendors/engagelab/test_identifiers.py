# SPDX-License-Identifier: Apache-2.0
"""The ids by which EngageLab's users are looked up: which values are sent, and how."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.mapping.values import Noted
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.vendors.engagelab.identifiers import identify


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("u-1", "u-1"),
        ("007", "007"),
        (7, "7"),
        (Decimal("7.00"), "7"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("ü" * 256, "ü" * 256),
    ],
    ids=["text", "zeros", "integer", "decimal", "uuid", "longest"],
)
def test_an_id_as_it_is_sent(value: Any, text: str) -> None:
    assert identify({"user_id": value}) == (text, (text,))


@pytest.mark.parametrize(
    ("value", "note"),
    [(" u-1", "whitespace"), ("null", "missing"), (7.0, "floating-point")],
    ids=["blanks", "null", "float"],
)
def test_an_odd_id_is_noted(value: Any, note: str) -> None:
    user, keys = identify({"user_id": value})
    assert isinstance(user, Noted)
    assert user.attribute == "user_id"
    assert note in user.note
    assert keys == (user.value,)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "identifier"),
        (float("nan"), "identifier"),
        ("", "identifier"),
        (" \t\u3000", "identifier"),
        ("a" * 257, "identifier"),
        (True, "identifier"),
        (1.5, "identifier"),
        (b"u-1", "identifier"),
        (["u-1"], "identifier"),
        ("\ud800", "not-utf-8"),
    ],
    ids=["null", "nan", "empty", "blank", "long", "bool", "fraction", "bytes", "list", "surrogate"],
)
def test_no_id(value: Any, code: str) -> None:
    with pytest.raises(InvalidRow) as raised:
        identify({"user_id": value})
    assert (raised.value.verdict.status, raised.value.verdict.code) == (Status.INVALID, code)
