# SPDX-License-Identifier: Apache-2.0
"""Rows of CSV files: types, NULLs, records of several lines, headers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources.file_rows import PACKERS, check_resuming, only_rows, rows_as_read, write

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.files import FileRows


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


def test_a_bad_record_makes_its_first_line_invalid_alone(tmp_path: Path) -> None:
    text = 'a,b\n1,"x\ny"\n2\n3,"never closed\n4,x\n5,"a"b\n6,\xff\n7,1,2\n\n8,y\n'
    path = write(tmp_path / "users.csv", text.encode("latin-1"))
    assert rows_as_read(FileRows(path).rows()) == [
        {"a": "1", "b": "x\ny"},
        (f"file://{path}, line 4", "fewer fields than the header", "2"),
        (f"file://{path}, line 5", "a quote that is not closed, or a field over 128 KiB", '3,"never closed'),
        {"a": "4", "b": "x"},
        (f"file://{path}, line 7", "a quote that is not closed, or a field over 128 KiB", '5,"a"b'),
        (f"file://{path}, line 8", "text that is not UTF-8", "6,\\xff"),
        (f"file://{path}, line 9", "more fields than the header", "7,1,2"),
        {"a": "8", "b": "y"},
    ]


@pytest.mark.parametrize("ending", PACKERS)
def test_csv_resumes_after_records_of_several_lines(tmp_path: Path, ending: str) -> None:
    text = "id,text\n" + "".join(f'{n},"a\nb{n}"\n' if n % 3 else f'{n},"bad\n' for n in range(3_300))
    source = FileRows(write(tmp_path / f"users.csv{ending}", PACKERS[ending](text.encode())))
    assert check_resuming(source) >= 3


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
def test_an_invalid_header(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "users.csv", text)
    with pytest.raises(RefusedConfiguration, match=words) as refused:
        list(FileRows(path).rows())
    assert "secret" not in str(refused.value).replace(str(tmp_path), "")  # pytest names the folder after the test


def test_a_type_for_a_missing_column(tmp_path: Path) -> None:
    with pytest.raises(RefusedConfiguration, match="'nothing'"):
        list(FileRows(write(tmp_path / "users.csv", "a\n1\n"), types={"nothing": "date"}).rows())


@given(rows=st.lists(st.tuples(st.text("a\"',\n;é", max_size=5), st.text("ab \n", max_size=5)), max_size=20))
def test_what_python_writes_is_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    import csv

    path = tmp_path / "any.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    expected = [{"a": a, "b": b} for a, b in rows]
    assert only_rows(FileRows(str(path), delimiter=";", null=None).rows()) == expected


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
