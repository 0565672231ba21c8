# SPDX-License-Identifier: Apache-2.0
"""How fast a push goes and what it leaves behind: caps, requests in flight, dry runs, threads, connections."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from cases import good

from airflow_provider_userattrs.operators.engagelab import EngageLabSetAttributesOperator
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator
from airflow_provider_userattrs.operators.moengage import MoEngageSetAttributesOperator

pytestmark = pytest.mark.usefixtures("connections")


# The cap


@pytest.mark.parametrize(
    ("operator", "connection", "seconds"),
    [
        ({"rate_limit": 10}, {}, 2.0),
        ({}, {"rate_limit": 5}, 4.0),
        ({"rate_limit": 10}, {"rate_limit": 5}, 2.0),
        ({"rate_limit": 2.5}, {"rate_limit": 5}, 8.0),
        ({}, {}, 0.0),
    ],
    ids=["operator's", "connection's", "operator's before the connection's", "the lower one too", "none"],
)
def test_the_operators_cap_goes_before_the_connections(
    push: Callable[..., Any],
    connections: Callable[..., None],
    clock: Any,
    operator: dict[str, Any],
    connection: dict[str, Any],
    seconds: float,
) -> None:
    connections("engagelab", extra=connection)
    run = push(good(21), **operator)
    assert run.counts == {"accepted": 21}
    assert run.report["seconds"] == pytest.approx(seconds, abs=0.01)
    said = "a second" in run.log.texts[0]
    assert said is bool(seconds)


@pytest.mark.parametrize(("given", "seconds"), [(None, 500 / (10_000 / 60)), (1_000, 0.5), (50, 10.0)])
def test_without_one_the_vendors_own_cap_counts(
    push: Callable[..., Any], clock: Any, given: float | None, seconds: float
) -> None:
    rows = [{"customer_id": f"user{number}", "a": 1} for number in range(501)]
    run = push(rows, MoEngageSetAttributesOperator, rate_limit=given)
    assert run.counts == {"accepted": 501}
    assert run.report["seconds"] == pytest.approx(seconds, abs=0.05)


def test_kahunas_cap_counts_requests(push: Callable[..., Any], control: Any, clock: Any) -> None:
    names = [f"user{number}" for number in range(350)]
    control.seed("kahuna", [{"username": name} for name in names])
    rows = [{"username": name, "a": 1} for name in names]
    run = push(rows, KahunaSetAttributesOperator, target=["username"], rate_limit=1)
    assert run.counts == {"accepted": 350}
    assert run.report["requests"] == 4
    assert run.report["seconds"] == pytest.approx(3.0, abs=0.01)


def test_the_first_line_names_the_cap(push: Callable[..., Any], clock: Any) -> None:
    assert "at most 2.5 requests a second" in push(good(1), rate_limit=2.5).log.texts[0]
    run = push([{"customer_id": "ada", "a": 1}], MoEngageSetAttributesOperator)
    assert "at most 166.7 users a second" in run.log.texts[0]


def test_retry_after_is_waited_for(push: Callable[..., Any], control: Any, clock: Any) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "120"}}, {"next": 1})
    run = push(good(3), concurrency=1)
    assert run.counts == {"accepted": 3}
    assert 120 <= run.report["seconds"] < 190


# In flight


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_requests_in_flight_than_allowed(
    push: Callable[..., Any], control: Any, clock: Any, concurrency: int
) -> None:
    control.fault("engagelab", {"hold": True})
    most: list[int] = []

    def watch() -> None:
        for _ in range(20_000):
            if control.get("health")["held"] == concurrency:
                break
            clock.advance(1.0)  # more are allowed only once what is in flight has been full for a while
        for _ in range(30):  # whoever sends more than is allowed would have done so by now
            most.append(len(control.journal()))
        control.clear_faults()
        control.post("release")

    watcher = threading.Thread(target=watch)
    watcher.start()
    run = push(good(20), concurrency=concurrency)
    watcher.join()
    assert set(most) == {concurrency}
    assert run.counts == {"accepted": 20}


def senders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "userattrs" in thread.name]


def client_connections(port: int) -> int:
    return sum(
        1
        for connection in psutil.Process().net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED and connection.raddr and connection.raddr.port == port
    )


@pytest.mark.parametrize("ending", ["success", "refused", "away", "invalid", "source breaks", "rejects break"])
def test_no_thread_and_no_connection_is_left(
    push: Callable[..., Any], sandbox: Any, control: Any, clock: Any, ending: str
) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    before = client_connections(port)
    rows: Any = good(40)
    more: dict[str, Any] = {}
    if ending == "refused":
        control.fault("engagelab", {"code": 40050})
    elif ending == "away":
        control.fault("engagelab", {"status": 503})
    elif ending == "invalid":
        rows = [{"euid": "x", "a": 1}]
    elif ending == "source breaks":
        rows = Breaking()
    elif ending == "rejects break":
        rows = [*rows, {"euid": "x", "a": 1}]
        more = {"rejects_path": "/dev/full"}
    run = push(rows, **more)
    assert run.state == ("success" if ending == "success" else "failed")
    assert senders() == []
    assert client_connections(port) <= before


class Breaking:
    """Rows that end in an error."""

    def rows(self) -> Any:
        yield from good(10)
        raise OSError("gone")


# Dry runs


def test_a_dry_run_sends_nothing_and_counts(push: Callable[..., Any], control: Any, clock: Any, counted: Any) -> None:
    rows = [*good(5), {"euid": "x", "a": 1}, {"euid": 9, "a": None}]
    run = push(rows, dry_run=True)
    assert control.journal() == []
    assert control.users("engagelab") == {}
    assert run.state == "success"
    counted(run.report, 7)
    assert run.report["dry_run"] is True
    assert run.counts == {"invalid": 1, "skipped": 6}
    assert {reason["code"] for reason in run.report["reasons"]} == {"dry-run", "euid", "nothing-to-set"}
    assert "dry run" in run.log.texts[0]
    assert "would not be updated" in run.report["warning"]


@pytest.mark.parametrize(
    ("operator", "rows", "more"),
    [
        (EngageLabSetAttributesOperator, [{"euid": n, "a": "ö" * n} for n in range(1, 31)], {}),
        (
            KahunaSetAttributesOperator,
            [{"username": f"u{n}", "a": "ö" * n} for n in range(250)],
            {"target": ["username"]},
        ),
        (MoEngageSetAttributesOperator, [{"customer_id": f"u{n}", "a": "ö" * n} for n in range(30)], {}),
    ],
)
def test_a_dry_run_counts_the_requests_and_bytes_of_a_push(
    push: Callable[..., Any], control: Any, clock: Any, operator: Any, rows: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    control.seed("kahuna", [{"username": f"u{n}"} for n in range(250)])
    dry = push(rows, operator, dry_run=True, **more)
    assert control.journal() == []
    wet = push(rows, operator, **more)
    assert (dry.report["requests"], dry.report["bytes"]) == (wet.report["requests"], wet.report["bytes"])
    assert wet.report["bytes"] == sum(request["bytes"] for request in control.journal())


def test_a_dry_run_is_not_slowed_by_the_cap(push: Callable[..., Any], clock: Any) -> None:
    assert push(good(100), dry_run=True, rate_limit=1).report["seconds"] < 1


def test_a_dry_run_needs_a_working_connection_too(
    push: Callable[..., Any], connections: Callable[..., None], clock: Any
) -> None:
    connections("engagelab", extra={"region": "europe"})
    run = push(good(1), dry_run=True)
    assert run.state == "failed"
    assert "region" in str(run.error)


def test_a_dry_run_over_max_failed_fails(push: Callable[..., Any], clock: Any) -> None:
    assert push([*good(1), {"euid": "x", "a": 1}], dry_run=True, max_failed=0).state == "failed"
    assert push([{"euid": "x", "a": 1}], dry_run=True).state == "failed"


def test_a_dry_run_ends_as_the_push_would(push: Callable[..., Any], clock: Any) -> None:
    rows = [{"euid": "x", "a": 1}, {"euid": 1, "a": None}]
    assert push(rows, dry_run=True).state == push(rows).state
