# SPDX-License-Identifier: Apache-2.0
"""When a vendor counts as unavailable: transient failures in a row, one on its last attempt, and failed probes."""

from __future__ import annotations

import pytest
from push.delivery.fake_vendor import WORDS

from airflow_provider_userattrs.push.delivery.circuit_breaker import CircuitBreaker
from airflow_provider_userattrs.push.model.errors import RetryLater

BUSY, REJECTED = WORDS["busy"], WORDS["no"]


def fail(breaker: CircuitBreaker, times: int, *, fresh: bool = False) -> None:
    for _ in range(times):
        breaker.note_failure([], fresh=fresh)


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker("Vendor")


@pytest.fixture
def probing(breaker: CircuitBreaker) -> CircuitBreaker:
    """Return one that has seen five failures in a row, the last of them out of tries."""
    fail(breaker, 4)
    breaker.note_failure([BUSY], fresh=False)
    return breaker


def test_five_failures_in_a_row_are_suspicious(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    assert not breaker.is_suspicious
    fail(breaker, 1)
    assert breaker.is_suspicious


def test_a_success_between_them_clears_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.note_success()
    fail(breaker, 4)
    assert not breaker.is_suspicious


def test_the_vendor_is_available_while_attempts_are_left(breaker: CircuitBreaker) -> None:
    fail(breaker, 100, fresh=True)
    assert not breaker.wants_probe
    assert breaker.unavailable() is None
    assert breaker.unavailable(nothing_left=True) is None


def test_a_last_attempt_before_the_fifth_failure_concerns_its_batch_alone(breaker: CircuitBreaker) -> None:
    breaker.note_failure([BUSY], fresh=False)
    fail(breaker, 10)
    assert not breaker.wants_probe


def test_a_verdict_that_no_retry_would_change_is_no_last_attempt(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.note_failure([REJECTED], fresh=False)
    assert not breaker.wants_probe


def test_three_failed_probes_show_that_the_vendor_is_unavailable(probing: CircuitBreaker) -> None:
    assert probing.wants_probe
    fail(probing, 2, fresh=True)
    assert probing.unavailable() is None
    fail(probing, 1, fresh=True)
    error = probing.unavailable()
    assert isinstance(error, RetryLater)
    assert str(error) == "Vendor is unavailable: 8 requests in a row failed, the last one with: too many requests (429)"


def test_a_batch_that_was_sent_before_is_no_probe(probing: CircuitBreaker) -> None:
    fail(probing, 20, fresh=False)
    assert probing.unavailable() is None


def test_without_rows_to_probe_with_the_vendor_is_unavailable_at_once(probing: CircuitBreaker) -> None:
    assert probing.unavailable(nothing_left=True) is not None


def test_a_successful_probe_resets_the_count(probing: CircuitBreaker) -> None:
    fail(probing, 2, fresh=True)
    probing.note_success()
    assert not probing.wants_probe
    assert not probing.is_suspicious
    fail(probing, 4)
    probing.note_failure([BUSY], fresh=False)
    fail(probing, 2, fresh=True)
    assert probing.unavailable() is None, "the probes of the first run were counted again"
