# SPDX-License-Identifier: Apache-2.0
"""An unexpected number of rows fails a push on real Airflow before anything is sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException, AirflowSkipException, task
from operators.engagelab_push import upstream

from airflow_provider_userattrs.changes import ChangedOnly, Watermark
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.handover import hand_over
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections", "clock")


def rows(count: int) -> list[dict[str, Any]]:
    return [{"euid": number, "plan": "gold"} for number in range(1, count + 1)]


class Counted:
    """A source that counts its rows, and says how often it was read."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.readings = 0

    def rows(self) -> Iterator[Any]:
        self.readings += 1
        yield from rows(self._count)

    def count(self) -> int:
        return self._count


class NoCount:
    """A source that does not know how many rows it has."""

    def rows(self) -> Iterator[Any]:
        yield from rows(3)


def refused(run: Any, control: Any) -> str:
    """Check that a push was refused before its first request, and return why."""
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException], "it fails for good"
    assert control.journal("engagelab") == []
    assert (run.report["requests"], run.report["accepted"]) == (0, 0)
    assert run.report["failure"] == str(run.error)
    return str(run.error)


def test_too_few_rows_are_refused_before_anything_is_sent(push: Any, control: Any, counted: Any) -> None:
    run = push(rows(3), expect_rows=(1_000, None), retries=2)
    assert refused(run, control) == (
        "Nothing was sent to EngageLab: the source has 3 rows, and expect_rows asks for at least 1,000"
    )
    counted(run.report, 3)
    assert run.counts == {"unsent": 3}
    (reason,) = run.report["reasons"]
    assert (reason["code"], reason["meaning"]) == (
        "unexpected-rows",
        "not sent: the source has too few or too many rows",
    )
    assert "clear the task with other values of expect_rows and max_change" in reason["remedy"]
    assert run.report["source_rows"] == 3
    assert run.report["stopped"] is True
    assert run.report["configuration"]["expect_rows"] == ["1000", "None"]


def test_no_rows_and_too_many_are_refused(push: Any, control: Any) -> None:
    run = push([], expect_rows=(1, None))
    assert "the source has 0 rows, and expect_rows asks for at least 1" in refused(run, control)
    assert (run.report["rows"], run.report["reasons"], run.report["warning"]) == (0, [], None)
    assert "has 3 rows, and expect_rows allows at most 2" in refused(push(rows(3), expect_rows=[None, 2]), control)


def test_as_many_rows_as_expected_are_pushed(push: Any, control: Any) -> None:
    run = push(rows(3), expect_rows=(3, 3))
    assert (run.state, run.counts, run.report["source_rows"]) == ("success", {"accepted": 3}, 3)
    assert "The source has 3 rows" in run.log.texts


def test_templates_give_bounds_and_change(push: Any, control: Any) -> None:
    assert "asks for at least 5" in refused(push(rows(3), expect_rows=("{{ 2 + 3 }}", None)), control)
    assert "asks for at least 6" in refused(push(rows(3), expect_rows="{{ (6, None) }}"), control)
    run = push(rows(3), expect_rows=("{{ none }}", "{{ 3 }}"), max_change="{{ '50%' }}")
    assert run.state == "success"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{{ 'lots' }}", "expect_rows is the text 'lots'; give (least, most)"),
        (("{{ 'lots' }}", None), "expect_rows has a bound that is the text 'lots'; give (least, most)"),
        (("{{ none }}", None), "expect_rows has no bound; give (least, most)"),
    ],
    ids=["text", "bound", "none"],
)
def test_what_renders_to_something_else_fails_by_name(push: Any, control: Any, given: Any, sentence: str) -> None:
    assert refused(push(rows(3), expect_rows=given), control).startswith(sentence)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"expect_rows": 5}, r"^expect_rows is 5; give \(least, most\), such as \(1_000, None\)"),
        ({"expect_rows": (1, 2, 3)}, r"^expect_rows is a tuple; give \(least, most\)"),
        ({"expect_rows": (-1, None)}, r"^expect_rows has a bound that is -1; give"),
        ({"expect_rows": (1.5, None)}, r"^expect_rows has a bound that is 1\.5; give"),
        ({"expect_rows": (True, None)}, r"^expect_rows has a bound that is True; give"),
        ({"expect_rows": (None, None)}, r"^expect_rows has no bound"),
        ({"expect_rows": (9, 1)}, r"^expect_rows is at least 9 and at most 1"),
        ({"max_change": 0}, r"^max_change is 0; give a share of the last push's rows, such as 0\.5 or '50%'"),
        ({"max_change": 0.0}, r"^max_change is 0\.0; give"),
        ({"max_change": "0%"}, r"^max_change is the text '0%'; give"),
        ({"max_change": 1.5}, r"^max_change is 1\.5; give"),
        ({"max_change": -3}, r"^max_change is -3; give"),
        ({"max_change": 0.5, "do_xcom_push": False}, r"^max_change compares with the last push.*do_xcom_push is False"),
        ({"users": NoCount(), "max_change": 5}, r"^max_change needs to know how many rows.*without a method count"),
        ({"users": NoCount(), "expect_rows": (1, None)}, r"^expect_rows needs to know how many.*is a NoCount"),
    ],
    ids=[f"case-{number}" for number in range(15)],
)
def test_a_wrong_parameter_is_an_error_of_the_dag(parameters: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        EngageLabSetAttributesOperator(task_id="push", **{"users": [], **parameters})


def test_it_is_an_error_of_the_dag_where_the_operator_is_mapped() -> None:
    with pytest.raises(ValueError, match=r"^expect_rows is 5; give"):
        EngageLabSetAttributesOperator.partial(task_id="push", expect_rows=5)


def test_a_source_of_the_authors_own_counts_its_rows(push: Any, control: Any) -> None:
    source = Counted(3)
    assert "has 3 rows" in refused(push(source, expect_rows=(5, None)), control)
    assert source.readings == 0
    assert push(source, expect_rows=(3, None)).counts == {"accepted": 3}


def test_a_dry_run_warns_of_what_would_be_refused(push: Any, control: Any) -> None:
    run = push(rows(3), expect_rows=(5, None), dry_run=True)
    assert run.state == "success"
    assert run.report["warning"] == (
        "Dry run: would send 3 of 3 users to EngageLab, and sent none; a push would be refused: the source has 3 rows, "
        "and expect_rows asks for at least 5"
    )
    assert push(rows(3), expect_rows=(3, None), dry_run=True).report["warning"].endswith("and sent none")


def test_rows_that_where_filters_out_and_duplicates_count(push: Any, control: Any) -> None:
    given = [{"euid": 1, "plan": "gold", "ok": False}, {"euid": 2, "plan": "gold", "ok": True}] * 2
    run = push(given, expect_rows=(4, 4), where="ok", duplicates="last")
    assert run.counts == {"accepted": 1, "skipped": 3}


def test_users_of_a_skipped_task_are_not_judged(airflow: Any, control: Any) -> None:
    def build() -> None:
        @task
        def extract() -> Any:
            raise AirflowSkipException

        EngageLabSetAttributesOperator(
            task_id="push", users=extract(), expect_rows=(1, None), trigger_rule="none_failed"
        )

    run = airflow.run(build)
    assert run.state == "success"
    assert "source_rows" not in run.report


@pytest.mark.parametrize("form", ["rows", "query", "file", "mapped"])
def test_what_comes_from_upstream_is_counted(
    airflow: Any, control: Any, warehouse: Any, form: str, tmp_path: Path
) -> None:
    warehouse(3)
    control.switch(engagelab__any_user=True)
    (tmp_path / "users.csv").write_text("euid,plan\n1,gold\n2,gold\n3,gold\n")

    def build(expected: int) -> None:
        if form == "mapped":

            @task
            def some(number: int) -> Any:
                return rows(number)

            users: Any = some.expand(number=[1, 2])
        else:
            users = upstream(
                {
                    "rows": rows(3),
                    "query": hand_over(SqlRows("SELECT euid, plan FROM users", conn_id="warehouse")),
                    "file": str(tmp_path / "users.csv"),
                }[form]
            )
        EngageLabSetAttributesOperator(task_id="push", users=users, expect_rows=(expected, None))

    assert "has 3 rows, and expect_rows asks for at least 4" in refused(airflow.run(lambda: build(4)), control)
    assert airflow.run(lambda: build(3)).counts == {"accepted": 3}


def test_each_shard_is_judged_by_its_own_rows(airflow: Any, control: Any, tmp_path: Path) -> None:
    control.switch(engagelab__any_user=True)
    for name, count in (("a", 5), ("b", 1)):
        (tmp_path / f"{name}.csv").write_text("euid,plan\n" + "".join(f"{i},{name}\n" for i in range(1, count + 1)))

    def build() -> None:
        @task
        def split() -> Any:
            return shards(FileRows(f"{tmp_path}/*.csv"), 2)

        pushes = EngageLabSetAttributesOperator.partial(task_id="push", expect_rows=(2, None)).expand_kwargs(split())
        PushTotalOperator(task_id="total", reports=pushes.output)

    run = airflow.run(build)
    states = sorted(run.states[task] for task in run.states if task[0] == "push")
    assert states == ["failed", "success"]
    total = run.reports["total"]
    assert run.states["total"] == "failed"
    assert "the source has 1 row, and expect_rows asks for at least 2" in total["failure"]
    assert total["source_rows"] == 6
    assert (total["accepted"], total["unsent"]) == (5, 1)


def test_nobody_is_unset_when_the_source_is_refused(nights: Any, control: Any, tmp_path: Path) -> None:
    known = ChangedOnly(str(tmp_path / "known"), removed="unset", max_removed=1.0)
    nights(rows(4), changed_only=known)
    before = len(control.journal("engagelab"))
    run = nights(rows(1), changed_only=known, max_change=0.5)
    assert "the source has 1 row, 3 (75%) fewer than the 4 of the last push, and max_change is 50%" in str(run.error)
    assert len(control.journal("engagelab")) == before
    assert nights(rows(4), changed_only=known).report["requests"] == 0, "what is known has not changed"


def test_what_since_leaves_out_counts(nights: Any, control: Any, tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def execute(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    execute("CREATE TABLE users (euid INTEGER PRIMARY KEY, plan TEXT, updated_at TEXT)")
    for euid in range(1, 5):
        execute(f"INSERT INTO users VALUES ({euid}, 'gold', '2026-01-01 00:00:00')")
    source = SqlRows(
        "SELECT * FROM users", conn_id="warehouse", key="euid", since=Watermark("updated_at", timezone="UTC")
    )
    given: dict[str, Any] = {"changed_only": ChangedOnly(str(tmp_path / "known")), "attributes": ["plan"]}
    assert nights(source, max_change=0.5, **given).report["source_rows"] == 4
    run = nights(source, max_change=0.5, expect_rows=(4, None), **given)
    assert (run.state, run.report["rows"], run.report["source_rows"]) == ("success", 0, 4)
    nights(source, **given)
    unjudged = nights(source, max_change=0.5, **given)
    assert "max_change is not judged: the last push read new rows only" in unjudged.log.texts
    execute("DELETE FROM users WHERE euid > 2")
    assert "the source has 2 rows, 2 (50%) fewer than the 4" in str(nights(source, max_change=0.5, **given).error)
