# SPDX-License-Identifier: Apache-2.0
"""The sentences on what changed."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.report.changes import (
    sentence_on_disputed,
    sentence_on_failing,
    sentence_on_sent,
)


def changes(**fields: Any) -> Any:
    return {
        "began": 1_700_000_000,
        "known": 1_000_000,
        "full": None,
        "refreshed": 0,
        "failing": 0,
        "failing_since": None,
        "disputed": 0,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Only what changed is sent, of 1,000,000 users known"),
        (
            {"refreshed": 1},
            "Only what changed is sent, of 1,000,000 users known; 1 user again, because refresh_after had passed",
        ),
        ({"full": "the mapping changed", "known": 0}, "Every user is sent, because the mapping changed"),
    ],
)
def test_which_users_are_sent(fields: dict[str, Any], sentence: str) -> None:
    assert sentence_on_sent(changes(**fields)) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, None),
        ({"failing": 1, "failing_since": 86_400}, "1 user has failed before too, the first since 1970-01-02"),
        (
            {"failing": 12, "failing_since": 1_764_111_599},
            "12 users have failed before too, the first since 2025-11-25",
        ),
    ],
)
def test_since_when_users_fail(fields: dict[str, Any], sentence: str | None) -> None:
    assert sentence_on_failing(changes(**fields)) == sentence


def test_two_pushes_at_once() -> None:
    assert sentence_on_disputed(changes()) is None
    words = "Two pushes ran at once: 2 users whom they sent are sent again"
    assert sentence_on_disputed(changes(disputed=2)) == words
