# SPDX-License-Identifier: Apache-2.0
"""A user's last verdict after some lines, and since when."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.task.push_log.latest import Latest, latest_of
from airflow_provider_userattrs.task.push_log.values import moment

OTHER = Verdict(Status.INVALID, "list-of-text", "a list", attribute="plan")


def test_the_first_verdict_begins_now(line: Any) -> None:
    at = moment(50)
    assert latest_of(None, [line(at=50)]) == Latest("rejected", "55108", None, at, at)
    assert latest_of(None, [line(verdict=ACCEPTED, at=50)]) == Latest("accepted", "", None, at, None)


def test_the_same_verdict_began_before(line: Any) -> None:
    before = Latest("rejected", "55108", None, moment(10), moment(5))
    assert latest_of(before, [line(at=50), line(at=60)]) == before


def test_another_reason_is_the_same_failure(line: Any) -> None:
    before = Latest("rejected", "55108", None, moment(10), moment(5))
    after = latest_of(before, [line(verdict=OTHER, at=50)])
    assert after == Latest("invalid", "list-of-text", "plan", moment(50), moment(5))
    assert latest_of(after, [line(verdict=OTHER.on("age"), at=60)]).since == moment(60)


def test_what_was_accepted_ends_a_failure(line: Any) -> None:
    before = Latest("rejected", "55108", None, moment(10), moment(5))
    after = latest_of(before, [line(verdict=ACCEPTED, at=50)])
    assert after == Latest("accepted", "", None, moment(50), None)
    assert latest_of(after, [line(at=70)]) == Latest("rejected", "55108", None, moment(70), moment(70))
    assert latest_of(before, [line(verdict=ACCEPTED, at=50), line(at=60)]).failing_since == moment(60)
