# SPDX-License-Identifier: Apache-2.0
"""Rows by verdict: nothing is counted twice or lost, however the counts are merged, kept and shown."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, FAILED, NOT_APPLIED, Status, Verdict
from airflow_provider_userattrs.push.report.counts import OTHER, Counts, Reason, other

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check.")
BUSY = Verdict(Status.UNSENT, "429", "too many requests", "Retry.")
SKIPPED = Verdict(Status.SKIPPED, "nothing-to-set", "every attribute is NULL", "Nothing.")

verdicts = st.sampled_from([ACCEPTED, NOT_FOUND, NOT_FOUND.on("a"), NOT_FOUND.at("x.csv, line 2"), BUSY, SKIPPED])


def counted(rows: list[Verdict]) -> Counts:
    counts = Counts()
    for position, verdict in enumerate(rows):
        counts.add(position, verdict)
    return counts


def shown(counts: Counts) -> list[tuple[str, int]]:
    return [(reason.verdict.code, reason.count) for reason in counts.ranked(20)]


@given(st.lists(verdicts, max_size=30), st.lists(verdicts, max_size=30))
def test_merged_counts_are_those_of_all_rows(one: list[Verdict], other: list[Verdict]) -> None:
    merged = counted(one)
    merged.merge(counted(other))
    together = counted([*one, *other])
    assert merged.counts == together.counts
    assert dict(shown(merged)) == dict(shown(together))
    assert merged.rows == len(one) + len(other)


@given(st.lists(verdicts, max_size=60))
def test_the_sums_are_those_of_the_statuses(rows: list[Verdict]) -> None:
    counts = counted(rows)
    assert {status: count for status, count in counts.counts.items() if count} == Counter(row.status for row in rows)
    assert counts.failed == sum(row.status in FAILED for row in rows)
    assert counts.not_applied == sum(row.status in NOT_APPLIED for row in rows)
    assert counts.count(NOT_FOUND) == sum(row.code == "404" for row in rows)


@given(st.lists(verdicts, max_size=60))
def test_what_is_kept_as_json_comes_back(rows: list[Verdict]) -> None:
    counts = counted(rows)
    again = Counts.restored(json.loads(json.dumps(counts.state(20))))
    assert again.counts == counts.counts
    assert shown(again) == shown(counts)
    assert again.state(20) == counts.state(20)


def test_many_rows_of_one_verdict_are_counted_at_once_and_the_first_is_named() -> None:
    counts = Counts()
    counts.add_accepted(5)
    counts.add_many(7, BUSY, 1_000)
    assert (counts.rows, counts.counts[Status.ACCEPTED], counts.count(BUSY)) == (1_005, 5, 1_000)
    assert counts.ranked(20)[0].positions == [7]


def test_a_reason_names_its_first_rows_locations_and_attributes() -> None:
    reason = Reason(NOT_FOUND)
    for position in range(9):
        reason.add(position, NOT_FOUND.on("plan").at(f"{'x' * 200}.csv, line {position}"))
    assert reason.count == 9
    assert reason.positions == [0, 1, 2, 3, 4]
    assert [len(index) for index in reason.locations] == [100] * 3
    assert reason.locations[0].startswith("...x")
    assert reason.locations[0].endswith(".csv, line 0"), "the end of a location says more than its beginning"
    assert reason.attributes == {"plan": 9}


def test_a_reason_names_its_first_rows_also_if_later_ones_had_their_verdicts_before() -> None:
    counts = Counts()
    for position in (105, 112, 119, 126, 133, 0, 140, 7, 14, 21):
        counts.add(position, NOT_FOUND)
    assert counts.ranked(20)[0].positions == [0, 7, 14, 21, 105]


def test_locations_are_those_of_the_first_rows_whatever_came_first_also_over_several_tries() -> None:
    first, later = Counts(), Counts()
    for position in (105, 112, 119, 7, 126):
        first.add(position, NOT_FOUND.at(f"line {position}"))
    later.merge(Counts.restored(json.loads(json.dumps(first.state(20)))))
    for position in (130, 14, 0):
        later.add(position, NOT_FOUND.at(f"line {position}"))
    assert first.ranked(20)[0].locations == ["line 7", "line 105", "line 112"]
    assert later.ranked(20)[0].locations == ["line 0", "line 7", "line 14"]


def test_attributes_of_one_reason_are_bounded() -> None:
    reason = Reason(NOT_FOUND)
    for number in range(1_000):
        reason.add(number, NOT_FOUND.on(f"column {number}"))
    assert (reason.count, len(reason.attributes)) == (1_000, 50)


def test_reasons_are_bounded_and_every_row_still_counts() -> None:
    counts = counted([Verdict(Status.REJECTED, str(number), "no", "Check.") for number in range(1_000)])
    assert counts.rows == counts.failed == 1_000
    assert counts.distinct_reasons() == 201
    assert counts.count(other(Status.REJECTED)) == 800


def test_what_needs_attention_comes_first_then_what_is_frequent() -> None:
    counts = counted([*[SKIPPED] * 9, BUSY, *[NOT_FOUND] * 3])
    assert shown(counts) == [("404", 3), ("429", 1), ("nothing-to-set", 9)]


@pytest.mark.parametrize("most", [10, 20])
def test_reasons_that_are_not_shown_are_lumped_by_status(most: int) -> None:
    several = [Verdict(Status.REJECTED, str(number), "no", "Check.") for number in range(30)]
    counts = counted([*several, BUSY])
    ranked = counts.ranked(most)
    assert len(ranked) <= most
    assert sum(reason.count for reason in ranked) == 31
    lumps = {reason.verdict.status: reason for reason in ranked if reason.verdict.code == OTHER}
    assert set(lumps) <= {Status.REJECTED, Status.UNSENT}
    assert lumps[Status.REJECTED].verdict.see_rejects


def test_merged_reasons_name_the_first_rows_of_both() -> None:
    one, late = Reason(NOT_FOUND), Reason(NOT_FOUND)
    for position in (0, 3, 4, 9):
        one.add(position, NOT_FOUND.on("plan"))
    for position in (1, 2, 8):
        late.add(position, NOT_FOUND.on("name").at("x.csv, line 2"))
    late.merge(one)
    assert (late.count, late.positions) == (7, [0, 1, 2, 3, 4])
    assert late.attributes == {"plan": 4, "name": 3}
    assert late.locations == ["x.csv, line 2"] * 3
