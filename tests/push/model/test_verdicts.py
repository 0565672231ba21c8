# SPDX-License-Identifier: Apache-2.0
"""The engine's own verdicts: each says what it means and what to do, and claims no more than is certain."""

from __future__ import annotations

import pytest

from airflow_provider_userattrs.push.model import verdicts
from airflow_provider_userattrs.push.model.verdict import Action, Status, Verdict

OWN = {name: value for name, value in vars(verdicts).items() if isinstance(value, Verdict)}


@pytest.mark.parametrize("name", OWN)
def test_each_says_what_it_means_and_what_to_do(name: str) -> None:
    verdict = OWN[name]
    assert verdict.code
    assert verdict.meaning
    assert verdict.remedy


@pytest.mark.parametrize(
    ("name", "status", "action"),
    [
        ("NO_CONNECTION", Status.UNSENT, Action.RETRY),
        ("NO_RESPONSE", Status.UNKNOWN, Action.RETRY),
        ("TASK_ENDED", Status.UNKNOWN, Action.RETRY),
        ("UNREADABLE", Status.UNKNOWN, Action.KEEP),
        ("BROKEN", Status.UNKNOWN, Action.STOP),
        ("IN_DOUBT", Status.UNKNOWN, Action.KEEP),
        ("DRY_RUN", Status.SKIPPED, Action.KEEP),
        ("NOT_TRIED", Status.UNSENT, Action.KEEP),
        ("HELD_BACK", Status.UNSENT, Action.KEEP),
        ("NOT_REACHED", Status.UNSENT, Action.KEEP),
    ],
)
def test_what_was_sent_is_in_doubt_and_what_was_not_is_unsent(name: str, status: Status, action: Action) -> None:
    assert (OWN[name].status, OWN[name].action) == (status, action)


def test_a_limit_is_said_with_its_thousands_grouped() -> None:
    verdict = verdicts.too_large(131_072)
    assert (verdict.status, verdict.code) == (Status.INVALID, "request-too-large")
    assert verdict.meaning == "update over 131,072 bytes"
