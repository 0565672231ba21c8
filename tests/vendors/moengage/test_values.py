# SPDX-License-Identifier: Apache-2.0
"""MoEngage: from Python and database values to bytes, and the silent damage that is held back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.columns import Hashed
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage.ids import identify
from airflow_provider_userattrs.vendors.moengage.names import check_name
from airflow_provider_userattrs.vendors.moengage.values import rules, unset_rules

UTC = time_zone("UTC")
BERLIN = time_zone("Europe/Berlin")

#: https://www.moengage.com/docs/api/data/data-overview, "Request Body".
BLOCKED = [
    *("unknown", "guest", "null", "0", "1", "true", "false", "user_attribute_unique_id", "na", "n/a", "(empty)"),
    *("dummy_seller_code", "user_id", "id", "customer_id", "uid", "userid", "none", "-2", "-1", "2"),
]


#: https://www.moengage.com/docs/api/data/data-overview, "Reserved Keywords for User Attributes"; but `source`, which
#: the seed has as a standard attribute.
RESERVED = [
    *(
        "USER_ATTRIBUTE_UNIQUE_ID",
        "USER_ATTRIBUTE_USER_EMAIL",
        "USER_ATTRIBUTE_USER_MOBILE",
        "USER_ATTRIBUTE_USER_NAME",
    ),
    *("USER_ATTRIBUTE_USER_GENDER", "USER_ATTRIBUTE_USER_FIRST_NAME", "USER_ATTRIBUTE_USER_LAST_NAME"),
    *("USER_ATTRIBUTE_USER_BDAY", "USER_ATTRIBUTE_NOTIFICATION_PREF", "USER_ATTRIBUTE_OLD_ID", "MOE_TIME_FORMAT"),
    *("MOE_TIME_TIMEZONE", "USER_ATTRIBUTE_DND_START_TIME", "USER_ATTRIBUTE_DND_END_TIME", "MOE_GAID", "INSTALL"),
    *("UPDATE", "MOE_ISLAT", "status", "user_id"),
]

#: The same page, "User Attributes": what this API may create or update of moe_*.
SETTABLE = [
    *("moe_wa_subscription", "moe_em_unsub_categories", "moe_gaid", "moe_sub_w", "moe_mweb", "moe_spam"),
    *("moe_hard_bounce", "moe_sms_subscription"),
]


class Colour(Enum):
    RED = "red"
    LONG = "x" * 513


class TextColour(str, Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@pytest.fixture(scope="session")
def sent(become: Any) -> Any:
    """Return a function from a value to the JSON text it is sent as, or the code it is refused with."""

    def send(value: Any, name: str = "x", zone: Any = UTC, notes: Any = None, check_size: bool = True) -> Any:
        operation = moengage.set_attributes(check_size=check_size)
        row = {"customer_id": "john", name: value}
        body = become(operation, {"customer_id": "customer_id"}, row, zone=zone, notes=notes)
        if isinstance(body, Verdict):
            assert (body.status, body.attribute) == (Status.INVALID, name[:80])
            assert body.remedy.endswith(".")
            return body.code
        head = b'{"type":"customer","customer_id":"john","attributes":{"%s":' % name.encode()
        assert body.startswith(head)
        assert body.endswith(b"}}")
        return body[len(head) : -2].decode()

    return send


class TestValues:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param("browsers", '"browsers"', id="text"),
            pytest.param("", '""', id="empty-text"),
            pytest.param("Ærø 統計 🦔", '"Ærø 統計 🦔"', id="unicode"),
            pytest.param("a\x00\n", '"a\\u0000\\n"', id="control-characters"),
            pytest.param("{{ var.value.key }}", '"{{ var.value.key }}"', id="what-looks-like-a-template"),
            pytest.param(20, "20", id="int"),
            pytest.param(True, "true", id="true"),
            pytest.param(2**63 - 1, "9223372036854775807", id="most-of-64-bits"),
            pytest.param(-(2**63), "-9223372036854775808", id="least-of-64-bits"),
            pytest.param(46.2, "46.2", id="float"),
            pytest.param(Decimal("46.20"), "46.20", id="decimal-keeps-its-digits"),
            pytest.param(Decimal("1E+3"), "1000", id="decimal-exponent"),
            pytest.param(Decimal(2**64 - 1), "18446744073709551615", id="decimal-of-64-bits"),
            pytest.param(Decimal(-(2**63)), "-9223372036854775808", id="decimal-least-of-64-bits"),
            pytest.param(Decimal(f"1{'0' * 30}.5"), f"1{'0' * 30}.5", id="decimal-with-a-fraction"),
            pytest.param(datetime(2019, 5, 21, 3, 47, 35), '"2019-05-21T03:47:35Z"', id="datetime"),
            pytest.param(
                datetime(2019, 5, 21, 3, 47, 35, tzinfo=timezone(timedelta(hours=-7))),
                '"2019-05-21T10:47:35Z"',
                id="west",
            ),
            pytest.param(
                pendulum.datetime(2019, 5, 21, 3, 47, 35, tz="Asia/Tokyo"), '"2019-05-20T18:47:35Z"', id="pendulum"
            ),
            pytest.param(date(2019, 5, 21), '"2019-05-21"', id="date"),
            pytest.param(pendulum.date(2019, 5, 21), '"2019-05-21"', id="pendulum-date"),
            pytest.param(UUID(int=255), '"00000000-0000-0000-0000-0000000000ff"', id="uuid"),
            pytest.param(Colour.RED, '"red"', id="enum"),
            pytest.param(TextColour.RED, '"red"', id="text-enum"),
            pytest.param(Level.HIGH, "3", id="int-enum"),
            pytest.param([], "[]", id="empty-list"),
            pytest.param(["a", "b"], '["a","b"]', id="list-of-text"),
            pytest.param((1, 2.5, Decimal("3.50")), "[1,2.5,3.50]", id="tuple-of-numbers"),
            pytest.param(
                [date(2019, 5, 21), datetime(2019, 5, 21)], '["2019-05-21","2019-05-21T00:00:00Z"]', id="list-of-dates"
            ),
            pytest.param([UUID(int=1)], '["00000000-0000-0000-0000-000000000001"]', id="list-of-uuid"),
        ],
    )
    def test_goes_as(self, sent: Any, value: Any, text: str) -> None:
        assert sent(value) == text

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            pytest.param({"a": 1}, "type", id="dict"),
            pytest.param({"a"}, "type", id="set"),
            pytest.param(b"a", "type", id="bytes"),
            pytest.param(time(1), "type", id="time"),
            pytest.param(timedelta(1), "type", id="timedelta"),
            pytest.param(Fraction(1, 3), "type", id="fraction"),
            pytest.param(object(), "type", id="object"),
            pytest.param([{"a": 1}], "type", id="list-of-dict"),
            pytest.param([["a"]], "type", id="nested-list"),
            pytest.param([None], "null-in-list", id="list-of-none"),
            pytest.param([b"a"], "type", id="list-of-bytes"),
            pytest.param(["a", 1], "mixed-list", id="text-and-number"),
            pytest.param([True, 1], "mixed-list", id="bool-and-number"),
            pytest.param(["a", None], "null-in-list", id="text-and-none"),
            pytest.param([True, False], "list-of-booleans", id="list-of-bools"),
            pytest.param(["2019-05-21", date(2019, 5, 21)], "mixed-list", id="text-and-date"),
            pytest.param([float("nan")], "null-in-list", id="nan-in-a-list"),
            pytest.param([float("inf")], "not-a-number", id="infinity-in-a-list"),
            pytest.param(Decimal("1e9999999"), "number-too-large", id="decimal-of-ten-million-digits"),
            pytest.param(float("nan"), "not-a-number", id="nan"),
            pytest.param(float("-inf"), "not-a-number", id="infinity"),
            pytest.param(Decimal(2**64), "number-too-large", id="decimal-beyond-64-bits"),
            pytest.param(Decimal("-9223372036854775809.00"), "number-too-large", id="decimal-below-64-bits"),
            pytest.param(Decimal("1E+25"), "number-too-large", id="decimal-exponent-beyond-64-bits"),
            pytest.param(Decimal("1e400"), "number-too-large", id="decimal-whole-beyond-a-double"),
            pytest.param(Decimal(f"2{'0' * 308}.5"), "number-too-large", id="decimal-beyond-a-double"),
            pytest.param([Decimal(2**64)], "number-too-large", id="decimal-in-a-list"),
            pytest.param(Decimal("NaN"), "not-a-number", id="decimal-nan"),
            pytest.param(Decimal("Infinity"), "not-a-number", id="decimal-infinity"),
            pytest.param("a\ud800", "not-utf-8", id="lone-surrogate"),
            pytest.param(["a", "\ud800"], "not-utf-8", id="lone-surrogate-in-a-list"),
            pytest.param(2**64, "number-too-large", id="over-64-bits"),
            pytest.param([2**64], "number-too-large", id="over-64-bits-in-a-list"),
            pytest.param(-(2**63) - 1, "number-too-large", id="under-64-bits"),
        ],
    )
    def test_is_refused_as(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value) == code

    def test_numbers_of_numeric_libraries(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryInteger(7)) == "7"
        assert sent(odd.LibraryReal(1.5)) == "1.5"
        assert sent([odd.LibraryInteger(7)]) == "[7]"

    def test_a_missing_time(self, sent: Any, odd: Any) -> None:
        assert sent(odd.NaT(2020, 1, 1)) == "not-a-time"
        assert sent([odd.NaT(2020, 1, 1)]) == "null-in-list"

    def test_a_float_of_a_numeric_library(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryFloat(1.5)) == "1.5"

    def test_a_list_of_texts_is_of_one_type_however_they_are_made(self, sent: Any) -> None:
        assert sent(["blue", TextColour.RED]) == '["blue","red"]'

    @pytest.mark.parametrize(
        ("moment", "text", "noted"),
        [
            pytest.param(datetime(2019, 7, 1, 12), '"2019-07-01T10:00:00Z"', False, id="naive-summer"),
            pytest.param(datetime(2019, 12, 1, 12), '"2019-12-01T11:00:00Z"', False, id="naive-winter"),
            pytest.param(datetime(2019, 7, 1, 12, tzinfo=timezone.utc), '"2019-07-01T12:00:00Z"', False, id="aware"),
            pytest.param(datetime(2019, 10, 27, 2, 30, fold=1), '"2019-10-27T01:30:00Z"', False, id="autumn-second"),
            pytest.param(datetime(2019, 7, 1, 12, 0, 0, 1), '"2019-07-01T10:00:00Z"', True, id="cut-and-noted"),
        ],
    )
    def test_times_are_written_in_utc(self, sent: Any, moment: datetime, text: str, noted: bool) -> None:
        for value, shown in ((moment, text), ([moment], f"[{text}]")):
            notes: dict[Any, int] = {}
            assert sent(value, zone=BERLIN, notes=notes) == shown
            assert (notes == {("x", "time cut to the second"): 1}) is noted


class TestSize:
    @pytest.mark.parametrize("letter", ["a", "é", "🦔"])
    def test_512_characters_may_be_and_one_more_may_not(self, sent: Any, letter: str) -> None:
        assert sent(letter * 512) == '"' + letter * 512 + '"'
        assert sent(letter * 513) == "value-too-long"
        assert sent([letter * 512]) == '["' + letter * 512 + '"]'
        assert sent(["a", letter * 513]) == "value-too-long"

    @pytest.mark.parametrize("kind", [list, tuple])
    def test_50_elements_may_be_and_one_more_may_not(self, sent: Any, kind: Any) -> None:
        assert sent(kind(["a"] * 50)).count('"a"') == 50
        assert sent(kind(["a"] * 51)) == "list-too-long"

    def test_an_enum_is_measured_too(self, sent: Any) -> None:
        assert sent(Colour.LONG) == "value-too-long"

    @pytest.mark.parametrize("letter", ["a", "é"])
    def test_a_name_of_200_characters_may_be_and_one_more_may_not(self, sent: Any, letter: str) -> None:
        assert sent(1, name=letter * 200) == "1"
        assert sent(1, name=letter * 201) == "name-too-long"
        with pytest.raises(InvalidRow) as raised:
            Mapper(rules(UTC), {"customer_id": "id"}, attributes=[letter * 201])
        assert raised.value.verdict.code == "name-too-long"

    def test_oversize_is_sent_when_the_author_asks_for_it(self, sent: Any) -> None:
        assert sent("a" * 600, check_size=False) == '"' + "a" * 600 + '"'
        assert sent(["a" * 600] * 60, check_size=False).count("aaa") > 50
        assert sent(1, name="a" * 201, check_size=False) == "1"

    def test_oversize_sends_nothing_else_that_is_damaged(self, sent: Any) -> None:
        assert sent(1, name="id", check_size=False) == "reserved-name"
        assert sent(["a", 1], check_size=False) == "mixed-list"
        assert sent("2019", name="created_time", check_size=False) == "not-a-date"

    @pytest.mark.parametrize("url", ["https://example.com/", "HTTP://example.com/", " https://example.com/"])
    def test_a_url_is_dropped_and_not_cut_so_it_is_never_sent(self, sent: Any, url: str) -> None:
        fits = url + "a" * (512 - len(url))
        assert sent(fits) == f'"{fits}"'
        for check_size in (True, False):
            assert sent(fits + "a", check_size=check_size) == "url-too-long"
            assert sent([fits + "a"], check_size=check_size) == "url-too-long"
            assert sent(fits + "a", name="name", check_size=check_size) == "url-too-long"

    def test_of_a_url_the_remedy_is_not_to_let_it_be_cut(self, become: Any) -> None:
        row = {"customer_id": "john", "x": "https://example.com/" + "a" * 600}
        verdict = become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row)
        assert "oversize" not in verdict.remedy


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
        assert notes == {(name, "taken at a user's creation only, says MoEngage"): 1}
        assert sent(b"a", name=name) == "type"

    def test_of_text_take_a_hash(self, become: Any) -> None:
        user, row = {"customer_id": "id"}, {"id": "john", "m": "a@b"}
        body = become(moengage.OPERATIONS["set"], user, row, attributes={"email": Hashed("m")})
        assert b'"email":"' in body


class TestNames:
    @pytest.mark.parametrize("name", ["id", "_id", "", *RESERVED, "moe_tier", "MOE_ip_city", "moe_", "t_rev", "u_s_c"])
    def test_that_are_reserved(self, sent: Any, name: str) -> None:
        assert sent(1, name=name) == "reserved-name"

    def test_that_are_empty_are_said_to_be(self) -> None:
        verdict = check_name("")
        assert verdict is not None
        assert "without a name" in verdict.meaning

    @pytest.mark.parametrize(
        "name", ["ID", "_ID", "Id", "idx", " ", "source", "name", "moe", "plan_status", "geo", "u_n", *SETTABLE]
    )
    def test_that_are_not(self, sent: Any, name: str) -> None:
        assert sent("a", name=name) == '"a"'

    @pytest.mark.parametrize("name", [None, 5, b"a"], ids=repr)
    def test_that_are_no_text(self, name: Any) -> None:
        verdict = check_name(name)
        assert verdict is not None
        assert verdict.status is Status.INVALID

    def test_that_are_too_long_are_refused_unless_told_otherwise(self) -> None:
        verdict = check_name("a" * 201)
        assert verdict is not None
        assert (verdict.status, verdict.code) == (Status.INVALID, "name-too-long")
        assert check_name("a" * 201, check_size=False) is None

    @pytest.mark.parametrize("match", ["equals", "prefix", "suffix", "contains"])
    def test_to_remove(self, match: str) -> None:
        check = unset_rules(match).check_name
        assert check("age") is None
        assert check("") is not None
        assert check(5) is not None
        assert (check("id") is None) is (match != "equals")

    def test_to_remove_that_are_too_long_have_a_remedy_of_their_own(self) -> None:
        """The operator that removes has no `oversize`."""
        verdict = unset_rules("equals").check_name("a" * 201)
        assert verdict is not None
        assert "oversize" not in verdict.remedy

    def test_that_are_reserved_have_a_remedy_that_works(self, sent: Any) -> None:
        verdict = check_name("status")
        assert verdict is not None
        assert "attributes={" in verdict.remedy
        removed = unset_rules("equals").check_name("status")
        assert removed is not None
        assert removed.code == "reserved-name"
        assert "attributes={" not in removed.remedy


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
            ({"lat": 12.11}, "not-a-place"),
            ({"lat": 12.11, "lng": 123.1}, "not-a-place"),
            ({"lat": 12.11, "lon": 123.1, "alt": 5}, "not-a-place"),
            ({"lat": "12.11", "lon": "123.1"}, "not-a-place"),
            ({"lat": True, "lon": False}, "not-a-place"),
            ({"lat": None, "lon": None}, "not-a-place"),
            ([12.11, 123.122], "not-a-place"),
            ("12.11 123.122", "not-a-place"),
            (5, "not-a-place"),
            ({"lat": float("nan"), "lon": 1.0}, "not-a-number"),
            ({"lat": 1.0, "lon": float("inf")}, "not-a-number"),
            ({"lat": Decimal("NaN"), "lon": 1.0}, "not-a-number"),
        ],
        ids=str,
    )
    def test_that_may_not(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value, name="moe_geo_location") == code


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

    def test_of_another_type_is_said_by_its_name(self) -> None:
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


class TestPrivacy:
    @settings(max_examples=300, deadline=None)
    @given(data=st.data(), name=st.sampled_from(["x", "created_time", "platforms", "moe_geo_location"]))
    def test_no_value_shows_in_a_verdict(self, become: Any, odd: Any, data: st.DataObject, name: str) -> None:
        secret = odd.SECRET
        values = st.sampled_from(
            [
                secret,
                secret.encode(),
                [secret, 1],
                {secret: secret},
                {secret},
                odd.Loud(),
                f"{secret}\ud800",
                secret * 99,
            ]
        )
        row = {"customer_id": data.draw(st.one_of(st.just("john"), values)), name: data.draw(values)}
        body = become(moengage.OPERATIONS["set"], {"customer_id": "customer_id"}, row)
        if isinstance(body, Verdict):
            assert body.status is Status.INVALID
            assert secret not in " ".join(str(getattr(body, field.name)) for field in fields(body))
