# SPDX-License-Identifier: Apache-2.0
"""`rejects_path`: the rows that were not accepted, with the reason; written as the push goes on, and replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from airflow_names import AirflowFailException

from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.push.rejects.gathered import MAX_HELD
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects

pytestmark = pytest.mark.usefixtures("connections", "clock")

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")
FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "not yet there" / "rejects.jsonl"


def files(path: Path) -> list[Path]:
    """Give the files that pushes wrote to a path, the latest last."""
    return sorted(path.parent.glob(f"{path.stem}.*"), key=lambda file: file.stat().st_mtime_ns)


def lines(path: Path) -> list[dict[str, Any]]:
    """Give the rows of the latest push to a path; the first line speaks of the file."""
    first, *rest = files(path)[-1].read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["rejects"]["task_id"] == "push"
    return [json.loads(line) for line in rest]


def test_the_fields_of_a_line(push: Callable[..., Any], control: Any, path: Path) -> None:
    control.fault("engagelab", {"code": 55102, "message": "Invalid: 名前"}, {"users": [2]})
    run = push([{"euid": 1, "a": 1}, {"euid": 2, "a": "ö"}, {"euid": "x", "a": 3}], rejects_path=str(path))
    assert run.report["rejects_path"] == str(files(path)[0])
    rejected, invalid = sorted(lines(path), key=lambda line: line["position"])
    assert rejected["row"] == {"euid": 2, "a": "ö"}
    assert (rejected["position"], rejected["user"], rejected["status"], rejected["code"]) == (1, 2, "rejected", "55102")
    assert rejected["reason"]
    assert rejected["detail"] == "Invalid: 名前"
    assert (invalid["position"], invalid["status"], invalid["row"]) == (2, "invalid", {"euid": "x", "a": 3})


def test_every_status_but_accepted_and_skipped_is_written(
    push: Callable[..., Any], control: Any, path: Path, counted: Any
) -> None:
    control.fault("engagelab", {"code": 55108}, {"users": [2]})
    control.fault("engagelab", {"code": 0}, {"users": [3]})
    control.fault("engagelab", {"body": "?"}, {"users": [4]})
    control.fault("engagelab", {"status": 429}, {"users": [5]})
    rows: list[dict[str, Any]] = [{"euid": number, "a": 1, "b": 2} for number in range(1, 6)]
    rows += [{"euid": "x", "a": 1, "b": 1}, {"euid": 7, "a": None, "b": None}]
    run = push(rows, rejects_path=str(path))
    counted(run.report, 7)
    assert all(run.report[status] == 1 for status in STATUSES)
    found = {line["position"]: line["status"] for line in lines(path)}
    assert found == {1: "rejected", 2: "partial", 3: "unknown", 4: "unsent", 5: "invalid"}


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
def test_forms_of_the_path(push: Callable[..., Any], path: Path, form: str) -> None:
    given = form.format(path=path)
    run = push([{"euid": "x", "a": 1}, {"euid": 1, "a": 1}], rejects_path=given)
    assert run.state == "success"
    assert run.report["rejects_path"] == form.format(path=files(path)[0])
    assert len(lines(path)) == 1


def test_the_path_is_a_template(push: Callable[..., Any], tmp_path: Path) -> None:
    push([{"euid": "x", "a": 1}, {"euid": 1, "a": 1}], rejects_path=f"{tmp_path}/{{{{ task.task_id }}}}.jsonl")
    assert len(lines(tmp_path / "push.jsonl")) == 1


def test_a_path_that_renders_to_nothing_fails_by_name(push: Callable[..., Any], control: Any) -> None:
    run = push(
        [{"euid": "x", "a": 1}, {"euid": 1, "a": 1}], rejects_path="{{ params.nothing }}", params={"nothing": ""}
    )
    assert run.state == "failed"
    assert "rejects_path" in str(run.error)


def test_nothing_of_an_earlier_push_stays(push: Callable[..., Any], path: Path) -> None:
    for count in (3, 1):
        push([{"euid": f"x{n}", "a": 1} for n in range(count)] + [{"euid": 1, "a": 1}], rejects_path=str(path))
        assert len(lines(path)) == count
    push([{"euid": 1, "a": 1}], rejects_path=str(path))
    assert lines(path) == []


def test_no_file_is_written_unasked(push: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    push([{"euid": "x", "a": 1}, {"euid": 1, "a": 1}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["max_failed", "refused", "away"])
def test_a_push_that_fails_writes_them_too(push: Callable[..., Any], control: Any, path: Path, ending: str) -> None:
    if ending == "refused":
        control.fault("engagelab", {"code": 40050})
    if ending == "away":
        control.fault("engagelab", {"status": 503})
    rows = [{"euid": "x", "a": 1}] + [{"euid": number, "a": 1} for number in range(1, 10)]
    run = push(rows, max_failed=0, rejects_path=str(path))
    assert run.state == "failed"
    written = sorted(line["position"] for line in lines(path))
    assert len(written) == 10 - run.report["accepted"]
    assert len(set(written)) == len(written)


# Paths that cannot be written


@pytest.mark.parametrize(
    "given",
    [
        "{tmp}",
        "{tmp}/file/below.jsonl",
        "/proc/nowhere/rejects.jsonl",
        "nosuchstorage://bucket/x",
        "s3://no-provider/x",
    ],
    ids=["folder", "below a file", "where nothing can be", "unknown storage", "storage without its provider"],
)
def test_a_path_that_cannot_be_written_fails_before_anything_is_sent(
    push: Callable[..., Any], control: Any, tmp_path: Path, given: str
) -> None:
    (tmp_path / "file").write_text("")
    run = push([{"euid": 1, "a": 1}], rejects_path=given.format(tmp=tmp_path), retries=2)
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert "rejects_path" in str(run.error)
    assert run.report["vendor"] == "EngageLab"
    assert control.journal() == []


@full_disk
def test_a_path_that_fails_halfway_leaves_a_true_account(push: Callable[..., Any], control: Any, counted: Any) -> None:
    rows: list[dict[str, Any]] = [{"euid": number, "a": 1} for number in range(1, 21)]
    rows.insert(10, {"euid": "x", "a": 1})
    run = push(rows, rejects_path=str(FULL), concurrency=2)
    assert run.state == "failed"
    counted(run.report, run.report["rows"])
    assert run.report["accepted"] == len(control.users("engagelab"))
    assert run.report["invalid"] == 1


@full_disk
def test_a_path_that_fails_halfway_is_named(push: Callable[..., Any]) -> None:
    run = push([{"euid": 1, "a": 1}, {"euid": "x", "a": 1}], rejects_path=str(FULL))
    assert "rejects_path" in str(run.error)


@full_disk
def test_a_path_that_fails_halfway_loses_no_row(push: Callable[..., Any], control: Any, counted: Any) -> None:
    control.fault("engagelab", {"code": 55102}, {"users": [1]})
    rows = [{"euid": 1, "a": number} for number in range(5)]
    run = push(rows, rejects_path=str(FULL))
    counted(run.report, 5)


# Replay


def test_a_replay_gives_exactly_the_rows_that_failed(
    push: Callable[..., Any], control: Any, path: Path, counted: Any
) -> None:
    control.fault("engagelab", {"code": -1}, {"users": [2, 5]})
    control.fault("engagelab", {"status": 429}, {"users": [3]})
    rows = [{"euid": number, "a": number} for number in range(1, 8)]
    first = push(rows, rejects_path=str(path), concurrency=1)
    assert first.state == "failed"
    assert first.counts == {"accepted": 4, "unknown": 2, "unsent": 1}
    control.clear_faults()
    before = len(control.journal())
    again = push(Rejects(str(path)))
    counted(again.report, 3)
    assert again.counts == {"accepted": 3}
    assert len(control.journal()) == before + 3
    assert {euid: user["properties"] for euid, user in control.users("engagelab").items()} == {
        str(number): {"a": number} for number in range(1, 8)
    }


def test_a_replay_sends_what_the_first_push_would_have_sent(push: Callable[..., Any], control: Any, path: Path) -> None:
    row = {
        "euid": Decimal(5),
        "text": "{{ ds }} ö鍵\u2028\x00",
        "number": Decimal("0.10"),
        "moment": datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc),
        "day": date(2026, 3, 4),
        "uuid": UUID(int=5),
        "list": ["a", "b"],
        "flag": True,
        "float": 0.1,
    }
    control.fault("engagelab", {"code": 55004}, {"next": 1})
    push([row, {"euid": 1, "a": 1}], rejects_path=str(path), concurrency=1)
    assert control.user("engagelab", 5) is None
    push(Rejects(str(path)))
    replayed = control.user("engagelab", 5)["properties"]
    push([{**row, "euid": 6}])
    assert replayed == control.user("engagelab", 6)["properties"]
    assert replayed["number"] == 0.1
    assert replayed["moment"] == "2026-03-04 05:06:07"


def test_a_replay_leaves_out_increases_in_doubt(push: Callable[..., Any], control: Any, path: Path) -> None:
    control.fault("engagelab", {"close": True, "apply": "before"}, {"users": [2]})
    control.fault("engagelab", {"code": 55108}, {"users": [3], "times": 1})
    rows = [{"euid": number, "points": 1} for number in range(1, 4)]
    first = push(rows, rejects_path=str(path), operation="increase", concurrency=1)
    assert first.counts == {"accepted": 1, "unknown": 1, "rejected": 1}
    control.clear_faults()
    again = push(Rejects(str(path)), operation="increase")
    assert again.counts == {"accepted": 1}
    assert {euid: user["properties"]["points"] for euid, user in control.users("engagelab").items()} == {
        "1": 1,
        "2": 1,
        "3": 1,
    }
    assert push(Rejects(str(path), in_doubt=True), operation="increase").counts == {"accepted": 2}


def test_what_fails_again_can_be_written_again(push: Callable[..., Any], tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    push([{"euid": "x", "a": 1}, {"euid": 1, "a": 1}], rejects_path=str(first))
    run = push(Rejects(str(first)), rejects_path=str(second))
    assert run.counts == {"invalid": 1}
    assert [line["row"] for line in lines(second)] == [{"euid": "x", "a": 1}]


def test_a_replay_onto_its_own_file_loses_nothing(push: Callable[..., Any], control: Any, path: Path) -> None:
    push([{"euid": "x", "a": 1}, {"euid": 1, "a": 1}], rejects_path=str(path))
    before = lines(path)
    with pytest.raises(ValueError, match="rejects_path"):
        push(Rejects(str(path)), rejects_path=str(path))
    run = push(Rejects(str(path)), rejects_path="{{ params.path }}", params={"path": str(path)})
    assert run.state == "failed"
    assert "rejects_path" in str(run.error)
    assert lines(path) == before


def test_a_file_of_another_vendor(airflow: Any, push: Callable[..., Any], control: Any, path: Path) -> None:
    control.seed("kahuna", [{"username": "ada"}])
    push([{"euid": "x", "username": "ada", "a": 1}, {"euid": 1, "username": "bob", "a": 1}], rejects_path=str(path))
    run = airflow.run(
        lambda: KahunaSetAttributesOperator(
            task_id="push", users=Rejects(str(path)), target=["username"], attributes=["a"]
        )
    )
    assert run.counts == {"accepted": 1}


class Watching:
    """Rows that no vendor takes, until enough of them are seen in the file."""

    def __init__(self, path: Path, enough: int) -> None:
        self.path = path
        self.enough = enough
        self.seen: list[int] = []
        self.name = ""

    def rows(self) -> Iterator[Any]:
        while not self.seen or self.seen[-1] < self.enough:
            [file] = files(self.path)
            self.name = file.name
            self.seen.append(len(file.read_text().splitlines()) - 1)
            assert len(self.seen) <= self.enough + MAX_HELD
            yield {"euid": f"user{len(self.seen)}", "a": 1}


def test_it_is_written_while_the_push_runs(push: Callable[..., Any], path: Path) -> None:
    source = Watching(path, 3)
    push(source, rejects_path=str(path))
    assert source.seen[:2] == [0, 1], "the first one is written at once"
    assert source.name.endswith(".jsonl.inprogress"), "beside its name, until it is done"
    [file] = files(path)
    assert file.name == source.name.removesuffix(".inprogress")
    assert len(file.read_text().splitlines()) - 1 == len(source.seen)


def test_two_runs_share_no_file(push: Callable[..., Any], path: Path) -> None:
    for euid in ("x", "y"):
        push([{"euid": euid, "a": 1}, {"euid": 1, "a": 1}], rejects_path=str(path))
    assert len(files(path)) == 2
    reports = [push(Rejects(str(file))).report for file in files(path)]
    assert [report["invalid"] for report in reports] == [1, 1]


@pytest.mark.parametrize("given", ["file://{}/users.jsonl", "{}/../{name}/users.jsonl", "{}/link.jsonl"])
@pytest.mark.parametrize("source", ["{}/users.jsonl", "{}/*.jsonl", "{}/u*.jsonl"])
def test_the_file_the_rows_are_read_from_is_not_written_to(
    push: Callable[..., Any], control: Any, tmp_path: Path, given: str, source: str
) -> None:
    users = tmp_path / "users.jsonl"
    users.write_text('{"euid": "x", "a": 1}\n{"euid": 2, "a": 1}\n')
    (tmp_path / "link.jsonl").symlink_to(users)
    before = users.read_bytes()
    run = push(FileRows(source.format(tmp_path)), rejects_path=given.format(tmp_path, name=tmp_path.name))
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    assert "rejects_path is, or would be, one of the files" in str(run.error)
    assert users.read_bytes() == before
    assert control.journal() == []


def test_a_glob_never_reads_its_own_checkpoint(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text('{"euid": 2, "a": 1}\n')
    run = push(FileRows(f"{tmp_path}/*.json"), checkpoint_path=f"{tmp_path}/")
    assert "checkpoint_path" in str(run.error)
    assert [path.name for path in tmp_path.iterdir()] == ["users.json"]
    assert push(FileRows(f"{tmp_path}/*.json"), checkpoint_path=f"{tmp_path}/checkpoints").state == "success"


def test_a_glob_never_reads_its_own_rejects(push: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "users.jsonl").write_text('{"euid": "x", "a": 1}\n{"euid": 2, "a": 1}\n')
    source = FileRows(f"{tmp_path}/*.jsonl")
    run = push(source, rejects_path=f"{tmp_path}/rejects.jsonl")
    assert "rejects_path" in str(run.error)
    assert len(list(tmp_path.iterdir())) == 1
    push(FileRows(f"{tmp_path}/users.jsonl"), rejects_path=f"{tmp_path}/rejects.jsonl")
    assert len(list(tmp_path.iterdir())) == 2
    other = push(source, rejects_path=f"{tmp_path}/rejects/rejects.jsonl")
    assert "is a rejects file" in str(other.error)


def test_a_fixed_cell_is_sent_with_the_types_of_the_first_push(
    push: Callable[..., Any], control: Any, path: Path, tmp_path: Path
) -> None:
    users = tmp_path / "users.csv"
    types = {"age": "integer", "vip": "boolean", "since": "date", "euid": "integer"}
    users.write_text("euid,age,vip,since,name\n1,44,true,2026-11-24,44\n2,4x,true,2026-11-24,44\n")
    first = push(FileRows(str(users), types=types), rejects_path=str(path))
    assert first.counts == {"accepted": 1, "invalid": 1}
    [reason] = first.report["reasons"]
    assert reason["locations"] == [f"file://{users}, line 3"]
    [file] = files(path)
    text = file.read_text()
    file.write_text(text.replace('"4x"', '"44"'))
    assert push(Rejects(str(path))).counts == {"accepted": 1}
    stored = control.users("engagelab")
    assert stored["2"]["properties"] == stored["1"]["properties"]
    assert stored["2"]["properties"]["age"] == 44
    file.write_text(text)
    again = push(Rejects(str(path)), rejects_path=f"{tmp_path}/second.jsonl")
    assert again.counts == {"invalid": 1}
    assert again.report["reasons"][0]["attributes"] == {"age": 1}
    [second] = files(tmp_path / "second.jsonl")
    second.write_text(second.read_text().replace('"4x"', '"44"'))
    assert push(Rejects(f"{tmp_path}/second.jsonl")).counts == {"accepted": 1}


def test_the_report_names_the_files_that_are_there(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    rows = [{"euid": f"x{number}" if number % 10 == 0 else number, "a": 1} for number in range(1, 41)]
    run = push(
        rows,
        rejects_path=f"{tmp_path}/try-{{{{ ti.try_number }}}}.jsonl",
        retries=1,
        retry_delay=timedelta(0),
        concurrency=1,
        checkpoint_path=f"{tmp_path}/checkpoints",
    )
    assert run.state == "success"
    assert run.report["resumed_from"]
    named = run.report["rejects_path"]
    assert len(named) == 2
    assert all(Path(name).exists() for name in named)
    control.clear_faults()
    assert push(Rejects(named)).counts == {"invalid": 4}


def test_nothing_is_named_where_nothing_could_be_written(push: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = push([{"euid": 1, "a": 1}], rejects_path=f"{tmp_path}/file/rejects.jsonl")
    assert run.report["rejects_path"] is None


def test_two_pushes_of_one_task_share_no_file(airflow: Any, control: Any, path: Path) -> None:
    from airflow_names import get_current_context, task

    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    control.switch(engagelab__any_user=True)

    def build() -> None:
        @task(task_id="push")
        def both() -> list[Any]:
            named = []
            for euid in ("x", "y"):
                rows = [{"euid": euid, "a": 1}, {"euid": 1, "a": 1}]
                push = EngageLabSetAttributesOperator(task_id=f"push_{euid}", users=rows, rejects_path=str(path))
                named.append(push.execute(get_current_context())["rejects_path"])
            return named

        both()

    named = airflow.run(build).reports["push"]
    assert len(set(named)) == len(files(path)) == 2
