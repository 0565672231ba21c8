# SPDX-License-Identifier: Apache-2.0
"""What becomes of a batch: each action of a verdict, alone and beside others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from push.delivery.fake_vendor import ATTEMPTS, WORDS, operation

from airflow_provider_userattrs.push.delivery.batching import Batch
from airflow_provider_userattrs.push.delivery.triage import Triage
from airflow_provider_userattrs.push.model.errors import RefusedConfiguration, RetryLater
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.model.verdicts import NOT_TRIED


@pytest.fixture
def batch(update: Callable[..., Any]) -> Callable[..., Batch]:
    return lambda size, attempt=0: Batch([update(position) for position in range(size)], [b"{}"] * size, attempt)


def positions(of: Any) -> list[int]:
    return [update.position for update in of]


@pytest.mark.parametrize("idempotent", [True, False])
def test_each_update_by_its_action(batch: Any, idempotent: bool) -> None:
    triage = Triage(operation(5, idempotent=idempotent))
    words = ["ok", "no", "busy", "doubt", "part"]
    decision = triage.decide(batch(5), [WORDS[word] for word in words], is_stopping=False)
    again = [2, 3] if idempotent else [2]
    assert decision.repeat is not None
    assert positions(decision.repeat.updates) == again
    assert (decision.repeat.attempt, decision.stop, decision.halves) == (1, None, ())
    assert decision.repeat.verdicts == [WORDS[words[index]] for index in again]
    assert positions(decision.updates) == [index for index in range(5) if index not in again]
    assert list(decision.verdicts) == [WORDS[words[position]] for position in positions(decision.updates)]


@pytest.mark.parametrize(("attempt", "is_stopping"), [(ATTEMPTS - 1, False), (0, True)])
def test_out_of_attempts_or_stopping_the_verdict_is_final(batch: Any, attempt: int, is_stopping: bool) -> None:
    decision = Triage(operation(2)).decide(batch(2, attempt), [WORDS["busy"]] * 2, is_stopping=is_stopping)
    assert decision.repeat is None
    assert positions(decision.updates) == [0, 1]


def test_a_batch_refused_whole_is_halved_and_a_row_is_not(batch: Any) -> None:
    triage = Triage(operation(5))
    decision = triage.decide(batch(5), [WORDS["split"]] * 5, is_stopping=False)
    assert [positions(half.updates) for half in decision.halves] == [[0, 1], [2, 3, 4]]
    assert (list(decision.updates), decision.repeat, decision.stop) == ([], None, None)
    assert positions(triage.decide(batch(1), [WORDS["split"]], is_stopping=False).updates) == [0]


DOUBTED = replace(WORDS["split"], status=Status.UNKNOWN)


def test_a_refusal_in_doubt_is_halved_and_the_halves_stay_in_doubt(batch: Any) -> None:
    triage = Triage(operation(None))
    halves = triage.decide(batch(4), [DOUBTED] * 4, is_stopping=False).halves
    assert [half.verdicts for half in halves] == [[DOUBTED] * 2] * 2
    assert triage.untried(halves[0]) == [DOUBTED] * 2, "they may have been applied, and are not unsent"
    alone = triage.decide(halves[1].pick([0]), [WORDS["split"]], is_stopping=False)
    assert list(alone.verdicts) == [WORDS["split"]], "the vendor's own word on the row ends the doubt"


def test_what_must_not_be_repeated_is_halved_only_if_nothing_was_applied(batch: Any) -> None:
    triage = Triage(operation(None, idempotent=False))
    decision = triage.decide(batch(4), [DOUBTED] * 4, is_stopping=False)
    assert (decision.halves, list(decision.verdicts)) == ((), [DOUBTED] * 4)
    assert len(triage.decide(batch(4), [WORDS["split"]] * 4, is_stopping=False).halves) == 2


def test_requests_in_doubt_stop_the_push_where_none_may_be_repeated(batch: Any) -> None:
    triage = Triage(operation(None, idempotent=False))
    stops = [triage.decide(batch(300), [DOUBTED] * 300, is_stopping=False).stop for _ in range(2)]
    assert stops[0] is None
    assert isinstance(stops[1], RefusedConfiguration)


def test_a_refusal_of_one_row_stops_the_push_and_no_row_is_tried_again(batch: Any) -> None:
    decision = Triage(operation(2)).decide(batch(2), [WORDS["busy"], WORDS["stop"]], is_stopping=False)
    assert isinstance(decision.stop, RefusedConfiguration)
    assert str(decision.stop) == "Vendor refuses the push: authentication error (401). Check the keys."
    assert (positions(decision.updates), decision.repeat) == ([0, 1], None)


def test_rows_refused_alike_stop_the_push_and_untried_halves_share_the_verdict(batch: Any) -> None:
    triage = Triage(operation(2))
    half = triage.decide(batch(2), [WORDS["split"]] * 2, is_stopping=False).halves[0]
    assert triage.untried(half) == [NOT_TRIED]
    stops = [triage.decide(batch(1), [WORDS["split"]], is_stopping=False).stop for _ in range(200)]
    assert stops[:-1] == [None] * 199
    assert isinstance(stops[-1], RefusedConfiguration)
    assert triage.untried(half) == [WORDS["split"]]
    assert triage.untried(batch(1)) == [NOT_TRIED]


def test_an_unavailable_vendor_stops_the_push(batch: Any) -> None:
    triage = Triage(operation())
    stops = []
    for _ in range(5):
        stops.append(triage.decide(batch(1, ATTEMPTS - 1), [WORDS["doubt"]], is_stopping=False).stop)
    for _ in range(3):
        stops.append(triage.decide(batch(1), [WORDS["doubt"]], is_stopping=False).stop)
    assert stops[:-1] == [None] * 7
    assert isinstance(stops[-1], RetryLater)


def test_what_may_have_been_applied_once_stays_in_doubt(batch: Any) -> None:
    triage = Triage(operation())
    second = replace(WORDS["busy"])
    first = triage.decide(batch(1), [WORDS["doubt"]], is_stopping=False).repeat
    assert first is not None
    first.attempt = ATTEMPTS - 1
    assert list(triage.decide(first, [second], is_stopping=False).verdicts) == [WORDS["doubt"]]
