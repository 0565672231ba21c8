# SPDX-License-Identifier: Apache-2.0
"""Files, rejects and chains of them count their rows: as many as are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources.file_rows import only_rows

from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.sources.chain import Chain
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.shards import split
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with 2,500 rows of JSON lines, 3 of CSV and 3,500 of Parquet."""
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"id": n}) + "\n" for n in range(2_499)) + "{not JSON\n")
    (tmp_path / "b.csv").write_text('id,bio\n1,"two\nlines"\n2,\n3,x\n')
    pq.write_table(pa.table({"id": range(3_500)}), tmp_path / "c.parquet", row_group_size=1_600)
    return tmp_path


@pytest.mark.parametrize(("name", "rows"), [("a.jsonl", 2_500), ("b.csv", 3), ("c.parquet", 3_500)])
def test_as_many_are_counted_as_are_read(folder: Path, name: str, rows: int) -> None:
    source = FileRows(str(folder / name))
    assert source.count() == rows == len(only_rows(source.rows()))


def test_a_file_that_several_paths_lead_to_counts_once(folder: Path) -> None:
    assert FileRows([str(folder / "b.csv"), f"{folder}/*.csv"]).count() == 3


def test_row_groups_are_counted_without_being_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any, **__: Any) -> Any:
        raise AssertionError("rows are read")

    shards = split(FileRows(str(folder / "c.parquet")), 3)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", read)
    assert sorted(shard.count() for shard in shards) == [300, 1_600, 1_600]


def write(path: Path, count: int) -> None:
    writer = RejectsWriter(str(path), idempotent=True)
    rejected = Verdict(Status.REJECTED, "404", "User not found", "Check.")
    writer.write([Outcome(position, rejected, {"id": position}) for position in range(count)])
    writer.close()


def test_rejects_count_and_say_once_which_they_are(folder: Path) -> None:
    write(folder / "rejects.jsonl", 5)
    source = Rejects(str(folder / "rejects.jsonl"))
    assert source.count() == 5 == len(list(source.rows()))


def test_a_chain_counts_what_its_sources_count_and_a_file_once(folder: Path) -> None:
    write(folder / "rejects.jsonl", 5)
    files = [FileRows(str(folder / "a.jsonl")), FileRows(f"{folder}/a.*")]
    chain = Chain([*files, Rejects(str(folder / "rejects.jsonl"))])
    assert chain.count() == 2_505 == len(list(chain.rows()))
