# SPDX-License-Identifier: Apache-2.0
"""Values as Python's own types, missing values, booleans."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from airflow_provider_userattrs.push.mapping.scalars import check_missing, parse_boolean, plain


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
    assert parse_boolean(value) is expected


@pytest.mark.parametrize("value", [None, "", "nan", 0, False, [], b"", date.min, datetime.min, Decimal(0), Fraction(0)])
def test_what_is_not_missing(value: Any) -> None:
    assert check_missing(value) is None
    assert plain(value) is value


class TestNumpyAndPandas:
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

    def test_missing_values(self, np: Any, pd: Any) -> None:
        marks = [pd.NA, pd.NaT, np.ma.masked, np.float64("nan"), np.float32("nan"), np.datetime64("NaT")]
        assert all(check_missing(mark) for mark in marks)
        assert {verdict.code for mark in marks if (verdict := check_missing(mark))} == {
            "not-a-value",
            "not-a-time",
            "not-a-number",
        }

    def test_a_boolean_of_numpy(self, np: Any) -> None:
        assert parse_boolean(np.bool_(True)) is True
