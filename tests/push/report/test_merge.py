# SPDX-License-Identifier: Apache-2.0
"""The reports of shards added up: nothing counted twice, nothing left out, and a shard that is silent is named."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.sentences import said_by_the_warning_alone, summary

verdicts = st.builds(
    lambda status, number: Verdict(status, f"code-{number}", f"meaning {number}", f"Remedy {number}."),
    st.sampled_from(Status),
    st.integers(0, 30),
)


def report(
    rows: list[Verdict],
    *,
    vendor: str = "Kahuna",
    operation: str = "set attributes",
    notes: dict[tuple[str, str], int] | None = None,
    dry_run: bool = False,
    **facts: Any,
) -> dict[str, Any]:
    """Return what a task of so many rows hands over, as it comes out of an XCom."""
    made = Report(vendor, operation, "Kahuna confirmed each user", dry_run=dry_run)
    for position, verdict in enumerate(rows):
        made.add(position, verdict)
    facts = {"requests": 1, "retries": 0, "bytes": 10, "seconds": 1.0, "rejects_path": None, "shard": None, **facts}
    found: dict[str, Any] = json.loads(json.dumps(made.as_dict(notes or {}, **facts)))
    return found


@settings(max_examples=100)
@given(shards=st.lists(st.lists(verdicts, max_size=30), min_size=1, max_size=5))
def test_counts_and_reasons_are_those_of_the_whole(shards: list[list[Verdict]]) -> None:
    total = Total(report(rows) for rows in shards).as_dict()
    whole = Counter(verdict.status.value for rows in shards for verdict in rows)
    assert {status.value: total[status.value] for status in Status} == {
        status.value: whole[status.value] for status in Status
    }
    assert total["rows"] == sum(map(len, shards))
    result: Counter[str] = Counter()
    for reason in total["reasons"]:
        result[reason["status"]] += reason["count"]
        assert reason["positions"] == []  # each shard counts its own
    del whole["accepted"]
    assert result == whole


def test_facts_are_added_and_the_longest_shard_counts() -> None:
    total = Total(
        [
            report([], requests=3, retries=1, bytes=5, seconds=2.0, rejects_path="b", notes={("age", "as text"): 2}),
            report([], requests=4, retries=0, bytes=6, seconds=7.5, rejects_path="a", notes={("age", "as text"): 3}),
        ]
    ).as_dict()
    assert (total["requests"], total["retries"], total["bytes"], total["seconds"]) == (7, 1, 11, 7.5)
    assert total["rejects_path"] == ["a", "b"]
    assert total["notes"] == [{"attribute": "age", "note": "as text", "count": 5}]
    assert total["shards"] == {"reported": 2, "missing": []}


def test_a_shard_without_a_report_is_named() -> None:
    total = Total([report([], shard={"number": number, "of": 4}) for number in (4, 2)])
    assert total.missing == [1, 3]
    assert total.as_dict()["shards"] == {"reported": 2, "missing": [1, 3]}


def test_what_is_no_report_is_passed_over() -> None:
    assert Total([None, {"rows": 5}, "text", report([])]).as_dict()["shards"]["reported"] == 1


def test_tasks_without_numbers_that_gave_no_report_are_named() -> None:
    total = Total([report([])], [f"push[{index}] (failed)" for index in range(1, 13)])
    sentence = str(total.conclude(None))
    assert sentence.startswith("no report came from 12 of 13 shards: push[1] (failed), push[2] (failed), ")
    assert sentence.endswith("push[10] (failed), ...; clear them")
    assert total.as_dict()["warning"] == sentence
    with pytest.raises(ValueError, match=r"^no report came from 1 of 1 shard: push \(failed\); clear them$"):
        Total([], ["push (failed)"])


def test_a_shard_that_succeeded_without_a_report_may_not_keep_one() -> None:
    with pytest.raises(ValueError, match=r"push \(success\); have them keep what they return if they do not"):
        Total([], ["push (success)"])


@pytest.mark.parametrize("reports", [[], [None], [{"vendor": "Kahuna"}]])
def test_no_report_at_all_is_an_error(reports: list[Any]) -> None:
    with pytest.raises(ValueError, match="no report"):
        Total(reports)


@pytest.mark.parametrize("other", [{"vendor": "MoEngage"}, {"operation": "unset attributes"}, {"dry_run": True}])
def test_reports_of_different_pushes_are_not_added(other: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="different pushes"):
        Total([report([]), report([], **other)])


def halted(number: int, at: int | None, why: str, rows: list[Verdict] | None = None) -> dict[str, Any]:
    """Return the report of a shard of four that stopped."""
    result = {"shard": {"number": number, "of": 4}, "stopped": True, "stopped_at": at, "failure": why}
    return {**report(rows or []), **result}


ACCEPTED = Verdict(Status.ACCEPTED)
BROKE = "sql could not be read to its end; stopped at row 32,000; the rows after it are not counted"


def test_a_shard_that_stopped_fails_the_total_by_name_reason_and_row() -> None:
    whole = [report([ACCEPTED], shard={"number": number, "of": 4}) for number in (1, 2, 4)]
    total = Total([*whole, halted(3, 32_000, BROKE, [ACCEPTED] * 5)])
    sentence = f"1 of 4 shards stopped: shard 3: {BROKE}"
    assert str(total.conclude(1.0)) == sentence
    assert total.as_dict()["warning"] == sentence
    assert total.as_dict()["accepted"] == 8


def test_shards_that_were_all_refused_are_not_an_empty_push() -> None:
    total = Total([halted(number, 0, "The conn_id `nowhere` isn't defined") for number in (1, 2, 3, 4)])
    assert str(total.conclude(None)).startswith(
        "4 of 4 shards stopped: shards 1, 2, 3, 4: The conn_id `nowhere` isn't defined"
    )
    assert summary(total.report) == "0 users: stopped before any was read"


def test_many_shards_that_stopped_keep_the_total_small() -> None:
    total = Total([halted(number, 5, f"{number}{'x' * 400}") for number in range(1, 1_001)])
    error = str(total.conclude(None))
    assert error.endswith("; and 996 more")
    assert len(json.dumps({**total.as_dict(), "failure": error})) < 16_384


def test_a_reason_of_many_shards_is_given_once() -> None:
    total = Total([halted(number, 5, f"{BROKE}.") for number in range(1, 1_001)])
    assert str(total.conclude(None)) == (
        "1,000 of 4 shards stopped: shards 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, and 983 more: "
        f"{BROKE}"
    )


def test_shards_without_numbers_have_no_names() -> None:
    reports = [{**report([ACCEPTED]), "failure": why} for why in ("all failed", "all failed", "most failed")]
    assert Total(reports).as_dict()["warning"] == "3 shards failed by themselves: all failed; most failed"


def test_a_shards_own_limit_is_reported_and_the_totals_decides() -> None:
    rejected = Verdict(Status.REJECTED, "404", "User not found", "Remove it.")
    red = {**report([rejected] * 6), "failure": "6 of 6 users failed at Kahuna; max_failed allows 0"}
    total = Total([report([ACCEPTED] * 94), red])
    assert total.conclude(0.1) is None
    warning = total.as_dict()["warning"]
    assert warning is not None
    assert warning.endswith("; 1 shard failed by itself: 6 of 6 users failed at Kahuna; max_failed allows 0")
    assert "max_failed allows 5% of the rows: " in str(total.conclude(0.05))


def test_a_report_of_another_version_or_a_damaged_one_is_refused() -> None:
    whole = report([Verdict(Status.REJECTED, "404", "unknown", "Check.")])
    with pytest.raises(ValueError, match=r"a report is of format 9, not 1: another version"):
        Total([whole, {**whole, "format": 9}])
    for name in ("requests", "accepted", "notes"):
        with pytest.raises(ValueError, match="a report is damaged; run the push again"):
            Total([{**whole, name: None}])


def warned(number: int | None, clause: str, of: int = 9) -> dict[str, Any]:
    shard = None if number is None else {"number": number, "of": of}
    dry = Verdict(Status.SKIPPED, "dry-run", "not sent", "None.")
    return report([dry], dry_run=True, shard=shard, warning=f"Dry run: would send 1 of 1 user; {clause}; stopped")


TOO_FEW = "a push would be refused: the source has {} rows, and expect_rows asks for at least 10"


def test_what_a_guard_would_refuse_is_said_with_its_shards() -> None:
    total = Total([warned(1, TOO_FEW.format(3), 3), warned(2, "x", 3), warned(3, TOO_FEW.format(3), 3)]).as_dict()
    assert total["warning"] is not None
    assert said_by_the_warning_alone(total["warning"]) == [f"in shards 1, 3 {TOO_FEW.format(3)}"]


def test_what_a_guard_would_refuse_of_shards_without_numbers() -> None:
    for others, where in ([TOO_FEW.format(3)], "in 2 shards"), (["x"], "in one shard"):
        total = Total([warned(None, clause) for clause in (TOO_FEW.format(3), *others)]).as_dict()
        assert f"; {where} {TOO_FEW.format(3)}" in str(total["warning"])
    assert f"; {TOO_FEW.format(3)}" in str(Total([warned(None, TOO_FEW.format(3))]).as_dict()["warning"])


def test_what_many_shards_alone_say_keeps_the_total_small() -> None:
    shards = [warned(number, TOO_FEW.format(number), 500) for number in range(1, 501)]
    said = said_by_the_warning_alone(str(Total(shards).as_dict()["warning"]))
    assert len(said) == 4
    assert said[-1] == f"in shard 4 {TOO_FEW.format(4)}, and the like in 496 more shards"


def test_rows_that_came_or_left_between_tries_are_said_of_their_shard() -> None:
    clause = "2 of the 9 users done by earlier tries left the source"
    total = Total([warned(1, clause, 2), warned(2, "x", 2)]).as_dict()
    assert said_by_the_warning_alone(str(total["warning"])) == [f"in shard 1 {clause}"]
