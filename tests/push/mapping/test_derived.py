# SPDX-License-Identifier: Apache-2.0
"""What is sent in place of a value: its hash, its phone number, what a function makes of it."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from push.mapping.any_rules import mapped, rules

from airflow_provider_userattrs.columns import Hashed, Phone, Using
from airflow_provider_userattrs.push.mapping.derived import hashed
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
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

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1", "md5"])
    @pytest.mark.parametrize(
        ("normalize", "value", "text"),
        [
            ("email", " Ada@X.com", "ada@x.com"),
            (None, " Ada@X.com", " Ada@X.com"),
            ("phone", "030 901820", "+4930901820"),
            ("phone", 30901820, "+4930901820"),
        ],
    )
    def test_by_another_algorithm_and_of_another_form(
        self, algorithm: str, normalize: str | None, value: Any, text: str
    ) -> None:
        source = Hashed("m", algorithm, normalize, region="DE" if normalize == "phone" else None)
        update = mapped({"id": "ada", "m": value}, attributes={"h": source})
        assert update.attributes == {"h": hashlib.new(algorithm, text.encode()).hexdigest()}

    @pytest.mark.parametrize("normalize", ["email", "phone", None])
    def test_of_blanks_is_a_null_in_every_form(self, normalize: str | None) -> None:
        outcome = mapped({"id": "ada", "m": " "}, attributes={"h": Hashed("m", normalize=normalize)})
        assert outcome.verdict.status is Status.SKIPPED

    def test_of_what_is_no_phone_number_is_none(self) -> None:
        outcome = mapped({"id": "ada", "m": "n/a"}, attributes={"h": Hashed("m", normalize="phone", region="DE")})
        assert (outcome.verdict.code, outcome.verdict.attribute) == ("phone", "h")


class TestPhone:
    def test_is_converted_as_text_is(self) -> None:
        rule = rules(mobile=lambda value: f"to {value}")
        update = mapped({"id": "ada", "m": "030 901820"}, attributes={"mobile": Phone("m", "DE")}, rule=rule)
        assert update.attributes == {"mobile": "to +4930901820"}

    @pytest.mark.parametrize("unset_nulls", [False, True])
    def test_blanks_are_a_null(self, unset_nulls: bool) -> None:
        row = {"id": "ada", "m": "\t", "n": 1}
        update = mapped(row, attributes={"mobile": Phone("m", "DE"), "n": "n"}, unset_nulls=unset_nulls)
        assert (update.attributes, list(update.unset)) == ({"n": 1}, ["mobile"] if unset_nulls else [])

    def test_what_is_none_is_left_out_alone_where_the_author_wants_it(self) -> None:
        row = {"id": "ada", "m": "n/a", "n": 1}
        assert mapped(row, attributes={"mobile": Phone("m"), "n": "n"}).verdict.code == "phone"
        assert mapped(row, attributes={"mobile": Phone("m"), "n": "n"}, leave_out=True).attributes == {"n": 1}

    @pytest.mark.parametrize("source", [Phone("m", "XX"), Hashed("m", normalize="phone", region="XX")])
    def test_of_no_country_is_refused(self, source: Any) -> None:
        with pytest.raises(RefusedConfiguration, match="region is 'XX', which is no country's ISO code; give one"):
            Mapper(rules(), {"id": "id"}, attributes={"x": source})


class TestUsing:
    def test_is_called_with_a_value_of_python_s_own_and_its_result_is_converted(self) -> None:
        numpy = pytest.importorskip("numpy")
        seen: list[type] = []

        def half(value: Any) -> float:
            seen.append(type(value))
            return float(value / 2)

        for value in (5, numpy.int64(5), Decimal(5)):
            assert mapped({"id": "ada", "n": value}, attributes={"x": Using("n", half)}).attributes == {"x": "2.5"}
        assert seen == [int, int, Decimal]

    @pytest.mark.parametrize("unset_nulls", [False, True])
    @pytest.mark.parametrize("value", [None, "n/a"])
    def test_a_null_before_or_after_is_one(self, value: Any, unset_nulls: bool) -> None:
        seen: list[Any] = []
        row = {"id": "ada", "m": value, "n": 1}
        update = mapped(row, attributes={"x": Using("m", seen.append), "n": "n"}, unset_nulls=unset_nulls)
        assert (update.attributes, list(update.unset)) == ({"n": 1}, ["x"] if unset_nulls else [])
        assert seen == ([] if value is None else ["n/a"])

    def test_what_it_raises_is_the_fault_of_the_row_and_says_nothing_of_its_value(self) -> None:
        def part(value: str) -> str:
            raise LookupError(f"{value} has no part")

        outcome = mapped({"id": "ada", "m": "zanzibar"}, attributes={"x": Using("m", part)})
        verdict = outcome.verdict
        assert (verdict.status, verdict.code, verdict.attribute) == (Status.INVALID, "using", "x")
        assert verdict.meaning == "part raised LookupError"
        assert "zanzibar" not in f"{verdict!r}{verdict.meaning}{verdict.remedy}"

    @pytest.mark.parametrize(("result", "code"), [(5_000, "too-big"), ({}, "type")], ids=["rule", "type"])
    def test_what_it_returns_keeps_the_vendor_s_rules(self, result: Any, code: str) -> None:
        outcome = mapped({"id": "ada", "m": 1}, attributes={"x": Using("m", lambda _: result)})
        assert (outcome.verdict.code, outcome.verdict.attribute) == (code, "x")

    @pytest.mark.parametrize("value", [float("nan"), Decimal("nan")], ids=["float", "decimal"])
    def test_a_missing_value_does_not_reach_it(self, value: Any) -> None:
        outcome = mapped({"id": "ada", "m": value}, attributes={"x": Using("m", lambda _: "here")})
        assert outcome.verdict.code == "not-a-number"

    def test_all_faults_of_a_row_are_named(self) -> None:
        row = {"id": "ada", "m": "x", "p": "y", "n": 1}
        attributes = {"a": Using("m", int), "b": Phone("p"), "n": "n"}
        outcome = mapped(row, attributes=attributes)
        assert [each.attribute for each in (outcome.verdict, *outcome.verdict.others)] == ["a", "b"]
        assert mapped(row, attributes=attributes, leave_out=True).attributes == {"n": 1}
