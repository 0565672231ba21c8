# SPDX-License-Identifier: Apache-2.0
"""What a single value is: certain integers, plain types, missing values, numbers and booleans as text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.mapping.scalars import (
    boolean_of,
    id_note,
    id_text,
    integer_of,
    missing,
    number_of,
    plain,
    whole,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(InvalidRow) as raised:
        call(*arguments)
    return raised.value.verdict.code


class TestWhole:
    @given(st.integers())
    def test_an_integer_is_itself(self, number: int) -> None:
        assert whole(number) == number
        assert whole(Decimal(number)) == number

    @given(st.floats())
    def test_a_float_is_an_integer_only_if_no_other_one_is_that_float(self, number: float) -> None:
        try:
            found = whole(number)
        except InvalidRow:
            assert number != number or abs(number) >= 2**53
        else:
            assert found is None or (found == number and float(found + 1) != number and float(found - 1) != number)

    @given(st.decimals())
    def test_a_decimal_is_an_integer_only_with_all_of_its_digits(self, number: Decimal) -> None:
        try:
            found = whole(number)
        except InvalidRow:
            assert number.is_nan() or abs(number) >= 2**53
        else:
            assert found is None or found == number

    @pytest.mark.parametrize("value", [True, 1.5, Decimal("1.5"), float("inf"), "1", None, b"1", [1], Fraction(2)])
    def test_is_none_of_these(self, value: Any) -> None:
        assert whole(value) is None

    @pytest.mark.parametrize("value", ["1E+9999999", "-1E+9999999"])
    def test_ten_million_digits_are_refused_at_once(self, value: str) -> None:
        assert code_of(whole, Decimal(value)) == "number-too-large"

    def test_a_small_fraction_is_looked_at_at_once(self) -> None:
        assert whole(Decimal("1E-9999999")) is None


class TestText:
    @given(st.integers())
    def test_of_integers(self, number: int) -> None:
        assert integer_of(str(number)) == number
        assert integer_of(f"{number}.0") == number if abs(number) < 2**53 else True

    @pytest.mark.parametrize("text", ["", " 1", "1_000", "٣", "1e3", "1.5", "0x1", "1.", "--1", "9" * 5_000, "nan"])
    def test_that_is_no_integer(self, text: str) -> None:
        assert integer_of(text) is None

    def test_of_a_float_that_is_not_certain(self) -> None:
        assert code_of(integer_of, "12345678901234568.0") == "inexact-integer"

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_of_floats(self, number: float) -> None:
        assert number_of(repr(number), float) == number
        assert number_of(repr(number), Decimal) == Decimal(repr(number))

    @pytest.mark.parametrize("text", ["", "1_000", "٣", "nan", "NaN", "sNaN", "inf", "-Infinity", "1,5", "0x1", "a"])
    def test_that_is_no_number(self, text: str) -> None:
        assert number_of(text, float) is None
        assert number_of(text, Decimal) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, True) for value in (True, 1, 1.0, Decimal(1), "true", "TRUE", " yes ", "on", "1", "t", "y")),
        *((value, False) for value in (False, 0, 0.0, Decimal("0.00"), "false", "No", "off", "0", "f", "n")),
        *((value, None) for value in (2, -1, 0.5, "", "maybe", "1.0", None, b"1", [True], date(2020, 1, 1))),
    ],
    ids=repr,
)
def test_booleans(value: Any, expected: bool | None) -> None:
    assert boolean_of(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada", "ada"),
        (5, "5"),
        (5.0, "5"),
        (Decimal("10362473"), "10362473"),
        (UUID(int=1), str(UUID(int=1))),
        (True, None),
        (1.5, None),
        (b"ada", None),
        (["ada"], None),
        (datetime(2020, 1, 1), None),
        (10**5_000, None),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, int) else "int",
)
def test_ids(value: Any, expected: str | None) -> None:
    assert id_text(value) == expected


@pytest.mark.parametrize("text", ["ada", "nana", "none@example.com", "a b", "0", "-"])
def test_an_ordinary_id_is_not_odd(text: str) -> None:
    assert id_note(text) is None


@pytest.mark.parametrize("value", [None, "", "nan", 0, False, [], b"", date.min, datetime.min, Decimal(0), Fraction(0)])
def test_what_is_not_missing(value: Any) -> None:
    assert missing(value) is None
    assert plain(value) is value


class TestNumpyAndPandas:
    """What a data frame's rows are made of."""

    @pytest.fixture
    def np(self) -> Any:
        return pytest.importorskip("numpy")

    @pytest.fixture
    def pd(self) -> Any:
        return pytest.importorskip("pandas")

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            *((name, 7) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")),
            *((name, 1.5) for name in ("float16", "float32", "float64")),
            *(("bool_", value) for value in (True, False)),
            ("str_", "ada"),
        ],
        ids=str,
    )
    def test_scalars_are_python_s_own(self, np: Any, kind: str, value: Any) -> None:
        made = plain(getattr(np, kind)(value))
        assert (made, type(made)) == (value, type(value))

    @pytest.mark.parametrize(
        ("text", "unit", "expected"),
        [
            ("2020-01-02", "D", date(2020, 1, 2)),
            ("2020-01-02T03:04:05", "s", datetime(2020, 1, 2, 3, 4, 5)),
            ("2020-01-02T03:04:05.123456789", "ns", datetime(2020, 1, 2, 3, 4, 5, 123_456)),
        ],
    )
    def test_times_are_no_bare_integers(self, np: Any, text: str, unit: str, expected: Any) -> None:
        assert plain(np.datetime64(text, unit)) == expected

    def test_what_python_has_no_equal_of_stays(self, np: Any) -> None:
        for value in (np.timedelta64(5, "s"), np.longdouble(1) / 3, np.complex64(1), np.array([5]), np.array(5)):
            assert plain(value) is value
            assert whole(value) is None

    def test_missing_values(self, np: Any, pd: Any) -> None:
        marks = [pd.NA, pd.NaT, np.ma.masked, np.float64("nan"), np.float32("nan"), np.datetime64("NaT")]
        assert all(missing(mark) for mark in marks)
        assert {code_of(whole, mark) for mark in marks} == {"not-a-value", "not-a-time", "not-a-number"}

    @pytest.mark.parametrize(("kind", "bits"), [("float16", 11), ("float32", 24), ("float64", 53)])
    def test_each_float_is_certain_up_to_its_own_size(self, np: Any, kind: str, bits: int) -> None:
        make = getattr(np, kind)
        assert whole(make(2**bits - 1)) == 2**bits - 1
        assert code_of(whole, make(2**bits)) == "inexact-integer"

    def test_ids(self, np: Any) -> None:
        assert id_text(np.int64(10362473)) == "10362473"
        assert id_text(np.str_("ada")) == "ada"
        assert type(id_text(np.str_("ada"))) is str
        assert id_text(np.bool_(True)) is None
        assert boolean_of(np.bool_(True)) is True
