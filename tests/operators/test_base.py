# SPDX-License-Identifier: Apache-2.0
"""How a push ends, on real Airflow: success, warning, failure for good, failure that is retried; and its report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow_names import AirflowFailException, AirflowNotFoundException, BaseHook
from cases import good

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.push.model.errors import RetryLater

pytestmark = pytest.mark.usefixtures("connections", "clock")

STATUSES = ("accepted", "partial", "rejected", "invalid", "skipped", "unknown", "unsent")
ONE_TRY: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(0)}


def invalid(count: int) -> list[dict[str, Any]]:
    return [{"euid": f"x{number}", "a": 1} for number in range(count)]


def skipped(count: int) -> list[dict[str, Any]]:
    return [{"euid": 900_000 + number, "a": None} for number in range(count)]


@pytest.fixture
def push(push: Callable[..., Any]) -> Callable[..., Any]:
    """Push with retries that must not be needed."""
    return lambda rows, **parameters: push(rows, **{**ONE_TRY, **parameters})


def failed_for_good(run: Any) -> str:
    """Check that the task failed at its first try, and give the sentence."""
    assert run.state == "failed"
    assert [type(error) for error in run.log.errors] == [AirflowFailException]
    return str(run.error)


# Success and warning


def test_everything_accepted(push: Callable[..., Any], counted: Any) -> None:
    run = push(good(20))
    assert run.state == "success"
    counted(run.report, 20)
    assert run.counts == {"accepted": 20}
    assert run.report["warning"] is None
    assert run.report["reasons"] == []


def test_everything_skipped_is_a_success(push: Callable[..., Any], control: Any, counted: Any) -> None:
    run = push(skipped(5), max_failed=0)
    assert run.state == "success"
    counted(run.report, 5)
    assert run.counts == {"skipped": 5}
    assert run.report["warning"] is None
    assert control.journal() == []


def test_some_failed_is_a_warning(push: Callable[..., Any], counted: Any) -> None:
    run = push(good(3) + invalid(2) + skipped(1))
    assert run.state == "success"
    counted(run.report, 6)
    assert run.report["warning"].startswith("2 of 6 users were not updated at EngageLab: 2 x ")


@pytest.mark.parametrize(
    ("max_failed", "failures", "rows", "state"),
    [
        (None, 99, 100, "success"),
        (0, 0, 100, "success"),
        (0, 1, 100, "failed"),
        (1, 1, 100, "success"),
        (1, 2, 100, "failed"),
        (99, 99, 100, "success"),
        (0.0, 1, 100, "failed"),
        (0.05, 5, 100, "success"),
        (0.05, 6, 100, "failed"),
        (0.5, 50, 100, "success"),
        (0.5, 51, 100, "failed"),
        (1.0, 99, 100, "success"),
        ("5%", 5, 100, "success"),
        ("5%", 6, 100, "failed"),
        ("0.7%", 7, 1_000, "success"),
        (0.1, 1, 10, "success"),
        (0.1, 1, 9, "failed"),
    ],
)
def test_max_failed(
    push: Callable[..., Any], counted: Any, max_failed: Any, failures: int, rows: int, state: str
) -> None:
    run = push(invalid(failures) + good(rows - failures), max_failed=max_failed)
    counted(run.report, rows)
    assert run.state == state
    if state == "failed":
        sentence = failed_for_good(run)
        assert f"{failures} of {rows} users failed" in sentence
        assert "max_failed" in sentence


@pytest.mark.parametrize(
    ("share", "failures", "rows"),
    [
        (0.29, 29, 100),
        (0.57, 57, 100),
        (0.07, 7, 100),
        (0.3, 3, 10),
    ],
)
def test_a_share_that_is_met_exactly_is_allowed(
    push: Callable[..., Any], share: float, failures: int, rows: int
) -> None:
    assert push(invalid(failures) + good(rows - failures), max_failed=share).state == "success"


@pytest.mark.parametrize(
    ("status", "counts"),
    [("invalid", True), ("rejected", True), ("partial", True), ("unknown", True), ("skipped", False)],
)
def test_what_counts_against_max_failed(push: Callable[..., Any], control: Any, status: str, counts: bool) -> None:
    """Each of these rows ends with one status; one other row is accepted."""
    if status == "rejected":
        control.fault("engagelab", {"code": 55102}, {"users": [7]})
    if status == "partial":
        control.fault("engagelab", {"code": 0}, {"users": [7]})
    if status == "unknown":
        control.fault("engagelab", {"body": "?"}, {"users": [7]})
    row = {"invalid": invalid(1), "skipped": skipped(1)}.get(status) or [{"euid": 7, "a": 1, "b": 2}]
    run = push(good(1) + row, max_failed=0)
    assert run.report[status] == 1
    assert run.state == ("failed" if counts else "success")


# Failed for good


@pytest.mark.parametrize("max_failed", [None, 1.0, 100])
def test_nothing_accepted_fails_whatever_is_allowed(push: Callable[..., Any], counted: Any, max_failed: Any) -> None:
    run = push(invalid(3) + skipped(2), max_failed=max_failed)
    counted(run.report, 5)
    assert "none" in failed_for_good(run)


def test_nothing_but_partial_was_not_accepted(push: Callable[..., Any], control: Any) -> None:
    control.switch(engagelab__partial_success=True)
    run = push([{"euid": 1, "a": 1, "b": 2}])
    assert run.counts == {"partial": 1}
    assert "none" in failed_for_good(run)


@pytest.mark.parametrize("code", [40050, 50031, 50034, 50074])
def test_refused_credentials_fail_for_good(push: Callable[..., Any], control: Any, counted: Any, code: int) -> None:
    control.fault("engagelab", {"code": code})
    run = push(good(200), concurrency=1)
    counted(run.report, 200)
    assert run.counts == {"unsent": 200}
    sentence = failed_for_good(run)
    assert str(code) in sentence
    assert "API key" in sentence
    assert len(control.journal()) <= 2
    assert run.report["requests"] == len(control.journal())


def test_after_the_first_refusal_nothing_more_is_sent(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"code": 40050})
    for _ in range(8):  # a race, so once is not enough
        before = len(control.journal())
        push(good(200), concurrency=1)
        assert len(control.journal()) == before + 1


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_after_a_refusal_only_what_is_in_flight_ends(
    push: Callable[..., Any], connections: Callable[..., None], control: Any, counted: Any, concurrency: int
) -> None:
    connections("engagelab", password="wrong")
    run = push(good(300), concurrency=concurrency)
    counted(run.report, 300)
    assert run.counts == {"unsent": 300}
    failed_for_good(run)
    assert 1 <= len(control.journal()) <= 2 * concurrency


def test_credentials_refused_halfway(push: Callable[..., Any], control: Any, counted: Any) -> None:
    control.fault("engagelab", {"code": 40050}, {"from": 6})
    run = push(good(50), concurrency=1)
    counted(run.report, 50)
    assert run.counts == {"accepted": 5, "unsent": 45}
    failed_for_good(run)
    assert len(control.journal()) <= 7


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"login": ""}, "login"),
        ({"extra": {"region": "europe"}}, "region"),
        ({"extra": {"regoin": "virginia"}}, "regoin"),
        ({"host": "http://example.com"}, "https"),
        ({"conn_type": "kahuna"}, "is a kahuna connection, not engagelab"),
        ({"password": "sandbox-secret\n"}, "password begins or ends with"),
    ],
)
def test_a_wrong_connection_fails_for_good(
    push: Callable[..., Any],
    connections: Callable[..., None],
    control: Any,
    fields: dict[str, Any],
    word: str,
    no_secret: Any,
) -> None:
    connections("engagelab", **fields)
    run = push(good(3))
    sentence = failed_for_good(run)
    assert "engagelab_default" in sentence
    assert word in sentence
    assert run.report["vendor"] == "EngageLab"
    assert run.report["requests"] == 0
    assert run.log.texts == [], "the error is the first that is said"
    assert control.journal() == []
    no_secret(run.log.everything())


def test_a_connection_that_is_not_there_is_looked_for_again(push: Callable[..., Any]) -> None:
    """Airflow says the same of a connection whose secrets backend fails for a moment."""
    run = push(good(1), engagelab_conn_id="nowhere", retries=1, retry_delay=timedelta(0))
    assert run.state == "failed"
    assert len(run.log.errors) == 2
    assert "nowhere" in str(run.error)
    assert "nowhere" in run.report["failure"]


def test_a_secrets_backend_that_fails_once_costs_one_try(push: Callable[..., Any], monkeypatch: Any) -> None:
    get_connection, asked = BaseHook.get_connection, []

    def fail_once(conn_id: str) -> Any:
        asked.append(conn_id)
        if len(asked) == 1:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return get_connection(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(fail_once))
    run = push(good(3), retries=1, retry_delay=timedelta(0))
    assert run.state == "success"
    assert run.counts == {"accepted": 3}
    assert len(run.log.errors) == 1


def test_moengage_without_data_center_fails_for_good(
    airflow: Any, connections: Callable[..., None], control: Any
) -> None:
    connections("moengage", host="")
    run = airflow.run(
        lambda: MoEngageSetAttributesOperator(task_id="push", users=[{"customer_id": "ada", "a": 1}], **ONE_TRY)
    )
    assert "data_center" in failed_for_good(run)


# The vendor is away


def retried(run: Any, tries: int) -> None:
    """Check that Airflow tried again as often as it may, for none of the errors forbids it."""
    assert len(run.log.errors) == tries
    assert not any(isinstance(error, AirflowFailException) for error in run.log.errors)


@pytest.mark.parametrize("then", [{"status": 503}, {"status": 500}, {"close": True}, {"status": 429}, {"code": -1}])
def test_a_vendor_that_is_away(
    push: Callable[..., Any], control: Any, counted: Any, no_secret: Any, then: dict[str, Any]
) -> None:
    control.fault("engagelab", then)
    run = push(good(40), concurrency=4, max_failed=1.0, retries=1)
    assert run.state == "failed"
    retried(run, 2)
    assert isinstance(run.error, RetryLater)
    assert "EngageLab" in str(run.error)
    counted(run.report, 40)
    assert run.report["unknown"] + run.report["unsent"] == 40
    assert run.report["warning"]
    no_secret(run.log.everything())


def test_a_run_of_failures_opens_the_breaker(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"status": 503})
    run = push(good(300), retries=0)
    assert run.report["unsent"] > 150
    assert run.report["requests"] < 200, "at most 2 x 16 batches wait for their next try, and each has five"


def test_no_connection_at_all(push: Callable[..., Any], connections: Callable[..., None], counted: Any) -> None:
    connections("engagelab", host="http://127.0.0.1:1")
    run = push(good(50))
    retried(run, 3)
    counted(run.report, 50)
    assert run.counts == {"unsent": 50}
    assert run.report["warning"]


def test_a_vendor_that_comes_back(push: Callable[..., Any], control: Any, counted: Any, kept: dict[str, Any]) -> None:
    control.fault("engagelab", {"status": 503}, {"from": 4, "to": 120})
    run = push(good(20), concurrency=1, retries=20, **kept)
    assert run.state == "success"
    assert run.log.errors
    assert all(isinstance(error, RetryLater) for error in run.log.errors)
    counted(run.report, 20)
    assert run.report["resumed_from"] == 3
    assert run.report["accepted"] == len(control.users("engagelab"))
    # Where the outage ends amid a row's five tries, the row may be left unknown; no other verdict is true.
    assert run.report["accepted"] + run.report["unknown"] == 20
    assert run.report["accepted"] >= 10


def test_one_row_that_could_not_be_sent_is_worth_a_retry(push: Callable[..., Any], control: Any, counted: Any) -> None:
    control.fault("engagelab", {"status": 429}, {"users": [3]})
    run = push(good(5))
    retried(run, 3)
    counted(run.report, 5)
    assert run.counts == {"accepted": 4, "unsent": 1}


def test_a_vendor_that_asks_for_more_than_a_worker_can_wait(
    push: Callable[..., Any], control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_userattrs.push.model.clock import Clock

    # With real time, of which none passes: on the fake clock a sender would sleep through the day.
    monkeypatch.setattr("airflow_provider_userattrs.task.run.Clock", Clock)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "86400"}})
    run = push(good(100), concurrency=2, retries=0)
    assert isinstance(run.error, RetryLater)
    assert run.error.retry_after == pytest.approx(86400, abs=600)
    assert len(control.journal()) <= 2
    assert run.counts == {"unsent": 100}


def test_a_timeout_of_airflows_leaves_a_true_account(
    push: Callable[..., Any], connections: Callable[..., None], control: Any, counted: Any
) -> None:
    connections("engagelab", extra={"timeout": [1, 1.3]})
    control.fault("engagelab", {"hold": True}, {"from": 3})
    run = push(good(20), concurrency=1, retries=0, execution_timeout=timedelta(seconds=1))
    assert run.state == "failed"
    counted(run.report, run.report["rows"])
    assert run.report["accepted"] == len(control.users("engagelab")) <= 2
    assert type(run.error).__name__ == "AirflowTaskTimeout"
    stopped_at = run.report["stopped_at"]
    assert run.report["rows"] == 20 > stopped_at
    assert str(run.error) == run.report["failure"] == f"execution_timeout is over; stopped at row {stopped_at} of 20"
    assert run.report["warning"].endswith(f"; stopped at row {stopped_at} of 20")


# `increase` and Airflow's retries


@pytest.mark.parametrize("ambiguous", [True, False], ids=["in doubt", "accepted"])
def test_a_retry_increases_nothing_twice(push: Callable[..., Any], control: Any, ambiguous: bool) -> None:
    if ambiguous:  # the first five are applied, and no answer comes back: the breaker opens
        control.fault("engagelab", {"close": True, "apply": "before"}, {"next": 5})
    else:  # three are accepted, then nothing can be sent
        control.fault("engagelab", {"status": 429}, {"from": 4, "to": 40})
    push([{"euid": number, "points": 1} for number in range(1, 11)], operation="increase", concurrency=1)
    held = {euid: user["properties"]["points"] for euid, user in control.users("engagelab").items()}
    assert {euid: points for euid, points in held.items() if points != 1} == {}


# The report


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


def test_the_report_is_pushed_however_a_push_ends(push: Callable[..., Any], control: Any) -> None:
    for state, rows, parameters in endings(control):
        run = push(rows, retries=0, **parameters)
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


def test_requests_and_retries_are_those_of_the_wire(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"status": 503}, {"every": 3})
    run = push(good(30))
    assert run.counts == {"accepted": 30}
    journal = control.journal()
    assert run.report["requests"] == len(journal)
    assert run.report["retries"] == len(journal) - 30
    assert run.report["bytes"] == sum(request["bytes"] for request in journal)


def test_positions_are_those_of_the_rows(push: Callable[..., Any]) -> None:
    run = push(good(2) + invalid(1) + good(1, 10) + invalid(1))
    (reason,) = run.report["reasons"]
    assert reason["positions"] == [2, 4]


class Many:
    """Rows of one vendor with more reasons, longer names and stranger types than any report can hold."""

    def rows(self) -> Iterator[Any]:
        for number in range(3_000):
            kind = type("K" * 50 + str(number % 300), (), {})
            yield {"euid": number + 1, f"{'健' * 200}{number % 500}": kind()}
        yield {"euid": 1, "ok": 1}


def test_the_report_is_small_whatever_the_rows(push: Callable[..., Any], counted: Any) -> None:
    run = push(Many(), max_failed=1.0)
    assert run.state == "success"
    counted(run.report, 3_001)
    assert len(json.dumps(run.report)) < 16 * 1024
    assert len(json.dumps(run.report, ensure_ascii=False).encode()) < 16 * 1024
    assert len(run.report["reasons"]) <= 20


def test_the_report_is_small_whatever_the_path(push: Callable[..., Any], tmp_path: Any) -> None:
    path = str(tmp_path.joinpath(*["健" * 60] * 15, "rejects.jsonl"))
    run = push(Many(), rejects_path=path)
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
