# SPDX-License-Identifier: Apache-2.0
"""How a push fails on real Airflow: for good, or so that Airflow tries again."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow_names import AirflowFailException, AirflowNotFoundException, BaseHook
from cases import good
from operators.base_push import ONE_TRY, failed_for_good, invalid, skipped

from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator
from airflow_provider_userattrs.push.model.errors import RetryLater

pytestmark = pytest.mark.usefixtures("connections", "clock")


# Failed for good


@pytest.mark.parametrize("max_failed", [None, 1.0, 100])
def test_nothing_accepted_fails_whatever_is_allowed(
    push_with_retries: Callable[..., Any], counted: Any, max_failed: Any
) -> None:
    run = push_with_retries(invalid(3) + skipped(2), max_failed=max_failed)
    counted(run.report, 5)
    assert "none" in failed_for_good(run)


def test_nothing_but_partial_was_not_accepted(push_with_retries: Callable[..., Any], control: Any) -> None:
    control.switch(engagelab__partial_success=True)
    run = push_with_retries([{"euid": 1, "a": 1, "b": 2}])
    assert run.counts == {"partial": 1}
    assert "none" in failed_for_good(run)


@pytest.mark.parametrize("code", [40050, 50031, 50034, 50074])
def test_refused_credentials_fail_for_good(
    push_with_retries: Callable[..., Any], control: Any, counted: Any, code: int
) -> None:
    control.fault("engagelab", {"code": code})
    run = push_with_retries(good(200), concurrency=1)
    counted(run.report, 200)
    assert run.counts == {"unsent": 200}
    sentence = failed_for_good(run)
    assert str(code) in sentence
    assert "API key" in sentence
    assert len(control.journal()) <= 2
    assert run.report["requests"] == len(control.journal())


def test_after_the_first_refusal_nothing_more_is_sent(push_with_retries: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"code": 40050})
    for _ in range(8):  # a race, so once is not enough
        before = len(control.journal())
        push_with_retries(good(200), concurrency=1)
        assert len(control.journal()) == before + 1


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_after_a_refusal_only_what_is_in_flight_ends(
    push_with_retries: Callable[..., Any],
    connections: Callable[..., None],
    control: Any,
    counted: Any,
    concurrency: int,
) -> None:
    connections("engagelab", password="wrong")
    run = push_with_retries(good(300), concurrency=concurrency)
    counted(run.report, 300)
    assert run.counts == {"unsent": 300}
    failed_for_good(run)
    assert 1 <= len(control.journal()) <= 2 * concurrency


def test_credentials_refused_halfway(push_with_retries: Callable[..., Any], control: Any, counted: Any) -> None:
    control.fault("engagelab", {"code": 40050}, {"from": 6})
    run = push_with_retries(good(50), concurrency=1)
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
    push_with_retries: Callable[..., Any],
    connections: Callable[..., None],
    control: Any,
    fields: dict[str, Any],
    word: str,
    no_secret: Any,
) -> None:
    connections("engagelab", **fields)
    run = push_with_retries(good(3))
    sentence = failed_for_good(run)
    assert "engagelab_default" in sentence
    assert word in sentence
    assert run.report["vendor"] == "EngageLab"
    assert run.report["requests"] == 0
    assert run.log.texts == [], "the error is the first that is said"
    assert control.journal() == []
    no_secret(run.log.everything())


def test_a_missing_connection_is_looked_up_again(push_with_retries: Callable[..., Any]) -> None:
    """Airflow says the same of a connection whose secrets backend fails for a moment."""
    run = push_with_retries(good(1), engagelab_conn_id="nowhere", retries=1, retry_delay=timedelta(0))
    assert run.state == "failed"
    assert len(run.log.errors) == 2
    assert "nowhere" in str(run.error)
    assert "nowhere" in run.report["failure"]


def test_a_secrets_backend_that_fails_once_takes_one_try(
    push_with_retries: Callable[..., Any], monkeypatch: Any
) -> None:
    get_connection, asked = BaseHook.get_connection, []

    def fail_once(conn_id: str) -> Any:
        asked.append(conn_id)
        if len(asked) == 1:
            raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
        return get_connection(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(fail_once))
    run = push_with_retries(good(3), retries=1, retry_delay=timedelta(0))
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
def test_an_unavailable_vendor(
    push_with_retries: Callable[..., Any], control: Any, counted: Any, no_secret: Any, then: dict[str, Any]
) -> None:
    control.fault("engagelab", then)
    run = push_with_retries(good(40), concurrency=4, max_failed=1.0, retries=1)
    assert run.state == "failed"
    retried(run, 2)
    assert isinstance(run.error, RetryLater)
    assert "EngageLab" in str(run.error)
    counted(run.report, 40)
    assert run.report["unknown"] + run.report["unsent"] == 40
    assert run.report["warning"]
    no_secret(run.log.everything())


def test_failures_in_a_row_open_the_circuit_breaker(push_with_retries: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"status": 503})
    run = push_with_retries(good(300), retries=0)
    assert run.report["unsent"] > 150
    assert run.report["requests"] < 200, "at most 2 x 16 batches wait for their next try, and each has five"


def test_no_connection_at_all(
    push_with_retries: Callable[..., Any], connections: Callable[..., None], counted: Any
) -> None:
    connections("engagelab", host="http://127.0.0.1:1")
    run = push_with_retries(good(50))
    retried(run, 3)
    counted(run.report, 50)
    assert run.counts == {"unsent": 50}
    assert run.report["warning"]


def test_a_vendor_that_comes_back(
    push_with_retries: Callable[..., Any], control: Any, counted: Any, kept: dict[str, Any]
) -> None:
    control.fault("engagelab", {"status": 503}, {"from": 4, "to": 120})
    run = push_with_retries(good(20), concurrency=1, retries=20, **kept)
    assert run.state == "success"
    assert run.log.errors
    assert all(isinstance(error, RetryLater) for error in run.log.errors)
    counted(run.report, 20)
    assert run.report["resumed_from"] == 3
    assert run.report["accepted"] == len(control.users("engagelab"))
    # Where the outage ends amid a row's five tries, the row may be left unknown; no other verdict is true.
    assert run.report["accepted"] + run.report["unknown"] == 20
    assert run.report["accepted"] >= 10


def test_one_unsent_row_causes_a_retry(push_with_retries: Callable[..., Any], control: Any, counted: Any) -> None:
    control.fault("engagelab", {"status": 429}, {"users": [3]})
    run = push_with_retries(good(5))
    retried(run, 3)
    counted(run.report, 5)
    assert run.counts == {"accepted": 4, "unsent": 1}


def test_a_vendor_that_asks_for_more_than_a_worker_can_wait(
    push_with_retries: Callable[..., Any], control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_userattrs.push.model.clock import Clock

    # With real time, of which none passes: on the fake clock a sender would sleep through the day.
    monkeypatch.setattr("airflow_provider_userattrs.task.run.Clock", Clock)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "86400"}})
    run = push_with_retries(good(100), concurrency=2, retries=0)
    assert isinstance(run.error, RetryLater)
    assert run.error.retry_after == pytest.approx(86400, abs=600)
    assert len(control.journal()) <= 2
    assert run.counts == {"unsent": 100}


@pytest.fixture
def _alarm_once_held(sandbox: Any) -> Iterator[None]:
    """Let `execution_timeout` be over once the sandbox holds a request, whenever that is."""
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    is_over = threading.Event()

    def watch() -> None:
        while not sandbox.world.pauses.held:
            if is_over.wait(0.01):
                return
        os.kill(os.getpid(), signal.SIGALRM)

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    is_over.set()
    thread.join()
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_alarm_once_held")
def test_a_timeout_of_airflows_leaves_a_true_report(
    push_with_retries: Callable[..., Any], connections: Callable[..., None], control: Any, counted: Any
) -> None:
    connections("engagelab", extra={"timeout": [30, 1.3]})
    control.fault("engagelab", {"hold": True}, {"from": 3})
    run = push_with_retries(good(20), concurrency=1, retries=0, execution_timeout=timedelta(hours=1))
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
def test_a_retry_increases_nothing_twice(push_with_retries: Callable[..., Any], control: Any, ambiguous: bool) -> None:
    if ambiguous:  # the first five are applied, and no answer comes back: the breaker opens
        control.fault("engagelab", {"close": True, "apply": "before"}, {"next": 5})
    else:  # three are accepted, then nothing can be sent
        control.fault("engagelab", {"status": 429}, {"from": 4, "to": 40})
    push_with_retries([{"euid": number, "points": 1} for number in range(1, 11)], operation="increase", concurrency=1)
    stored = {euid: user["properties"]["points"] for euid, user in control.users("engagelab").items()}
    assert {euid: points for euid, points in stored.items() if points != 1} == {}
