# SPDX-License-Identifier: Apache-2.0
"""The number of rows is judged once a push, by the try that begins it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from task.tries import points, push_once, rows

from airflow_provider_userattrs.push.model.errors import RetryLater, UnexpectedRows

pytestmark = pytest.mark.usefixtures("connections", "clock")


class Counting:
    """A source of 40 rows, which says how often it was counted."""

    def __init__(self) -> None:
        self.counts = 0

    def identity(self) -> Any:
        return "the same"

    def rows(self) -> Iterator[Any]:
        yield from rows(40)

    def count(self) -> int:
        self.counts += 1
        return 40


@pytest.fixture(autouse=True)
def _away_at_the_31st_row(control: Any) -> None:
    control.switch(engagelab__any_user=True)
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "4000"}}, {"from": 31, "to": 31})


def test_a_retry_that_goes_on_does_not_judge_again(control: Any, tmp_path: Path) -> None:
    source = Counting()
    given: dict[str, Any] = {"users": source, "concurrency": 1}
    first = push_once(tmp_path, expect_rows=(40, None), **given)
    assert isinstance(first.error, RetryLater)
    second = push_once(tmp_path, expect_rows=(999, None), **given)
    assert second.error is None
    assert (source.counts, second.report["source_rows"], second.report["accepted"]) == (1, 40, 40)
    assert len(points(control)) == 40


def test_a_push_begun_without_a_guard_is_not_judged_in_its_middle(control: Any, tmp_path: Path) -> None:
    source = Counting()
    push_once(tmp_path, users=source, concurrency=1)
    second = push_once(tmp_path, users=source, expect_rows=(999, None), concurrency=1)
    assert second.error is None
    assert source.counts == 0
    assert "source_rows" not in second.report


def test_a_refused_push_leaves_no_checkpoint_and_is_judged_again_when_cleared(control: Any, tmp_path: Path) -> None:
    source = Counting()
    refused = push_once(tmp_path, users=source, expect_rows=(41, None), concurrency=1)
    assert isinstance(refused.error, UnexpectedRows)
    assert list(tmp_path.iterdir()) == []
    again = push_once(tmp_path, users=source, expect_rows=(41, None), concurrency=1)
    assert isinstance(again.error, UnexpectedRows)
    assert control.journal("engagelab") == []
    cleared = push_once(tmp_path, users=source, expect_rows=(40, None), concurrency=1)
    assert cleared.report["resumed_from"] is None
    assert source.counts == 3
