# SPDX-License-Identifier: Apache-2.0
"""The sentences on what changed."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.report.changes import (
    sentence_on_disputed,
    sentence_on_failing,
    sentence_on_removed,
    sentence_on_sent,
    warning_on_removed,
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
        "removed": None,
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


REMOVED = {"left": 3, "unset": 0, "gone": 0, "withheld": None, "why": None}


@pytest.mark.parametrize(
    ("removed", "dry_run", "words", "warns"),
    [
        (None, False, None, False),
        ({"left": 0}, False, None, False),
        ({"left": None}, False, None, False),
        ({"left": None, "withheld": "this try resumed"}, False, "Nobody was looked for who left the query, ", False),
        ({"unset": 3}, False, "3 users left the query and were unset", False),
        ({"left": 1, "unset": 1}, False, "1 user left the query and was unset", False),
        ({"unset": 2, "gone": 1}, False, "and were unset, 1 of whom the vendor does not know any more", False),
        ({"left": 1, "gone": 1}, False, "1 user left the query, whom the vendor does not know any more", False),
        ({}, True, "3 users left the query and would be unset", False),
        ({"left": 1, "withheld": "of x"}, True, "1 user left the query and would not be unset, because of x", True),
        ({"withheld": "of x"}, True, "3 users left the query and none would be unset, because of x", True),
        ({"withheld": "of x"}, False, "3 users left the query and none was unset, because of x", True),
        ({"why": "1 x y"}, False, "3 users left the query and none was unset: 1 x y; the next push tries again", True),
        ({"unset": 1, "why": "y"}, False, "and 1 was unset: y; the next push tries again", True),
        ({"unset": 2, "withheld": "of x"}, False, "and 2 were unset, because of x", True),  # of several shards
        ({"unset": 2}, False, "and 2 were unset: the push stopped; the next push tries again", False),
    ],
)
def test_who_left_the_query(removed: dict[str, Any] | None, dry_run: bool, words: str | None, warns: bool) -> None:
    said = changes(removed=None if removed is None else {**REMOVED, **removed})
    sentence = sentence_on_removed(said, dry_run=dry_run)
    assert (sentence is None) if words is None else words in (sentence or "")
    assert warning_on_removed(said, dry_run=dry_run) == (sentence if warns else None)


def test_reports_of_earlier_versions_say_nothing_of_those_who_left() -> None:
    said: Any = changes()
    del said["removed"]
    assert sentence_on_removed(said) is None
    assert warning_on_removed(said) is None
