# SPDX-License-Identifier: Apache-2.0
"""How MoEngage tells users apart, and which ids it takes for none."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage.ids import identify
from airflow_provider_userattrs.vendors.moengage.values import rules

UTC = time_zone("UTC")


#: https://www.moengage.com/docs/api/data/data-overview, "Request Body".
BLOCKED = [
    *("unknown", "guest", "null", "0", "1", "true", "false", "user_attribute_unique_id", "na", "n/a", "(empty)"),
    *("dummy_seller_code", "user_id", "id", "customer_id", "uid", "userid", "none", "-2", "-1", "2"),
]


class TextColour(str, Enum):
    RED = "red"


class TestCustomerId:
    @pytest.mark.parametrize(
        ("value", "user"),
        [
            ("john@example.com", "john@example.com"),
            ("ab", "ab"),
            ("統計", "統計"),
            ("J" * 500, "J" * 500),
            (10, "10"),
            (2**70, str(2**70)),
            (-10, "-10"),
            (Decimal("10362473"), "10362473"),
            (Decimal("10362473.00"), "10362473"),
            (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    def test_is_a_text_of_more_than_one_character(self, value: Any, user: str) -> None:
        assert identify({"customer_id": value}) == (user, (user,))

    @pytest.mark.parametrize("value", ["a", "統", "3", 3, "!"], ids=ascii)
    def test_is_no_text_of_one_character(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": value})
        assert raised.value.verdict.code == "customer-id"

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            1.5,
            Decimal("10.5"),
            float("nan"),
            float("inf"),
            b"john",
            ["john"],
            {"a": 1},
            date(2020, 1, 1),
            object(),
        ],
    )
    def test_is_of_no_other_type(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": value})
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "customer-id")
        assert verdict.remedy.endswith(".")

    def test_of_another_type_is_refused_by_the_type_s_name(self) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": b"john"})
        assert raised.value.verdict.meaning.endswith("the value is of type bytes")

    @pytest.mark.parametrize("value", [*BLOCKED, ""])
    @pytest.mark.parametrize(
        "form", [str, str.upper, str.title, lambda text: f" {text} "], ids=["", "up", "title", "pad"]
    )
    def test_is_none_of_the_blocked_ones(self, value: str, form: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": form(value)})
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "blocked-customer-id")
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize("value", [0, 1, 2, -1, -2])
    def test_is_none_of_the_blocked_ones_as_a_number(self, value: int) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": value})
        assert raised.value.verdict.code == "blocked-customer-id"

    @pytest.mark.parametrize("value", ["guests", "unknown1", "10", "00", "trueman"])
    def test_may_look_like_a_blocked_one(self, value: str) -> None:
        assert identify({"customer_id": value})[0] == value

    @pytest.mark.parametrize(
        ("value", "note"),
        [
            (" john", "id with leading or trailing whitespace"),
            ("john\n", "id with leading or trailing whitespace"),
            (" a", "id with leading or trailing whitespace"),
            ("nan", "id that looks like a missing value"),
            ("Undefined", "id that looks like a missing value"),
            ('""', "id that looks like a missing value"),
            (10362473.0, "floating-point number sent as an integer"),
        ],
        ids=ascii,
    )
    def test_that_is_odd_is_sent_and_noted(self, become: Any, value: Any, note: str) -> None:
        notes: dict[Any, int] = {}
        row = {"id": value, "x": 1}
        body = json.loads(become(moengage.OPERATIONS["set"], {"customer_id": "id"}, row, notes=notes))
        assert body["customer_id"] == (str(int(value)) if isinstance(value, float) else value)
        assert notes == {("customer_id", note): 1}

    def test_of_a_row_that_is_not_sent_is_not_noted(self) -> None:
        mapper = Mapper(rules(UTC), {"customer_id": "id"})
        for row in ({"id": " john", "x": None}, {"id": " john", "x": b""}):
            assert isinstance(mapper(0, row), Outcome)
        assert not mapper.notes

    @pytest.mark.parametrize("value", [None, float("nan"), Decimal("NaN")], ids=repr)
    def test_that_is_missing_is_called_missing(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": value})
        assert "missing" in raised.value.verdict.meaning

    @pytest.mark.parametrize("value", [1.2345678901234568e17, Decimal("1E+17")], ids=repr)
    def test_is_no_number_that_may_have_been_another(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"customer_id": value})
        assert raised.value.verdict.code == "inexact-integer"

    def test_a_number_and_its_text_are_one_user(self) -> None:
        assert identify({"customer_id": 55})[1] == identify({"customer_id": "55"})[1]

    def test_of_a_text_enum_is_its_value(self) -> None:
        assert identify({"customer_id": TextColour.RED})[0] == "red"

    def test_that_cannot_be_written_is_invalid(self, become: Any) -> None:
        row = {"customer_id": "john\ud800", "x": 1}
        verdict = become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row)
        assert (verdict.status, verdict.code) == (Status.INVALID, "not-utf-8")
