# SPDX-License-Identifier: Apache-2.0
"""Which numbers are exact, and how they are written and read."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_values import LibraryFloat

from airflow_provider_userattrs.push.mapping.numbers import (
    as_integer,
    exact_number,
    exact_text,
    finite,
    parse_integer,
    parse_number,
)
from airflow_provider_userattrs.push.mapping.scalars import check_missing, plain
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(InvalidRow) as raised:
        call(*arguments)
    return raised.value.verdict.code


def refusal(convert: Any, value: Any) -> str:
    """Return the code with which a converter refuses a value."""
    with pytest.raises(InvalidRow) as raised:
        convert(value)
    assert raised.value.verdict.status is Status.INVALID
    return raised.value.verdict.code


class TestWhole:
    @given(st.integers())
    def test_an_integer_is_itself(self, number: int) -> None:
        assert as_integer(number) == number
        assert as_integer(Decimal(number)) == number

    @given(st.floats())
    def test_a_float_is_an_integer_only_if_no_other_one_is_that_float(self, number: float) -> None:
        try:
            found = as_integer(number)
        except InvalidRow:
            assert number != number or abs(number) >= 2**53
        else:
            assert found is None or (found == number and float(found + 1) != number and float(found - 1) != number)

    @given(st.decimals())
    def test_a_decimal_is_an_integer_only_with_all_of_its_digits(self, number: Decimal) -> None:
        try:
            found = as_integer(number)
        except InvalidRow:
            assert number.is_nan() or abs(number) >= 2**53
        else:
            assert found is None or found == number

    @pytest.mark.parametrize("value", [True, 1.5, Decimal("1.5"), float("inf"), "1", None, b"1", [1], Fraction(2)])
    def test_is_none_of_these(self, value: Any) -> None:
        assert as_integer(value) is None

    @pytest.mark.parametrize("value", ["1E+9999999", "-1E+9999999"])
    def test_ten_million_digits_are_refused_at_once(self, value: str) -> None:
        assert code_of(as_integer, Decimal(value)) == "number-too-large"

    def test_a_small_fraction_is_looked_at_at_once(self) -> None:
        assert as_integer(Decimal("1E-9999999")) is None


class TestText:
    @given(st.integers())
    def test_of_integers(self, number: int) -> None:
        assert parse_integer(str(number)) == number
        assert parse_integer(f"{number}.0") == number if abs(number) < 2**53 else True

    @pytest.mark.parametrize("text", ["", " 1", "1_000", "٣", "1e3", "1.5", "0x1", "1.", "--1", "9" * 5_000, "nan"])
    def test_that_is_no_integer(self, text: str) -> None:
        assert parse_integer(text) is None

    def test_of_a_float_that_is_not_certain(self) -> None:
        assert code_of(parse_integer, "12345678901234568.0") == "inexact-integer"

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_of_floats(self, number: float) -> None:
        assert parse_number(repr(number), float) == number
        assert parse_number(repr(number), Decimal) == Decimal(repr(number))

    @pytest.mark.parametrize("text", ["", "1_000", "٣", "nan", "NaN", "sNaN", "inf", "-Infinity", "1,5", "0x1", "a"])
    def test_that_is_no_number(self, text: str) -> None:
        assert parse_number(text, float) is None
        assert parse_number(text, Decimal) is None


class TestNumbers:
    @given(number=st.decimals(allow_nan=False, allow_infinity=False))
    def test_a_decimal_keeps_every_digit(self, number: Decimal) -> None:
        if abs(number.adjusted()) > 2_000:
            return
        text = exact_text(number)
        assert Decimal(text) == number
        assert "e" not in text.lower()
        if number.as_tuple().exponent <= 0:  # type: ignore[operator]
            assert Decimal(text).as_tuple() == number.as_tuple(), "digits after the point were lost or added"
        assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == number
        if number != number.to_integral_value() or -(2**63) <= number < 2**64:  # an integer beyond 64 bits is refused
            assert orjson.dumps(exact_number(number)).decode() == text

    @given(number=st.floats(allow_nan=False, allow_infinity=False))
    def test_a_float_comes_back_the_same(self, number: float) -> None:
        text = exact_text(number)
        assert float(text) == number
        assert "e" not in text.lower()
        assert finite(number) == number

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (Decimal("1.10"), "1.10"),
            (Decimal("0.1"), "0.1"),
            (0.1, "0.1"),
            (1e22, "10000000000000000000000"),
            (5e-7, "0.0000005"),
            (Decimal("1E+3"), "1000"),
            (Decimal("-0.00"), "-0.00"),
            (Decimal("12345678901234567890.12345678901234567890"), "12345678901234567890.12345678901234567890"),
        ],
        ids=str,
    )
    def test_texts(self, number: Decimal | float, text: str) -> None:
        assert exact_text(number) == text

    @pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
    def test_what_json_cannot_hold_is_named(self, text: str) -> None:
        assert refusal(finite, float(text)) == "not-a-number"
        assert refusal(exact_text, float(text)) == "not-a-number"
        assert refusal(exact_text, Decimal(text)) == "not-a-number"
        assert refusal(exact_number, Decimal(text)) == "not-a-number"

    @pytest.mark.parametrize("number", ["1e9999999", "-1E+10001", "1e-9999999", "0E+9999999"])
    def test_a_number_of_too_many_digits_is_refused_at_once(self, number: str) -> None:
        """Written out, it would take minutes and no signal would be heard."""
        assert refusal(exact_text, Decimal(number)) == "number-too-large"
        assert refusal(exact_number, Decimal(number)) == "number-too-large"

    def test_a_signalling_nan_is_no_number_either(self) -> None:
        assert refusal(exact_number, Decimal("sNaN")) == "not-a-number"

    def test_a_float_of_a_numeric_library_is_a_float(self) -> None:
        assert exact_text(LibraryFloat(1.5)) == "1.5"

    def test_finite_keeps_the_sign_of_zero(self) -> None:
        assert math.copysign(1, finite(-0.0)) == -1


class TestNumpyAndPandas:
    @pytest.fixture
    def np(self) -> Any:
        return pytest.importorskip("numpy")

    @pytest.fixture
    def pd(self) -> Any:
        return pytest.importorskip("pandas")

    def test_what_python_has_no_equal_of_stays(self, np: Any) -> None:
        for value in (np.timedelta64(5, "s"), np.longdouble(1) / 3, np.complex64(1), np.array([5]), np.array(5)):
            assert plain(value) is value
            assert as_integer(value) is None

    def test_missing_values(self, np: Any, pd: Any) -> None:
        marks = [pd.NA, pd.NaT, np.ma.masked, np.float64("nan"), np.float32("nan"), np.datetime64("NaT")]
        assert all(check_missing(mark) for mark in marks)
        assert {code_of(as_integer, mark) for mark in marks} == {"not-a-value", "not-a-time", "not-a-number"}

    @pytest.mark.parametrize(("kind", "bits"), [("float16", 11), ("float32", 24), ("float64", 53)])
    def test_each_float_is_certain_up_to_its_own_size(self, np: Any, kind: str, bits: int) -> None:
        make = getattr(np, kind)
        assert as_integer(make(2**bits - 1)) == 2**bits - 1
        assert code_of(as_integer, make(2**bits)) == "inexact-integer"
