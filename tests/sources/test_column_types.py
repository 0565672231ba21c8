# SPDX-License-Identifier: Apache-2.0
"""Declared types: what each takes, exactly, and what it refuses without a word on the value."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.errors import InvalidRow
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.column_types import TYPES, convert, convert_columns, convert_row

UUID_1 = UUID("12345678-1234-5678-1234-567812345678")
AT = datetime(2026, 11, 24, 10, 30)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", 5, "5"),
        ("text", b"\xc3\xa4", "ä"),
        ("text", "", ""),
        ("text", Decimal("1E+3"), "1000"),
        ("text", memoryview(b"a"), "a"),
        ("text", UUID_1, str(UUID_1)),
        ("text", date(2026, 11, 24), "2026-11-24"),
        ("integer", " 7 ", 7),
        ("integer", "-7", -7),
        ("integer", "007", 7),
        ("integer", "44.0", 44),
        ("integer", "9007199254740991.0", 2**53 - 1),
        ("integer", Decimal("7.00"), 7),
        ("integer", Decimal(2**60), 2**60),
        ("integer", True, 1),
        ("integer", b"7", 7),
        ("integer", 7.0, 7),
        ("integer", str(2**70), 2**70),
        ("float", "1.5", 1.5),
        ("decimal", 1.1, Decimal("1.1")),
        ("decimal", "1.10", Decimal("1.10")),
        ("boolean", "T", True),
        ("boolean", 0, False),
        ("boolean", 1.0, True),
        ("boolean", Decimal(0), False),
        ("boolean", False, False),
        ("date", "2026-11-24", date(2026, 11, 24)),
        ("date", AT, date(2026, 11, 24)),
        ("date", date(2026, 11, 24), date(2026, 11, 24)),
        ("timestamp", "2026-11-24 10:30:00", AT),
        ("timestamp", "2026-11-24T10:30:00+02:00", AT.replace(tzinfo=timezone(timedelta(hours=2)))),
        ("timestamp", "2026-11-24T10:30:00Z", AT.replace(tzinfo=timezone.utc)),
        ("timestamp", date(2026, 11, 24), datetime(2026, 11, 24)),
        ("time", "10:30", time(10, 30)),
        ("uuid", UUID_1.bytes, UUID_1),
        ("uuid", UUID_1.hex, UUID_1),
        ("uuid", UUID_1, UUID_1),
        ("json", '{"a": null}', {"a": None}),
        ("json", [1], [1]),
        (
            "json",
            "[0.1, 1234567890123456.789, 1e22, 1e400]",
            [0.1, Decimal("1234567890123456.789"), 1e22, Decimal("1e400")],
        ),
    ],
)
def test_what_a_type_takes(kind: str, value: Any, expected: Any) -> None:
    row = {"a": value}
    convert(row, {"a": kind})
    assert row == {"a": expected}
    assert type(row["a"]) is type(expected)
    assert str(row["a"]) == str(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", b"\xff"),
        ("integer", 1.5),
        ("integer", "1.5"),
        ("integer", "1e3"),
        ("integer", "1_000"),
        ("integer", "٤٤"),
        ("integer", "１２"),  # noqa: RUF001
        ("integer", "12345678901234567.0"),
        ("integer", 2.0**53),
        ("integer", "9" * 5_000),
        ("integer", UUID_1),
        ("integer", float("inf")),
        ("float", "secret"),
        ("float", "1_000.5"),
        ("float", "nan"),
        ("float", "Infinity"),
        ("float", "٤٤"),
        ("float", 10**400),
        ("decimal", "secret"),
        ("decimal", "1_000"),
        ("decimal", "sNaN"),
        ("decimal", 2.0**53),
        ("decimal", [0, [1], 0]),
        ("boolean", "secret"),
        ("boolean", 2),
        ("boolean", 0.5),
        ("date", "24.11.2026"),
        ("date", 5),
        ("timestamp", "secret"),
        ("time", 5),
        ("uuid", b"short"),
        ("json", "{"),
        ("json", "[" * 100_000),
        ("text", {"a": 1}),
        ("text", [1]),
    ],
)
def test_what_a_type_refuses(kind: str, value: Any) -> None:
    with pytest.raises(InvalidRow) as caught:
        convert({"a": value}, {"a": kind})
    verdict = caught.value.verdict
    inexact = value in (2.0**53, "12345678901234567.0")
    assert (verdict.code, verdict.attribute) == ("inexact-integer" if inexact else "wrong-type", "a")
    assert kind in verdict.meaning or inexact
    assert "secret" not in repr(verdict)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("value", [float("nan"), Decimal("NaN")], ids=repr)
def test_a_data_library_s_mark_for_a_missing_value_is_of_no_type(kind: str, value: Any) -> None:
    """As text it would be "nan", the same for all such users."""
    with pytest.raises(InvalidRow) as caught:
        convert({"a": value}, {"a": kind})
    assert (caught.value.verdict.code, caught.value.verdict.attribute) == ("not-a-number", "a")


@pytest.mark.parametrize("kind", TYPES)
def test_a_null_stays_one(kind: str) -> None:
    row = {"a": None}
    convert(row, {"a": kind, "not there": kind})
    assert row == {"a": None}


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(), st.sampled_from(["4", "4.0", "x", "", 1.5, float("nan"), True])),
            st.one_of(st.none(), st.sampled_from(["2026-11-24", "2026-11-24T10:00:00Z", "no", 5, date(2026, 1, 1)])),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_columns_are_converted_as_each_row_is_or_not_at_all(rows: list[tuple[Any, Any]]) -> None:
    names, types = ("n", "at"), {"at": "timestamp", "n": "integer"}
    made = [convert_row(dict(zip(names, row, strict=True)), types) for row in rows]
    converted = convert_columns(list(zip(*rows, strict=True)), names, types)
    if any(isinstance(row, MalformedRow) for row in made):
        assert converted is None
    else:
        assert converted is not None
        cells = list(zip(*converted, strict=True))
        assert [dict(zip(names, row, strict=True)) for row in cells] == made
        assert [[*map(type, row)] for row in cells] == [
            [*map(type, row.values())] for row in made if isinstance(row, dict)
        ]
