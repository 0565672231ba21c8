# SPDX-License-Identifier: Apache-2.0
"""What can be written as JSON, and why the rest cannot."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.encodable import encoding_verdict, is_encodable, update_encoding_verdict
from airflow_provider_userattrs.push.model.row import UserUpdate


class TestEncodable:
    @pytest.mark.parametrize("value", ["ü", 2**63 - 1, -(2**63), 1.5, [1, "a"], {"a": None}, True], ids=repr)
    def test_encodable(self, value: Any) -> None:
        assert is_encodable(value)

    @pytest.mark.parametrize(
        "value", ["\ud800", 2**64, -(2**63) - 1, {1}, [object()]], ids=["text", "big", "small", "set", "list"]
    )
    def test_not_encodable(self, value: Any) -> None:
        assert not is_encodable(value)

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("\ud800", "not-utf-8"),
            (2**64, "number-too-large"),
            ({"a": ["fine", "\ud800"]}, "not-utf-8"),
            ({"\ud800": 1}, "not-utf-8"),
            ([1, {"a": -(2**63) - 1}], "number-too-large"),
            ({1}, "unconvertible"),
        ],
        ids=["text", "number", "nested", "key", "in-a-list", "set"],
    )
    def test_the_verdict_is_on_what_cannot_be_written(self, value: Any, code: str) -> None:
        assert encoding_verdict(value).code == code

    def test_the_verdict_on_an_update_names_the_attribute(self) -> None:
        update = UserUpdate(0, "ada", ("ada",), {"name": "Ada", "motto": "\ud800"}, (), {})
        verdict = update_encoding_verdict(update)
        assert (verdict.code, verdict.attribute) == ("not-utf-8", "motto")
        assert update_encoding_verdict(UserUpdate(0, "\ud800", ("x",), {"a": 1}, (), {})).code == "not-utf-8"
