# SPDX-License-Identifier: Apache-2.0
"""The report of a push, however the push ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cases import good
from operators.base_push import invalid

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections", "clock")

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")

FIELDS = {
    "vendor",
    "operation",
    "rows",
    *STATUSES,
    "reasons",
    "requests",
    "retries",
    "seconds",
    "resumed_from",
    "rejects_path",
    "dry_run",
    "warning",
}


def endings(control: Any) -> Iterator[tuple[str, list[dict[str, Any]], dict[str, Any]]]:
    yield "success", good(3), {}
    yield "success", good(3) + invalid(1), {}
    yield "success", [], {}
    yield "success", good(3), {"dry_run": True}
    yield "failed", invalid(3), {}
    yield "failed", good(3) + invalid(1), {"max_failed": 0}
    yield "failed", good(3), {"engagelab_conn_id": "nowhere"}
    control.fault("engagelab", {"code": 40050})
    yield "failed", good(3), {}
    control.clear_faults()
    control.fault("engagelab", {"status": 503})
    yield "failed", good(3), {}


def test_the_report_is_pushed_however_a_push_ends(push_with_retries: Callable[..., Any], control: Any) -> None:
    for state, rows, parameters in endings(control):
        run = push_with_retries(rows, retries=0, **parameters)
        assert run.state == state
        report = run.report
        assert report.keys() >= FIELDS
        assert (report["vendor"], report["operation"]) == ("EngageLab", "set attributes")
        assert report["dry_run"] is parameters.get("dry_run", False)
        assert report["resumed_from"] is None
        assert report["seconds"] >= 0
        json.dumps(report, allow_nan=False)
        for reason in report["reasons"]:
            assert reason.keys() >= {"status", "code", "meaning", "remedy", "count", "positions"}
            assert reason["status"] in STATUSES
            assert reason["meaning"]
            assert reason["remedy"]
            assert 0 < len(reason["positions"]) <= reason["count"]
        needs_attention = sum(report[status] for status in STATUSES if status not in ("accepted", "skipped"))
        is_unusual = state == "success" and (not report["rows"] or report["dry_run"])
        assert (report["warning"] is not None) == (needs_attention > 0 or is_unusual)


def test_requests_and_retries_are_those_of_the_wire(push_with_retries: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"status": 503}, {"every": 3})
    run = push_with_retries(good(30))
    assert run.counts == {"accepted": 30}
    journal = control.journal()
    assert run.report["requests"] == len(journal)
    assert run.report["retries"] == len(journal) - 30
    assert run.report["bytes"] == sum(request["bytes"] for request in journal)


def test_positions_are_those_of_the_rows(push_with_retries: Callable[..., Any]) -> None:
    run = push_with_retries(good(2) + invalid(1) + good(1, 10) + invalid(1))
    (reason,) = run.report["reasons"]
    assert reason["positions"] == [2, 4]


class Many:
    """Rows of one vendor with more reasons, longer names and stranger types than any report can hold."""

    def rows(self) -> Iterator[Any]:
        for number in range(3_000):
            kind = type("K" * 50 + str(number % 300), (), {})
            yield {"euid": number + 1, f"{'健' * 200}{number % 500}": kind()}
        yield {"euid": 1, "ok": 1}


def test_the_report_is_small_whatever_the_rows(push_with_retries: Callable[..., Any], counted: Any) -> None:
    run = push_with_retries(Many(), max_failed=1.0)
    assert run.state == "success"
    counted(run.report, 3_001)
    assert len(json.dumps(run.report)) < 16 * 1024
    assert len(json.dumps(run.report, ensure_ascii=False).encode()) < 16 * 1024
    assert len(run.report["reasons"]) <= 20


def test_the_report_is_small_whatever_the_path(push_with_retries: Callable[..., Any], tmp_path: Any) -> None:
    path = str(tmp_path.joinpath(*["健" * 60] * 15, "rejects.jsonl"))
    run = push_with_retries(Many(), rejects_path=path)
    assert run.report["rejects_path"].startswith(path.removesuffix("jsonl"))
    assert len(json.dumps(run.report)) < 16 * 1024


def test_how_strong_an_accepted_is(airflow: Any, control: Any) -> None:
    control.switch(engagelab__any_user=True)
    control.seed("kahuna", [{"username": "ada"}])
    means = {}
    for operator, row, more in (
        (EngageLabSetAttributesOperator, {"euid": 1, "a": 1}, {}),
        (KahunaSetAttributesOperator, {"username": "ada", "a": 1}, {"target": ["username"]}),
        (MoEngageSetAttributesOperator, {"customer_id": "ada", "a": 1}, {}),
    ):
        run = airflow.run(lambda operator=operator, row=row, more=more: operator(task_id="push", users=[row], **more))
        means[run.report["vendor"]] = run.report["accepted_means"]
        assert run.report["accepted_means"] in "\n".join(run.log.texts)
    assert "each user" in means["Kahuna"]
    assert "request" in means["EngageLab"]
    assert "queued" in means["MoEngage"]


def test_values_that_changed_their_form_are_noted(airflow: Any, control: Any) -> None:
    from decimal import Decimal

    control.seed("kahuna", [{"username": "ada"}])
    rows = [{"username": "ada", "value": Decimal("0.10"), "n": 1}, {"username": "ada", "value": 1.5, "n": 2}]
    run = airflow.run(lambda: KahunaSetAttributesOperator(task_id="push", users=rows, target=["username"]))
    assert control.user("kahuna", "ada")["attributes"] == {"value": "1.5", "n": 2}
    (note,) = run.report["notes"]
    assert (note["attribute"], note["count"]) == ("value", 2)
    assert any("2 x" in text and "value" in text for text in run.log.texts)
