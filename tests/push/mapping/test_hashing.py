# SPDX-License-Identifier: Apache-2.0
"""The hash in place of a value."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from push.mapping.any_rules import mapped

from airflow_provider_userattrs.columns import Hashed
from airflow_provider_userattrs.push.mapping.hashing import hashed
from airflow_provider_userattrs.push.model.verdict import Status


class TextColour(str, Enum):
    RED = "Red"


class TestHashed:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("ada@example.com", "ada@example.com"),
            ("  Ada@Example.COM\n", "ada@example.com"),
            ("ÅSA@x", "åsa@x"),
            (491701234567, "491701234567"),
            (UUID("AAAAAAAA-0000-0000-0000-000000000000"), "aaaaaaaa-0000-0000-0000-000000000000"),
        ],
        ids=["plain", "strip-and-case", "unicode", "int", "uuid"],
    )
    def test_is_the_sha256_of_the_text(self, value: Any, text: str) -> None:
        assert hashed(value) == hashlib.sha256(text.encode()).hexdigest()

    @pytest.mark.parametrize("value", [True, 1.5, b"a", ["a"], object()], ids=lambda value: type(value).__name__)
    def test_refuses_what_has_no_one_text(self, value: Any) -> None:
        outcome = mapped({"id": "ada", "m": value}, attributes={"mail": Hashed("m")})
        assert (outcome.verdict.status, outcome.verdict.code) == (Status.INVALID, "type")
        assert outcome.verdict.attribute == "mail"

    @pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0"], ids=ascii)
    @pytest.mark.parametrize("unset_nulls", [False, True])
    def test_of_nothing_is_no_hash_but_a_null(self, blank: str, unset_nulls: bool) -> None:
        """Its hash would be the same for all users who have none."""
        attributes = {"mail": Hashed("m"), "n": "n"}
        result = mapped({"id": "ada", "m": blank, "n": 1}, attributes=attributes, unset_nulls=unset_nulls)
        assert result.attributes == {"n": 1}
        assert list(result.unset) == (["mail"] if unset_nulls else [])

    def test_of_nothing_alone_skips_the_row(self) -> None:
        outcome = mapped({"id": "ada", "m": " "}, attributes={"mail": Hashed("m")})
        assert outcome.verdict.status is Status.SKIPPED

    def test_a_whole_number_is_hashed_as_its_digits_whatever_its_type(self) -> None:
        """As a database gives it, and as a data frame does."""
        numbers = [491701234567, 491701234567.0, Decimal("491701234567"), Decimal("491701234567.00"), "491701234567"]
        assert {hashed(number) for number in numbers} == {hashed("491701234567")}

    @pytest.mark.parametrize(
        ("value", "code"),
        [(float("nan"), "not-a-number"), (1e17, "inexact-integer"), (Decimal("sNaN"), "not-a-number")],
    )
    def test_names_a_number_that_is_none(self, value: Any, code: str) -> None:
        outcome = mapped({"id": "ada", "m": value}, attributes={"mail": Hashed("m")})
        assert (outcome.verdict.code, outcome.verdict.attribute) == (code, "mail")

    def test_an_enum_of_text_is_its_value(self) -> None:
        assert hashed(TextColour.RED) == hashed("Red")
