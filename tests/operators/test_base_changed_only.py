# SPDX-License-Identifier: Apache-2.0
"""Night after night on real Airflow: only what changed is sent, and what failed is sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from cases import CASES, Case, good

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.operators.total import PushTotalOperator
from airflow_provider_userattrs.sources.shards import shards
from airflow_provider_userattrs.sources.sql import SqlRows

pytestmark = pytest.mark.usefixtures("connections")

_dags = count(1)


def test_only_what_changed_is_sent(night: Any, control: Any, counted: Any) -> None:
    first = night(good(5))
    assert first.counts == {"accepted": 5}
    assert "changed_only: Every user is sent, because nothing was pushed before" in "\n".join(first.log.texts)
    second = night([*good(4), {"euid": 5, "a": "new"}, {"euid": 6, "a": 6}])
    counted(second.report, 6)
    assert second.counts == {"accepted": 2, "skipped": 4}
    assert "changed_only: Only what changed is sent, of 5 users known" in "\n".join(second.log.texts)
    assert "4 x unchanged since the vendor accepted it [skipped]" in "\n".join(second.log.texts)
    assert second.report["requests"] == 2
    assert second.report["changed_only"]["known"] == 5
    assert second.report["warning"] is None
    held = {euid: user["properties"]["a"] for euid, user in control.users("engagelab").items()}
    assert held == {"1": 1, "2": 2, "3": 3, "4": 4, "5": "new", "6": 6}
    third = night([*good(4), {"euid": 5, "a": "new"}, {"euid": 6, "a": 6}])
    assert (third.counts, third.report["requests"], third.state) == ({"skipped": 6}, 0, "success")


def test_null_and_absent_are_one(night: Any) -> None:
    night([{"euid": 1, "a": 1, "b": None}])
    assert night([{"euid": 1, "a": 1}]).counts == {"skipped": 1}


def test_what_failed_is_sent_again_and_since_when_is_said(night: Any, control: Any) -> None:
    night(good(4))
    control.switch(engagelab__any_user=False)
    control.seed("engagelab", [1, 2, 3])
    rows = [*good(3), {"euid": 9, "a": 1}]
    first = night(rows, max_failed=1.0)
    assert first.counts == {"rejected": 1, "skipped": 3}
    assert first.state == "failed", "all that was sent was refused"
    assert "accepted none of 1 user; 3 are unchanged" in first.report["failure"]
    fewer = night([rows[0], {"euid": 10, "a": 1}], max_failed=1.0)
    assert "accepted none of 1 user; 1 is unchanged" in fewer.report["failure"]
    again = night(rows)
    assert again.counts == {"rejected": 1, "skipped": 3}
    assert again.state == "success", "this user is known to fail, and nothing else was to be sent"
    assert again.report["changed_only"]["failing"] == 1
    assert "1 user has failed before too, the first since 2" in "\n".join(again.log.texts)
    control.switch(engagelab__any_user=True)
    assert night(rows).counts == {"accepted": 1, "skipped": 3}


def test_a_dry_run_says_what_it_would_send_and_keeps_nothing(night: Any, tmp_path: Any) -> None:
    night(good(3))
    before = {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()}
    run = night([*good(2), {"euid": 3, "a": "new"}], dry_run=True)
    assert {reason["code"]: reason["count"] for reason in run.report["reasons"]} == {"unchanged": 2, "dry-run": 1}
    assert "would send 1 of 3 users" in run.report["warning"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "known").iterdir()} == before


def test_the_files_are_private_and_say_nothing_of_users(night: Any, tmp_path: Any, sandbox: Any) -> None:
    night([{"euid": 77001234, "email": "ada@example.com"}])
    (path,) = (tmp_path / "known").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    content = path.read_bytes()
    assert b"ada@example" not in content
    assert b"77001234" not in content
    assert sandbox.world.vendors["engagelab"].login.password.encode() not in content


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attributes": ["a"]}, "the mapping changed"),
        ({"timezone": "Asia/Tokyo"}, "the mapping changed"),
    ],
)
def test_another_mapping_begins_anew(night: Any, change: dict[str, Any], why: str) -> None:
    night(good(2))
    run = night(good(2), **change)
    assert run.counts == {"accepted": 2}
    assert f"changed_only: Every user is sent, because {why}" in "\n".join(run.log.texts)
    assert run.report["changed_only"]["full"] == why


def test_another_secret_begins_anew(night: Any, connections: Any, sandbox: Any, monkeypatch: Any) -> None:
    night(good(2))
    vendor = sandbox.world.vendors["engagelab"]
    monkeypatch.setattr(vendor, "login", vendor.login._replace(password="rotated"))
    connections("engagelab")
    assert night(good(2)).report["changed_only"]["full"] == "the connection's secret changed"


def test_a_full_refresh_by_template(night: Any) -> None:
    night(good(2))
    assert night(good(2), only={"full_refresh": "{{ 1 == 1 }}"}).counts == {"accepted": 2}
    assert night(good(2), only={"full_refresh": "{{ 1 == 2 }}"}).counts == {"skipped": 2}
    wrong = night(good(2), only={"full_refresh": "{{ ds }}"})
    assert wrong.state == "failed"
    assert "changed_only.full_refresh is the text" in wrong.report["failure"]


def test_moengage_is_refreshed_within_its_60_days(night: Any, clock: Any) -> None:
    rows = [{"customer_id": f"user-{number}", "a": 1} for number in range(20)]
    night(rows, MoEngageSetAttributesOperator)
    sent = 0
    for _ in range(9):  # of 45 days
        clock.advance(4 * 86_400)
        sent += night(rows, MoEngageSetAttributesOperator).report["accepted"]
    assert sent == 20
    assert night(rows, MoEngageSetAttributesOperator, only={"refresh_after": timedelta(seconds=1)}).counts == {
        "accepted": 20
    }


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_operation_that_sets_or_unsets_takes_it(case: Case, tmp_path: Any) -> None:
    def make() -> Any:
        return case.operator(
            task_id="push", users=case.rows(2), changed_only=ChangedOnly(str(tmp_path)), **case.parameters
        )

    if case.operation in ("increase", "add", "remove"):
        with pytest.raises(ValueError, match="changed_only is for operations that set or unset"):
            make()
    else:
        assert make().changed_only.path == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("s3://bucket/known", "changed_only is the text 's3://bucket/known'; give ChangedOnly"),
        (ChangedOnly("known"), "changed_only.path is the text 'known'; a relative path"),
        (ChangedOnly(None), "changed_only.path is None; give a folder"),  # type: ignore[arg-type]
        (ChangedOnly("/known", full_refresh="yes"), "changed_only.full_refresh is the text 'yes'; give True or False"),
    ],
    ids=["text", "relative", "None", "no flag"],
)
def test_what_cannot_work_is_an_error_when_the_dag_is_parsed(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace("[", r"\[")):
        EngageLabSetAttributesOperator(task_id="push", users=good(1), changed_only=given)


@pytest.mark.parametrize("given", [timedelta(0), timedelta(-1), 45, "45 days"])
def test_an_impossible_time_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"refresh_after is .*; give a timedelta over 0"):
        ChangedOnly("/known", refresh_after=given)


def test_a_retry_goes_on_and_learns_from_both_tries(night: Any, control: Any, kept: Any) -> None:
    night(good(6))
    rows = [{"euid": number, "a": "new"} for number in range(1, 7)]
    control.fault("engagelab", {"status": 401}, {"users": [4]})
    stopped = night(rows, concurrency=1, **kept)
    assert stopped.report["unsent"] == 3
    control.clear_faults()
    run = night(rows, **kept)
    assert run.counts == {"accepted": 3, "skipped": 3}
    assert night(rows, **kept).counts == {"skipped": 6}


def test_a_storage_that_fails_is_tried_again(night: Any, tmp_path: Any) -> None:
    (tmp_path / "known").write_text("a file, and no folder")
    run = night(good(1))
    assert run.state == "failed"
    assert "changed_only: the files in its path cannot be read or written" in run.report["failure"]
    assert run.report["requests"] == 0


def test_shards_by_hash_of_the_user_each_keep_their_own(
    airflow: Any, control: Any, clock: Any, tmp_path: Any, sqlite: Callable[..., None]
) -> None:
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE people (euid INTEGER, a TEXT)")
    sqlite(*(f"INSERT INTO people VALUES ({number}, 'x')" for number in range(1, 21)))

    def build(n: int = 3, key: str = "euid", by: str = "hash") -> Callable[[], None]:
        def make() -> None:
            split = shards(SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key=key), n, by=by)
            push = EngageLabSetAttributesOperator.partial(
                task_id="push", changed_only=ChangedOnly(str(tmp_path / "known"))
            ).expand_kwargs(split)
            PushTotalOperator(task_id="total", reports=push.output)

        return make

    dag_id = f"sharded_{next(_dags)}"
    first = airflow.run(build(), dag_id=dag_id)
    assert first.reports["total"]["accepted"] == 20
    sqlite("UPDATE people SET a = 'y' WHERE euid = 7")
    second = airflow.run(build(), dag_id=dag_id)
    total = second.reports["total"]
    assert (total["accepted"], total["skipped"], total["changed_only"]["known"]) == (1, 19, 20)
    other = airflow.run(build(n=2), dag_id=dag_id).reports["total"]
    assert (other["accepted"], other["changed_only"]["full"]) == (20, "the number of shards changed")
    assert airflow.run(build(), dag_id=dag_id).reports["total"]["accepted"] == 20, "the third shard's file is outdated"


@pytest.mark.parametrize("in_between", [1, 2])
@pytest.mark.parametrize("task_id", ["push", "push_" + "x" * 200])
def test_what_was_known_before_a_push_in_shards_is_not_known_after_it(
    airflow: Any, control: Any, clock: Any, tmp_path: Any, sqlite: Callable[..., None], in_between: int, task_id: str
) -> None:
    control.switch(engagelab__any_user=True)
    sqlite("CREATE TABLE people (euid INTEGER, a TEXT)", "INSERT INTO people VALUES (1, 'x'), (2, 'x'), (3, 'x')")
    source = SqlRows("SELECT euid, a FROM people", conn_id="warehouse", key="euid")
    options: dict[str, Any] = {"task_id": task_id, "changed_only": ChangedOnly(str(tmp_path / "known"))}
    dag_id = f"now_and_then_sharded_{next(_dags)}"

    def whole(**more: Any) -> dict[str, int]:
        return airflow.run(  # type: ignore[no-any-return]
            lambda: EngageLabSetAttributesOperator(users=source, **options, **more), dag_id=dag_id
        ).counts

    def split(**more: Any) -> Any:
        return airflow.run(
            lambda: EngageLabSetAttributesOperator.partial(**options, **more).expand_kwargs(
                shards(source, in_between, by="hash")
            ),
            dag_id=dag_id,
        )

    whole()
    sqlite("UPDATE people SET a = 'y'")
    split(dry_run=True)
    assert (
        airflow.run(
            lambda: EngageLabSetAttributesOperator(users=good(1), dry_run=True, **options), dag_id=dag_id
        ).report["changed_only"]["known"]
        == 3
    ), "a dry run deletes nothing"
    split()
    sqlite("UPDATE people SET a = 'x'")
    assert whole() == {"accepted": 3}
    assert {user["properties"]["a"] for user in control.users("engagelab").values()} == {"x"}
    assert len(list((tmp_path / "known").iterdir())) == 1


def test_mapped_over_lists_is_refused(airflow: Any, control: Any, tmp_path: Any) -> None:
    def build() -> None:
        EngageLabSetAttributesOperator.partial(task_id="push", changed_only=ChangedOnly(str(tmp_path))).expand(
            users=[good(1), good(1, 2)]
        )

    run = airflow.run(build)
    report = run.reports["push", 0]
    assert "changed_only needs each user in the same mapped task instance every time" in report["failure"]
    assert json.dumps(report)
