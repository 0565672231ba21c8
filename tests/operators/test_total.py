# SPDX-License-Identifier: Apache-2.0
"""A push split over mapped tasks on real Airflow: shards, their share of the cap, one verdict at the end."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from airflow_names import AirflowFailException, AirflowSkipException, task
from operators.engagelab_push import QUERY

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.push.model.errors import RetryLater
from airflow_provider_userattrs.sources.chunks import one_by_one
from airflow_provider_userattrs.sources.files import FileRows
from airflow_provider_userattrs.sources.rejects import Rejects
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections", "clock")


def nightly(n: int, *, at_once: int | None = None, max_failed: Any = None, push: dict[str, Any] | None = None) -> Any:
    """Return what builds a DAG that splits a query over mapped tasks and adds up their reports."""

    def build() -> None:
        @task
        def split() -> Any:
            return shards(SqlRows(QUERY, conn_id="warehouse", key="euid"), n, at_once=at_once)

        parts = EngageLabSetAttributesOperator.partial(
            task_id="push", map_index_template="{{ push_label }}", **(push or {})
        ).expand_kwargs(split())
        PushTotalOperator(task_id="total", reports=parts.output, max_failed=max_failed)

    return build


def labels(run: Any) -> list[str]:
    return [
        ti.rendered_map_index
        for ti in sorted(run.dag_run.get_task_instances(), key=lambda ti: ti.map_index)
        if ti.map_index >= 0
    ]


def test_a_push_that_keeps_no_report_is_an_error_of_the_dag(airflow: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^reports is the output of push, which keeps none; leave out its do_xcom_push"
    ):
        airflow.run(nightly(4, push={"do_xcom_push": False}))


def test_shards_of_a_query_and_their_total(airflow: Any, warehouse: Any, control: Any, counted: Any) -> None:
    warehouse(903)
    run = airflow.run(nightly(4))
    total = run.reports["total"]
    counted(total, 903)
    assert (total["accepted"], total["rejected"]) == (900, 3)
    assert total["shards"] == {"reported": 4, "missing": []}
    assert [run.reports["push", index]["shard"] for index in range(4)] == [{"number": n, "of": 4} for n in (1, 2, 3, 4)]
    assert len(control.users("engagelab")) == 900
    assert all(user["properties"] == {"plan": "gold"} for user in control.users("engagelab").values())
    assert set(run.states.values()) == {"success"}
    assert run.log.ours[-1].level == "warning"
    assert run.log.ours[-1].text.startswith("3 of 903 users were not updated at EngageLab: 3 x EUID is invalid (55108)")
    assert labels(run) == ["1/4: 226 updated", "2/4: 226 updated", "3/4: 226 updated", "4/4: 3 not updated"]


def test_a_threshold_that_renders_to_something_wrong_fails_for_good_by_name(airflow: Any) -> None:
    run = airflow.run(
        lambda: PushTotalOperator(task_id="total", reports=[], max_failed="{{ 'lots' }}", retries=1, retry_delay=0)
    )
    assert isinstance(run.error, AirflowFailException)
    assert str(run.error).startswith("max_failed is the text 'lots'; give a share of the rows")


def test_a_wrong_parameter_given_to_partial_is_found_at_parse() -> None:
    with pytest.raises(ValueError, match=r"on_empty is .*; use one of 'warn', 'fail', 'ok'"):
        PushTotalOperator.partial(task_id="total", on_empty="never")


def test_one_threshold_for_all_shards(airflow: Any, warehouse: Any) -> None:
    warehouse(903)
    run = airflow.run(nightly(4, max_failed=2))
    assert [run.states["push", index] for index in range(4)] == ["success"] * 4
    assert run.states["total"] == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert "3 of 903 users failed at EngageLab; max_failed allows 2" in str(run.error)
    assert run.reports["total"]["rejected"] == 3


def test_a_shard_that_left_no_report_fails_the_total(airflow: Any, warehouse: Any, monkeypatch: Any) -> None:
    warehouse(20)

    def break_off(self: Any, context: Any) -> Any:
        if self.shard.number == 2:
            raise AirflowFailException("no report")
        return execute(self, context)

    execute = EngageLabSetAttributesOperator.execute
    monkeypatch.setattr(EngageLabSetAttributesOperator, "execute", break_off)
    run = airflow.run(nightly(4))
    assert run.states["total"] == "failed"
    assert "no report came from 1 of 4 shards: 2; clear them" in str(run.error)
    assert run.reports["total"]["shards"] == {"reported": 3, "missing": [2]}


def test_rows_left_unsent_fail_the_total(airflow: Any, warehouse: Any, control: Any) -> None:
    warehouse(8)
    control.fault("engagelab", {"status": 429}, {"users": [3]})
    run = airflow.run(nightly(4, push={"concurrency": 1}))  # user 4 comes between the tries of user 3
    assert run.states["push", 1] == "failed"
    assert run.states["total"] == "failed"
    assert "1 of 8 users could not be sent to EngageLab for now" in str(run.error)


@pytest.mark.parametrize("good", [0, 2], ids=["before a row", "in mid-read"])
def test_a_shard_whose_source_breaks_fails_the_total(airflow: Any, warehouse: Any, monkeypatch: Any, good: int) -> None:
    warehouse(20)
    read: Any = SqlRows.chunks

    def break_off(self: SqlRows, after: Any = None) -> Any:
        with closing(read(self, after)) as rows:  # its thread alone may close it
            if breaks(self):
                yield from islice(
                    one_by_one(rows), good + 1 if good else 0
                )  # the first is the keys of what was fetched
                raise RetryLater("sql could not be read to its end (OperationalError)")
            yield from rows

    first: list[str] = []

    def breaks(source: SqlRows) -> bool:
        if source.key is None:  # the query for the shards' edges
            return False
        first.append(repr(source.key_filter))
        return repr(source.key_filter) == first[0]

    monkeypatch.setattr(SqlRows, "chunks", break_off)
    run = airflow.run(nightly(4, max_failed=1.0))
    [broken] = [number for number in range(1, 5) if run.states["push", number - 1] == "failed"]
    assert run.states["total"] == "failed", "and with it the run, for it is the last task"
    sentence = str(run.error)
    where = f"; stopped at row {good}; the rows after it are not counted" if good else ""
    assert sentence == (
        f"1 of 4 shards stopped: shard {broken}: sql could not be read to its end (OperationalError){where}"
    )
    total = run.reports["total"]
    assert total["failure"] == sentence
    assert total["warning"].endswith(sentence)
    assert total["rows"] == 15 + good


def test_shards_that_are_all_refused_fail_the_total(airflow: Any, warehouse: Any) -> None:
    warehouse(20)
    run = airflow.run(nightly(4, push={"engagelab_conn_id": "nowhere"}))
    assert run.states["total"] == "failed"
    assert "4 of 4 shards stopped: shards 1, 2, 3, 4: The conn_id `nowhere` isn't defined" in str(run.error)
    assert not any("nothing to do" in text for text in run.log.texts)


def test_each_shard_takes_its_part_of_the_cap(airflow: Any, warehouse: Any) -> None:
    warehouse(84)
    run = airflow.run(nightly(4, push={"rate_limit": 42.5}))
    seconds = [run.reports["push", index]["seconds"] for index in range(4)]
    assert seconds == pytest.approx([20 / 11, 20 / 10, 20 / 10, 20 / 10], abs=0.02), "41 a second, in whole ones"
    assert any("shard 1/4, at most 11 requests a second" in text for text in run.log.texts)
    run = airflow.run(nightly(4, at_once=2, push={"rate_limit": 42.5}))
    assert run.reports["push", 0]["seconds"] == pytest.approx(20 / 20, abs=0.02)


def test_a_cap_too_small_to_share_is_refused_by_name(airflow: Any, warehouse: Any, control: Any) -> None:
    warehouse(8)
    run = airflow.run(nightly(4, push={"rate_limit": 3}))
    assert "4 shards at one time cannot share a cap of 3 per second" in str(run.log.errors[0])
    assert control.journal("engagelab") == []


def test_rejects_of_all_shards_are_replayed(airflow: Any, warehouse: Any, control: Any, tmp_path: Path) -> None:
    warehouse(905)
    path = f"{tmp_path}/rejects.jsonl"
    run = airflow.run(nightly(4, push={"rejects_path": path}))
    assert run.reports["push", 3]["rejects_path"].endswith(".map-0003.jsonl")
    assert len(run.reports["total"]["rejects_path"]) == 4
    control.seed("engagelab", list(range(901, 906)))
    run = airflow.run(lambda: EngageLabSetAttributesOperator(task_id="push", users=Rejects(path)))
    assert run.counts == {"accepted": 5}


def test_shards_by_hash_stand_in_the_dag_file(airflow: Any, warehouse: Any, control: Any, counted: Any) -> None:
    warehouse(50)

    def build() -> None:
        kwargs = shards(SqlRows(QUERY, conn_id="warehouse", key="euid"), 3, by="hash")
        parts = EngageLabSetAttributesOperator.partial(task_id="push").expand_kwargs(kwargs)
        PushTotalOperator(task_id="total", reports=parts.output)

    run = airflow.run(build)
    counted(run.reports["total"], 50)
    assert run.reports["total"]["accepted"] == 50


def test_shards_of_files(airflow: Any, control: Any, tmp_path: Path, counted: Any) -> None:
    for number in range(5):
        rows = [json.dumps({"customer_id": f"user{number}{line}", "a": 1}) + "\n" for line in range(10 * number + 1)]
        (tmp_path / f"{number}.jsonl").write_text("".join(rows))

    def build() -> None:
        @task
        def split() -> Any:
            return shards(FileRows(f"{tmp_path}/{{{{ 'x'.replace('x', '*') }}}}.jsonl"), 2)

        parts = MoEngageSetAttributesOperator.partial(task_id="push").expand_kwargs(split())
        PushTotalOperator(task_id="total", reports=parts.output)

    run = airflow.run(build)
    counted(run.reports["total"], 105)
    assert sorted(run.reports["push", index]["rows"] for index in (0, 1)) == [52, 53]
    assert run.reports["total"]["accepted"] == 105


@pytest.mark.parametrize("reports", [None, "reports", 5])
def test_a_total_of_nothing_is_refused_at_parse(airflow: Any, reports: Any) -> None:
    with pytest.raises(ValueError, match=r"reports is .*; give the output of the mapped push"):
        PushTotalOperator(task_id="total", reports=reports)


def test_a_total_of_something_other_than_reports(airflow: Any) -> None:
    run = airflow.run(lambda: PushTotalOperator(task_id="total", reports=[{"rows": 5}]))
    assert run.states["total"] == "failed"
    assert "there is no report to add up; give the output of the mapped push" in str(run.error)


# No reports


def mapped_over(users: Any, **push: Any) -> Any:
    """Return what builds a DAG that adds up a push mapped over lists of users, which have no numbers."""

    def build() -> None:
        @task
        def lists() -> Any:
            if isinstance(users, Exception):
                raise users
            return users

        parts = EngageLabSetAttributesOperator.partial(task_id="push", **push).expand(users=lists())
        PushTotalOperator(task_id="total", reports=parts.output)

    return build


def one_each(count: int) -> list[list[dict[str, Any]]]:
    return [[{"euid": euid, "plan": "gold"}] for euid in range(1, count + 1)]


@pytest.mark.parametrize(
    ("users", "push"), [([], "skipped"), (AirflowSkipException("nobody tonight"), "skipped")], ids=["nothing", "skip"]
)
def test_the_total_of_a_skipped_push_is_skipped(airflow: Any, control: Any, users: Any, push: str) -> None:
    run = airflow.run(mapped_over(users))
    assert run.states["push"] == push
    assert run.states["total"] == "skipped"
    assert "failed" not in run.states.values()
    assert any("There is nothing to add up: push was skipped" in line.text for line in run.log)


def test_the_total_of_shards_that_were_all_skipped_is_skipped(airflow: Any, warehouse: Any, monkeypatch: Any) -> None:
    warehouse(20)
    monkeypatch.setattr(EngageLabSetAttributesOperator, "execute", broken_off(AirflowSkipException("not today")))
    run = airflow.run(nightly(4))
    assert [run.states["push", index] for index in range(4)] == ["skipped"] * 4
    assert run.states["total"] == "skipped"


def test_the_total_of_a_single_push_that_was_skipped_is_skipped(airflow: Any, control: Any) -> None:
    def build() -> None:
        @task
        def upstream() -> Any:
            raise AirflowSkipException("nobody tonight")

        push = EngageLabSetAttributesOperator(task_id="push", users=upstream())
        PushTotalOperator(task_id="total", reports=[push.output])

    assert airflow.run(build).states == {"upstream": "skipped", "push": "skipped", "total": "skipped"}


def test_shards_that_failed_before_they_could_report_fail_the_total(
    airflow: Any, warehouse: Any, monkeypatch: Any
) -> None:
    warehouse(20)
    monkeypatch.setattr(EngageLabSetAttributesOperator, "execute", broken_off(AirflowFailException("killed")))
    run = airflow.run(nightly(4))
    assert run.states["total"] == "failed"
    assert (
        "no report came from 4 of 4 shards: push[0] (failed), push[1] (failed), push[2] (failed), push[3] (failed); "
        "clear them" in str(run.error)
    )


def test_a_push_that_never_began_fails_the_total(airflow: Any, control: Any) -> None:
    run = airflow.run(mapped_over(RuntimeError("no")))
    assert run.states["push"] == "upstream_failed"
    assert run.states["total"] == "failed"
    assert str(run.error) == (
        "There is nothing to add up: no report came from 1 of 1 shard: push (upstream_failed); clear what failed "
        "upstream of them"
    )


def test_a_mapped_task_without_a_number_that_left_no_report_fails_the_total(
    airflow: Any, control: Any, monkeypatch: Any
) -> None:
    control.switch(engagelab__any_user=True)
    killed = broken_off(AirflowFailException("killed"), only=1)
    monkeypatch.setattr(EngageLabSetAttributesOperator, "execute", killed)
    run = airflow.run(mapped_over(one_each(3)))
    assert [run.states["push", index] for index in range(3)] == ["success", "failed", "success"]
    assert run.states["total"] == "failed"
    assert str(run.error) == "no report came from 1 of 3 shards: push[1] (failed); clear them"
    assert run.reports["total"]["accepted"] == 2


def test_a_skipped_mapped_task_is_not_a_failed_one(airflow: Any, control: Any, monkeypatch: Any) -> None:
    control.switch(engagelab__any_user=True)
    skipped = broken_off(AirflowSkipException("not today"), only=1)
    monkeypatch.setattr(EngageLabSetAttributesOperator, "execute", skipped)
    run = airflow.run(mapped_over(one_each(3)))
    assert run.states["push", 1] == "skipped"
    assert run.states["total"] == "success"
    assert run.reports["total"]["rows"] == 2


def test_a_mapped_task_that_failed_with_a_report_is_not_missing(airflow: Any, control: Any) -> None:
    control.seed("engagelab", [1, 2])
    run = airflow.run(mapped_over(one_each(3)))
    assert run.states["push", 2] == "failed"
    assert run.states["total"] == "success"
    assert run.reports["total"]["accepted"] == 2
    assert "no report" not in run.reports["total"]["warning"]


def broken_off(error: Exception, only: int | None = None) -> Any:
    """Return an execute() that raises, of all instances or of one, before anything is pushed."""
    execute = EngageLabSetAttributesOperator.execute

    def break_off(self: Any, context: Any) -> Any:
        if only in (None, context["ti"].map_index):
            raise error
        return execute(self, context)

    return break_off


@pytest.mark.parametrize("shard", ["1/8", {"number": 1}, [1, 8]])
def test_a_wrong_shard_is_refused_at_parse(shard: Any) -> None:
    with pytest.raises(ValueError, match=r"shard is .*; give None, or what shards\(\) returns"):
        EngageLabSetAttributesOperator(task_id="push", users=[], shard=shard)
