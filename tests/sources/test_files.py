# SPDX-License-Identifier: Apache-2.0
"""Rows of files: JSON lines, CSV and Parquet, compressed or not, through ObjectStoragePath."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow_names import DAG_FILE
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.cursor import Cursor
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.sources.chain import Chain
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.storage import lines as reading
from airflow_provider_userattrs.sources.storage.lines import Lines, LongLine

_ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    ".lz4": lz4.frame.compress,
}


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Cursor)]


def told(items: Any) -> list[Any]:
    """Give rows as they are, and malformed ones by what is said of them."""
    return [
        (item.verdict.location, item.verdict.meaning, item.raw) if isinstance(item, MalformedRow) else item
        for item in only_rows(items)
    ]


def goes_on_everywhere(source: FileRows) -> int:
    """Check that each bookmark gives exactly the rows after it, also as JSON; return how many there were."""
    items = list(source.rows())
    every = told(items)
    seen = count = 0
    for item in items:
        if not isinstance(item, Cursor):
            seen += 1
            continue
        count += 1
        assert told(source.rows(after=json.loads(json.dumps(item.value)))) == every[seen:]
    return count


def write(path: Path, content: bytes | str) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


# JSON lines


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_json_lines(tmp_path: Path, ending: str, scheme: str) -> None:
    rows = [{"euid": n, "name": "健\u2028太", "big": 2**70, "more": [1, {"a": None}]} for n in range(2_500)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    source = FileRows(scheme + write(tmp_path / f"users.jsonl{ending}", PACKERS[ending](text.encode())))
    assert only_rows(source.rows()) == rows
    assert goes_on_everywhere(source) == 2


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
        for number, why in [(3, "no JSON"), (4, "no JSON object"), (5, "no UTF-8"), (6, "no JSON"), (7, too_long)]
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


def test_a_number_beyond_all_bounds_costs_no_other_row(tmp_path: Path) -> None:
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


# CSV


def test_csv_types_and_nulls(tmp_path: Path) -> None:
    types = {"n": "integer", "ok": "boolean", "born": "date", "id": "uuid", "j": "json"}
    text = 'name,n,ok,born,id,j\r\n"Ada, ""A""",1,t,1980-02-29,12345678-1234-5678-1234-567812345678,[1]\r\n,,,,,\r\n'
    path = write(tmp_path / "users.csv", b"\xef\xbb\xbf" + text.encode())
    nothing = {"n": None, "ok": None, "born": None, "id": None, "j": None}
    assert list(FileRows(path, types=types).rows()) == [
        {
            "name": 'Ada, "A"',
            "n": 1,
            "ok": True,
            "born": date(1980, 2, 29),
            "id": UUID("12345678-1234-5678-1234-567812345678"),
            "j": [1],
        },
        {"name": None, **nothing},
    ]
    assert list(FileRows(path, types=types, null=None).rows())[1] == {"name": "", **nothing}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, [None, None, "\\N", " ", None]),
        ({"types": {"name": "text"}}, [None, None, "\\N", " ", None]),
        ({"null": "\\N"}, ["", "", None, " ", ""]),
        ({"null": None}, ["", "", "\\N", " ", ""]),
        ({"null": None, "types": {"name": "text"}}, ["", "", "\\N", " ", ""]),
    ],
    ids=["default", "declared-text", "another", "none", "none-declared-text"],
)
def test_which_field_is_null(tmp_path: Path, options: dict[str, Any], names: list[Any]) -> None:
    path = write(tmp_path / "users.csv", 'n,name\n1,\n2,""\n3,\\N\n4, \n5,')
    assert list(FileRows(path, **options).rows()) == [{"n": str(n), "name": name} for n, name in enumerate(names, 1)]


def test_a_push_is_another_if_other_fields_are_null(tmp_path: Path) -> None:
    path = write(tmp_path / "users.csv", "n\n1\n")
    sources = [FileRows(path), FileRows(path, null=None), FileRows(path, null="-")]
    assert len({source.identity()["digest"] for source in sources}) == 3
    assert FileRows(path).identity() == FileRows(path, null="").identity()


def test_a_bad_record_costs_its_first_line_only(tmp_path: Path) -> None:
    text = 'a,b\n1,"x\ny"\n2\n3,"never closed\n4,x\n5,"a"b\n6,\xff\n7,1,2\n\n8,y\n'
    path = write(tmp_path / "users.csv", text.encode("latin-1"))
    assert told(FileRows(path).rows()) == [
        {"a": "1", "b": "x\ny"},
        (f"file://{path}, line 4", "fewer fields than the header", "2"),
        (f"file://{path}, line 5", "a quote that is not closed, or a field over 128 KiB", '3,"never closed'),
        {"a": "4", "b": "x"},
        (f"file://{path}, line 7", "a quote that is not closed, or a field over 128 KiB", '5,"a"b'),
        (f"file://{path}, line 8", "no UTF-8", "6,\\xff"),
        (f"file://{path}, line 9", "more fields than the header", "7,1,2"),
        {"a": "8", "b": "y"},
    ]


@pytest.mark.parametrize("ending", PACKERS)
def test_csv_goes_on_behind_records_of_several_lines(tmp_path: Path, ending: str) -> None:
    text = "id,text\n" + "".join(f'{n},"a\nb{n}"\n' if n % 3 else f'{n},"bad\n' for n in range(3_300))
    source = FileRows(write(tmp_path / f"users.csv{ending}", PACKERS[ending](text.encode())))
    assert goes_on_everywhere(source) >= 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no header"),
        ("a,,b\n", "has no name"),
        ("a,a\n", "the same name for columns 1 and 2"),
        ('"a\n1\n', "line 1: a quote"),
        ("a, secret,b\n1,2,3\n", "the name of column 2 has blanks around it"),
        ("secret \n1\n", "the name of column 1 has blanks"),
        ("a;secret\n1;2\n", "one column, whose name contains ';'; read it with FileRows\\(path, delimiter=';'\\)"),
        ("a\tsecret\n1\t2\n", r"delimiter='\\t'"),
    ],
)
def test_a_header_that_cannot_be_right(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RefusedConfiguration, match=words) as refused:
        list(FileRows(write(tmp_path / "users.csv", text)).rows())
    assert "secret" not in str(refused.value)


def test_a_type_for_a_column_the_file_has_not(tmp_path: Path) -> None:
    with pytest.raises(RefusedConfiguration, match="'nothing'"):
        list(FileRows(write(tmp_path / "users.csv", "a\n1\n"), types={"nothing": "date"}).rows())


@_ANY
@given(rows=st.lists(st.tuples(st.text("a\"',\n;é", max_size=5), st.text("ab \n", max_size=5)), max_size=20))
def test_what_python_writes_is_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    import csv

    path = tmp_path / "any.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    expected = [{"a": a, "b": b} for a, b in rows]
    assert only_rows(FileRows(str(path), delimiter=";", null=None).rows()) == expected


# Parquet


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
    assert goes_on_everywhere(source) == 5


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


# Paths


def test_a_glob_a_list_and_a_format(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.jsonl", f'{{"f": "{name}"}}\n')
    write(tmp_path / "d.txt", "f\nd\n")
    assert [row["f"] for row in FileRows(str(tmp_path / "*.jsonl")).rows()] == ["a", "b", "c"]  # type: ignore[index]
    paths = [str(tmp_path / "c.jsonl"), tmp_path / "a.jsonl"]
    assert [row["f"] for row in FileRows(paths).rows()] == ["c", "a"]  # type: ignore[index]
    assert list(FileRows(tmp_path / "d.txt", "csv").rows()) == [{"f": "d"}]
    with pytest.raises(RefusedConfiguration, match="format is not set"):
        list(FileRows(tmp_path / "d.txt").rows())


def test_going_on_over_several_files(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", "".join(f'{{"f": "{name}{n}"}}\n' for n in range(1_700)))
    assert goes_on_everywhere(FileRows(str(tmp_path / "*.jsonl"))) == 3


# The columns of several files


def parts(tmp_path: Path, *contents: str, ending: str = "csv") -> str:
    for number, content in enumerate(contents):
        write(tmp_path / f"part-{number}.{ending}", content)
    return str(tmp_path / f"part-*.{ending}")


@pytest.mark.parametrize(
    "second",
    ["u3,c\nu4,d\n", "id\nu3\n", "id,plan,age\nu3,c,4\n", "id,Plan\nu3,c\n"],
    ids=["none", "less", "more", "case"],
)
def test_every_header_is_checked_before_a_row_is_read(tmp_path: Path, second: str) -> None:
    path = parts(tmp_path, "id,plan\nu1,a\n", "plan,id\nb,u2\n", second)
    for source in (FileRows(path), FileRows([str(tmp_path / f"part-{number}.csv") for number in range(3)])):
        with pytest.raises(
            RefusedConfiguration, match=r"part-2\.csv does not have the same columns as .*part-0\.csv"
        ) as refused:
            next(source.rows())
        assert "u3" not in str(refused.value)
        assert "Plan" not in str(refused.value)
        with pytest.raises(RefusedConfiguration, match="does not have the same columns"):
            source.sized_slices()
    chain = Chain([FileRows(str(tmp_path / "part-[01].csv")), FileRows(str(tmp_path / "part-2.csv"))])
    with pytest.raises(RefusedConfiguration, match=r"part-2\.csv does not have the same columns"):
        next(chain.rows())


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    path = parts(tmp_path, "id,plan\nu1,a\n", "plan,id\nb,u2\n")
    pq.write_table(pa.table({"plan": ["c"], "id": ["u3"]}), tmp_path / "part-2.parquet")
    expected = [{"id": "u1", "plan": "a"}, {"id": "u2", "plan": "b"}, {"id": "u3", "plan": "c"}]
    assert only_rows(FileRows([path, str(tmp_path / "part-2.parquet")]).rows()) == expected
    write(tmp_path / "more.jsonl", '{"id": "u4"}\n')
    every = FileRows([path, str(tmp_path / "more.jsonl")])
    assert only_rows(every.rows()) == [*expected[:2], {"id": "u4"}]


def test_parquet_files_with_other_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["u1"], "plan": ["a"]}), tmp_path / "part-0.parquet")
    pq.write_table(pa.table({"id": ["u2"], "Plan": ["b"]}), tmp_path / "part-1.parquet")
    with pytest.raises(RefusedConfiguration, match=r"part-1\.parquet does not have the same columns"):
        next(FileRows(str(tmp_path / "*.parquet")).rows())


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_that_several_paths_lead_to_is_read_once(
    tmp_path: Path, link: Callable[[str, Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path = parts(tmp_path, '{"n": 1}\n', '{"n": 2}\n', ending="jsonl")
    link(str(tmp_path / "part-0.jsonl"), tmp_path / "part-latest.jsonl")
    first = str(tmp_path / "part-0.jsonl")
    caplog.set_level("INFO")
    for source in (FileRows(path), FileRows([first, path]), FileRows([f"file://{first}", first, path])):
        caplog.clear()
        assert only_rows(source.rows()) == [{"n": 1}, {"n": 2}]
        assert "each is read once" in caplog.text
        assert len(source.sized_slices()) == 2
        assert source.identity()["files"] == 2
    assert only_rows(Chain([FileRows(first), FileRows(path)]).rows()) == [{"n": 1}, {"n": 2}]


def test_copies_and_files_of_one_name_are_files_of_their_own(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "u.jsonl", '{"n": 1}\n')
    assert only_rows(FileRows(str(tmp_path / "*" / "u.jsonl")).rows()) == [{"n": 1}] * 2


@pytest.mark.parametrize("path", ["{}/none.jsonl", "{}/none-*.jsonl", "{}/none", "{}/none*"])
def test_no_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(FileNotFoundError, match=r"^path '.*/none.*' names no file; give a file's path, or a glob"):
        list(FileRows(path.format(tmp_path), "json").rows())


def test_a_folder_among_the_files_of_a_glob(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    write(tmp_path / "users", '{"id": 1}\n')
    assert only_rows(FileRows(str(tmp_path / "*"), "json").rows()) == [{"id": 1}]


def test_no_storage() -> None:
    with pytest.raises(RefusedConfiguration, match="no known storage"):
        list(FileRows("nosuchstorage://bucket/users.jsonl").rows())


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("s3://bucket/users.csv", "apache-airflow-providers-amazon[s3fs]"),
        ("gs://bucket/users.csv", "apache-airflow-providers-google"),
        ("abfs://container/users.csv", "apache-airflow-providers-microsoft-azure"),
    ],
)
def test_a_storage_without_its_provider_names_the_package(path: str, package: str) -> None:
    with pytest.raises(RefusedConfiguration, match=rf"{path}'.*; install {re.escape(package)}$"):
        list(FileRows(path).rows())


COMPRESSED = sorted({*PACKERS, ".zip"} - {""})


def packed(ending: str, text: bytes, *names: str) -> bytes:
    if ending != ".zip":
        return PACKERS[ending](text)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names or ("users.jsonl",):
            file.writestr(name, b"" if name.endswith("/") else text)
    return archive.getvalue()


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_file_that_was_cut_is_not_taken_for_whole(tmp_path: Path, ending: str) -> None:
    text = "".join(f'{{"n": {n * 7919 % 100_003}}}\n' for n in range(20_000)).encode()
    path = write(tmp_path / f"users.jsonl{ending}", packed(ending, text)[:-2_000])
    with pytest.raises(RetryLater, match=r"users\.jsonl"):
        list(FileRows(path).rows())


@pytest.mark.parametrize("ending", COMPRESSED)
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_file_that_was_cut_at_any_byte_is_an_error(tmp_path: Path, ending: str, kind: str) -> None:
    text = b"n\n" + b"5\n" * 20 if kind == "csv" else b'{"n": 5}\n' * 20
    whole = packed(ending, text)
    assert len(only_rows(FileRows(write(tmp_path / f"whole{ending}", whole), kind).rows())) == 20
    for size in range(len(whole)):
        with pytest.raises((RetryLater, RefusedConfiguration), match=f"cut{ending}"):
            list(FileRows(write(tmp_path / f"cut{ending}", whole[:size]), kind).rows())


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_file_that_is_damaged_ends_by_name(tmp_path: Path, ending: str) -> None:
    whole = packed(ending, b'{"n": 5}\n' * 20)
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        # Not every format has a checksum over all of its bytes.
        with suppress(RetryLater, RefusedConfiguration):
            list(FileRows(write(tmp_path / f"damaged{ending}", bytes(damaged)), "json").rows())


@pytest.mark.parametrize("ending", [ending for ending in COMPRESSED if ending != ".zip"])
def test_files_packed_one_behind_the_other_are_one(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"users.jsonl{ending}", packed(ending, b'{"n": 1}\n') + packed(ending, b'{"n": 2}\n'))
    assert only_rows(FileRows(path).rows()) == [{"n": 1}, {"n": 2}]


def test_a_zip_file_holds_one_file(tmp_path: Path) -> None:
    text = b'{"n": 1}\n'
    names: tuple[str, ...]
    for names in (("a/", "a/users.jsonl"), ("users.jsonl", "__MACOSX/._users.jsonl")):
        path = write(tmp_path / "one.jsonl.zip", packed(".zip", text, *names))
        assert only_rows(FileRows(path).rows()) == [{"n": 1}]
    for names in (("a.jsonl", "b.jsonl"), ("a/",)):
        count = sum(not name.endswith("/") for name in names)
        with pytest.raises(RefusedConfiguration, match=rf"several\.jsonl\.zip holds {count} files"):
            list(FileRows(write(tmp_path / "several.jsonl.zip", packed(".zip", text, *names))).rows())


# What is no text of lines


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("u.csv", "id,name\n1,ö\n".encode("utf-16"), "text in UTF-16"),
        ("u.csv", "id,name\n1,ö\n".encode("utf-16-be"), "NUL bytes"),
        ("u.csv", "id,näme\n1,ö\n".encode("latin-1"), "line 1: no UTF-8"),
        ("u.jsonl", gzip.compress(b'{"a": 1}\n', mtime=0), "compressed with gzip"),
        ("u.jsonl", lzma.compress(b'{"a": 1}\n'), "compressed with xz"),
        ("u.jsonl", zstd.compress(b'{"a": 1}\n'), "compressed with zstd"),
        ("u.csv", packed(".zip", b"a\n1\n"), "Excel"),
        ("u.csv", b"PAR1 and so on", "Parquet"),
        ("u.json", b'[{"a": 1},\n {"a": 2}]\n', "is a JSON array"),
        ("u.json", b'\xef\xbb\xbf[\n  {"a": 1}\n]\n', "is a JSON array"),
        ("u.jsonl", b'{"rejects":{"part":1}}\n', r"read it with Rejects\(path\)"),
    ],
)
def test_what_is_no_text_of_lines_is_said_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(RefusedConfiguration, match=words) as refused:
        list(FileRows(write(tmp_path / name, content)).rows())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_line_without_end_costs_linear_time_and_its_row_alone(tmp_path: Path, kind: str) -> None:
    first, last = (b"a\n", b"2\n") if kind == "csv" else (b'{"a": 1}\n', b'{"a": "2"}\n')
    path = tmp_path / "users"
    path.write_bytes(first + b"x" * (48 << 20) + b"\n" + last)
    started = time.process_time()
    source = FileRows(str(path), kind)
    bad, row = list(source.rows())[-2:]
    assert time.process_time() - started < 5, "each block was put behind all those before it"
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.meaning, bad.verdict.location) == ("a line over 16 MiB", f"file://{path}, line 2")
    assert len(bad.raw) < 1 << 20
    assert row == {"a": "2"}


@_ANY
@given(lines=st.lists(st.sampled_from([0, 1, 7, 8, 9, 30]), max_size=12), ends=st.booleans(), block=st.integers(1, 20))
def test_lines_are_counted_however_long_they_are(lines: list[int], ends: bool, block: int) -> None:
    text = b"\n".join(b"x" * size for size in lines) + (b"\n" if ends else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_CHUNK", block)
        patch.setattr(reading, "MAX_LINE", 8)
        taken = Lines(io.BytesIO(text))
        found = list(taken)
    assert taken.offset == len(text)
    whole = text.splitlines(keepends=True)
    assert taken.number == len(found) == len(whole)
    for given_, line in zip(found, whole, strict=True):
        assert given_ == line or (isinstance(given_, LongLine) and given_.size == len(line) > 8)


# Cells that cannot be read


def test_a_deep_value_costs_its_row(tmp_path: Path) -> None:
    deep = "[" * 100_000
    csv_path = write(tmp_path / "u.csv", f"a,j\n1,{deep}\n2,[]\n")
    bad, row = FileRows(csv_path, types={"j": "json"}).rows()
    assert isinstance(bad, MalformedRow)
    assert (bad.verdict.code, bad.verdict.attribute) == ("wrong-type", "j")
    assert row == {"a": "2", "j": []}


@pytest.mark.parametrize("types", [{}, {"id": "text"}])
def test_a_parquet_value_that_python_has_none_for_costs_its_row(tmp_path: Path, types: dict[str, str]) -> None:
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
    assert goes_on_everywhere(FileRows(str(path), types=types)) == 2


@pytest.mark.parametrize(
    ("content", "types"),
    [
        ("ada@example.com,Ada\n", {"age": "integer"}),
        ("ada@example.com,Ada,ada@example.com\n", {}),
        ("ada@example.com,,Ada\n", {}),
        ('ada@example.com,"Ada\n', {}),
    ],
)
def test_a_file_without_a_header_is_refused_without_its_values(
    tmp_path: Path, content: str, types: dict[str, str]
) -> None:
    with pytest.raises(RefusedConfiguration, match=r"header|name") as refused:
        list(FileRows(write(tmp_path / "u.csv", content), types=types).rows())
    assert "ada" not in str(refused.value).lower().replace(str(tmp_path).lower(), "")


def test_a_file_that_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    write(path, '{"n": 1}\n' * 1_500)
    source = FileRows(str(path))
    before = source.identity()
    assert before == source.identity()
    (mark,) = (item for item in source.rows() if isinstance(item, Cursor))
    os.utime(path, (1, 1))
    assert source.identity() != before
    for place in (mark.value, 5, {"file": "x"}):
        with pytest.raises(RefusedConfiguration, match="changed or is gone"):
            list(source.rows(after=place))


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


def test_a_dag_file_pays_for_nothing_heavy() -> None:
    code = (
        f"{DAG_FILE}\n"
        "import sys, airflow_provider_userattrs.sources.sql, airflow_provider_userattrs.sources.files\n"
        "print([m for m in ('pyarrow', 'airflow.providers.common.sql.hooks.sql', 'psycopg2') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert out.stdout.strip().splitlines()[-1] == "[]"


def test_a_file_of_the_same_size_and_time_is_another_one(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text('{"id": 1}\n')
    before, times = FileRows(str(file)).identity(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    assert FileRows(str(file)).identity() == before
    other = tmp_path / "other"
    other.write_text('{"id": 2}\n')
    os.utime(other, ns=times)
    other.replace(file)
    assert FileRows(str(file)).identity() != before


def test_a_storage_that_tells_no_change_gives_no_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users.jsonl").write_text('{"id": 1}\n')
    monkeypatch.setattr("airflow_provider_userattrs.sources.storage.stored_files._VERSION_FIELDS", ())
    assert FileRows(str(tmp_path / "users.jsonl")).identity() is None
