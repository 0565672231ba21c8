# SPDX-License-Identifier: Apache-2.0
"""What an EUID is, and what it is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from vendors.engagelab.enums import Level

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.engagelab.values import identify


class TestEuid:
    @pytest.mark.parametrize(
        ("value", "euid"),
        [
            (10362473, 10362473),
            ("10362473", 10362473),
            (10362473.0, 10362473),
            (Decimal("10362473"), 10362473),
            (Decimal("10362473.00"), 10362473),
            (2**63 - 1, 2**63 - 1),
            (-(2**63), -(2**63)),
            (str(2**63 - 1), 2**63 - 1),
            (Level.HIGH, 3),
        ],
        ids=repr,
    )
    def test_is_an_integer(self, value: Any, euid: int) -> None:
        user, keys = identify({"euid": value})
        assert (user, type(user), keys) == (euid, int, (euid,))

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            "",
            "abc",
            "1.5",
            "1e3",
            " 1",
            "1 ",
            "１２",  # noqa: RUF001
            "٣",
            "0x10",
            "1_000",
            1.5,
            float("nan"),
            float("inf"),
            Decimal("1.5"),
            Decimal("NaN"),
            b"1",
            [1],
            {"a": 1},
            UUID(int=1),
            date(2020, 1, 1),
            2**63,
            str(2**63),
            -(2**63) - 1,
            "9" * 5_000,
        ],
        ids=lambda value: ascii(value)[:30],
    )
    def test_is_nothing_else(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"euid": value})
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "euid")
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        ("value", "words"),
        [(b"7", "; the value is of type bytes"), ([7], "; the value is of type list"), (1.5, "64-bit integer")],
    )
    def test_of_another_type_is_refused_by_the_type_s_name(self, value: Any, words: str) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"euid": value})
        assert raised.value.verdict.meaning.endswith(words)

    @pytest.mark.parametrize("value", [Decimal("Infinity"), Decimal("sNaN"), Decimal(10**40)], ids=repr)
    def test_is_no_decimal_with_a_fraction(self, become: Any, value: Decimal) -> None:
        operation, row = engagelab.OPERATIONS["set"], {"euid": value, "x": 1}
        verdict = become(operation, {"euid": "euid"}, row)
        assert (verdict.code, verdict.attribute) == ("euid", None)

    @pytest.mark.parametrize(
        "value",
        [
            1.2345678901234568e17,
            2.0**53,
            -(2.0**53),
            1e20,
            Decimal("1.2345678901234568E+17"),
            Decimal("1E+40"),
            "12345678901234568.0",
        ],
        ids=repr,
    )
    def test_is_no_float_that_may_have_been_another_integer(self, value: Any) -> None:
        """In a data frame, integers with a gap are floats; 123456789012345678 comes as 1.2345678901234568e17."""
        with pytest.raises(InvalidRow) as raised:
            identify({"euid": value})
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "inexact-integer")
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        "value", [2.0**53 - 1, -(2.0**53) + 1, Decimal(2**53 + 1), str(2**53 + 1), "44.0"], ids=repr
    )
    def test_is_a_number_that_is_certain(self, value: Any) -> None:
        assert identify({"euid": value})[0] == int(Decimal(value))

    @pytest.mark.parametrize("value", [None, float("nan"), Decimal("NaN")], ids=repr)
    def test_that_is_missing_is_called_missing(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"euid": value})
        assert "missing" in raised.value.verdict.meaning

    def test_may_come_from_a_numeric_library(self, odd: Any) -> None:
        assert identify({"euid": odd.LibraryInteger(5)})[0] == 5

    def test_one_user_is_one_key_however_written(self) -> None:
        keys = {identify({"euid": value})[1] for value in (7, "7", "007", 7.0, Decimal("7.0"))}
        assert len(keys) == 1
