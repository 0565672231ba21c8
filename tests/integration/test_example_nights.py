# SPDX-License-Identifier: Apache-2.0
"""Nights of the example DAGs on real Airflow against the sandbox: the vendors hold what the reports say."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import warehouse_file
from integration.example_dags import fill, pushes
from versions import AIRFLOW, LOGICAL_DATE, needs

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")


def test_the_whole_night(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]], counted: Any, no_secret: Any
) -> None:
    run = airflow.test(examples.dags["nightly_all_vendors"])
    assert set(run.states.values()) == {"success"}
    reports = pushes(run)
    assert len(reports) == 8
    leavers = sum(1 for user in made_up if not user["newsletter"])
    for task, report in reports.items():
        counted(report, leavers if task.endswith("unset") else 2_000)
        assert report["accepted"] > 0.95 * report["rows"]
    # What the vendors hold is what the reports say.
    for vendor in ("engagelab", "kahuna", "moengage"):
        applied = sum(user["updates"] for user in control.users(vendor).values())
        said = sum(report["accepted"] for report in reports.values() if report["vendor"].lower() == vendor)
        assert applied == said
    orders = {user["euid"]: user["orders"] for user in made_up}
    for euid, user in control.users("engagelab").items():
        assert user["properties"].get("orders_seen", orders[euid]) == orders[euid], "increased by another number"
    assert {customer["attributes"].get("loaded_by") for customer in control.users("moengage").values()} <= {
        "nightly_all_vendors",
        None,
    }
    # Known bad rows, each for its own reason.
    assert reports["kahuna_attributes"]["warning"].startswith("12 of 2,000 users were not updated at Kahuna: ")
    assert "9 x User not found (404)" in reports["kahuna_attributes"]["warning"]
    assert "3 x value over 2,048 bytes" in reports["kahuna_attributes"]["warning"]
    assert reports["moengage_attributes"]["invalid"] == 9
    assert (reports["engagelab_attributes"]["invalid"], reports["engagelab_attributes"]["rejected"]) == (3, 12)
    # The last line of each push is its warning.
    warnings = [line.text for line in run.log.ours if line.level == "warning"]
    assert sorted(warnings) == sorted(report["warning"] for report in reports.values() if report["warning"])
    # Rows that failed are in files beside the name that the DAG gives, one for each task, and nowhere else.
    for task, report in reports.items():
        (file,) = night.glob(f"{task}.*.jsonl")
        _, *lines = file.read_text().splitlines()
        assert len(lines) == sum(report[status] for status in STATUSES if status not in ("accepted", "skipped"))
    shown = run.log.everything()
    no_secret(shown)
    ours = "\n".join(line.text for line in run.log.ours) + json.dumps(reports)
    for user in made_up[::10]:
        for name in ("email", "username", "customer_id"):
            assert user[name] not in ours
    assert {run.rendered[task]["users"] for task in reports} == {"rows of a SqlRows"}


def ordered_at(made_up: list[dict[str, Any]]) -> list[datetime]:
    """Return when those who have an id ordered last."""
    return [user["last_order_at"] for user in made_up if user["last_order_at"] and len(user["customer_id"]) > 5]


def test_a_night_sends_who_changed_since_the_last_that_succeeded(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]]
) -> None:
    nights = [datetime(2026, 5, day, 3, tzinfo=timezone.utc) for day in (1, 2, 3)]
    ordered = ordered_at(made_up)
    dag = examples.dags["nightly_changes"]
    first = airflow.test(dag, **{LOGICAL_DATE: nights[0]})
    assert first.reports["set_attributes"]["accepted"] == sum(each < nights[0] for each in ordered) > 500
    control.fault("moengage", {"status": 401})
    assert airflow.test(dag, **{LOGICAL_DATE: nights[1]}).states == {"set_attributes": "failed"}
    control.clear_faults()
    third = airflow.test(dag, **{LOGICAL_DATE: nights[2]})
    assert third.reports["set_attributes"]["accepted"] == sum(nights[0] <= each < nights[2] for each in ordered) > 5


def test_a_night_sends_who_changed_in_its_interval(
    airflow: Any, examples: Any, control: Any, night: Path, made_up: list[dict[str, Any]]
) -> None:
    days = [datetime(2026, 5, day, 3, tzinfo=timezone.utc) for day in (1, 2, 3)]
    ordered = ordered_at(made_up)
    dag = examples.dags["nightly_interval"]
    for first, last in pairwise(days):
        run = airflow.test(dag, **{LOGICAL_DATE: last})  # a run by hand has the interval that ended last
        assert run.reports["set_attributes"]["accepted"] == sum(first <= each < last for each in ordered) > 2


@needs("partitions")
def test_a_partition_is_a_day(examples: Any, night: Path, made_up: list[dict[str, Any]]) -> None:
    from airflow.sdk.execution_time import macros

    task = examples.dags["nightly_partition"].get_task("set_attributes")
    rows = task.users.resolve({"task": task, "partition_key": "2026-05-02", "macros": macros})
    read = [row for row in rows if isinstance(row, dict)]
    day = datetime(2026, 5, 2, tzinfo=timezone.utc).date()
    assert len(read) == sum(bool(user["last_order_at"]) and user["last_order_at"].date() == day for user in made_up) > 2


def test_a_second_night_sends_what_changed(
    airflow: Any, examples: Any, control: Any, night: Path, counted: Any
) -> None:
    dag = examples.dags["nightly_only_changed"]
    first = pushes(airflow.test(dag))
    with closing(sqlite3.connect(night / "warehouse.db")) as database, database:
        database.execute(
            "UPDATE users SET plan = 'new', orders = 999, last_order_at = '2026-11-24' WHERE rowid BETWEEN 101 AND 140"
        )
        database.execute("DELETE FROM users WHERE rowid BETWEEN 201 AND 220")
    second = pushes(airflow.test(dag))
    assert len(second) == 3
    for task, report in second.items():
        counted(report, 1_980)
        removed = report["changed_only"]["removed"]
        assert removed["left"] == removed["unset"]
        assert 18 <= removed["unset"] <= 20  # some of them no vendor takes
        assert 38 <= report["accepted"] <= 40
        assert report["skipped"] == first[task]["accepted"] - report["accepted"] - removed["unset"]
        failed = first[task]["rejected"] + first[task]["invalid"]
        assert first[task]["rejected"] - 2 <= report["changed_only"]["failing"] <= failed  # some have no id


def test_a_second_night_looks_up_new_users_only(
    airflow: Any, examples: Any, control: Any, night: Path, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_EUIDS_FOLDER", str(night / "euids"))
    requests = []
    for last in ("C-00399", "C-00402"):
        fill(night, monkeypatch, f"customer_id BETWEEN 'C-00100' AND '{last}'")
        reports = pushes(airflow.test(examples.dags["nightly_own_ids"]))
        assert {reports["set_attributes"][status] for status in ("rejected", "unknown", "unsent")} == {0}
        requests.append([reports[task]["lookups"]["requests"] for task in ("set_attributes", "set_contacts")])
    assert requests == [[3, 0], [1, 0]]
    assert control.user("engagelab", "user_id=C-00400")["updates"]


def test_a_night_is_logged(
    airflow: Any, examples: Any, control: Any, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = pushes(airflow.test(examples.dags["nightly_logged"]))
    with closing(sqlite3.connect(night / "warehouse.db")) as database:
        lines = database.execute(
            "SELECT task_id, status, COUNT(*) FROM userattrs_rows GROUP BY task_id, status ORDER BY 1, 2"
        ).fetchall()
    failed = ("invalid", "rejected")
    assert lines == [
        (task, status, reports[task][status]) for task in reports for status in failed if reports[task][status]
    ]
    assert {task for task, _, _ in lines} == {"kahuna", "moengage"}


@needs("human in the loop")
def test_nothing_is_sent_or_removed_unless_a_person_says_so(
    airflow: Any, examples: Any, control: Any, night: Path, client: Any, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"approve_set_attributes": "Approve", "approve_remove": "Reject"}
    asked: dict[str, str] = {}
    sent_before: list[int] = []
    headers = {"Authorization": f"Bearer {token('admin')}"}

    def answer(seconds: float = 0) -> None:
        """Answer over Airflow's API, while dag.test() waits."""
        path = "/api/v2/dags/nightly_approved/dagRuns/~/hitlDetails"
        waiting = client.get(path, params={"response_received": False}, headers=headers).json()["hitl_details"]
        for each in waiting:
            instance = each["task_instance"]
            if instance["task_id"] not in asked:
                asked[instance["task_id"]] = each["body"]
                sent_before.append(len(control.journal()))
            url = f"/api/v2/dags/nightly_approved/dagRuns/{instance['dag_run_id']}/taskInstances/{instance['task_id']}"
            response = client.patch(
                f"{url}/-1/hitlDetails",
                json={"chosen_options": [answers[instance["task_id"]]], "params_input": {}},
                headers=headers,
            )
            assert response.status_code == 200, response.text

    def read_the_answer(ti_id: Any) -> Any:
        """Do what a triggerer does, and before Airflow 3.3 dag.test() does not."""
        from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor

        answer()
        supervisor: Any = InProcessTestSupervisor
        return supervisor._api_client().hitl.get_detail_response(ti_id=ti_id)

    if AIRFLOW.release < (3, 3):
        monkeypatch.setattr("airflow.providers.standard.triggers.hitl.get_hitl_detail_content_detail", read_the_answer)
    else:
        monkeypatch.setattr("time.sleep", answer)
    run = airflow.test(examples.dags["nightly_approved"])
    assert sent_before[0] == 0, "nothing is sent before anybody is asked"
    rehearsed = run.reports["rehearse_set_attributes"]
    would_go = rehearsed["skipped"]
    assert asked["approve_set_attributes"] == rehearsed["warning"]
    assert f"Dry run: would send {would_go:,} of 2,000 users to Kahuna" in asked["approve_set_attributes"]
    assert re.match(r"Dry run: would send [\d,]+ of [\d,]+ users to Kahuna", asked["approve_remove"])
    assert (run.states["set_attributes"], run.states["remove"]) == ("success", "skipped")
    assert run.reports["set_attributes"]["accepted"] > 0.95 * would_go
    assert len(control.journal()) == run.reports["set_attributes"]["requests"], "nothing else is sent"
    assert len(rehearsed["sample"]["requests"]) == 1


@pytest.mark.parametrize("name", ["nightly_engagelab", "nightly_kahuna", "nightly_moengage"])
def test_one_vendors_night(
    airflow: Any,
    examples: Any,
    control: Any,
    night: Path,
    made_up: list[dict[str, Any]],
    counted: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """With a tenth of the users, which is enough to see every task work."""
    few = made_up[100:300]  # past those that EngageLab does not know
    for module in [module for module in sys.modules.values() if getattr(module, "read_users", None)]:
        monkeypatch.setattr(module, "read_users", lambda: few)
    run = airflow.test(examples.dags[name])
    assert set(run.states.values()) == {"success"}
    for task, report in pushes(run).items():
        counted(report, sum(1 for user in few if not user["newsletter"]) if "unset" in task else 200)
        filtered = sum(reason["count"] for reason in report["reasons"] if reason["code"] == "filtered")
        assert filtered == (sum(not user["newsletter"] for user in few) if task == "set_contacts" else 0)
        assert report["accepted"] >= 0.9 * (report["rows"] - filtered)
    vendor = name.removeprefix("nightly_")
    applied = sum(user["updates"] for user in control.users(vendor).values())
    assert applied == sum(report["accepted"] for report in pushes(run).values())


def test_an_unavailable_vendor_delays_no_other(
    airflow: Any,
    examples: Any,
    control: Any,
    night: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(night, monkeypatch, "customer_id BETWEEN 'C-00100' AND 'C-00149'")
    control.fault("kahuna", {"status": 401})
    run = airflow.test(examples.dags["nightly_all_vendors"])
    states = dict(run.states)
    assert states.pop("kahuna_attributes") == "failed"
    assert states.pop("kahuna_unset") == "upstream_failed"
    assert set(states.values()) == {"success"}


@pytest.mark.parametrize("name", ["nightly_all_vendors", "nightly_sharded"])
def test_from_postgresql(airflow: Any, examples: Any, control: Any, night: Path, postgres: Any, name: str) -> None:
    """With the types that PostgreSQL has; plain, and in shards."""
    postgres.execute(warehouse_file.TABLE)
    names = ", ".join(warehouse_file.COLUMNS)
    values = ", ".join(["%s"] * len(warehouse_file.COLUMNS))
    with closing(postgres.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO users ({names}) VALUES ({values})", warehouse_file.read()[:400])
    run = airflow.test(examples.dags[name])
    assert set(run.states.values()) == {"success"}
    reports = pushes(run)
    for vendor in ("engagelab", "kahuna", "moengage"):
        totals = [report for task, report in reports.items() if task == f"{vendor}_total"]
        said = [report for report in reports.values() if report["vendor"].lower() == vendor and report not in totals]
        accepted = sum(report["accepted"] for report in said)
        assert sum(user["updates"] for user in control.users(vendor).values()) == accepted
        if name == "nightly_sharded":
            assert len(said) == 4
            assert [(total["rows"], total["accepted"]) for total in totals] == [(400, accepted)]
    assert control.user("kahuna", "user0123")["attributes"]["birthday"] == "1986/04/18"
    assert control.user("engagelab", 10360123)["properties"]["lifetime_value"] == 2222.56
