# SPDX-License-Identifier: Apache-2.0
"""Rows of several files: globs, lists, formats, and whether their columns agree."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources.file_rows import check_resuming, only_rows, write

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.sources.chain import Chain
from airflow_provider_userattrs.sources.files import FileRows

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


def test_resuming_over_several_files(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.jsonl", "".join(f'{{"f": "{name}{n}"}}\n' for n in range(1_700)))
    assert check_resuming(FileRows(str(tmp_path / "*.jsonl"))) == 3


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


def test_copies_and_files_of_one_name_are_distinct_files(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "u.jsonl", '{"n": 1}\n')
    assert only_rows(FileRows(str(tmp_path / "*" / "u.jsonl")).rows()) == [{"n": 1}] * 2


@pytest.mark.parametrize("path", ["{}/none.jsonl", "{}/none-*.jsonl", "{}/none", "{}/none*"])
def test_no_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(FileNotFoundError, match=r"^path '.*/none.*' names no file; give a file's path, or a glob"):
        list(FileRows(path.format(tmp_path), "json").rows())


@pytest.mark.parametrize("path", ["none.jsonl", "./none-*.jsonl"])
def test_no_file_in_the_folder_of_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^path '.*' names no file in the folder that this worker runs in; "):
        list(FileRows(path).rows())


def test_a_folder_among_the_files_of_a_glob(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    write(tmp_path / "users", '{"id": 1}\n')
    assert only_rows(FileRows(str(tmp_path / "*"), "json").rows()) == [{"id": 1}]


def test_no_storage() -> None:
    with pytest.raises(RefusedConfiguration, match="is on a storage that is not installed; check its scheme"):
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
