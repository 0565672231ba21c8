# SPDX-License-Identifier: Apache-2.0
"""What a unit test of a mapping sees is what the push of the same rows sends."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from airflow_names import DAG, BaseOperator, Param
from cases import CASES, Case, good
from hooks.wire_scripts import response
from wire_server import Peer

from airflow_provider_userattrs import Constant, FileRows, SqlRows
from airflow_provider_userattrs.hooks import Status
from airflow_provider_userattrs.operators import (
    EngageLabSetAttributesOperator,
    KahunaSetAttributesOperator,
    MoEngageSetAttributesOperator,
)
from airflow_provider_userattrs.testing import Update, preview


def engagelab(**parameters: Any) -> Any:
    return EngageLabSetAttributesOperator(task_id="push", **{"users": [], **parameters})


@pytest.mark.usefixtures("clock", "fourth_vendor")
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_bodies_are_those_that_are_sent(case: Case, airflow: Any, connect: Any, wire_server: Any) -> None:
    received = []

    def answer(peer: Peer) -> None:
        while (request := peer.request()) is not None:
            received.append(json.loads(request.body))
            accepted = dict.fromkeys(case.vendor.users_in(request.body), True)
            peer.send(response(case.vendor.response(accepted)[1]))

    connect(case.vendor.name, host=wire_server(answer).url)
    rows = case.rows(3)
    run = airflow.run(lambda: case.operator(task_id="push", users=rows, concurrency=1, **case.parameters))
    made = preview(run.dag.get_task("push"), rows)
    assert made.bodies == received
    assert [update.row for update in made.updates] == [0, 1, 2]
    assert (made.faults, made.skipped) == ({}, {})


def test_a_decimal_is_one_with_all_of_its_digits() -> None:
    digits = Decimal("1234567890.123456789012345")
    [update] = preview(engagelab(), [{"euid": 1, "a": digits, "b": Decimal("2.50"), "c": 0.5}]).updates
    assert update == Update(0, 1, {"a": digits, "b": Decimal("2.5"), "c": 0.5})


def test_each_row_is_an_update_a_fault_or_skipped() -> None:
    rows = [
        {"euid": 1, "a": 1, "b": "x", "yes": True},
        {"euid": 2, "a": object(), "b": object(), "yes": True},
        {"euid": 3, "a": 3, "b": "x", "yes": False},
        {"euid": 4, "a": None, "b": None, "yes": True},
        {"euid": "ada", "a": 5, "b": "x", "yes": True},
    ]
    made = preview(engagelab(where="yes"), rows)
    assert made.updates == [Update(0, 1, {"a": 1, "b": "x"})]
    assert made.bodies == [{"euid": 1, "type": "set", "properties": {"a": 1, "b": "x"}}]
    assert list(made.faults) == [1, 4]
    assert [fault.attribute for fault in made.faults[1]] == ["a", "b"]
    assert [fault.code for fault in made.faults[4]] == ["euid"]
    assert all(not fault.others for faults in made.faults.values() for fault in faults)
    assert {row: verdict.code for row, verdict in made.skipped.items()} == {2: "filtered", 3: "nothing-to-set"}
    assert made.skipped[2].status is Status.SKIPPED
    assert (made.report["rows"], made.report["dry_run"]) == (5, True)
    assert made.report["failure"] is None


def test_the_key_of_the_operator_s_own_rows_is_no_attribute() -> None:
    users = SqlRows("SELECT * FROM users", conn_id="nowhere", key="euid")
    operator = MoEngageSetAttributesOperator(task_id="push", users=users, customer_id="id")
    assert preview(operator, [{"id": "ada", "euid": 1, "a": 2}]).updates == [Update(0, "ada", {"a": 2})]


def test_templates_are_rendered() -> None:
    given = {"attributes": {"day": Constant("{{ ds }}"), "a": "a"}, "euid": "{{ column }}", "limit": "{{ 1 + 1 }}"}
    made = preview(engagelab(**given), good(3), {"ds": "2026-01-01", "column": "euid"})
    assert made.updates == [Update(0, 1, {"day": "2026-01-01", "a": 1}), Update(1, 2, {"day": "2026-01-01", "a": 2})]
    with pytest.raises(ValueError, match="timezone"):
        preview(engagelab(timezone="{{ zone }}"), good(1), {"zone": "Mars/Olympus"})


def test_a_limit_is_said_in_the_report() -> None:
    report = preview(engagelab(limit=2), good(3)).report
    assert (report["rows"], report["limit"]) == (2, {"rows": 2, "reached": True})
    assert "limit: only the first 2 rows were read; any further ones were left" in str(report["warning"])


def test_params_have_their_defaults() -> None:
    with DAG("nightly", schedule=None, params={"limit": 1, "plan": "free", "asked": Param(type="string")}):
        operator = engagelab(
            limit="{{ params.limit }}",
            attributes={"plan": Constant("{{ params.plan }}")},
            params={"plan": "gold"},
        )
    assert preview(operator, good(2)).updates == [Update(0, 1, {"plan": "gold"})]
    made = preview(operator, good(2), {"params": {"limit": 2, "plan": "x"}})
    assert [update.attributes for update in made.updates] == [{"plan": "x"}] * 2


def test_the_operator_is_left_as_it_is() -> None:
    operator = engagelab(limit="{{ 1 }}")
    preview(operator, good(2))
    assert operator.limit == "{{ 1 }}"


def test_rows_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("euid,a\n1,x\n")
    made = preview(engagelab(), FileRows(str(tmp_path / "users.csv"), types={"euid": "integer"}))
    assert made.updates == [Update(0, 1, {"a": "x"})]


def test_many_requests() -> None:
    made = preview(engagelab(), good(500))
    assert [body["euid"] for body in made.bodies] == list(range(1, 501))
    assert len(made.report["sample"]["requests"]) == 20


def test_what_duplicates_does() -> None:
    operator = KahunaSetAttributesOperator(task_id="push", users=[], target=["name"], duplicates="last")
    made = preview(operator, [{"name": "ada", "a": 1}, {"name": "ada", "a": 2}])
    assert made.updates == [Update(1, {"name": "ada"}, {"a": 2})]
    assert made.skipped[0].code == "superseded"


@pytest.mark.parametrize("form", ["output", "template"])
def test_the_output_of_another_task_is_not_read(form: str) -> None:
    with DAG("nightly", schedule=None):
        upstream = BaseOperator(task_id="rows")
        users = upstream.output if form == "output" else "{{ ti.xcom_pull('rows') }}"
        operator = engagelab(users=users)
    assert preview(operator, good(1)).updates == [Update(0, 1, {"a": 1})]


def test_a_source_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"typo\.csv' names no file"):
        preview(engagelab(), FileRows(str(tmp_path / "typo.csv")))


def test_what_cannot_be_previewed_is_refused() -> None:
    with pytest.raises(TypeError, match=r"operator is an int; give one of this package's operators"):
        preview(5, [])
    with pytest.raises(TypeError, match=r"not mapped with \.partial"):
        preview(EngageLabSetAttributesOperator.partial(task_id="push").expand(users=[[]]), [])
    with pytest.raises(ValueError, match="rows is a query as text"):
        preview(engagelab(), "SELECT 1")
