# SPDX-License-Identifier: Apache-2.0
"""A push finds the last one of its task, on this Airflow, and its last lines of log say what differs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_names import AirflowSkipException, task
from versions import AIRFLOW

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.task.keys import LAST_PUSH_KEY
from airflow_provider_userattrs.task.last_push import LastPush, source_rows

pytestmark = pytest.mark.usefixtures("connections", "clock")


def rows(count: int, invalid: int = 0) -> list[dict[str, Any]]:
    return [{"euid": "x" if number <= invalid else number, "plan": "gold"} for number in range(1, count + 1)]


def compared(run: Any) -> list[str]:
    return [line.text for line in run.log if "the last push" in line.text]


def then(run: Any) -> str | None:
    """Return the users of the last push, if there is one."""
    return next((text.split("users (")[1].split(" then")[0] for text in compared(run)), None)


def test_the_last_lines_say_what_differs_and_the_warning_stays_the_last(nights: Any) -> None:
    assert compared(nights(rows(3))) == []
    run = nights(rows(4, invalid=1))
    first, new = compared(run)
    assert first.startswith(
        "Compared with the last push: 4 users (3 then), 1 not updated (0 then), 3 requests (3 then), "
    )
    assert new.startswith("New since the last push: EUID")
    assert [line.level for line in run.log.ours[-3:]] == ["info", "info", "warning"]
    assert run.log.ours[-3].text == first
    assert compared(nights(rows(4)))[1].startswith("Gone since the last push: EUID")


def skipping() -> None:
    @task
    def extract() -> Any:
        raise AirflowSkipException

    EngageLabSetAttributesOperator(task_id="push", users=extract(), trigger_rule="none_failed")


@pytest.mark.parametrize(
    ("between", "counts"),
    [
        ({"users": rows(4)}, True),
        ({"users": rows(4, invalid=1), "max_failed": 0}, True),
        ({"users": [], "on_empty": "fail"}, True),
        ({"users": rows(4), "dry_run": True}, False),
        ({"users": rows(4), "expect_rows": (5, None)}, False),
        ({"users": rows(4), "rate_limit": "{{ 'lots' }}"}, False),
        ({"users": rows(4), "do_xcom_push": False}, False),
        ({"build": skipping}, False),
    ],
    ids=["accepted", "over-max-failed", "empty", "dry-run", "refused", "wrong-parameter", "no-xcom", "skipped"],
)
def test_what_counts_as_the_last_push(nights: Any, between: dict[str, Any], counts: bool) -> None:
    nights(rows(7))
    nights(**between)
    expected = len(between["users"]) if counts else 7
    assert then(nights(rows(2))) == str(expected)


def test_a_push_that_stopped_is_no_last_one(nights: Any, control: Any) -> None:
    nights(rows(7))
    control.fault("engagelab", {"status": 401})
    run = nights(rows(4))
    assert run.state == "failed"
    control.clear_faults()
    assert then(nights(rows(2))) == "7"


def test_a_backfill_is_compared_with_the_push_before_its_date(nights: Any) -> None:
    nights(rows(3), on=datetime(2026, 3, 1, tzinfo=timezone.utc))
    nights(rows(5), on=datetime(2026, 3, 3, tzinfo=timezone.utc))
    assert then(nights(rows(4), on=datetime(2026, 3, 2, tzinfo=timezone.utc))) == "3"
    assert then(nights(rows(6), on=datetime(2026, 3, 4, tzinfo=timezone.utc))) == "5"


@pytest.mark.skipif(AIRFLOW.major == 2, reason="runs without a logical date: Airflow 3.0 and later")
def test_runs_without_a_logical_date_are_compared_with_one_another(nights: Any) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    def without_date(count: int, *earlier: Any) -> Any:
        """Push in a run without a date. `dag.test` deletes others without one before, so they have one until then."""
        run_ids = [run.dag_run.run_id for run in earlier]

        def change(date: Any) -> None:
            with create_session() as session:
                for each in session.query(DagRun).filter(DagRun.run_id.in_(run_ids)):
                    each.logical_date = date

        change(datetime(2020, 1, 1, tzinfo=timezone.utc))
        return nights(rows(count), on=None, pre_execute=lambda context: change(None))

    nights(rows(3))
    first = without_date(4)
    assert compared(first) == []
    nights(rows(5))
    assert then(without_date(6, first)) == "4"
    assert then(nights(rows(7))) == "5"


def test_each_map_index_has_its_own(nights: Any) -> None:
    def mapped(*lists: Any) -> Callable[[], Any]:
        return lambda: EngageLabSetAttributesOperator.partial(task_id="push").expand(
            users=[list(each) for each in lists]
        )

    nights(build=mapped(rows(2), rows(5)))
    run = nights(build=mapped(rows(3), rows(6), rows(9)))
    assert sorted(text.split(" then")[0] for text in compared(run)) == [
        "Compared with the last push: 3 users (2",
        "Compared with the last push: 6 users (5",
    ]


def test_another_number_of_shards_is_not_compared(nights: Any) -> None:
    def shard(of: int) -> dict[str, int]:
        return {"number": 1, "of": of, "at_once": of}

    nights(rows(3), shard=shard(2))
    assert then(nights(rows(4), shard=shard(2))) == "3"
    run = nights(rows(4), shard=shard(3), max_change=0.5)
    assert compared(run) == []
    assert "max_change is not judged: no last push of this task is known" in run.log.texts


def test_another_vendor_is_not_compared(nights: Any) -> None:
    nights(rows(3))

    def build() -> None:
        KahunaSetAttributesOperator(task_id="push", users=[{"username": "a", "plan": "x"}], target=["username"])

    assert compared(nights(build=build)) == []


def test_a_task_that_pushes_twice_compares_each_with_its_own(nights: Any) -> None:
    class Twice(EngageLabSetAttributesOperator):
        others: Any = None

        def execute(self, context: Any) -> Any:
            super().execute(context)
            self.users = self.others
            return super().execute(context)

    def twice(first: int, second: int) -> Callable[[], Any]:
        Twice.others = rows(second)
        return lambda: Twice(task_id="push", users=rows(first))

    nights(build=twice(2, 5))
    assert [text.split(" then")[0][-8:] for text in compared(nights(build=twice(3, 6)))] == ["users (2", "users (5"]


@pytest.mark.parametrize(
    "kept", [{"version": 2}, "text", {"run_id": "r", "source_rows": "x", "report": {}}], ids=["keys", "text", "rows"]
)
def test_what_another_version_kept_is_not_compared(nights: Any, kept: Any) -> None:
    def of_another_version() -> None:
        @task(task_id="push")
        def push(ti: Any = None) -> None:
            ti.xcom_push(key=LAST_PUSH_KEY, value=kept)

        push()

    nights(build=of_another_version)
    run = nights(rows(3), max_change=0.5)
    assert (run.state, compared(run)) == ("success", [])
    assert "max_change is not judged: no last push of this task is known" in run.log.texts


def test_what_is_kept_has_no_data_of_a_row(nights: Any) -> None:
    run = nights([{"euid": "zanzibar", "plan": "canary"}, {"euid": 2, "plan": "canary"}])
    (instance,) = run.dag_run.get_task_instances()
    kept = instance.xcom_pull(task_ids="push", key=LAST_PUSH_KEY)
    assert (kept["run_id"], kept["source_rows"], kept["report"]["rows"]) == (run.dag_run.run_id, 2, 2)
    (reason,) = kept["report"]["reasons"]
    assert set(reason) == {"status", "code", "meaning", "count", "attributes"}
    assert "zanzibar" not in str(kept)
    assert "canary" not in str(kept)


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, text: str, *given: Any) -> None:
        self.lines.append(text % given)

    info = warning


def test_a_backend_that_fails_changes_nothing(push: Any) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ConnectionError("secret")

    log = Log()
    ti = SimpleNamespace(
        task_id="t", run_id="r", map_index=-1, xcom_pull=fail, xcom_push=fail, get_previous_dagrun=dict
    )
    last: Any = LastPush({"ti": ti, "dag_run": SimpleNamespace(logical_date=datetime.now(timezone.utc))}, log)
    assert last.find("Kahuna", "set attributes") is None
    last.keep(push(rows(1)).report)
    assert log.lines == [
        "The last push cannot be read (ConnectionError), so this one is not compared",
        "The next push cannot be compared with this one (ConnectionError)",
    ]


def test_the_rows_of_a_source_are_those_counted_or_read(push: Any) -> None:
    report = push(rows(2)).report
    assert source_rows(report) == 2
    assert source_rows({**report, "changed_only": {"window": {}}}) is None
    assert source_rows({**report, "changed_only": {"window": {}}, "source_rows": 9}) == 9
