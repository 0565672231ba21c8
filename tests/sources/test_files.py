# SPDX-License-Identifier: Apache-2.0
"""Rows of files: JSON lines, CSV and Parquet, compressed or not, through ObjectStoragePath."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from airflow_names import DAG_FILE
from sources.file_rows import PACKERS, check_resuming, only_rows, write

from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.files import FileRows

# JSON lines


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_json_lines(tmp_path: Path, ending: str, scheme: str) -> None:
    rows = [{"euid": n, "name": "健\u2028太", "big": 2**70, "more": [1, {"a": None}]} for n in range(2_500)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    source = FileRows(scheme + write(tmp_path / f"users.jsonl{ending}", PACKERS[ending](text.encode())))
    assert only_rows(source.rows()) == rows
    assert check_resuming(source) == 2


def test_a_line_that_cannot_be_read_is_one_invalid_row(tmp_path: Path) -> None:
    lines = (
        b'\xef\xbb\xbf{"a": 1}\n\n{"a": \n[1]\n\xff{"a": 2}\n'
        + b"[" * 100_000
        + b'\r\n{"a": '
        + b"9" * 5_000
        + b'}\n{"a": 3}'
    )
    path = write(tmp_path / "users.jsonl", lines)
    first, *bad, last = FileRows(path).rows()
    assert (first, last) == ({"a": 1}, {"a": 3})
    too_long = "JSON with a number of over 4,300 digits, more than Python reads"
    assert [(item.verdict.location, item.verdict.meaning) for item in bad] == [  # type: ignore[union-attr]
        (f"file://{path}, line {number}", why)
        for number, why in enumerate(
            [
                "text that is not JSON",
                "text that is not a JSON object",
                "text that is not UTF-8",
                "text that is not JSON",
                too_long,
            ],
            start=3,
        )
    ]
    assert {str(item.verdict.status) for item in bad} == {"invalid"}  # type: ignore[union-attr]
    assert bad[0].raw == '{"a": '  # type: ignore[union-attr]


def test_types_of_json_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "u.jsonl", '{"d": 1.10, "at": "2026-11-24T10:00:00Z"}\n{}\n{"d": "x@y.com"}\n')
    first, second, bad = FileRows(path, types={"d": "decimal", "at": "timestamp"}).rows()
    assert first == {"d": Decimal("1.1"), "at": datetime(2026, 11, 24, 10, tzinfo=timezone.utc)}
    assert second == {}
    assert isinstance(bad, MalformedRow)
    assert bad.verdict.location.endswith("u.jsonl, line 3")
    assert bad.verdict.meaning == "value is not of the type decimal that types declares"
    assert (bad.raw, bad.types) == ({"d": "x@y.com"}, {"d": "decimal", "at": "timestamp"})
    assert bad.verdict.attribute == "d"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1234567890123456.789", "1234567890123456.789"),
        ("0.30000000000000001", "0.30000000000000001"),
        ("19.90", "19.90"),
        ("1e2", "100"),
        ("1e22", "10000000000000000000000"),
        ('"1234567890123456.789"', "1234567890123456.789"),
        ("5", "5"),
    ],
)
def test_a_decimal_of_json_lines_keeps_every_digit(tmp_path: Path, number: str, expected: str) -> None:
    path = write(tmp_path / "u.jsonl", f'{{"d": {number}, "other": 0.5, "at": "no date"}}\n')
    (row,) = FileRows(path, types={"d": "decimal"}).rows()
    assert row == {"d": Decimal(expected), "other": 0.5, "at": "no date"}
    assert isinstance(row["d"], Decimal)
    assert type(row["other"]) is float
    (bad,) = FileRows(path, types={"at": "date", "d": "decimal"}).rows()
    assert isinstance(bad, MalformedRow)
    assert isinstance(bad.raw, dict)
    assert Decimal(bad.raw["d"]) == Decimal(expected)  # as a replay gets it


def test_a_number_beyond_all_bounds_leaves_other_rows_intact(tmp_path: Path) -> None:
    lines = (
        '{"d": 0.5, "x": 1e9999999999999999999}\n{"d": 1e-9999999999999999999}\n{"d": 1e9999999999999999999}\n{"d": 1}'
    )
    infinite = float("inf")  # which no vendor takes
    assert list(FileRows(write(tmp_path / "u.jsonl", lines), types={"d": "decimal"}).rows()) == [
        {"d": Decimal("0.5"), "x": infinite},
        {"d": 0},
        {"d": infinite},
        {"d": 1},
    ]


# Cells that cannot be read


def test_a_deep_value_makes_its_row_invalid(tmp_path: Path) -> None:
    deep = "[" * 100_000
    csv_path = write(tmp_path / "u.csv", f"a,j\n1,{deep}\n2,[]\n")
    bad, row = FileRows(csv_path, types={"j": "json"}).rows()
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.code, bad.verdict.attribute) == ("wrong-type", "j")
    assert row == {"a": "2", "j": []}


def test_a_changed_file_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    write(path, '{"n": 1}\n' * 1_500)
    source = FileRows(str(path))
    before = source.identity()
    assert before == source.identity()
    (mark,) = (item for item in source.rows() if isinstance(item, Cursor))
    os.utime(path, (1, 1))
    assert source.identity() != before
    for position in (mark.value, 5, {"file": "x"}):
        with pytest.raises(RefusedConfiguration, match="changed or is gone"):
            list(source.rows(after=position))


def test_counting_past_rows_of_a_file_is_certain(tmp_path: Path) -> None:
    assert FileRows(str(tmp_path)).check_resume() is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": ""}, "path is empty"),
        ({"path": []}, "path is an empty list"),
        ({"path": 5}, "path is 5"),
        ({"path": ["a.csv", None]}, "path is None"),
        ({"format": "xml"}, "format is the text .xml."),
        ({"null": 0}, "null is 0"),
        ({"delimiter": "||"}, "delimiter is the text"),
        ({"types": {"a": "money"}}, r"types\['a'\]"),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FileRows(**{"path": "a.csv", **arguments})


def test_a_dag_file_imports_nothing_heavy() -> None:
    code = (
        f"{DAG_FILE}\n"
        "import sys; before = set(sys.modules)\n"  # Airflow 3.0 itself imports psycopg2
        "import airflow_provider_userattrs.sources.sql, airflow_provider_userattrs.sources.files\n"
        "heavy = {'pyarrow', 'airflow.providers.common.sql.hooks.sql', 'psycopg2'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert out.stdout.strip().splitlines()[-1] == "[]"


def test_a_file_of_the_same_size_and_time_is_noticed_as_changed(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text('{"id": 1}\n')
    before, times = FileRows(str(file)).identity(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    assert FileRows(str(file)).identity() == before
    other = tmp_path / "other"
    other.write_text('{"id": 2}\n')
    os.utime(other, ns=times)
    other.replace(file)
    assert FileRows(str(file)).identity() != before


def test_a_storage_that_reports_no_change_gives_no_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users.jsonl").write_text('{"id": 1}\n')
    monkeypatch.setattr("airflow_provider_userattrs.sources.storage.stored_files._VERSION_FIELDS", ())
    assert FileRows(str(tmp_path / "users.jsonl")).identity() is None
