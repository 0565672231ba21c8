# SPDX-License-Identifier: Apache-2.0
"""The report's type is what pushes return, and docs/report.md has every field of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from airflow_names import task

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.push.report.report import FORMAT
from airflow_provider_userattrs.report import (
    Changes,
    Lookups,
    Note,
    PushReport,
    Reason,
    Removed,
    ShardNumber,
    Shards,
    Throughput,
    Verified,
)
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.shards import shards

PAGE = (Path(__file__).parents[1] / "docs" / "report.md").read_text()

#: Fields that a push has and a total has not.
OF_A_PUSH = {"of", "destination", "shard", "timeline", "tries"}


def problems(value: Any, kind: Any, where: str = "report") -> Iterator[str]:
    """Yield where a value, as JSON gives it, is not of a type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, dict):
            yield f"{where} is a {type(value).__name__}"
            return
        if lacking := kind.__required_keys__ - value.keys():
            yield f"{where} lacks {sorted(lacking)}"
        for name, each in value.items():
            if name in hints:
                yield from problems(each, hints[name], f"{where}.{name}")
            else:
                yield f"{where} has {name}"
    elif origin in (Union, UnionType):
        if all(list(problems(value, each)) for each in arguments):
            yield f"{where} is a {type(value).__name__}"
    elif origin in (list, dict):
        if not isinstance(value, origin):
            yield f"{where} is a {type(value).__name__}"
            return
        for each in value.values() if isinstance(value, dict) else value:
            yield from problems(each, arguments[-1], f"{where}[]")
    elif origin is Literal:
        yield from ([] if value in arguments else [f"{where} is {value!r}"])
    elif kind is not Any and type(value) not in ({int, float} if kind is float else {kind}):
        yield f"{where} is a {type(value).__name__}"


def fields(page: str, head: str = "field") -> set[str]:
    """Return the fields that the page's tables with this head describe."""
    tables = re.findall(rf"^\| {re.escape(head)} \|.*\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    return set(re.findall(r"^\| `(\w+)` \|", "".join(tables), re.MULTILINE))


def test_the_page_has_every_field() -> None:
    assert fields(PAGE) == set(PushReport.__annotations__)
    assert fields(PAGE, "field of `reasons`") == set(Reason.__annotations__)
    assert fields(PAGE, "field of `notes`") == set(Note.__annotations__)
    assert fields(PAGE, "field of `changed_only`") == set(Changes.__annotations__)
    assert fields(PAGE, "field of `removed`") == set(Removed.__annotations__)
    assert fields(PAGE, "field of `lookups`") == set(Lookups.__annotations__)
    assert fields(PAGE, "field of `verified`") == set(Verified.__annotations__)
    for kind, field in ((Throughput, "timeline"), (ShardNumber, "shard"), (Shards, "shards")):
        (line,) = re.findall(rf"^\| `{field}` \|.*", PAGE, re.MULTILINE)
        assert set(kind.__annotations__) <= set(re.findall(r"`(\w+)`", line))
    assert f"the version of this page's form: {FORMAT}." in PAGE


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ({"number": 1}, ShardNumber, "lacks ['of']"),
        ({"number": 1, "of": 2, "at": 3}, ShardNumber, "has at"),
        ({"number": 1.5, "of": 2}, ShardNumber, ".number is a float"),
        ({"number": True, "of": 2}, ShardNumber, ".number is a bool"),
        (7, str | None, "is a int"),
        ({"reported": 1, "missing": ["a"]}, Shards, ".missing[] is a str"),
        ("accepted", get_type_hints(Reason)["status"], "is 'accepted'"),
    ],
    ids=str,
)
def test_what_is_of_another_type_is_found(value: Any, kind: Any, words: str) -> None:
    (found,) = problems(value, kind)
    assert words in found


@pytest.fixture
def push(airflow: Any, control: Any, connections: None, clock: Any) -> Callable[..., Any]:
    """Push rows of Kahuna, who knows user1 to user50."""
    control.seed("kahuna", [{"username": f"user{number}"} for number in range(1, 51)])

    def run(count: int, **parameters: Any) -> Any:
        rows = [{"username": f"user{number}", "ratio": 0.5} for number in range(1, count + 1)]
        return airflow.run(
            lambda: KahunaSetAttributesOperator(
                task_id="push", **{"users": rows, "target": ["username"], "retry_delay": timedelta(0), **parameters}
            )
        )

    return run


def checked(report: Any) -> Any:
    """Return a report whose fields are all of their type, and all on the page."""
    report = json.loads(json.dumps(report))
    assert list(problems(report, PushReport)) == []
    assert set(report) <= fields(PAGE)
    return report


@pytest.mark.parametrize(
    ("count", "parameters", "state", "expected"),
    [
        pytest.param(50, {}, "success", {"accepted": 50, "warning": None, "failure": None}, id="success"),
        pytest.param(60, {}, "success", {"accepted": 50, "rejected": 10, "failure": None}, id="partial failure"),
        pytest.param(60, {"max_failed": 0}, "failed", {"accepted": 50, "rejected": 10}, id="failure"),
        pytest.param(50, {"dry_run": True}, "success", {"skipped": 50, "dry_run": True}, id="dry run"),
        pytest.param(
            50,
            {"concurrency": "{{ 0 }}"},
            "failed",
            {"accepted": 0, "destination": None, "stopped": True},
            id="refused",
        ),
    ],
)
def test_the_report_of_a_push(
    push: Callable[..., Any], count: int, parameters: dict[str, Any], state: str, expected: dict[str, Any]
) -> None:
    run = push(count, **parameters)
    assert run.state == state
    report = checked(run.report)
    assert {name: report[name] for name in expected} == expected
    assert report.keys() >= OF_A_PUSH
    assert "shards" not in report
    assert (report["failure"] is None) == (state == "success")


def test_the_report_of_a_push_that_was_resumed(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.fault("kahuna", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 2, "to": 2})
    folders = {"checkpoint_path": str(tmp_path / "kept"), "rejects_path": str(tmp_path / "rejects.jsonl")}
    run = push(150, retries=1, concurrency=1, **folders)
    report = checked(run.report)
    assert (report["resumed_from"], report["tries"], report["rejected"]) == (100, [0, 100], 100)


def test_the_report_of_a_total(airflow: Any, control: Any, connections: None, clock: Any, tmp_path: Path) -> None:
    control.seed("kahuna", [{"username": "user1"}])
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"username,ratio\nuser{number},0.5\n")

    def build() -> None:
        @task
        def split() -> Any:
            return shards(FileRows(f"{tmp_path}/*.csv", types={"ratio": "float"}), 2)

        parts = KahunaSetAttributesOperator.partial(
            task_id="push", target=["username"], rejects_path=str(tmp_path / "rejects.jsonl")
        ).expand_kwargs(split())
        PushTotalOperator(task_id="total", reports=parts.output)

    run = airflow.run(build)
    for index in (0, 1):
        assert checked(run.reports["push", index])["shard"] == {"number": index + 1, "of": 2}
    total = checked(run.reports["total"])
    assert (total["accepted"], total["rejected"], total["shards"]) == (1, 1, {"reported": 2, "missing": []})
    assert not OF_A_PUSH & total.keys()
