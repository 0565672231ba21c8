# SPDX-License-Identifier: Apache-2.0
"""JSON as the vendors read it: strict, and the same there and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.sandbox import json_text


@pytest.mark.parametrize(
    "body", [b"", b"{'a': 1}", b"NaN", b"-Infinity", b"\xef\xbb\xbf{}", b'{"a": 1} x', b"1" * 5000]
)
def test_malformed(body: bytes) -> None:
    assert json_text.parse(body) is json_text.MALFORMED


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_there_and_back(value: Any) -> None:
    assert json_text.parse(json_text.encode(value)) == value
