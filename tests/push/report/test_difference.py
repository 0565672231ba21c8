# SPDX-License-Identifier: Apache-2.0
"""A report compared with the last one: what is certain is said, what is not is not, and nothing foreign is a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.report.difference import NamedReason, Pair, compare, sentences_on_difference
from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.push.report.report import MAX_ATTRIBUTES, Report

EUID = Verdict(Status.REJECTED, "55108", "EUID is invalid", "Check the EUIDs.")
LONG = Verdict(Status.INVALID, "value-too-long", "the value is too long", "Shorten it.")
ACCEPTED = Verdict(Status.ACCEPTED)


def report(*verdicts: Verdict, dry_run: bool = False, stopped: bool = False, **facts: Any) -> dict[str, Any]:
    made = Report("Kahuna", "set attributes", "Kahuna confirmed each user", dry_run=dry_run)
    for position, verdict in enumerate(verdicts):
        made.add(position, verdict)
    made.is_stopped = stopped
    facts = {"requests": 1, "retries": 0, "bytes": 10, "seconds": 1.0, "rejects_path": None, "shard": None, **facts}
    found: dict[str, Any] = json.loads(json.dumps(made.as_dict({}, **facts)))
    return found


def test_a_night_unlike_the_last() -> None:
    last = report(*[ACCEPTED] * 1_999, LONG.on("city"), requests=20, seconds=38.04)
    now = report(*[ACCEPTED] * 1_200, EUID, LONG.on("plan"), requests=13, seconds=1_041.2)
    difference = compare(now, last)
    assert difference is not None
    assert (difference.rows, difference.not_applied) == (Pair(2_000, 1_202), Pair(1, 2))
    assert sentences_on_difference(difference) == [
        "Compared with the last push: 1,202 users (2,000 then), 2 not updated (1 then), 13 requests (20 then), "
        "1,041.2 s (38.0 s then)",
        "New since the last push: EUID is invalid (55108), the value is too long on plan",
        "Gone since the last push: the value is too long on city",
    ]


def test_a_night_like_the_last_is_one_sentence() -> None:
    same = compare(report(ACCEPTED, EUID), report(EUID, ACCEPTED))
    assert same is not None
    assert sentences_on_difference(same) == [
        "Compared with the last push: 2 users (2 then), 1 not updated (1 then), 1 request (1 then), 1.0 s (1.0 s then)"
    ]


def test_dry_runs_are_compared_with_dry_runs() -> None:
    assert compare(report(EUID, dry_run=True), report(EUID)) is None
    difference = compare(report(EUID, dry_run=True), report(dry_run=True))
    assert difference is not None
    assert "1 would not be updated (0 then)" in sentences_on_difference(difference)[0]


@pytest.mark.parametrize(
    "other",
    [{"vendor": "MoEngage"}, {"operation": "unset attributes"}, {"format": 2}, {"shard": {"number": 1, "of": 4}}],
    ids=lambda other: next(iter(other)),
)
def test_another_push_is_not_compared(other: dict[str, Any]) -> None:
    assert compare(report(EUID), {**report(EUID), **other}) is None


def test_what_was_not_reached_is_not_gone() -> None:
    stopped = compare(report(ACCEPTED, stopped=True), report(EUID))
    assert stopped is not None
    assert stopped.gone == ()
    after = compare(report(EUID), report(ACCEPTED, stopped=True))
    assert after is not None
    assert after.new == (NamedReason(Status.REJECTED, "55108", "EUID is invalid"),)
    assert sentences_on_difference(after)[0].endswith("; the last push stopped before its end")


def test_what_a_report_had_no_room_for_is_neither_new_nor_gone() -> None:
    many = [Verdict(Status.INVALID, f"rule-{number}", "it breaks a rule", "Fix it.") for number in range(40)]
    full, one = report(*many), report(many[39], EUID)
    difference = compare(one, full)
    assert difference is not None
    assert [reason.code for reason in difference.new] == ["55108"]  # rule-39 may be among the others
    difference = compare(full, one)
    assert difference is not None
    assert [reason.code for reason in difference.gone] == ["55108"]
    names = [LONG.on(f"attribute {number}") for number in range(MAX_ATTRIBUTES)]
    difference = compare(report(LONG.on("another")), report(*names))
    assert difference is not None
    assert difference.new == ()
    assert difference.gone[0].attributes == tuple(f"attribute {number}" for number in range(MAX_ATTRIBUTES))


def test_what_was_skipped_on_purpose_is_no_reason() -> None:
    skipped = Verdict(Status.SKIPPED, "unchanged", "nothing changed", "Nothing to do.")
    difference = compare(report(skipped), report(ACCEPTED))
    assert difference is not None
    assert not difference.new


def test_a_reason_reworded_by_another_version_is_the_same() -> None:
    reworded = Verdict(Status.REJECTED, "55108", "the EUID is unknown", "Check the EUIDs.")
    difference = compare(report(EUID), report(reworded))
    assert difference is not None
    assert (difference.new, difference.gone) == ((), ())


def test_totals_are_compared_like_any_other() -> None:
    difference = compare(
        Total([report(EUID, ACCEPTED, shard={"number": 1, "of": 1})]).as_dict(), Total([report(ACCEPTED)]).as_dict()
    )
    assert difference is not None
    assert (difference.rows, [reason.code for reason in difference.new]) == (Pair(1, 2), ["55108"])


def test_a_report_of_an_early_version_lacks_fields() -> None:
    early = {"format": 1, "vendor": "Kahuna", "operation": "set attributes", "rows": 9, "reasons": []}
    difference = compare(report(ACCEPTED, EUID), early)
    assert difference is not None
    assert (difference.requests, difference.seconds) == (None, None)
    assert sentences_on_difference(difference) == [
        "Compared with the last push: 2 users (9 then), 1 not updated (0 then)",
        "New since the last push: EUID is invalid (55108)",
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*report(EUID), "dry_run", "stopped"})


@given(damage=st.dictionaries(st.sampled_from(FIELDS), json_values), reason=json_values, is_last=st.booleans())
def test_a_damaged_report_is_no_crash(damage: dict[str, Any], reason: Any, is_last: bool) -> None:
    damaged = {**report(EUID, LONG.on("city")), **damage}
    if isinstance(damaged["reasons"], list):
        damaged["reasons"] = [*damaged["reasons"], reason, {"status": "invalid", "attributes": reason}]
    pair = (report(EUID), damaged) if is_last else (damaged, report(EUID))
    difference = compare(*pair)
    if difference is not None:
        assert all(printable(sentence) == sentence for sentence in sentences_on_difference(difference))


verdicts = st.lists(
    st.builds(
        lambda status, code, name: Verdict(status, f"rule-{code}", "it breaks a rule", "Fix it.").on(name),
        st.sampled_from([Status.INVALID, Status.REJECTED]),
        st.integers(0, 9),
        st.sampled_from("abc"),
    ),
    max_size=20,
)


@given(now=verdicts, last=verdicts)
def test_new_one_way_is_gone_the_other(now: list[Verdict], last: list[Verdict]) -> None:
    there, back = compare(report(*now), report(*last)), compare(report(*last), report(*now))
    assert there is not None
    assert back is not None
    assert (set(there.new), set(there.gone)) == (set(back.gone), set(back.new))
    named = {(verdict.status, verdict.code, verdict.attribute) for verdict in now}
    named -= {(verdict.status, verdict.code, verdict.attribute) for verdict in last}
    assert {(reason.status, reason.code, name) for reason in there.new for name in reason.attributes} == named
