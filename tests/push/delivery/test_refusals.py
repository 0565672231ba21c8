# SPDX-License-Identifier: Apache-2.0
"""When a search for guilty rows is given up: enough rows refused alone, for one reason, and nothing else heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from push.delivery.fake_vendor import WORDS, operation

from airflow_provider_userattrs.push.delivery.refusals import Refusals
from airflow_provider_userattrs.push.model.verdict import Verdict

REFUSED = WORDS["split"]


def refuse(refusals: Refusals, times: int, verdict: Verdict = REFUSED) -> None:
    for _ in range(times):
        refusals.note_refused(verdict)


@pytest.mark.parametrize(("max_users", "enough"), [(2, 200), (100, 200), (101, 202), (1_000, 2_000)])
def test_two_batches_and_two_hundred_rows_are_the_word_on_all(max_users: int, enough: int) -> None:
    refusals = Refusals(operation(max_users))
    refuse(refusals, enough - 1)
    assert refusals.of_all is None
    refuse(refusals, 1)
    assert refusals.of_all is REFUSED


def test_where_only_bytes_limit_a_batch_the_largest_one_refused_counts() -> None:
    refusals = Refusals(operation(None))
    refusals.note_batch(400)
    refuse(refusals, 799)
    assert refusals.of_all is None
    refuse(refusals, 1)
    assert refusals.of_all is REFUSED


def test_any_other_response_shows_that_the_vendor_takes_requests() -> None:
    refusals = Refusals(operation(100))
    refusals.note_other()
    refuse(refusals, 1_000)
    assert refusals.of_all is None


@pytest.mark.parametrize("other", [{"code": "413"}, {"meaning": "too large"}], ids=["code", "meaning"])
def test_a_second_reason_shows_that_rows_are_refused(other: dict[str, str]) -> None:
    refusals = Refusals(operation(100))
    refuse(refusals, 199)
    refuse(refusals, 1, replace(REFUSED, **other))  # type: ignore[arg-type]
    refuse(refusals, 1_000)
    assert refusals.of_all is None


def test_the_vendor_s_own_words_on_a_row_are_no_second_reason() -> None:
    refusals = Refusals(operation(100))
    for number in range(200):
        refusals.note_refused(REFUSED.saying(f"row {number}"))
    assert refusals.of_all is not None


def test_where_a_request_is_one_row_nothing_is_searched_for() -> None:
    refusals = Refusals(operation(1))
    refuse(refusals, 1_000)
    assert refusals.of_all is None
