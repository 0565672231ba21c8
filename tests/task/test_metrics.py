# SPDX-License-Identifier: Apache-2.0
"""What a StatsD server hears of a push."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import good
from statsd_server import Heard

pytestmark = [
    pytest.mark.usefixtures("connections", "clock"),
    # Airflow leaves its StatsD sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_what_a_push_counts(push: Callable[..., Any], heard: Heard, control: Any) -> None:
    control.fault("engagelab", {"status": 500}, {"next": 2})
    push([*good(5), {"euid": "x", "a": 1}, {"euid": 7, "a": None}])
    counts = heard.counts()
    for name in ("userattrs.duration", "userattrs.duration.engagelab.set_attributes"):
        assert counts.pop(name) > 0
    assert counts == {
        "userattrs.rows": 7,
        "userattrs.rows.engagelab.set_attributes.accepted": 5,
        "userattrs.rows.engagelab.set_attributes.invalid": 1,
        "userattrs.rows.engagelab.set_attributes.skipped": 1,
        "userattrs.requests": 7,
        "userattrs.requests.engagelab.set_attributes": 7,
        "userattrs.retries": 2,
        "userattrs.retries.engagelab.set_attributes": 2,
    }


def test_each_try_counts_what_it_did_itself(push: Callable[..., Any], heard: Heard, control: Any, kept: Any) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 21, "to": 21})
    run = push(good(40), concurrency=1, retries=1, retry_delay=timedelta(0), **kept)
    assert run.report["accepted"] == 40
    counts = heard.counts()
    assert counts["userattrs.rows.engagelab.set_attributes.accepted"] == 40
    assert counts["userattrs.rows.engagelab.set_attributes.unsent"] == 20
    assert counts["userattrs.requests"] == run.report["requests"]


def test_a_failed_push_counts_too(push: Callable[..., Any], heard: Heard, control: Any) -> None:
    control.fault("engagelab", {"code": 40050})
    assert push(good(3), concurrency=1).state == "failed"
    assert heard.counts()["userattrs.rows.engagelab.set_attributes.unsent"] == 3


def test_a_dry_run_counts_nothing(push: Callable[..., Any], heard: Heard) -> None:
    push(good(3), dry_run=True)
    assert heard.take() == []


def test_metrics_that_cannot_be_sent_do_no_harm(push: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        @staticmethod
        def incr(*_: Any, **__: Any) -> None:
            raise RuntimeError("no backend")

    monkeypatch.setattr("airflow_provider_userattrs.task.metrics.Stats", Broken)
    assert push(good(3)).state == "success"


def test_the_document_lists_every_name(push: Callable[..., Any], heard: Heard, control: Any) -> None:
    control.fault("engagelab", {"status": 500}, {"next": 1})
    push(good(2))
    document = DOCUMENT.read_text()
    for name in heard.counts():
        generic = re.sub(r"\.engagelab\.set_attributes", ".<vendor>.<operation>", name).replace(
            ".accepted", ".<status>"
        )
        assert f"`{generic}`" in document
