# SPDX-License-Identifier: Apache-2.0
"""Rows of Parquet files: types, columns, cells that Python has no value for."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources.file_rows import check_resuming, only_rows, write

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.files import FileRows


def test_parquet(tmp_path: Path) -> None:
    at = datetime(2026, 11, 24, 10, 0, 0, 123456)
    table = pa.table(
        {
            "id": pa.array(range(3_500), pa.int64()),
            "d": pa.array([Decimal("1.10")] * 3_500, pa.decimal128(9, 2)),
            "at": pa.array([at] * 3_500, pa.timestamp("ns")),
            "aware": pa.array([at.replace(tzinfo=timezone.utc)] * 3_500, pa.timestamp("ns", tz="UTC")),
            "day": pa.array([date(1980, 2, 29)] * 3_500),
            "list": pa.array([[1, None]] * 3_500),
            "nothing": pa.array([None] * 3_500, pa.string()),
            "text": pa.array(["1"] * 3_500),
        }
    )
    path = tmp_path / "users.parquet"
    pq.write_table(table, path, row_group_size=1_600)
    source = FileRows(str(path), types={"text": "integer"})
    rows = only_rows(source.rows())
    assert rows[3_499] == {
        "id": 3_499,
        "d": Decimal("1.10"),
        "at": at,
        "aware": at.replace(tzinfo=timezone.utc),
        "day": date(1980, 2, 29),
        "list": [1, None],
        "nothing": None,
        "text": 1,
    }
    assert [row["id"] for row in rows] == list(range(3_500))
    assert check_resuming(source) == 5


def test_nanoseconds_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"at": pa.array([1_764_000_000_123_456_789], pa.timestamp("ns"))}), path)
    (row,) = only_rows(FileRows(str(path)).rows())
    assert row["at"].microsecond == 123456


def test_a_value_of_another_type_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"a": ["1", "x", "3"]}), path)
    first, bad, last = only_rows(FileRows(str(path), types={"a": "integer"}).rows())
    assert (first, last) == ({"a": 1}, {"a": 3})
    assert bad.verdict.meaning == "value is not of the type integer that types declares"
    assert bad.verdict.location.endswith("users.parquet, row 2")


def test_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(RefusedConfiguration, match=r"users\.parquet"):
        list(FileRows(write(tmp_path / "users.parquet", "a,b\n1,2\n")).rows())


def test_parquet_files_with_other_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["u1"], "plan": ["a"]}), tmp_path / "part-0.parquet")
    pq.write_table(pa.table({"id": ["u2"], "Plan": ["b"]}), tmp_path / "part-1.parquet")
    with pytest.raises(RefusedConfiguration, match=r"part-1\.parquet does not have the same columns"):
        next(FileRows(str(tmp_path / "*.parquet")).rows())


@pytest.mark.parametrize("types", [{}, {"id": "text"}])
def test_a_parquet_value_without_a_python_type_makes_its_row_invalid(tmp_path: Path, types: dict[str, str]) -> None:
    table = pa.table(
        {
            "id": ["a", "b", "c", "d"],
            "day": pa.array([1, 10**8, 2, None], pa.int32()).cast(pa.date32()),
            "text": pa.array([b"x", b"y", b"\xff", b"z"], pa.binary()).cast(pa.binary()).view(pa.string()),
            "at": pa.array([0, 0, 0, 10**18], pa.int64()).view(pa.timestamp("us")),
        }
    )
    path = tmp_path / "users.parquet"
    pq.write_table(table, path, row_group_size=3)
    first, *bad = only_rows(FileRows(str(path), types=types).rows())
    assert first == {"id": "a", "day": date(1970, 1, 2), "text": "x", "at": datetime(1970, 1, 1)}
    assert [(item.verdict.attribute, item.verdict.location.rpartition(", ")[2], item.raw["id"]) for item in bad] == [
        ("day", "row 2", "b"),
        ("text", "row 3", "c"),
        ("at", "row 4", "d"),
    ]
    assert {item.verdict.code for item in bad} == {"unreadable-value"}
    assert check_resuming(FileRows(str(path), types=types)) == 2


#: Around the ends of what Python and numpy have: the years 1 and 9999, and numpy's NaT.
_ENDS = (-62_135_596_800, 253_402_300_799, 0)
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000}


@st.composite
def columns(draw: st.DrawFn) -> pa.Array:
    """Columns of decimals, dates, and times of any zone; with NULLs, and with values that Python does not have."""
    unit = draw(st.sampled_from(["s", "ms", "us", "ns", "day", "decimal"]))
    if unit == "decimal":
        amounts = st.decimals(-(10**7), 10**7, places=2)
        return pa.array(draw(st.lists(st.one_of(amounts, st.none()), min_size=1, max_size=5)), pa.decimal128(12, 2))
    span = _UNITS.get(unit, 1_000_000)
    near = st.integers(-5_000_000_000 * span, 5_000_000_000 * span)
    nat = [] if unit == "s" else [-(2**63)]  # Parquet has no seconds; they are written as milliseconds
    ends = st.sampled_from([*(end * span + step for end in _ENDS for step in (-1, 0, 1)), *nat])
    number = draw(st.sampled_from([near, near, st.one_of(near, ends)]))
    if unit == "day":
        number = st.integers(-719_163 - draw(st.integers(0, 1)), 2_932_896 + draw(st.integers(0, 1)))
    elif unit == "ns":
        number = st.integers(-(2**63) + 1, 2**63 - 1)
    numbers = draw(st.lists(st.one_of(number, st.none()) if draw(st.booleans()) else number, min_size=1, max_size=5))
    zone = draw(st.sampled_from([None, "UTC", "Europe/Berlin", "+05:00"]))
    return pa.array(numbers, pa.date32() if unit == "day" else pa.timestamp(unit, tz=zone))


@given(column=columns())
def test_decimals_times_and_dates_are_what_pyarrow_reads(
    column: pa.Array, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("times") / "users.parquet"
    pq.write_table(pa.table({"at": column}), path)
    table = pq.read_table(path)["at"]  # as it is stored: Parquet has no seconds
    if pa.types.is_timestamp(table.type) and table.type.unit == "ns":
        table = table.cast(pa.timestamp("us", tz=table.type.tz), safe=False)
    for stored, row in zip(table, only_rows(FileRows(str(path)).rows()), strict=True):
        try:
            expected = stored.as_py()
        except (ValueError, OverflowError):
            assert isinstance(row, MalformedRow)
            continue
        assert (repr(row["at"]), type(row["at"])) == (repr(expected), type(expected))
        if isinstance(expected, datetime):
            assert (row["at"].tzinfo, row["at"].utcoffset()) == (expected.tzinfo, expected.utcoffset())


def test_a_file_without_columns_has_rows_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "users.parquet"
    pq.write_table(pa.table({"a": [1, 2]}).select([]), path)
    assert only_rows(FileRows(str(path)).rows()) == []
