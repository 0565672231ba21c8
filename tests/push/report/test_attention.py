# SPDX-License-Identifier: Apache-2.0
"""Which push needs attention, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.report.attention import message_on, needs_attention

URL = "https://airflow.example/dags/nightly/runs/r/tasks/push/plugin/push-report"


def reason(number: int, status: str = "rejected", **fields: Any) -> dict[str, Any]:
    return {
        "status": status,
        "code": f"c{number}",
        "meaning": f"meaning {number}",
        "remedy": f"Remedy {number}.",
        "count": number,
        "attributes": {},
        **fields,
    }


def report(**fields: Any) -> dict[str, Any]:
    return {"vendor": "Kahuna", "warning": None, "failure": None, "dry_run": False, "reasons": [], **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"warning": "3 of 5 users were not updated"}, True),
        ({"warning": "3 of 5", "failure": "too many"}, False),
        ({"warning": "Dry run: would send", "dry_run": True}, False),
    ],
    ids=["accepted", "warning", "failed", "dry-run"],
)
def test_a_push_with_a_warning_needs_attention(fields: dict[str, Any], expected: bool) -> None:
    assert needs_attention(report(**fields)) is expected
    message = message_on(report(**fields), "nightly.push", URL, has_failed=False)
    assert (message is not None) is (expected or "failure" in fields)


def test_a_message_has_the_sentence_three_reasons_and_the_link() -> None:
    reasons = [reason(0, "skipped"), *(reason(number) for number in (9, 8)), reason(7, attributes={"bio": 7, "age": 1})]
    found = message_on(report(warning="24 of 90", reasons=[*reasons, reason(2)]), "nightly.push", URL, has_failed=False)
    assert found is not None
    assert found.lines() == [
        "nightly.push: the push to Kahuna needs attention",
        "24 of 90",
        "- 9 x meaning 9 (c9): Remedy 9.",
        "- 8 x meaning 8 (c8): Remedy 8.",
        "- 7 x meaning 7 (c7) on bio, age: Remedy 7.",
        "- and 1 more reason",
        URL,
    ]


def test_a_failure_comes_before_the_warning() -> None:
    found = message_on(report(warning="3 of 5", failure="3 of 5 failed"), "nightly.push", URL, has_failed=True)
    assert found is not None
    assert (found.title, found.sentence) == ("nightly.push: the push to Kahuna failed", "3 of 5 failed")


def test_a_task_without_a_report_is_mentioned_if_it_failed() -> None:
    assert message_on(None, "nightly.push", URL, has_failed=False) is None
    found = message_on(None, "nightly.push", URL, has_failed=True)
    assert found is not None
    assert found.lines() == [
        "nightly.push: the task failed",
        "It failed before it made a report; the log says why",
        URL,
    ]
