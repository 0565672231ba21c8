# SPDX-License-Identifier: Apache-2.0
"""The sentences on the rows that a push reads because they are new, and their sum over shards."""

from __future__ import annotations

from typing import Any

import pytest
from push.report.test_changes import changes

from airflow_provider_userattrs.push.report.changes import (
    sentence_on_gone,
    sentence_on_mark,
    sentence_on_window,
    sentences_on,
)
from airflow_provider_userattrs.push.report.sections import _window


def window(**fields: Any) -> Any:
    return {
        "column": "updated_at",
        "since": "2026-11-24T02:45:00+00:00",
        "until": "2026-11-25T03:00:07.123456+00:00",
        "all": None,
        "asked": 0,
        "failed_again": 0,
        "gone": 0,
        "remembered": 0,
        "kept": None,
        **fields,
    }


READ = "Rows with updated_at from 2026-11-24 02:45 UTC to 2026-11-25 03:00 UTC are read"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, READ),
        ({"asked": 1}, f"{READ}, and 1 user again who failed before"),
        ({"asked": 1_200}, f"{READ}, and 1,200 users again who failed before"),
        ({"since": None, "all": "the query changed"}, "All rows are read, because the query changed"),
    ],
)
def test_which_rows_are_read(fields: dict[str, Any], sentence: str) -> None:
    assert sentence_on_window(changes(window=window(**fields))) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, None),
        ({"remembered": 1}, "The next push asks for 1 user again who failed"),
        ({"remembered": 2}, "The next push asks for 2 users again who failed"),
        (
            {"kept": "two pushes ran at once", "remembered": 2},
            "The next push reads the same rows once more, because two pushes ran at once",
        ),
    ],
)
def test_what_the_next_push_reads(fields: dict[str, Any], sentence: str | None) -> None:
    assert sentence_on_mark(changes(window=window(**fields))) == sentence


def test_who_is_asked_for_no_more() -> None:
    assert sentence_on_gone(changes(window=window())) is None
    assert sentence_on_gone(changes(window=window(gone=1))) == "1 user who failed before has left the query"
    assert sentence_on_gone(changes(window=window(gone=2))) == "2 users who failed before have left the query"


def test_without_a_window_nothing_is_said_of_it() -> None:
    assert sentences_on(changes()) == ["Only what changed is sent, of 1,000,000 users known"]


def test_shards_together() -> None:
    other = window(since="2026-11-23T02:45:00+00:00", until="2026-11-25T03:10:00+00:00", asked=2, gone=1, remembered=3)
    total = _window([window(asked=1, failed_again=1), other])
    assert total == window(since=other["since"], asked=3, failed_again=1, gone=1, remembered=3)
    whole = window(since=None, all="nothing was pushed before")
    both = _window([window(kept="rows could not be sent"), whole])
    assert (both["since"], both["all"], both["kept"]) == (None, "nothing was pushed before", "rows could not be sent")
