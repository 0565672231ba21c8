# SPDX-License-Identifier: Apache-2.0
"""The pieces the vendors' value tables are made of: exact numbers, times, and the search for a type's converter."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.mapping.values import (
    Noted,
    ValueTable,
    as_is,
    clock_text,
    exact_number,
    exact_text,
    finite,
    no_place,
    refuse,
    time_zone,
    unwritable,
    utc_text,
)
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict

BERLIN = time_zone("Europe/Berlin")
UTC = timezone.utc


def refusal(convert: Any, value: Any) -> str:
    """Return the code with which a converter refuses a value."""
    with pytest.raises(InvalidRow) as raised:
        convert(value)
    assert raised.value.verdict.status is Status.INVALID
    return raised.value.verdict.code


class Whole:
    """Be an integer as a numeric library has them: registered, and no int."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value


class Measured:
    """Be a float as a numeric library has them: registered, and no float."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


numbers.Integral.register(Whole)
numbers.Real.register(Measured)


class LoudText(str):
    __slots__ = ()


class Colour(Enum):
    RED = "red"
    EIGHT = 8
    NOTHING = None


class TextColour(str, Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Nested(Enum):
    LEVEL = Level.HIGH


class LibraryNaN(float):
    """Be a float as numpy has them."""


class NaT(datetime):
    """Be a missing time as a data-frame library has it: a datetime that differs from itself."""

    def __ne__(self, other: object) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class TestValueTable:
    @pytest.fixture
    def table(self) -> ValueTable:
        def named(kind: type) -> Callable[[Any], str]:
            return lambda value: f"{kind.__name__}:{value!s}"

        kinds = (str, bool, int, float, Decimal, datetime, date, UUID, list)
        return ValueTable({kind: named(kind) for kind in kinds})

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param("a", "str:a", id="str"),
            pytest.param(LoudText("a"), "str:a", id="str-subclass"),
            pytest.param(True, "bool:True", id="bool-before-int"),
            pytest.param(1, "int:1", id="int"),
            pytest.param(Whole(7), "int:7", id="registered-integer"),
            pytest.param(Measured(1.5), "float:1.5", id="registered-real"),
            pytest.param(datetime(2020, 1, 2), "datetime:2020-01-02 00:00:00", id="datetime-before-date"),
            pytest.param(date(2020, 1, 2), "date:2020-01-02", id="date"),
            pytest.param(pendulum.date(2020, 1, 2), "date:2020-01-02", id="date-subclass"),
            pytest.param(Colour.RED, "str:red", id="enum-of-text"),
            pytest.param(Colour.EIGHT, "int:8", id="enum-of-int"),
            pytest.param(TextColour.RED, "str:red", id="text-enum"),
            pytest.param(Level.HIGH, "int:3", id="int-enum"),
            pytest.param(Nested.LEVEL, "int:3", id="enum-of-enum"),
        ],
    )
    def test_serves_a_type_by_the_nearest_it_knows(self, table: ValueTable, value: Any, expected: str) -> None:
        assert table[type(value)](value) == expected
        assert table[type(value)](value) == expected, "the second look-up, from memory, differs"

    def test_serves_a_datetime_subclass_as_a_datetime(self, table: ValueTable) -> None:
        moment = pendulum.datetime(2020, 1, 2)
        assert table[type(moment)](moment).startswith("datetime:")

    def test_a_missing_time_is_named(self, table: ValueTable) -> None:
        assert refusal(table[NaT], NaT(2020, 1, 2)) == "not-a-time"

    @pytest.mark.parametrize(
        "value",
        [None, b"a", {"a": 1}, {1}, (1,), 1j, Fraction(1, 3), timedelta(1), object(), Colour.NOTHING],
        ids=lambda value: type(value).__name__,
    )
    def test_refuses_what_has_no_place_by_the_type_s_name(self, table: ValueTable, value: Any) -> None:
        kind = type(value.value) if isinstance(value, Enum) else type(value)
        with pytest.raises(InvalidRow) as raised:
            table[type(value)](value)
        verdict = raised.value.verdict
        assert (verdict.status, verdict.code) == (Status.INVALID, "type")
        assert kind.__name__ in verdict.meaning
        assert verdict.remedy.endswith(".")

    def test_a_catch_all_serves_the_rest(self) -> None:
        table = ValueTable({str: as_is, object: refuse(Verdict(Status.INVALID, "no-text"))})
        for value in (1, True, 1.5, None, b"a", Whole(1), Measured(1.5), [1], Colour.EIGHT, date(2020, 1, 1)):
            assert refusal(table[type(value)], value) == "no-text"
        assert table[TextColour](TextColour.RED) == "red"

    @pytest.mark.parametrize(
        ("kind", "code"), [(datetime, "type"), (pendulum.DateTime, "type"), (NaT, "not-a-time")], ids=str
    )
    def test_a_datetime_has_no_place_in_a_table_without_one(self, kind: type, code: str) -> None:
        assert refusal(ValueTable({str: as_is})[kind], kind(2020, 1, 2)) == code

    @pytest.mark.parametrize("table", [{str: as_is}, {str: as_is, object: refuse(Verdict(Status.INVALID, "no-text"))}])
    @pytest.mark.parametrize("value", [float("nan"), Decimal("NaN"), Decimal("sNaN"), LibraryNaN("nan")], ids=repr)
    def test_a_missing_number_is_named_whatever_the_table_takes(self, table: Any, value: Any) -> None:
        assert refusal(ValueTable(table)[type(value)], value) == "not-a-number"

    def test_a_catch_all_serves_a_datetime_too(self) -> None:
        table = ValueTable({str: as_is, object: refuse(Verdict(Status.INVALID, "no-text"))})
        assert refusal(table[datetime], datetime(2020, 1, 2)) == "no-text"


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


class LibraryFloat(float):
    """Be a float as numpy 2 has them: a subclass with a repr of its own."""

    def __repr__(self) -> str:
        return f"np.float64({float(self)!r})"


def plain(value: datetime) -> str:
    return value.isoformat(" ")


class TestTimes:
    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2023, 12, 12, 0, 56, 23), "2023-12-12 00:56:23", id="naive-is-of-the-zone"),
            pytest.param(datetime(2023, 12, 12, 0, 56, 23, tzinfo=UTC), "2023-12-12 01:56:23", id="winter"),
            pytest.param(datetime(2023, 7, 12, 0, 56, 23, tzinfo=UTC), "2023-07-12 02:56:23", id="summer"),
            pytest.param(datetime(2023, 12, 31, 23, 30, tzinfo=UTC), "2024-01-01 00:30:00", id="over-new-year"),
            pytest.param(
                datetime(2023, 12, 12, 0, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
                "2023-12-11 19:30:00",
                id="half-hour-zone",
            ),
            pytest.param(datetime(2023, 3, 26, 0, 59, tzinfo=UTC), "2023-03-26 01:59:00", id="before-spring"),
            pytest.param(datetime(2023, 3, 26, 1, 0, tzinfo=UTC), "2023-03-26 03:00:00", id="after-spring"),
            pytest.param(
                pendulum.datetime(2023, 12, 12, 0, 56, 23, tz="Asia/Tokyo"), "2023-12-11 16:56:23", id="pendulum"
            ),
            pytest.param(pendulum.naive(2023, 12, 12, 0, 56, 23), "2023-12-12 00:56:23", id="pendulum-naive"),
        ],
    )
    def test_clock_text_shows_what_a_clock_in_the_zone_shows(self, moment: datetime, text: str) -> None:
        assert clock_text(BERLIN, plain)(moment) == text

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            pytest.param(datetime(2019, 5, 21, 3, 47, 35, tzinfo=UTC), "2019-05-21T03:47:35Z", id="utc"),
            pytest.param(datetime(2019, 1, 21, 3, 47, 35), "2019-01-21T02:47:35Z", id="naive-winter"),
            pytest.param(datetime(2019, 5, 21, 3, 47, 35), "2019-05-21T01:47:35Z", id="naive-summer"),
            pytest.param(datetime(2019, 10, 27, 2, 30), "2019-10-27T00:30:00Z", id="autumn-first"),
            pytest.param(datetime(2019, 10, 27, 2, 30, fold=1), "2019-10-27T01:30:00Z", id="autumn-second"),
            pytest.param(datetime(2019, 3, 31, 1, 59), "2019-03-31T00:59:00Z", id="before-spring"),
            pytest.param(datetime(2019, 3, 31, 3, 0), "2019-03-31T01:00:00Z", id="after-spring"),
            pytest.param(
                datetime(2019, 5, 21, 3, 47, 35, tzinfo=timezone(timedelta(hours=-10))),
                "2019-05-21T13:47:35Z",
                id="hawaii",
            ),
            pytest.param(datetime(900, 1, 2, 3, 4, 5, tzinfo=UTC), "0900-01-02T03:04:05Z", id="year-of-four-digits"),
            pytest.param(pendulum.datetime(2019, 5, 21, 3, 47, 35, tz="Asia/Tokyo"), "2019-05-20T18:47:35Z", id="pend"),
            pytest.param(pendulum.naive(2019, 5, 21, 3, 47, 35), "2019-05-21T01:47:35Z", id="pendulum-naive"),
        ],
    )
    def test_utc_text(self, moment: datetime, text: str) -> None:
        assert utc_text(BERLIN)(moment) == text

    @given(
        moment=st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.timezones() | st.just(UTC)).map(
            lambda moment: moment.replace(microsecond=0)
        )
    )
    def test_utc_text_is_the_same_moment(self, moment: datetime) -> None:
        written = datetime.fromisoformat(utc_text(BERLIN)(moment).replace("Z", "+00:00"))
        assert written.timestamp() == moment.timestamp()  # moments beside a change of the clocks equal nothing else

    @pytest.mark.parametrize(
        ("to", "moment", "cut"),
        [
            ("second", datetime(2020, 1, 1, 1, 1, 1), False),
            ("second", datetime(2020, 1, 1, 1, 1, 1, 1), True),
            ("minute", datetime(2020, 1, 1, 1, 1), False),
            ("minute", datetime(2020, 1, 1, 1, 1, 1), True),
            ("minute", datetime(2020, 1, 1, 1, 1, 0, 1), True),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("zone", [None, UTC], ids=["naive", "aware"])
    def test_what_is_cut_off_is_noted(self, to: str, moment: datetime, cut: bool, zone: tzinfo | None) -> None:
        converted = clock_text(UTC, lambda value: "text", to=to)(moment.replace(tzinfo=zone))
        assert isinstance(converted, Noted) == cut
        if cut:
            assert (converted.value, converted.note) == ("text", f"time cut to the {to}")

    def test_utc_text_notes_the_cut(self) -> None:
        converted = utc_text(UTC)(datetime(2019, 5, 21, 3, 47, 35, 999_999))
        assert isinstance(converted, Noted)
        assert (converted.value, converted.note) == ("2019-05-21T03:47:35Z", "time cut to the second")

    @pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
    def test_time_zone_takes_the_names_there_are(self, name: str) -> None:
        assert datetime(2020, 1, 1, tzinfo=time_zone(name)).utcoffset() is not None

    @pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe", "\x00", "a" * 300])
    def test_time_zone_refuses_others_by_name(self, name: str) -> None:
        with pytest.raises(ValueError, match="names no time zone"):
            time_zone(name)


class TestWriting:
    @pytest.mark.parametrize("value", ["ü", 2**63 - 1, -(2**63), 1.5, [1, "a"], {"a": None}, True], ids=repr)
    def test_writable(self, value: Any) -> None:
        assert not unwritable(value)

    @pytest.mark.parametrize(
        "value", ["\ud800", 2**64, -(2**63) - 1, {1}, [object()]], ids=["text", "big", "small", "set", "list"]
    )
    def test_unwritable(self, value: Any) -> None:
        assert unwritable(value)

    def test_no_place_never_shows_the_value(self) -> None:
        assert refusal(no_place(bytes), b"secret") == "type"
        with pytest.raises(InvalidRow) as raised:
            no_place(bytes)(b"secret")
        assert "secret" not in f"{raised.value} {raised.value.verdict}"

    def test_finite_keeps_the_sign_of_zero(self) -> None:
        assert math.copysign(1, finite(-0.0)) == -1
