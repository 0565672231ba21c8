# SPDX-License-Identifier: Apache-2.0
"""EngageLab: from Python and database values to bytes, and what is held back."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vendors.engagelab.enums import Level

from airflow_provider_userattrs.columns import Constant, Hashed
from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.engagelab import api as engagelab
from airflow_provider_userattrs.vendors.engagelab.values import check_name, rules

UTC = time_zone("UTC")

BERLIN = time_zone("Europe/Berlin")

OPERATIONS = ["set", "increase", "add", "remove", "contacts"]


class Colour(Enum):
    RED = "red"
    EIGHT = 8
    PRICE = Decimal("1.10")
    NOTHING = None


class TextColour(str, Enum):
    RED = "red"


@pytest.fixture(scope="session")
def sent(become: Any) -> Any:
    """Return a function from a value to the JSON text it is sent as, or the code it is refused with."""

    def send(value: Any, operation: str = "set", zone: Any = UTC, notes: Any = None) -> Any:
        any_channel = engagelab.set_contacts(channels="any")
        described = any_channel if operation == "contacts" else engagelab.OPERATIONS[operation]
        body = become(described, {"euid": "euid"}, {"euid": 1, "x": value}, zone=zone, notes=notes)
        if isinstance(body, Verdict):
            assert (body.status, body.attribute) == (Status.INVALID, "x")
            assert body.remedy.endswith(".")
            return body.code
        head = b'{"euid":1,"contacts":{"x":' if operation == "contacts" else b'{"euid":1,"type":"%s","properties":{"x":'
        head = head if operation == "contacts" else head % operation.encode()
        assert body.startswith(head)
        assert body.endswith(b"}}")
        return body[len(head) : -2].decode()

    return send


class TestSet:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param("refef", '"refef"', id="text"),
            pytest.param("Ærø 統計 🦔", '"Ærø 統計 🦔"', id="unicode"),
            pytest.param('a"\\\n\x00\x1f\u2028', '"a\\"\\\\\\n\\u0000\\u001f\u2028"', id="control-characters"),
            pytest.param(" ", '" "', id="blank"),
            pytest.param("null", '"null"', id="the-word-null"),
            pytest.param("{{ var.value.key }}", '"{{ var.value.key }}"', id="what-looks-like-a-template"),
            pytest.param(True, "true", id="true"),
            pytest.param(False, "false", id="false"),
            pytest.param(0, "0", id="zero"),
            pytest.param(2**63 - 1, "9223372036854775807", id="most-of-64-bits"),
            pytest.param(-(2**63), "-9223372036854775808", id="least-of-64-bits"),
            pytest.param(46.2, "46.2", id="float"),
            pytest.param(0.1 + 0.2, "0.30000000000000004", id="float-to-the-last-digit"),
            pytest.param(Decimal("46.20"), "46.20", id="decimal-keeps-its-digits"),
            pytest.param(
                Decimal("0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827", id="long"
            ),
            pytest.param(Decimal("1E+3"), "1000", id="decimal-exponent"),
            pytest.param(Decimal(2**64 - 1), "18446744073709551615", id="decimal-of-64-bits"),
            pytest.param(Decimal(-(2**63)), "-9223372036854775808", id="decimal-least-of-64-bits"),
            pytest.param(Decimal(f"1{'0' * 30}.5"), f"1{'0' * 30}.5", id="decimal-with-a-fraction"),
            pytest.param(Decimal("1E-7"), "0.0000001", id="decimal-small"),
            pytest.param(Decimal("-0.00"), "-0.00", id="decimal-minus-zero"),
            pytest.param(datetime(2023, 12, 12, 0, 56, 23), '"2023-12-12 00:56:23"', id="datetime"),
            pytest.param(datetime(2023, 12, 12, tzinfo=timezone.utc), '"2023-12-12 00:00:00"', id="datetime-aware"),
            pytest.param(datetime(987, 1, 2, 3, 4, 5), '"0987-01-02 03:04:05"', id="datetime-long-ago"),
            pytest.param(date(2023, 12, 12), '"2023-12-12 00:00:00"', id="date"),
            pytest.param(pendulum.date(2023, 12, 12), '"2023-12-12 00:00:00"', id="pendulum-date"),
            pytest.param(
                pendulum.datetime(2023, 12, 12, 9, 56, 23, tz="Asia/Tokyo"), '"2023-12-12 00:56:23"', id="pendulum"
            ),
            pytest.param(UUID(int=255), '"00000000-0000-0000-0000-0000000000ff"', id="uuid"),
            pytest.param(["a", "b"], '["a","b"]', id="list-of-text"),
            pytest.param(("a",), '["a"]', id="tuple-of-text"),
            pytest.param(Colour.RED, '"red"', id="enum"),
            pytest.param(Colour.EIGHT, "8", id="enum-of-int"),
            pytest.param(Colour.PRICE, "1.10", id="enum-of-decimal"),
            pytest.param(TextColour.RED, '"red"', id="text-enum"),
            pytest.param(Level.HIGH, "3", id="int-enum"),
        ],
    )
    def test_goes_as(self, sent: Any, value: Any, text: str) -> None:
        assert sent(value) == text

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            pytest.param("", "empty-value", id="empty-text"),
            pytest.param([], "empty-value", id="empty-list"),
            pytest.param(["a", ""], "empty-value", id="empty-text-in-a-list"),
            pytest.param([1, 2], "list-of-text", id="list-of-int"),
            pytest.param(["a", None], "null-in-list", id="list-with-none"),
            pytest.param(["a", float("nan")], "null-in-list", id="list-with-nan"),
            pytest.param([["a"]], "list-of-text", id="nested-list"),
            pytest.param([{"a": 1}], "list-of-text", id="list-of-dict"),
            pytest.param({"a": 1}, "type", id="dict"),
            pytest.param({}, "type", id="empty-dict"),
            pytest.param({"a"}, "type", id="set"),
            pytest.param(b"a", "type", id="bytes"),
            pytest.param(bytearray(b"a"), "type", id="bytearray"),
            pytest.param(time(1, 2), "type", id="time"),
            pytest.param(timedelta(1), "type", id="timedelta"),
            pytest.param(Fraction(1, 3), "type", id="fraction"),
            pytest.param(1j, "type", id="complex"),
            pytest.param(object(), "type", id="object"),
            pytest.param(Colour.NOTHING, "type", id="enum-of-none"),
            pytest.param(float("nan"), "not-a-number", id="nan"),
            pytest.param(float("inf"), "not-a-number", id="infinity"),
            pytest.param(float("-inf"), "not-a-number", id="minus-infinity"),
            pytest.param(Decimal(2**64), "number-too-large", id="decimal-beyond-64-bits"),
            pytest.param(Decimal("-9223372036854775809.00"), "number-too-large", id="decimal-below-64-bits"),
            pytest.param(Decimal("1E+25"), "number-too-large", id="decimal-exponent-beyond-64-bits"),
            pytest.param(Decimal("1e400"), "number-too-large", id="decimal-whole-beyond-a-double"),
            pytest.param(Decimal(f"2{'0' * 308}.5"), "number-too-large", id="decimal-beyond-a-double"),
            pytest.param(Decimal("NaN"), "not-a-number", id="decimal-nan"),
            pytest.param(Decimal("sNaN"), "not-a-number", id="decimal-signalling-nan"),
            pytest.param(Decimal("Infinity"), "not-a-number", id="decimal-infinity"),
            pytest.param("a\ud800", "not-utf-8", id="lone-surrogate"),
            pytest.param(["a", "\udfff"], "not-utf-8", id="lone-surrogate-in-a-list"),
            pytest.param(2**64, "number-too-large", id="over-64-bits"),
            pytest.param(-(2**63) - 1, "number-too-large", id="under-64-bits"),
            pytest.param(
                datetime.max.replace(tzinfo=timezone(timedelta(hours=-23))), "time-out-of-range", id="after-time"
            ),
        ],
    )
    def test_is_refused_as(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value) == code

    def test_numbers_of_numeric_libraries(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryInteger(7)) == "7"
        assert sent(odd.LibraryReal(1.5)) == "1.5"

    def test_a_missing_time(self, sent: Any, odd: Any) -> None:
        assert sent(odd.NaT(2020, 1, 1)) == "not-a-time"

    def test_a_float_of_a_numeric_library(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryFloat(1.5)) == "1.5"

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2023, 7, 1, 12), '"2023-07-01 12:00:00"', id="naive-is-of-the-zone"),
            pytest.param(datetime(2023, 7, 1, 12, tzinfo=timezone.utc), '"2023-07-01 14:00:00"', id="summer"),
            pytest.param(datetime(2023, 12, 1, 12, tzinfo=timezone.utc), '"2023-12-01 13:00:00"', id="winter"),
        ],
    )
    def test_times_are_written_in_the_operator_s_zone(self, sent: Any, moment: datetime, text: str) -> None:
        assert sent(moment, zone=BERLIN) == text

    def test_what_is_cut_off_a_time_is_noted(self, sent: Any) -> None:
        notes: dict[Any, int] = {}
        assert sent(datetime(2023, 1, 1, 1, 1, 1, 5), notes=notes) == '"2023-01-01 01:01:01"'
        assert list(notes) == [("x", "time cut to the second")]


class TestIncrease:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (5, "5"),
            (-5, "-5"),
            (0, "0"),
            (5.0, "5"),
            (Decimal("5.00"), "5"),
            (Decimal("1E+2"), "100"),
            (Level.HIGH, "3"),
        ],
        ids=repr,
    )
    def test_takes_whole_numbers(self, sent: Any, value: Any, text: str) -> None:
        assert sent(value, "increase") == text

    def test_takes_those_of_numeric_libraries(self, sent: Any, odd: Any) -> None:
        assert sent(odd.LibraryInteger(7), "increase") == "7"
        assert sent(odd.LibraryFloat(7), "increase") == "7"

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (5.5, "not-an-integer"),
            (Decimal("5.01"), "not-an-integer"),
            (True, "not-an-integer"),
            (False, "not-an-integer"),
            ("5", "not-an-integer"),
            ([5], "not-an-integer"),
            (TextColour.RED, "not-an-integer"),
            (date(2020, 1, 1), "not-an-integer"),
            (b"5", "not-an-integer"),
            (float("nan"), "not-a-number"),
            (float("inf"), "not-a-number"),
            (Decimal("NaN"), "not-a-number"),
            (2**64, "number-too-large"),
            (1e30, "inexact-integer"),
            (2.0**53, "inexact-integer"),
            (Decimal("1.2345678901234568E+17"), "inexact-integer"),
            (Decimal("1e9999999"), "number-too-large"),
        ],
        ids=repr,
    )
    def test_refuses(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value, "increase") == code

    @pytest.mark.parametrize(
        "value", [Decimal("Infinity"), Decimal("-Infinity"), Decimal("sNaN")], ids=["inf", "-inf", "snan"]
    )
    def test_refuses_special_decimals(self, sent: Any, value: Decimal) -> None:
        assert sent(value, "increase") in ("not-a-number", "unconvertible")

    def test_names_an_infinite_decimal_what_it_is(self, sent: Any) -> None:
        assert sent(Decimal("Infinity"), "increase") == "not-a-number"

    @pytest.mark.parametrize(
        ("value", "word"),
        [("5", "query"), (True, "query"), ("5.5", "query"), (5.5, "round"), (Decimal("0.1"), "round")],
    )
    def test_has_a_remedy_that_helps(self, become: Any, value: Any, word: str) -> None:
        operation, row = engagelab.OPERATIONS["increase"], {"euid": 1, "x": value}
        assert word in become(operation, {"euid": "euid"}, row).remedy

    @given(number=st.one_of(st.integers(-(10**20), 10**20), st.floats(), st.decimals()))
    @settings(max_examples=200)
    def test_never_changes_a_number(self, sent: Any, number: Any) -> None:
        text = sent(number, "increase")
        if text.lstrip("-").isdigit():
            assert int(text) == number


class TestLists:
    @pytest.mark.parametrize("operation", ["add", "remove"])
    @pytest.mark.parametrize(
        ("value", "text"),
        [("a", '["a"]'), (["a", "b"], '["a","b"]'), (("a",), '["a"]'), (TextColour.RED, '["red"]')],
        ids=repr,
    )
    def test_take_texts(self, sent: Any, operation: str, value: Any, text: str) -> None:
        assert sent(value, operation) == text

    @pytest.mark.parametrize("operation", ["add", "remove"])
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("", "empty-value"),
            ([], "empty-value"),
            ([""], "empty-value"),
            ([1], "list-of-text"),
            (5, "type"),
            (True, "type"),
            (5.5, "type"),
            ({"a": 1}, "type"),
            (b"a", "type"),
            (date(2020, 1, 1), "type"),
        ],
        ids=repr,
    )
    def test_refuse(self, sent: Any, operation: str, value: Any, code: str) -> None:
        assert sent(value, operation) == code


class TestContact:
    @pytest.mark.parametrize("value", ["18023456879", "12@gmail.com", "+49 170 1234567"])
    def test_takes_text(self, sent: Any, value: str) -> None:
        assert sent(value, "contacts") == f'"{value}"'

    def test_takes_a_text_enum(self, sent: Any) -> None:
        assert sent(TextColour.RED, "contacts") == '"red"'

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("", "empty-value"),
            (18023456879, "contact-text"),
            (True, "contact-text"),
            (1.5, "contact-text"),
            (Decimal("1"), "contact-text"),
            (["a"], "contact-text"),
            ({"a": 1}, "contact-text"),
            (b"a", "contact-text"),
            (UUID(int=1), "contact-text"),
            (date(2020, 1, 1), "contact-text"),
            (Level.HIGH, "contact-text"),
            ("\ud800", "not-utf-8"),
        ],
        ids=ascii,
    )
    def test_refuses(self, sent: Any, value: Any, code: str) -> None:
        assert sent(value, "contacts") == code


@pytest.mark.parametrize(
    ("operation", "code"),
    [("contacts", "contact-text"), ("increase", "not-an-integer"), ("add", "type"), ("remove", "type")],
)
def test_a_datetime_is_refused_for_what_it_is(sent: Any, operation: str, code: str) -> None:
    assert sent(datetime(2020, 1, 1), operation) == code


def test_a_constant_datetime_as_a_contact_is_refused_by_name() -> None:
    with pytest.raises(InvalidRow) as raised:
        Mapper(rules("contacts", UTC), {"euid": "euid"}, attributes={"email": Constant(datetime(2020, 1, 1))})
    assert raised.value.verdict.attribute == "email"


@pytest.mark.parametrize("operation", ["add", "remove", "increase"])
def test_a_hash_is_checked_by_the_operation_s_rules(become: Any, operation: str) -> None:
    described, row = engagelab.OPERATIONS[operation], {"euid": 1, "mail": "a@b"}
    try:
        body = become(described, {"euid": "euid"}, row, attributes={"x": Hashed("mail")})
    except InvalidRow as invalid:
        body = invalid.verdict
    if operation == "increase":
        assert isinstance(body, Verdict)
    else:
        assert b'{"x":["' in body


class TestNames:
    @pytest.mark.parametrize("name", ["a", "A b", "統計", "id", "_id", "x" * 1_000])
    def test_that_may_be(self, name: str) -> None:
        assert check_name(name) is None

    @pytest.mark.parametrize("name", ["", None, 5, b"a", ("a",)], ids=repr)
    def test_that_may_not(self, name: Any) -> None:
        verdict = check_name(name)
        assert verdict is not None
        assert verdict.status is Status.INVALID
        assert verdict.remedy.endswith(".")


class TestPrivacy:
    @settings(max_examples=300)
    @given(data=st.data(), operation=st.sampled_from(OPERATIONS))
    def test_no_value_shows_in_a_verdict(self, become: Any, odd: Any, data: st.DataObject, operation: str) -> None:
        secret = odd.SECRET
        values = st.sampled_from(
            [secret, secret.encode(), [secret, 1], {secret: secret}, {secret}, odd.Loud(), f"{secret}\ud800", 10**30]
        )
        row = {"euid": data.draw(st.one_of(st.just(1), values)), "x": data.draw(values), "y": data.draw(values)}
        described = engagelab.OPERATIONS[operation]
        body = become(described, {"euid": "euid"}, row)
        if isinstance(body, Verdict):
            assert body.status is Status.INVALID
            assert secret not in " ".join(str(getattr(body, field.name)) for field in fields(body))
