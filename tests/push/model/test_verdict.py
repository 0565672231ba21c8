# SPDX-License-Identifier: Apache-2.0
"""The statuses of the design, and verdicts that are never changed in place."""

from __future__ import annotations

import dataclasses
import json

import pytest

from airflow_provider_userattrs.push.model.verdict import (
    ACCEPTED,
    FAILED,
    NOT_APPLIED,
    Action,
    Outcome,
    Status,
    Verdict,
)

#: The design's table, and whether a row of the status weighs against `max_failed` and calls for attention.
DESIGN = [
    ("accepted", False, False),
    ("partial", True, True),
    ("rejected", True, True),
    ("invalid", True, True),
    ("skipped", False, False),
    ("unknown", True, True),
    ("unsent", False, True),
]


@pytest.mark.parametrize(("word", "fails", "not_applied"), DESIGN, ids=[word for word, *_ in DESIGN])
def test_statuses(word: str, fails: bool, not_applied: bool) -> None:
    status = Status(word)
    assert str(status) == f"{status}" == word
    assert json.dumps({status: status}) == f'{{"{word}": "{word}"}}'
    assert (status in FAILED, status in NOT_APPLIED) == (fails, not_applied)


def test_there_are_no_other_statuses() -> None:
    assert [status.value for status in Status] == [word for word, *_ in DESIGN]


def test_a_verdict_is_final_by_default() -> None:
    assert Verdict(Status.REJECTED).action is Action.KEEP
    assert ACCEPTED.status is Status.ACCEPTED
    assert ACCEPTED.action is Action.KEEP


def test_on_and_saying_leave_the_verdict_as_it_was() -> None:
    verdict = Verdict(Status.REJECTED, "404", "User not found", "Check.", Action.RETRY)
    before = dataclasses.asdict(verdict)
    assert verdict.on("email").attribute == "email"
    assert verdict.saying("words").detail == "words"
    assert dataclasses.asdict(verdict) == before
    assert dataclasses.replace(verdict.on("email"), attribute=None) == verdict
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.code = "500"  # type: ignore[misc]


@pytest.mark.parametrize("said", [None, "", [], {}, 0], ids=repr)
def test_nothing_said_is_no_detail(said: object) -> None:
    verdict = Verdict(Status.REJECTED)
    assert verdict.saying(said) == verdict


@pytest.mark.parametrize(("said", "detail"), [("a" * 501, "a" * 500), ({"a": 1}, "{'a': 1}"), (5, "5")], ids=repr)
def test_words_are_text_of_500_characters_at_most(said: object, detail: str) -> None:
    assert Verdict(Status.REJECTED).saying(said).detail == detail


def test_an_outcome_holds_what_it_is_given() -> None:
    row = {"id": 1}
    outcome = Outcome(3, ACCEPTED, row, "ada")
    assert (outcome.position, outcome.verdict, outcome.row, outcome.user) == (3, ACCEPTED, row, "ada")
    assert Outcome(3, ACCEPTED, row).user is None
