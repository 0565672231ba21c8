# SPDX-License-Identifier: Apache-2.0
"""Kahuna: from Python and database values to bytes, and what is held back."""

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

from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.kahuna import api as kahuna
from airflow_provider_userattrs.vendors.kahuna.values import check_name, identify

UTC = time_zone("UTC")
BERLIN = time_zone("Europe/Berlin")
HEAD = b'{"user_attributes_array":[{"target":{"email":"a@b"},"attributes":{"x":'
TEXT_NOTE = ("x", "number sent as its exact decimal text")


class Colour(Enum):
    RED = "red"
    LONG = "x" * 2_049
    HALF = 0.5


class TextColour(str, Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@pytest.fixture(scope="session")
def sent(become: Any) -> Any:
    """Return a function from a value to the JSON text it is sent as, or the code it is refused with."""

    def send(value: Any, zone: Any = UTC, notes: Any = None, check_size: bool = True) -> Any:
        operation = kahuna.set_attributes(check_size=check_size)
        body = become(operation, {"email": "email"}, {"email": "a@b", "x": value}, zone=zone, notes=notes)
        if isinstance(body, Verdict):
            assert (body.status, body.attribute) == (Status.INVALID, "x")
            assert body.remedy.endswith(".")
            return body.code
        assert body.startswith(HEAD)
        assert body.endswith(b"}}]}")
        return body[len(HEAD) : -4].decode()

    return send


class TestValues:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param("George", '"George"', id="text"),
            pytest.param("", '""', id="empty-text"),
            pytest.param("44", '"44"', id="a-number-in-quotes-stays-text"),
            pytest.param("true", '"true"', id="a-bool-in-quotes-stays-text"),
            pytest.param("Ærø 統計 🦔", '"Ærø 統計 🦔"', id="unicode"),
            pytest.param("a\x00\n", '"a\\u0000\\n"', id="control-characters"),
            pytest.param("{{ var.value.key }}", '"{{ var.value.key }}"', id="what-looks-like-a-template"),
            pytest.param(44, "44", id="int"),
            pytest.param(True, "true", id="true"),
            pytest.param(False, "false", id="false"),
            pytest.param(2**63 - 1, "9223372036854775807", id="most-of-64-bits"),
            pytest.param(-(2**63), "-9223372036854775808", id="least-of-64-bits"),
            pytest.param(Decimal("44"), "44", id="decimal-without-a-scale-is-an-integer"),
            pytest.param(Decimal("1E+2"), "100", id="decimal-of-hundreds-is-an-integer"),
            pytest.param(date(1995, 3, 21), '"1995/03/21"', id="date"),
            pytest.param(pendulum.date(1995, 3, 21), '"1995/03/21"', id="pendulum-date"),
            pytest.param(date(995, 3, 1), '"0995/03/01"', id="date-long-ago"),
            pytest.param(datetime(2006, 3, 21), '"2006/03/21 00:00"', id="datetime"),
            pytest.param(datetime(2006, 3, 21, 4, 5, tzinfo=timezone.utc), '"2006/03/21 04:05"', id="datetime-aware"),
            pytest.param(
                datetime(2006, 3, 21, 4, 5, tzinfo=timezone(timedelta(hours=-3))), '"2006/03/21 07:05"', id="west"
            ),
            pytest.param(pendulum.datetime(2006, 3, 21, 9, 5, tz="Asia/Tokyo"), '"2006/03/21 00:05"', id="pendulum"),
            pytest.param(UUID(int=255), '"00000000-0000-0000-0000-0000000000ff"', id="uuid"),
            pytest.param(Colour.RED, '"red"', id="enum"),
            pytest.param(TextColour.RED, '"red"', id="text-enum"),
            pytest.param(Level.HIGH, "3", id="int-enum"),
        ],
    )
    def test_goes_as(self, sent: Any, value: Any, text: str) -> None:
        notes: dict[Any, int] = {}
        assert sent(value, notes=notes) == text
        assert notes == {}

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (1.5, '"1.5"'),
            (1.0, '"1.0"'),
            (0.1, '"0.1"'),
            (1e22, '"10000000000000000000000"'),
            (5e-324, '"0.' + "0" * 323 + '5"'),
            (-0.0, '"-0.0"'),
            (Decimal("1.10"), '"1.10"'),
            (Decimal("44.00"), '"44.00"'),
            (Decimal("1E-7"), '"0.0000001"'),
            (Colour.HALF, '"0.5"'),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_a_number_that_is_no_integer_goes_as_its_exact_text_and_is_noted(
        self, sent: Any, value: Any, text: str
    ) -> None:
        notes: dict[Any, int] = {}
        assert sent(value, notes=notes) == text
        assert notes == {TEXT_NOTE: 1}

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            pytest.param(["a"], "type", id="list"),
            pytest.param(("a",), "type", id="tuple"),
            pytest.param({"a": 1}, "type", id="dict"),
            pytest.param({"a"}, "type", id="set"),
            pytest.param(b"a", "type", id="bytes"),
            pytest.param(time(1), "type", id="time"),
            pytest.param(timedelta(1), "type", id="timedelta"),
            pytest.param(Fraction(1, 3), "type", id="fraction"),
            pytest.param(1j, "type", id="complex"),
            pytest.param(object(), "type", id="object"),
            pytest.param(float("nan"), "not-a-number", id="nan"),
            pytest.param(float("inf"), "not-a-number", id="infinity"),
            pytest.param(Decimal("NaN"), "not-a-number", id="decimal-nan"),
            pytest.param(Decimal("sNaN"), "not-a-number", id="decimal-signalling-nan"),
            pytest.param(Decimal("-Infinity"), "not-a-number", id="decimal-infinity"),
            pytest.param("a\ud800", "not-utf-8", id="lone-surrogate"),
            pytest.param(2**64, "number-too-large", id="over-64-bits"),
            pytest.param(-(2**63) - 1, "number-too-large", id="under-64-bits"),
            pytest.param(Decimal(2**64), "number-too-large", id="decimal-over-64-bits"),
            pytest.param(Decimal("1e9999999"), "number-too-large", id="decimal-of-ten-million-digits"),
        ],
    )
    def test_is_refused_as(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value) == code

    def test_numbers_of_numeric_libraries(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryInteger(7)) == "7"
        assert sent(odd.LibraryReal(1.5)) == '"1.5"'

    def test_a_missing_time(self, sent: Any, odd: Any) -> None:
        assert sent(odd.NaT(2020, 1, 1)) == "not-a-time"

    def test_a_float_of_a_numeric_library(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryFloat(1.5)) == '"1.5"'

    @given(number=st.decimals(allow_nan=False, allow_infinity=False, places=3))
    def test_a_column_of_decimals_does_not_change_its_type_from_row_to_row(self, sent: Any, number: Decimal) -> None:
        text = sent(number)
        if number.as_tuple().exponent == -3:
            assert text.startswith('"')
            assert Decimal(text.strip('"')) == number

    @pytest.mark.parametrize(
        ("moment", "text", "noted"),
        [
            pytest.param(datetime(2023, 7, 1, 12), '"2023/07/01 12:00"', False, id="naive"),
            pytest.param(datetime(2023, 7, 1, 12, tzinfo=timezone.utc), '"2023/07/01 14:00"', False, id="summer"),
            pytest.param(datetime(2023, 12, 1, 12, tzinfo=timezone.utc), '"2023/12/01 13:00"', False, id="winter"),
            pytest.param(datetime(2023, 7, 1, 12, 0, 59), '"2023/07/01 12:00"', True, id="seconds-are-cut-and-noted"),
            pytest.param(datetime(2023, 7, 1, 12, 0, 0, 1), '"2023/07/01 12:00"', True, id="microseconds-too"),
        ],
    )
    def test_times_are_written_in_the_operator_s_zone(
        self, sent: Any, moment: datetime, text: str, noted: bool
    ) -> None:
        notes: dict[Any, int] = {}
        assert sent(moment, zone=BERLIN, notes=notes) == text
        assert (notes == {("x", "time cut to the minute"): 1}) is noted


class TestSize:
    @pytest.mark.parametrize(
        ("letter", "bytes_each"), [("a", 1), ("é", 2), ("統", 3), ("🦔", 4)], ids=["ascii", "two", "three", "four"]
    )
    def test_2048_bytes_may_be_and_one_more_may_not(self, sent: Any, letter: str, bytes_each: int) -> None:
        most = letter * (2_048 // bytes_each) + "a" * (2_048 % bytes_each)
        assert len(most.encode()) == 2_048
        assert sent(most) == f'"{most}"'
        assert sent(most + "a") == "value-too-long"
        assert sent(most[:-1] + letter * 2) == "value-too-long"

    def test_bytes_count_before_json_escapes_them(self, sent: Any) -> None:
        assert sent("\n" * 2_048) == '"' + "\\n" * 2_048 + '"'
        assert sent('"' * 2_049) == "value-too-long"

    def test_an_enum_is_measured_too(self, sent: Any) -> None:
        assert sent(Colour.LONG) == "value-too-long"

    def test_a_long_text_with_a_lone_surrogate_is_refused_one_way_or_other(self, sent: Any) -> None:
        assert sent("\ud800" * 100) == "not-utf-8"
        assert sent("\ud800" * 2_000) in ("not-utf-8", "value-too-long")

    def test_oversize_is_sent_when_the_author_asks_for_it(self, sent: Any) -> None:
        assert sent("a" * 5_000, check_size=False) == '"' + "a" * 5_000 + '"'

    @pytest.mark.parametrize("number", [Decimal("0." + "1" * 3_000), Decimal("1E-3000")], ids=["digits", "exponent"])
    def test_the_text_of_a_number_is_measured_too(self, sent: Any, number: Decimal) -> None:
        assert sent(number) == "value-too-long"


class TestTarget:
    @pytest.mark.parametrize(
        ("credentials", "target"),
        [
            pytest.param({"email": "a@b", "username": "ada"}, {"email": "a@b", "username": "ada"}, id="all"),
            pytest.param({"email": None, "username": "ada"}, {"username": "ada"}, id="without-nulls"),
            pytest.param({"email": "", "username": "ada"}, {"username": "ada"}, id="without-empty-texts"),
            pytest.param({"email": " \n", "username": "ada"}, {"username": "ada"}, id="without-blanks"),
            pytest.param({"user_id": 5}, {"user_id": "5"}, id="integer-as-text"),
            pytest.param({"user_id": Decimal("10362473")}, {"user_id": "10362473"}, id="decimal-as-text"),
            pytest.param({"user_id": Decimal("5.00")}, {"user_id": "5"}, id="whole-decimal"),
            pytest.param({"user_id": 0}, {"user_id": "0"}, id="zero-is-a-value"),
            pytest.param({"user_id": 2**70}, {"user_id": str(2**70)}, id="long-integer"),
            pytest.param({"user_id": UUID(int=1)}, {"user_id": str(UUID(int=1))}, id="uuid"),
        ],
    )
    def test_is_the_credentials_there_are_in_order(self, credentials: Any, target: dict[str, str]) -> None:
        user, keys = identify(credentials)
        assert isinstance(user, dict)
        assert list(user.items()) == list(target.items())
        assert set(keys) == set(target.items())

    @pytest.mark.parametrize("credentials", [{"email": None}, {"email": ""}, {"email": None, "username": ""}], ids=str)
    def test_of_nothing_is_invalid(self, credentials: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify(credentials)
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "target")
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        "value", [True, False, 1.5, float("nan"), Decimal("5.5"), b"a", ["a"], {"a": 1}, date(2020, 1, 1), object()]
    )
    def test_of_another_type_is_invalid(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"email": "a@b", "username": value})
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "target-type")
        assert verdict.remedy.endswith(".")

    @pytest.mark.parametrize(
        ("value", "note"),
        [
            (" ada", "id with leading or trailing whitespace"),
            ("ada\n", "id with leading or trailing whitespace"),
            ("ada\u00a0", "id with leading or trailing whitespace"),
            ("nan", "id that looks like a missing value"),
            ("NaN", "id that looks like a missing value"),
            ("undefined", "id that looks like a missing value"),
            ("<NA>", "id that looks like a missing value"),
            ("\\N", "id that looks like a missing value"),
            (10362473.0, "floating-point number sent as an integer"),
        ],
        ids=ascii,
    )
    def test_that_is_odd_is_sent_and_noted(self, become: Any, value: Any, note: str) -> None:
        notes: dict[Any, int] = {}
        rows = [{"email": "a@b", "name": value, "x": 1}, {"email": "a@c", "name": "ada", "x": 1}]
        user = {"email": "email", "username": "name"}
        target = {"email": "a@b", "username": str(int(value)) if isinstance(value, float) else value}
        body = become(kahuna.OPERATIONS["set"], user, *rows, notes=notes)
        sent = json.loads(body)["user_attributes_array"]
        assert sent[0]["target"] == target
        assert notes == {("username", note): 1}

    @pytest.mark.parametrize("value", ["nana", "undefined1", "Nullmeyer", "a b", "none@example.com"])
    def test_that_is_not_odd_is_not_noted(self, value: str) -> None:
        assert identify({"email": value})[0] == {"email": value}

    def test_that_is_missing_is_called_missing(self) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"email": "a@b", "username": float("nan")})
        assert "missing" in raised.value.verdict.meaning
        assert "NULL" in raised.value.verdict.remedy

    @pytest.mark.parametrize("value", [1.2345678901234568e17, Decimal("1E+17")], ids=repr)
    def test_is_no_number_that_may_have_been_another(self, value: Any) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"user_id": value})
        assert raised.value.verdict.code == "inexact-integer"

    def test_users_that_share_a_credential_share_a_key(self) -> None:
        _, one = identify({"email": "a@b", "username": "ada"})
        _, other = identify({"email": None, "username": "ada"})
        _, third = identify({"email": "ada"})
        assert set(one) & set(other)
        assert not set(one) & set(third), "the same text under another credential is another user"

    def test_an_integer_and_its_text_are_one_user(self) -> None:
        assert identify({"user_id": 5})[1] == identify({"user_id": "5"})[1]

    def test_of_a_text_enum_is_its_value(self) -> None:
        assert identify({"username": TextColour.RED})[0] == {"username": "red"}

    def test_of_what_cannot_be_compared_is_of_another_type(self, become: Any, odd: Any) -> None:
        row = {"email": odd.Loud(), "x": 1}
        assert become(kahuna.OPERATIONS["set"], {"email": "email"}, row).code == "target-type"

    def test_of_another_type_is_refused_by_the_type_s_name(self) -> None:
        with pytest.raises(InvalidRow) as raised:
            identify({"email": b"a@b"})
        assert raised.value.verdict.meaning.endswith("neither text nor integer; the value is of type bytes")

    def test_that_cannot_be_written_is_invalid(self, become: Any) -> None:
        verdict = become(kahuna.OPERATIONS["set"], {"email": "email"}, {"email": "a\ud800", "x": 1})
        assert (verdict.status, verdict.code) == (Status.INVALID, "not-utf-8")


@pytest.mark.parametrize(
    ("name", "fine"), [("a", True), ("A b", True), ("id", True), ("", False), (5, False)], ids=repr
)
def test_names(name: Any, fine: bool) -> None:
    assert (check_name(name) is None) is fine


class TestPrivacy:
    @settings(max_examples=300)
    @given(data=st.data())
    def test_no_value_shows_in_a_verdict(self, become: Any, odd: Any, data: st.DataObject) -> None:
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
                secret * 999,
            ]
        )
        row = {"email": data.draw(st.one_of(st.just("a@b"), values)), "x": data.draw(values), "y": data.draw(values)}
        body = become(kahuna.OPERATIONS["set"], {"email": "email"}, row)
        if isinstance(body, Verdict):
            assert body.status is Status.INVALID
            assert secret not in " ".join(str(getattr(body, field.name)) for field in fields(body))
