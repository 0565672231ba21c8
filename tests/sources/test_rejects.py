# SPDX-License-Identifier: Apache-2.0
"""Rejects files: written row by row, read back as the rows they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.errors import RefusedConfiguration
from airflow_provider_userattrs.push.model.row import MalformedRow
from airflow_provider_userattrs.push.model.verdict import Outcome, Status, Verdict
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.task.rejects_writer import RejectsWriter

REJECTED = Verdict(Status.REJECTED, "404", "User not found", "Check.")
UNKNOWN = Verdict(Status.UNKNOWN, "no-response", "no answer", "Check.")
UNSENT = Verdict(Status.UNSENT, "429", "too many", "Retry.")


def write(path: Path, *outcomes: Outcome, idempotent: bool = True) -> None:
    with closing(RejectsWriter(str(path), idempotent=idempotent)) as writer:
        for outcome in outcomes:
            writer.write([outcome])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejects.jsonl"


def test_rows_come_back_in_their_order(path: Path) -> None:
    rows = [{"euid": number, "name": "健太"} for number in range(5)]
    write(path, *(Outcome(position, REJECTED, row, row["euid"]) for position, row in enumerate(rows)))
    assert list(Rejects(str(path)).rows()) == rows


def test_they_can_be_read_again_and_again(path: Path) -> None:
    write(path, Outcome(0, REJECTED, {"a": 1}))
    rejects = Rejects(str(path))
    assert list(rejects.rows()) == list(rejects.rows()) == [{"a": 1}]


class Color(Enum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        "text",
        "",
        "\u2028\n\r\t\x00\ud800🎉",
        5,
        2**70,
        True,
        None,
        1.5,
        -0.0,
        float("inf"),
        Decimal("0.10"),
        Decimal("1E+5"),
        date(2026, 3, 4),
        datetime(2026, 3, 4, 5, 6, 7, 8),
        datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        time(5, 6),
        UUID(int=7),
        b"\x00\xff",
        [1, [Decimal(2), None]],
        {"a": {"b": date(2026, 1, 1)}},
        {"$type": "decimal", "value": "no decimal"},
        {1: "a", None: "b"},
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(path: Path, value: Any) -> None:
    write(path, Outcome(0, REJECTED, {"a": value}))
    (row,) = Rejects(str(path)).rows()
    assert isinstance(row, dict)
    assert row["a"] == value
    assert type(row["a"]) is type(value)
    assert str(row["a"]) == str(value)


def test_values_without_json_form_come_back_as_values_that_cannot_be_sent(path: Path) -> None:
    write(path, Outcome(0, REJECTED, {"a": object(), "b": Color.RED, "c": float("nan"), "d": (1, 2)}))
    (row,) = Rejects(str(path)).rows()
    assert isinstance(row, dict)
    assert row["b"] == "red"
    assert row["c"] != row["c"]
    assert row["d"] == [1, 2]
    assert type(row["a"]).__name__ not in ("str", "dict", "NoneType")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=10)
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(timezone.utc))
    | st.uuids()
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "$type", "value", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(rows=st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5))
def test_any_rows_come_back(path: Path, rows: list[dict[str, Any]]) -> None:
    write(path, *(Outcome(position, REJECTED, row) for position, row in enumerate(rows)))
    assert list(Rejects(str(path)).rows()) == rows


def test_a_malformed_row_comes_back_unchanged(path: Path) -> None:
    malformed = MalformedRow(REJECTED, raw="half a line")
    write(path, Outcome(0, REJECTED, malformed), Outcome(1, REJECTED, None), Outcome(2, REJECTED, "x"))  # type: ignore[arg-type]
    replayed: list[Any] = list(Rejects(str(path)).rows())
    assert replayed == ["half a line", None, "x"]


@pytest.mark.parametrize(
    ("idempotent", "in_doubt", "came_back"),
    [(True, False, [0, 1, 2]), (True, True, [0, 1, 2]), (False, False, [0, 2]), (False, True, [0, 1, 2])],
)
def test_what_must_not_be_done_twice_is_not_replayed(
    path: Path, idempotent: bool, in_doubt: bool, came_back: list[int]
) -> None:
    verdicts = (REJECTED, UNKNOWN, UNSENT)
    write(path, *(Outcome(n, verdict, {"n": n}) for n, verdict in enumerate(verdicts)), idempotent=idempotent)
    assert [row["n"] for row in Rejects(str(path), in_doubt=in_doubt).rows()] == came_back  # type: ignore[index]


@pytest.mark.parametrize(
    "line", ["{", "null", "[]", "{}", '"text"', '{"row": 1}', '{"row": {"$type": "x"}, "replay": 1}']
)
def test_a_malformed_line_is_a_malformed_row(path: Path, line: str) -> None:
    write(path, Outcome(0, REJECTED, {"a": 1}))
    head, first_line = path.read_text().splitlines(keepends=True)
    path.write_text(head + first_line + line + "\n\n" + first_line)
    first, second, third = Rejects(str(path)).rows()
    assert first == third == {"a": 1}
    assert isinstance(second, MalformedRow)
    assert second.verdict.location.endswith("rejects.jsonl, line 3")
    assert line not in second.verdict.meaning


def test_a_line_is_valid_json_on_one_line(path: Path) -> None:
    write(path, Outcome(3, REJECTED, {"a": "x\n\u2028y\x85"}, {"username": "x"}))
    _, line = path.read_bytes().decode("ascii").splitlines()
    assert json.loads(line)["position"] == 3


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(OSError, match=r"rejects\.jsonl"):
        list(Rejects(str(path)).rows())


@pytest.mark.parametrize("bad", ["{tmp}", "nosuchstorage://bucket/x", "/proc/nowhere/x"])
def test_a_path_that_cannot_be_written(tmp_path: Path, bad: str) -> None:
    with pytest.raises(RefusedConfiguration, match="rejects_path"):
        RejectsWriter(bad.format(tmp=tmp_path), idempotent=True)


@pytest.mark.usefixtures("connections", "clock")
@pytest.mark.parametrize("given", ["{path}", "{{{{ params.path }}}}"])
def test_the_path_may_be_a_template(airflow: Any, control: Any, path: Path, given: str) -> None:
    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    control.switch(engagelab__any_user=True)
    write(path, Outcome(0, REJECTED, {"euid": 1, "a": "{{ ds }}"}))
    source = Rejects(given.format(path=path))
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=source, params={"path": str(path)}))
    assert run.state == "success"
    assert control.user("engagelab", 1)["properties"] == {"a": "{{ ds }}"}


@pytest.mark.usefixtures("connections", "clock")
def test_a_path_from_an_upstream_task_draws_a_dependency(airflow: Any) -> None:
    from airflow_names import task

    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    @task
    def upstream() -> str:
        return "/tmp/x"

    dag = airflow.dag(lambda: EngageLabSetAttributesOperator(task_id="push", users=Rejects(upstream())))
    assert dag.get_task("push").upstream_task_ids == {"upstream"}


@pytest.mark.usefixtures("connections", "clock")
def test_a_file_that_is_not_there_fails_the_task(
    airflow: Any, control: Any, path: Path, counted: Callable[..., None]
) -> None:
    from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator

    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=Rejects(str(path))))
    counted(run.report, 0)
    assert run.state == "failed"
    assert "rejects.jsonl" in str(run.error)
    assert control.journal() == []
