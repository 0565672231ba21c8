# SPDX-License-Identifier: Apache-2.0
"""The sections of shards' reports: a total has those that a shard has, and no other."""

from __future__ import annotations

from typing import Any

from airflow_provider_userattrs.push.report.sections import _removed, merge_sections


def limit(rows: int, reached: bool) -> dict[str, Any]:
    return {"limit": {"rows": rows, "reached": reached}}


def test_a_section_that_no_shard_has_is_left_out() -> None:
    reports: list[Any] = [{}, {}]
    assert merge_sections(reports) == {}


def test_a_limit_is_reached_if_a_shard_reached_its_own() -> None:
    reports: list[Any] = [limit(3, False), limit(4, True)]
    assert merge_sections(reports) == limit(7, True)


def test_the_source_is_counted_if_each_shard_counted_its_own() -> None:
    reports: list[Any] = [{"source_rows": 3}, {"source_rows": 4}]
    assert merge_sections(reports) == {"source_rows": 7}
    without: list[Any] = [*reports, {}]
    assert merge_sections(without) == {}


def test_of_those_who_left_the_shard_with_most_says_why_none_was_unset() -> None:
    parts: list[Any] = [
        {"left": left, "unset": 0, "gone": 0, "withheld": withheld, "why": None}
        for left, withheld in ((9, "9 are too many"), (11, "11 are too many"), (None, "it resumed"), (0, None))
    ]
    together = _removed(parts)
    assert together is not None
    assert (together["left"], together["withheld"]) == (20, "in one shard 11 are too many")
    assert _removed(parts[:1]) == parts[0]
