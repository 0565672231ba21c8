# SPDX-License-Identifier: Apache-2.0
"""docs/values.md: its recipe for data frames, and what databases and files make of values without `types`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generated import values
from pages import blocks, section

from airflow_provider_userattrs import FileRows
from airflow_provider_userattrs.sources.column_types import convert
from airflow_provider_userattrs.vendors.engagelab import api as engagelab

PAGE = "docs/values.md"


def test_the_recipe_for_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "euid": [1, 2],
            "age": [44, None],
            "ratio": [0.5, None],
            "plan": ["gold", None],
            "seen": [pandas.Timestamp("2026-03-28 14:05"), None],
        }
    )
    names: dict[str, Any] = {"frame": frame}
    exec(blocks(PAGE, "Data frames", "python")[0].text, names)
    first, second = names["rows"]
    assert (type(first["age"]), first["age"]) == (int, 44)
    assert second == {"euid": 2, "age": None, "ratio": None, "plan": None, "seen": None}
    types = engagelab.OPERATIONS["set"].rules(timezone.utc).types
    sent = {name: types[type(value)](value) for name, value in first.items()}
    assert sent == {"euid": 1, "age": 44, "ratio": 0.5, "plan": "gold", "seen": "2026-03-28 14:05:00"}


def read(path: Path, text: str, types: dict[str, str] | None = None) -> Iterator[Any]:
    path.write_text(text)
    yield from (row for row in FileRows(str(path), types=types).rows() if isinstance(row, dict))


def test_what_files_give_without_types(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.csv", "age,born\n44,1990-04-01\n")
    assert row == {"age": "44", "born": "1990-04-01"}
    (row,) = read(tmp_path / "a.jsonl", '{"price": 19.90}\n')
    assert row == {"price": 19.9}
    (row,) = read(tmp_path / "b.jsonl", '{"price": 19.90}\n', {"price": "decimal"})
    assert str(row["price"]) == "19.90"
    assert isinstance(row["price"], Decimal)


def test_what_is_declared_is_a_type() -> None:
    table = section(PAGE, "When types= is needed")
    declared = set(re.findall(r'"(\w+)"[`},]', table))
    assert declared == {"boolean", "date", "timestamp", "time", "integer", "float", "decimal", "json"}
    row: dict[str, Any] = {"newsletter": 1}
    convert(row, {"newsletter": "boolean"})
    assert row == {"newsletter": True}


def test_the_table_has_each_vendor_s_types() -> None:
    """A type that a vendor converts by itself has a line; the others are what "any other" stands for."""
    shown = {kind for value in values.SAMPLES.values() for kind in type(value).__mro__}
    for vendor in values.VENDORS:
        assert {kind for kind in vendor.OPERATIONS["set"].rules(timezone.utc).types if kind is not tuple} <= shown
