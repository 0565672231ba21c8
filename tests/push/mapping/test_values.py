# SPDX-License-Identifier: Apache-2.0
"""The search for a type's converter."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

import pendulum
import pytest
from odd_values import LibraryReal, NaT

from airflow_provider_userattrs.push.mapping.values import ValueTable, as_is, invalid, unsupported_type
from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.verdict import Status, Verdict


def refusal(convert: Any, value: Any) -> str:
    """Return the code with which a converter refuses a value."""
    with pytest.raises(InvalidRow) as raised:
        convert(value)
    assert raised.value.verdict.status is Status.INVALID
    return raised.value.verdict.code


class Token(bytes):
    """Be bytes of a kind of one's own."""


class Whole:
    """Be an integer as a numeric library has them: registered, and no int."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value


numbers.Integral.register(Whole)


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
            pytest.param(LibraryReal(1.5), "float:1.5", id="registered-real"),
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

    @pytest.mark.parametrize("seen", [(), (bytes,)], ids=["first", "after its base"])
    def test_a_verdict_names_the_type_whatever_was_looked_up_before(self, seen: tuple[type, ...]) -> None:
        table = ValueTable({str: as_is})
        for kind in seen:
            refusal(table[kind], kind())
        with pytest.raises(InvalidRow) as raised:
            table[Token](Token())
        assert raised.value.verdict.meaning == "value of type Token"

    def test_a_catch_all_serves_the_rest(self) -> None:
        table = ValueTable({str: as_is, object: invalid(Verdict(Status.INVALID, "no-text"))})
        for value in (1, True, 1.5, None, b"a", Whole(1), LibraryReal(1.5), [1], Colour.EIGHT, date(2020, 1, 1)):
            assert refusal(table[type(value)], value) == "no-text"
        assert table[TextColour](TextColour.RED) == "red"

    @pytest.mark.parametrize(
        ("kind", "code"), [(datetime, "type"), (pendulum.DateTime, "type"), (NaT, "not-a-time")], ids=str
    )
    def test_a_datetime_has_no_place_in_a_table_without_one(self, kind: type, code: str) -> None:
        assert refusal(ValueTable({str: as_is})[kind], kind(2020, 1, 2)) == code

    @pytest.mark.parametrize("table", [{str: as_is}, {str: as_is, object: invalid(Verdict(Status.INVALID, "no-text"))}])
    @pytest.mark.parametrize("value", [float("nan"), Decimal("NaN"), Decimal("sNaN"), LibraryNaN("nan")], ids=repr)
    def test_a_missing_number_is_named_whatever_the_table_takes(self, table: Any, value: Any) -> None:
        assert refusal(ValueTable(table)[type(value)], value) == "not-a-number"

    def test_a_catch_all_serves_a_datetime_too(self) -> None:
        table = ValueTable({str: as_is, object: invalid(Verdict(Status.INVALID, "no-text"))})
        assert refusal(table[datetime], datetime(2020, 1, 2)) == "no-text"


class TestUnsupportedType:
    def test_never_shows_the_value(self) -> None:
        assert refusal(unsupported_type(bytes), b"secret") == "type"
        with pytest.raises(InvalidRow) as raised:
            unsupported_type(bytes)(b"secret")
        assert "secret" not in f"{raised.value} {raised.value.verdict}"
