# SPDX-License-Identifier: Apache-2.0
"""Values as JSON with the name of their type."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.json_values import decode, encode

VALUES = st.one_of(
    st.integers(),
    st.text(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.datetimes(timezones=st.none() | st.just(timezone.utc)),
    st.dates(),
    st.times(),
    st.binary(),
    st.floats(allow_nan=False),
)


@given(VALUES)
def test_a_value_comes_back_from_json_with_its_type(value: Any) -> None:
    encoded = encode(value)
    assert encoded is not None
    back = decode(*json.loads(json.dumps(encoded)))
    assert (type(back), back) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "int"),
        (1, "int"),
        (datetime(2026, 11, 24), "datetime"),
        (date(2026, 11, 24), "date"),
        (time(12, 30), "time"),
        (Decimal("NaN"), "decimal"),
        (float("inf"), "float"),
        (UUID(int=1), "uuid"),
    ],
    ids=["true", "one", "datetime", "date", "time", "decimal", "infinity", "uuid"],
)
def test_the_name_of_a_type(value: Any, name: str) -> None:
    encoded = encode(value)
    assert encoded is not None
    assert encoded[0] == name


@pytest.mark.parametrize(
    "value", [None, [], {}, object(), bytearray(b"a")], ids=["none", "list", "dict", "object", "b"]
)
def test_any_other_type_has_no_name(value: Any) -> None:
    assert encode(value) is None


def test_an_unknown_name() -> None:
    with pytest.raises(LookupError):
        decode("complex", "1j")
