# SPDX-License-Identifier: Apache-2.0
"""MoEngage: from Python and database values to bytes, and the silent damage that is held back."""

from __future__ import annotations

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

from airflow_provider_userattrs.push.mapping.mapper import Mapper
from airflow_provider_userattrs.push.mapping.times import time_zone
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.vendors.moengage import api as moengage
from airflow_provider_userattrs.vendors.moengage.values import rules

UTC = time_zone("UTC")
BERLIN = time_zone("Europe/Berlin")


class Colour(Enum):
    RED = "red"
    LONG = "x" * 513


class TextColour(str, Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


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


class TestPrivacy:
    @settings(max_examples=300)
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
