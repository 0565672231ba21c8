# SPDX-License-Identifier: Apache-2.0
"""What is said of the log in a database, of one push and of all shards."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.push.report.push_log import sentence_on_push_log
from airflow_provider_userattrs.push.report.report import Report

LOST = "; the push itself was not affected"


@pytest.mark.parametrize(
    ("written", "lost", "why", "said"),
    [
        (1, 0, None, "log_to: 1 line written"),
        (2_000, 0, None, "log_to: 2,000 lines written"),
        (0, 1, "OperationalError", f"log_to: 0 lines written, 1 line lost (OperationalError){LOST}"),
        (5, 0, "no room", f"log_to: 5 lines written, its tables are not up to date (no room){LOST}"),
    ],
)
def test_the_sentence(written: int, lost: int, why: str | None, said: str) -> None:
    assert sentence_on_push_log({"written": written, "lost": lost, "why": why}) == said


def test_shards_are_added_up() -> None:
    def report(**fields: Any) -> dict[str, Any]:
        made = Report("EngageLab", "set attributes", "confirmed", done="updated").as_dict(
            {}, warning=None, failure=None, requests=0, retries=0, bytes=0, seconds=0.0, duplicates=0, **fields
        )
        return dict(made)

    one = {"written": 3, "lost": 0, "why": None}
    other = {"written": 4, "lost": 2, "why": "OperationalError"}
    total = Total([report(push_log=one), report(), report(push_log=other)]).as_dict()
    assert total["push_log"] == {"written": 7, "lost": 2, "why": "OperationalError"}
    assert "push_log" not in Total([report()]).as_dict()
