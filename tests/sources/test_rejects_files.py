# SPDX-License-Identifier: Apache-2.0
"""Rejects files of several pushes to one path: each has its own, and a replay takes those of one push."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from task.rejects_writers import REJECTED, Writers, ids
from versions import needs

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.verdict import Outcome
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.rejects_names import Owner, matching_names, part_of, path_of
from airflow_provider_userattrs.sources.storage.resolved_paths import ResolvedPath
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter


@pytest.fixture
def writers(tmp_path: Path, fake_clock: Callable[[], Any]) -> Writers:
    return Writers(str(tmp_path / "rejects.jsonl"), fake_clock())


def test_two_pushes_at_once_lose_no_row(writers: Writers) -> None:
    chance = random.Random(1)
    opened = [writers.open(f"run {number}") for number in range(4)]

    def write(number: int) -> None:
        for position in range(200):
            text = "x" * chance.randrange(20_000)
            opened[number].write([Outcome(position, REJECTED, {"id": position, "of": number, "text": text})])
        opened[number].close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    for number in range(4):
        path = path_of(writers.path, Owner("nightly", "push", f"run {number}"))
        rows: list[Any] = list(Rejects(path).rows())
        assert [row["id"] for row in rows] == list(range(200))
        assert {row["of"] for row in rows} == {number}


def test_a_replay_takes_the_latest_push_and_all_of_its_instances(
    writers: Writers, caplog: pytest.LogCaptureFixture
) -> None:
    for index in range(10):
        writers.write("last night", index, index)
    for index in range(4):
        writers.write("tonight", index, 100 + index)
    caplog.set_level("INFO")
    assert ids(Rejects(writers.path)) == [100, 101, 102, 103]
    assert "nightly.push, run tonight: 4 files; those of 1 other run at this path" in caplog.text
    last_night = path_of(writers.path, Owner("nightly", "push", "last night"))
    assert ids(Rejects(last_night)) == list(range(10))
    assert ids(Rejects([path_of(writers.path, Owner("nightly", "push", "tonight", index)) for index in (3, 1)])) == [
        101,
        103,
    ]


def test_several_pushes_of_one_task_to_one_path(writers: Writers) -> None:
    writers.write("last night", -1, 1)
    for number in (1, 2):
        owner = Owner("nightly", "push", "tonight", number=number)
        with closing(
            RejectsWriter(path_of(writers.path, owner), idempotent=True, owner=owner, clock=writers.clock)
        ) as one:
            writers.clock.advance(1)
            one.write([Outcome(0, REJECTED, {"id": 10 * number})])
    assert sorted(ids(Rejects(writers.path))) == [10, 20]


def test_a_push_without_rejects_is_the_latest_too(writers: Writers) -> None:
    writers.write("last night", -1, 1, 2)
    writers.write("tonight")
    assert ids(Rejects(writers.path)) == []


def test_files_of_several_tasks_are_not_guessed_at(writers: Writers) -> None:
    writers.write("tonight", -1, 1, task="push_kahuna")
    writers.write("tonight", -1, 2, task="push_moengage")
    with pytest.raises(RefusedConfiguration, match=r"2 tasks: nightly\.push_kahuna, nightly\.push_moengage"):
        list(Rejects(writers.path).rows())
    assert ids(Rejects(path_of(writers.path, Owner("nightly", "push_moengage", "tonight")))) == [2]


def test_a_byte_order_mark_adds_no_row(writers: Writers, tmp_path: Path) -> None:
    writers.write("a", -1, 1, 2)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert list(Rejects(writers.path).rows()) == [{"id": 1}, {"id": 2}]


def test_a_copy_and_the_file_are_both_read(writers: Writers, tmp_path: Path) -> None:
    writers.write("tonight", -1, 0)
    path = path_of(writers.path, Owner("nightly", "push", "tonight"))
    copy = tmp_path / "mended.jsonl"
    copy.write_text(Path(path).read_text().replace('{"id":0}', '{"id":5}'))
    assert ids(Rejects(copy)) == [5]
    assert sorted(ids(Rejects([str(copy), path]))) == [0, 5]


@pytest.mark.parametrize("run", ["scheduled__2026-11-24T02:00:00+00:00", "健/../../etc", "x" * 250, "a b[c]*?"])
def test_names_are_short_and_plain_whatever_the_run_is_called(run: str) -> None:
    path = path_of("s3://bucket/a.b/rejects [1].jsonl", Owner("nightly", "push", run, 3))
    folder, _, name = path.rpartition("/")
    assert folder == "s3://bucket/a.b"
    assert name.startswith("rejects [1].")
    assert name.endswith(".map-0003.jsonl")
    assert name.isascii()
    assert len(name) < 120
    for written in (path, part_of(path, 2), part_of(path, 2) + ".inprogress"):
        assert (
            len(matching_names("s3://bucket/a.b/rejects [1].jsonl", [written.rpartition("/")[2], "rejects.jsonl"])) == 1
        )


@pytest.mark.parametrize("other", [("other", "push", "r"), ("nightly", "other", "r"), ("nightly", "push", "r+")])
def test_no_two_pushes_share_a_name(other: tuple[str, str, str]) -> None:
    assert path_of("a.jsonl", Owner("nightly", "push", "r")) != path_of("a.jsonl", Owner(*other))
    assert path_of("a.jsonl", Owner("nightly", "push", "r:")) != path_of("a.jsonl", Owner("nightly", "push", "r+"))


# What a path leads to


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    (data / "users.jsonl").write_text('{"id": 1}\n')
    (tmp_path / "link").symlink_to(data)
    (data / "linked.jsonl").symlink_to(data / "users.jsonl")
    (tmp_path / "hard.jsonl").hardlink_to(data / "users.jsonl")
    return tmp_path


SPELLINGS = [
    "{}/data/users.jsonl",
    "file://{}/data/users.jsonl",
    pytest.param("local://{}/data/users.jsonl", marks=needs("paths as local://")),
    "{}/data//users.jsonl",
    "{}/data/users.jsonl/",
    "{}/data/../data/./users.jsonl",
    "data/users.jsonl",
    "./data/users.jsonl",
    "{}/link/users.jsonl",
    "{}/data/linked.jsonl",
    "{}/hard.jsonl",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("source", ["{}/data/users.jsonl", "{}/data/*.jsonl", "link/u*", "file://{}/data/user?.jsonl"])
def test_a_file_is_known_by_any_spelling(folder: Path, spelling: str, source: str) -> None:
    assert FileRows(source.format(folder), "json").reads(spelling.format(folder))
    assert FileRows([f"{folder}/none.jsonl", source.format(folder)], "json").reads(spelling.format(folder))
    assert not FileRows(source.format(folder), "json").reads(f"{folder}/rejects.jsonl")


def test_a_glob_is_known_to_match_what_is_not_there_yet(folder: Path) -> None:
    source = FileRows("link/**/*.jsonl")
    assert source.reads(f"file://{folder}/data/rejects.jsonl")
    assert source.reads(f"{folder}/data/a/b/rejects.jsonl")
    assert not source.reads(f"{folder}/data/rejects.jsonl.inprogress")
    assert not source.reads(f"{folder}/rejects.jsonl")


def test_storages_are_distinct_reasons() -> None:
    local, memory = (
        ResolvedPath(LocalFileSystem, None, "/data/a.csv"),
        ResolvedPath(MemoryFileSystem, None, "/data/a.csv"),
    )
    glob = ResolvedPath(MemoryFileSystem, None, "/data/*.csv")
    assert not local.is_same(memory)
    assert memory.is_matched_by(glob)
    assert not local.is_matched_by(glob)
    assert not memory._replace(host="another").is_matched_by(glob)


def test_a_line_that_is_no_utf8_is_no_other_value(writers: Writers) -> None:
    writers.write("tonight", -1, 1)
    path = Path(path_of(writers.path, Owner("nightly", "push", "tonight")))
    path.write_bytes(path.read_bytes().replace(b'{"id":1}', '{"id":"ö"}'.encode("latin-1")))
    [row] = Rejects(path).rows()
    assert "\ufffd" not in json.dumps(row, ensure_ascii=False)
    assert row["id"].encode("utf-8", "surrogateescape") == b"\xf6"  # type: ignore[index]
