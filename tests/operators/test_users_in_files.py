# SPDX-License-Identifier: Apache-2.0
"""Files of other people, pushed: what cannot be read costs its row, and nothing of a row is said anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects

pytestmark = pytest.mark.usefixtures("connections", "clock")


@pytest.mark.parametrize(
    "arguments", [{}, {"types": {"age": "integer"}}, {"types": {"euid": "integer"}}], ids=["as it is", "age", "euid"]
)
@pytest.mark.parametrize("more", [{}, {"attributes": ["age"]}], ids=["every column", "one column"])
def test_a_csv_file_without_a_header_is_refused_without_its_values(
    push: Callable[..., Any], control: Any, tmp_path: Path, arguments: dict[str, Any], more: dict[str, Any]
) -> None:
    users = tmp_path / "users.csv"
    users.write_text("".join(f"ada{number}@example.com,Lovelace{number},36\n" for number in range(1, 5)))
    run = push(FileRows(str(users), **arguments), **more)
    assert run.state == "failed"
    assert control.journal() == []
    result = run.log.everything() + json.dumps(run.report)
    assert "example.com" not in result
    assert "Lovelace" not in result


@pytest.mark.parametrize("depth", [60, 250, 300, 500, 950, 5_000])
def test_a_deep_value_makes_its_row_invalid(push: Callable[..., Any], control: Any, tmp_path: Path, depth: int) -> None:
    users, rejects = tmp_path / "users.jsonl", tmp_path / "rejects.jsonl"
    deep = "[" * depth + "]" * depth
    users.write_text(f'{{"euid": 1, "a": 1}}\n{{"euid": 2, "a": {deep}}}\n{{"euid": 3, "a": 1}}\n')
    run = push(FileRows(str(users)), rejects_path=str(rejects))
    assert run.state == "success"
    assert run.counts == {"accepted": 2, "invalid": 1}
    again = push(Rejects(str(rejects)))
    assert again.counts == {"invalid": 1}


@pytest.mark.parametrize("depth", [255, 300])
def test_a_deep_value_of_an_upstream_task(push: Callable[..., Any], control: Any, depth: int) -> None:
    deep: Any = []
    for _ in range(depth):
        deep = [deep]
    assert push([{"euid": 1, "a": 1}, {"euid": 2, "a": deep}]).counts == {"accepted": 1, "invalid": 1}


def test_many_lines_with_one_fault_are_one_reason(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.fault("engagelab", {"code": 55108}, {"users": [1, 2, 3]})
    users = tmp_path / "users.csv"
    users.write_text("euid,a\n" + "x\n" * 250 + "".join(f"{number},1\n" for number in range(1, 6)))
    run = push(FileRows(str(users)))
    assert run.counts == {"accepted": 2, "rejected": 3, "invalid": 250}
    assert [(reason["code"], reason["count"]) for reason in run.report["reasons"]] == [
        ("malformed-line", 250),
        ("55108", 3),
    ]
    assert run.report["reasons"][0]["locations"] == [f"file://{users}, line {number}" for number in (2, 3, 4)]
    assert "EUID is invalid" in run.report["warning"]


@pytest.mark.parametrize("more", [{}, {"attributes": ["plan"]}, {"max_failed": 0.9}])
def test_parts_of_a_csv_file_that_was_cut_by_lines_are_refused_before_anything_is_sent(
    push: Callable[..., Any], control: Any, tmp_path: Path, more: dict[str, Any]
) -> None:
    (tmp_path / "x-aa.csv").write_text("euid,plan\n" + "".join(f"{number},gold\n" for number in range(50)))
    (tmp_path / "x-ab.csv").write_text("".join(f"{number},Lovelace\n" for number in range(50, 100)))
    run = push(f"{tmp_path}/x-*.csv", **more)
    assert run.state == "failed"
    assert control.journal() == []
    assert "x-ab.csv does not have the same columns" in run.report["failure"]
    assert "Lovelace" not in run.log.everything() + json.dumps(run.report)


def test_a_file_found_twice_is_counted_up_once(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"euid": 1, "points": 1}\n{"euid": 2, "points": 1}\n')
    (tmp_path / "latest.jsonl").symlink_to("a.jsonl")
    run = push([f"{tmp_path}/a.jsonl", f"{tmp_path}/*.jsonl"], operation="increase")
    assert run.counts == {"accepted": 2}
    assert "each is read once" in run.log.everything()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (FileRows, "names no file; give a file's path, or a glob like '/folder/*.csv'"),
        (Rejects, "names no rejects file, and no push has written one to it"),
    ],
)
def test_a_missing_file_is_named_in_the_failure_and_looked_for_again(
    push: Callable[..., Any], control: Any, tmp_path: Path, source: Any, words: str
) -> None:
    run = push(source(f"{tmp_path}/late.jsonl"), retries=1, retry_delay=timedelta(0))
    assert run.state == "failed"
    assert len(run.log.errors) == 2
    assert isinstance(run.error, FileNotFoundError)
    assert str(run.error) == run.report["failure"]
    assert run.report["failure"].startswith(f"path '{tmp_path}/late.jsonl' {words}")
    assert control.journal() == []
