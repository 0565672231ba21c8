# SPDX-License-Identifier: Apache-2.0
"""MoEngage's standard attributes: each in the form that its page asks for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_userattrs.columns import Hashed
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage

UTC = time_zone("UTC")


class TestStandardAttributes:
    """Their types: seed 003_dbbef344ba752faa, "Standard User Attributes"."""

    TEXTS = ("name", "first_name", "last_name", "email", "gender", "mobile", "source")
    NUMBERS = ("age", "transactions", "revenue")

    @pytest.mark.parametrize("name", TEXTS)
    @pytest.mark.parametrize(
        ("value", "text", "note"),
        [
            ("918888444411", '"918888444411"', None),
            ("", '""', None),
            (UUID(int=1), '"00000000-0000-0000-0000-000000000001"', None),
            (919876543210, '"919876543210"', "number sent as text"),
            (919876543210.0, '"919876543210"', "number sent as text"),
            (Decimal("919876543210"), '"919876543210"', "number sent as text"),
            (Decimal("919876543210.00"), '"919876543210"', "number sent as text"),
            (1.5, '"1.5"', "number sent as text"),
        ],
        ids=repr,
    )
    def test_of_text_take_text_and_numbers_as_text(
        self, sent: Any, name: str, value: Any, text: str, note: str | None
    ) -> None:
        notes: dict[Any, int] = {}
        assert sent(value, name=name, notes=notes) == text
        assert notes == ({(name, note): 1} if note else {})

    @pytest.mark.parametrize("name", TEXTS)
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (True, "not-text"),
            (["a"], "not-text"),
            ({"a": 1}, "not-text"),
            (b"a", "not-text"),
            (date(2020, 1, 1), "not-text"),
            (datetime(2020, 1, 1), "not-text"),
            (1e17, "inexact-integer"),
            (float("nan"), "not-a-number"),
            (Decimal("1e9999999"), "number-too-large"),
            ("a" * 513, "value-too-long"),
        ],
        ids=lambda value: repr(value)[:20],
    )
    def test_of_text_take_nothing_else(self, sent: Any, name: str, value: Any, code: str) -> None:
        assert sent(value, name=name) == code

    @pytest.mark.parametrize("name", NUMBERS)
    @pytest.mark.parametrize(
        ("value", "text", "noted"),
        [
            (44, "44", False),
            (44.5, "44.5", False),
            (Decimal("44.50"), "44.50", False),
            ("44", "44", True),
            (" 44 ", "44", True),
            ("-44.50", "-44.50", True),
            ("44.0", "44", True),
            ("1e3", "1000", True),
            ("123456789012345678", "123456789012345678", True),
        ],
        ids=repr,
    )
    def test_of_numbers_take_numbers_and_their_text(
        self, sent: Any, name: str, value: Any, text: str, noted: bool
    ) -> None:
        notes: dict[Any, int] = {}
        assert sent(value, name=name, notes=notes) == text
        assert notes == ({(name, "text sent as a number"): 1} if noted else {})

    @pytest.mark.parametrize("name", NUMBERS)
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (True, "not-numeric"),
            ("", "not-numeric"),
            ("44 years", "not-numeric"),
            ("1_000", "not-numeric"),
            ("٤٤", "not-numeric"),
            ("nan", "not-numeric"),
            ("inf", "not-numeric"),
            ([44], "not-numeric"),
            (date(2020, 1, 1), "not-numeric"),
            (float("nan"), "not-a-number"),
            ("1e9999999", "number-too-large"),
            (str(2**64), "number-too-large"),
        ],
        ids=ascii,
    )
    def test_of_numbers_take_nothing_else(self, sent: Any, name: str, value: Any, code: str) -> None:
        assert sent(value, name=name) == code

    @pytest.mark.parametrize(
        ("value", "text", "noted"),
        [
            (True, "true", False),
            (False, "false", False),
            ("true", "true", True),
            ("False ", "false", True),
            ("no", "false", True),
            (1, "true", True),
            (0.0, "false", True),
            (Decimal(1), "true", True),
        ],
        ids=repr,
    )
    def test_of_booleans_take_booleans_and_words_for_them(self, sent: Any, value: Any, text: str, noted: bool) -> None:
        notes: dict[Any, int] = {}
        assert sent(value, name="moe_unsubscribe", notes=notes) == text
        assert notes == ({("moe_unsubscribe", "value sent as a boolean"): 1} if noted else {})

    @pytest.mark.parametrize("value", ["", "unsubscribed", 2, 0.5, -1, [True], date(2020, 1, 1)], ids=repr)
    def test_of_booleans_take_nothing_else(self, sent: Any, value: Any) -> None:
        assert sent(value, name="moe_unsubscribe") == "not-boolean"

    @pytest.mark.parametrize(
        "name", ["publisher_name", "campaign_name", "u_l_a", "cr_t", "moe_gaid", "moe_mweb", "advertising_identifier"]
    )
    def test_that_count_at_a_users_creation_only_are_noted(self, sent: Any, name: str) -> None:
        notes: dict[Any, int] = {}
        assert sent(datetime(2019, 5, 21, 0, 0, 0, 5), name=name, notes=notes) == '"2019-05-21T00:00:00Z"'
        assert notes == {(name, "used only when MoEngage creates the user"): 1}
        assert sent(b"a", name=name) == "type"

    def test_of_text_take_a_hash(self, become: Any) -> None:
        user, row = {"customer_id": "id"}, {"id": "john", "m": "a@b"}
        body = become(moengage.OPERATIONS["set"], user, row, attributes={"email": Hashed("m")})
        assert b'"email":"' in body


class TestDates:
    @pytest.mark.parametrize("name", ["created_time", "last_seen"])
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(datetime(2019, 5, 21, 3, 47, 35), '"2019-05-21T03:47:35Z"', id="datetime"),
            pytest.param(date(2019, 5, 21), '"2019-05-21"', id="date"),
            pytest.param("2019-05-21T03:47:35Z", '"2019-05-21T03:47:35Z"', id="text"),
            pytest.param("2019-05-21T03:47:35.123456Z", '"2019-05-21T03:47:35.123456Z"', id="text-with-fractions"),
            pytest.param("2019-05-21", '"2019-05-21"', id="text-of-a-day"),
            pytest.param("2020-02-29", '"2020-02-29"', id="leap-day"),
        ],
    )
    def test_that_are_dates(self, sent: Any, name: str, value: Any, text: str) -> None:
        assert sent(value, name=name) == text

    @pytest.mark.parametrize("name", ["created_time", "last_seen"])
    @pytest.mark.parametrize(
        "value",
        [
            "2019-05-21 03:47:35",
            "2019-05-21T03:47:35",
            "2019-05-21T03:47:35+00:00",
            "2019-05-21T03:47Z",
            "2019-05-21T03:47:35 Z",
            " 2019-05-21",
            "2019-05-21 ",
            "2019-05-21\n",
            "21.05.2019",
            "05/21/2019",
            "2019/05/21",
            "20190521",
            "2019-02-29",
            "2019-02-30",
            "2019-13-01",
            "2019-00-01",
            "2019-05-21T24:00:00Z",
            "2019-05-21T03:60:00Z",
            "2019-05-21T03:47:60Z",
            "２０１９-05-21",  # noqa: RUF001
            "yesterday",
            "",
            "1558410455",
            1558410455,
            1558410455.5,
            True,
            ["2019-05-21"],
            {"a": 1},
            b"2019-05-21",
        ],
        ids=ascii,
    )
    def test_that_would_be_stored_as_text(self, sent: Any, name: str, value: Any) -> None:
        assert sent(value, name=name) == "not-a-date"

    @pytest.mark.parametrize(
        "value",
        ["2019-5-21", "2019-05-1", "2019-05- 1", "2019-05-21T3:47:35Z", "2019-05-21t03:47:35Z", "2019-05-21T03:47:35z"],
    )
    def test_that_would_be_stored_as_text_though_strptime_reads_them(self, sent: Any, value: str) -> None:
        assert sent(value, name="created_time") == "not-a-date"

    def test_a_missing_time(self, sent: Any, odd: Any) -> None:
        assert sent(odd.NaT(2020, 1, 1), name="created_time") in ("not-a-time", "not-a-date")

    def test_what_is_cut_off_is_noted(self, sent: Any) -> None:
        notes: dict[Any, int] = {}
        assert sent(datetime(2019, 5, 21, 1, 1, 1, 5), name="last_seen", notes=notes) == '"2019-05-21T01:01:01Z"'
        assert notes == {("last_seen", "time cut to the second"): 1}

    def test_other_attributes_may_be_any_text(self, sent: Any) -> None:
        assert sent("yesterday", name="seen") == '"yesterday"'

    def test_a_hash_is_no_date(self, become: Any) -> None:
        row = {"customer_id": "john", "mail": "a@b"}
        try:
            body = become(
                moengage.OPERATIONS["set"],
                {"customer_id": "customer_id"},
                row,
                attributes={"created_time": Hashed("mail")},
            )
        except InvalidRow as invalid:
            body = invalid.verdict
        assert isinstance(body, Verdict)


class TestPlatforms:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ([{"platform": "ANDROID", "active": "true"}], '[{"platform":"ANDROID","active":"true"}]'),
            ([{"platform": "iOS", "active": False}], '[{"platform":"iOS","active":"false"}]'),
            (
                ({"active": True, "platform": "web"}, {"platform": "IOS", "active": "false"}),
                '[{"platform":"web","active":"true"},{"platform":"IOS","active":"false"}]',
            ),
        ],
        ids=["sample", "bool", "several"],
    )
    def test_that_may_be(self, sent: Any, value: Any, text: str) -> None:
        assert sent(value, name="platforms") == text

    @pytest.mark.parametrize(
        "value",
        [
            "ANDROID",
            ["ANDROID"],
            {"platform": "ANDROID", "active": "true"},
            [{"platform": "ANDROID"}],
            [{"active": "true"}],
            [{"platform": "symbian", "active": "true"}],
            [{"platform": "ANDROID", "active": "yes"}],
            [{"platform": "ANDROID", "active": 1}],
            [{"platform": "ANDROID", "active": None}],
            [{"platform": "ANDROID", "active": "true", "more": 1}],
            [{"platform": "ANDROID", "active": "true"}, None],
            5,
            True,
        ],
        ids=str,
    )
    def test_that_may_not(self, sent: Any, value: Any) -> None:
        assert sent(value, name="platforms") == "not-platforms"


class TestPlace:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"lat": 12.11, "lon": 123.122}, '{"lat":12.11,"lon":123.122}'),
            ({"lat": 12, "lon": -123}, '{"lat":12,"lon":-123}'),
            ({"lat": Decimal("12.110"), "lon": Decimal("123.122")}, '{"lat":12.110,"lon":123.122}'),
        ],
        ids=["sample", "ints", "decimals"],
    )
    def test_that_may_be(self, sent: Any, value: Any, text: str) -> None:
        assert sent(value, name="moe_geo_location") == text

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ({"lat": 12.11}, "not-a-location"),
            ({"lat": 12.11, "lng": 123.1}, "not-a-location"),
            ({"lat": 12.11, "lon": 123.1, "alt": 5}, "not-a-location"),
            ({"lat": "12.11", "lon": "123.1"}, "not-a-location"),
            ({"lat": True, "lon": False}, "not-a-location"),
            ({"lat": None, "lon": None}, "not-a-location"),
            ([12.11, 123.122], "not-a-location"),
            ("12.11 123.122", "not-a-location"),
            (5, "not-a-location"),
            ({"lat": float("nan"), "lon": 1.0}, "not-a-number"),
            ({"lat": 1.0, "lon": float("inf")}, "not-a-number"),
            ({"lat": Decimal("NaN"), "lon": 1.0}, "not-a-number"),
        ],
        ids=str,
    )
    def test_that_may_not(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value, name="moe_geo_location") == code
