# SPDX-License-Identifier: Apache-2.0
"""Rows of files: JSON lines, CSV and Parquet, compressed or not, through ObjectStoragePath."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.bookmark import Bookmark
from airflow_provider_userattrs.push.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.update import MalformedRow
from airflow_provider_userattrs.sources.files import FileRows

_ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def only_rows(items: Any) -> list[Any]:
    return [item for item in items if not isinstance(item, Bookmark)]


def told(items: Any) -> list[Any]:
    """Give rows as they are, and malformed ones by what is said of them."""
    return [(item.verdict.meaning, item.raw) if isinstance(item, MalformedRow) else item for item in only_rows(items)]


def goes_on_everywhere(source: FileRows) -> int:
    """Check that each bookmark gives exactly the rows after it, also as JSON; return how many there were."""
    items = list(source.rows())
    every = told(items)
    seen = count = 0
    for item in items:
        if not isinstance(item, Bookmark):
            seen += 1
            continue
        count += 1
        assert told(source.rows(after=json.loads(json.dumps(item.place)))) == every[seen:]
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
    lines = b'\xef\xbb\xbf{"a": 1}\n\n{"a": \n[1]\n\xff{"a": 2}\n' + b"[" * 100_000 + b'\r\n{"a": 3}'
    path = write(tmp_path / "users.jsonl", lines)
    first, *bad, last = FileRows(path).rows()
    assert (first, last) == ({"a": 1}, {"a": 3})
    assert [item.verdict.meaning for item in bad] == [  # type: ignore[union-attr]
        f"file://{path}, line {number}: {why}"
        for number, why in [(3, "no JSON"), (4, "no JSON object"), (5, "no UTF-8"), (6, "no JSON")]
    ]
    assert {str(item.verdict.status) for item in bad} == {"invalid"}  # type: ignore[union-attr]
    assert bad[0].raw == '{"a": '  # type: ignore[union-attr]


def test_types_of_json_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "u.jsonl", '{"d": 1.10, "at": "2026-11-24T10:00:00Z"}\n{}\n{"d": "x@y.com"}\n')
    first, second, bad = FileRows(path, types={"d": "decimal", "at": "timestamp"}).rows()
    assert first == {"d": Decimal("1.1"), "at": datetime(2026, 11, 24, 10, tzinfo=timezone.utc)}
    assert second == {}
    assert isinstance(bad, MalformedRow)
    assert bad.verdict.meaning.endswith("u.jsonl, line 3: value is no decimal, as types declares it")
    assert bad.verdict.attribute == "d"


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
        {"name": "", **nothing},
    ]
    assert list(FileRows(path, types=types, null="").rows())[1] == {"name": None, **nothing}


def test_a_bad_record_costs_its_first_line_only(tmp_path: Path) -> None:
    text = 'a,b\n1,"x\ny"\n2\n3,"never closed\n4,x\n5,"a"b\n6,\xff\n7,1,2\n\n8,y\n'
    path = write(tmp_path / "users.csv", text.encode("latin-1"))
    assert told(FileRows(path).rows()) == [
        {"a": "1", "b": "x\ny"},
        (f"file://{path}, line 4: 1 fields, the header has 2", "2"),
        (f"file://{path}, line 5: a quote that is not closed, or a field over 128 KiB", '3,"never closed'),
        {"a": "4", "b": "x"},
        (f"file://{path}, line 7: a quote that is not closed, or a field over 128 KiB", '5,"a"b'),
        (f"file://{path}, line 8: no UTF-8", "6,\\xff"),
        (f"file://{path}, line 9: 3 fields, the header has 2", "7,1,2"),
        {"a": "8", "b": "y"},
    ]


@pytest.mark.parametrize("ending", PACKERS)
def test_csv_goes_on_behind_records_of_several_lines(tmp_path: Path, ending: str) -> None:
    text = "id,text\n" + "".join(f'{n},"a\nb{n}"\n' if n % 3 else f'{n},"bad\n' for n in range(3_300))
    source = FileRows(write(tmp_path / f"users.csv{ending}", PACKERS[ending](text.encode())))
    assert goes_on_everywhere(source) >= 3


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no header"), ("a,,b\n", "has no name"), ("a,a\n", "two columns"), ('"a\n1\n', "no header")],
)
def test_a_header_that_cannot_be_right(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RefusedConfiguration, match=words):
        list(FileRows(write(tmp_path / "users.csv", text)).rows())


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
    assert only_rows(FileRows(str(path), delimiter=";").rows()) == expected


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
    assert bad.verdict.meaning.endswith("users.parquet, row group 0: value is no integer, as types declares it")


def test_no_parquet(tmp_path: Path) -> None:
    with pytest.raises(RefusedConfiguration, match=r"users\.parquet"):
        list(FileRows(write(tmp_path / "users.parquet", "a,b\n1,2\n")).rows())


# Paths


def test_a_glob_a_list_and_a_format(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.jsonl", f'{{"f": "{name}"}}\n')
    write(tmp_path / "d.txt", "f\nd\n")
    assert [row["f"] for row in FileRows(str(tmp_path / "*.jsonl")).rows()] == ["a", "b", "c"]  # type: ignore[index, call-overload]
    paths = [str(tmp_path / "c.jsonl"), tmp_path / "a.jsonl"]
    assert [row["f"] for row in FileRows(paths).rows()] == ["c", "a"]  # type: ignore[index, call-overload]
    assert list(FileRows(tmp_path / "d.txt", "csv").rows()) == [{"f": "d"}]
    with pytest.raises(RefusedConfiguration, match="format is not set"):
        list(FileRows(tmp_path / "d.txt").rows())


def test_going_on_over_several_files(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", "".join(f'{{"f": "{name}{n}"}}\n' for n in range(1_700)))
    assert goes_on_everywhere(FileRows(str(tmp_path / "*.jsonl"))) == 3


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


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz"])
def test_a_file_that_was_cut_is_not_taken_for_whole(tmp_path: Path, ending: str) -> None:
    text = "".join(f'{{"n": {n * 7919 % 100_003}}}\n' for n in range(20_000)).encode()
    path = write(tmp_path / f"users.jsonl{ending}", PACKERS[ending](text)[:-2_000])
    with pytest.raises(RetryLater, match=r"users\.jsonl.*after line"):
        list(FileRows(path).rows())


def test_a_file_that_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    write(path, '{"n": 1}\n' * 1_500)
    source = FileRows(str(path))
    before = source.identity()
    assert before == source.identity()
    (mark,) = (item for item in source.rows() if isinstance(item, Bookmark))
    os.utime(path, (1, 1))
    assert source.identity() != before
    for place in (mark.place, 5, {"file": "x"}):
        with pytest.raises(RefusedConfiguration, match="changed or is gone"):
            list(source.rows(after=place))


def test_counting_past_rows_of_a_file_is_certain(tmp_path: Path) -> None:
    assert FileRows(str(tmp_path)).check_resume() is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": ""}, "path is empty"),
        ({"path": []}, "path is an empty list"),
        ({"path": 5}, "path is a int"),
        ({"path": ["a.csv", None]}, "path is a NoneType"),
        ({"format": "xml"}, "format is a str"),
        ({"null": 0}, "null is a int"),
        ({"delimiter": "||"}, "delimiter is a str"),
        ({"types": {"a": "money"}}, r"types\['a'\]"),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FileRows(**{"path": "a.csv", **arguments})


def test_a_dag_file_pays_for_nothing_heavy() -> None:
    code = (
        "import sys, airflow.sdk\n"
        "import airflow_provider_userattrs.sources.sql, airflow_provider_userattrs.sources.files\n"
        "print([m for m in ('pyarrow', 'airflow.providers.common.sql.hooks.sql', 'psycopg2') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert out.stdout.strip().splitlines()[-1] == "[]"
