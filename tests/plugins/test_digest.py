# SPDX-License-Identifier: Apache-2.0
"""A push of the past in one level and one sentence, whatever it left behind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from past_runs import FIRST_NIGHT, NOT_FOUND, TOO_LONG, UNCHANGED, report_of

from airflow_provider_userattrs.plugins.digest import LEVELS, Digest, PastInstance, digest
from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN

#: A report of an early version: what is not needed to know it is missing.
EARLY = {"format": 1, "vendor": "Kahuna", "operation": "set attributes", "rows": 3, "reasons": [], "accepted": 3}
OTHER_FORMAT = {**EARLY, "format": 2}


def instance(report: Any = None, state: str | None = "success", index: int = -1, operator: str = "") -> PastInstance:
    return PastInstance("dag", "run", 1, FIRST_NIGHT, "push", index, state, operator, report)


def mapped(*instances: tuple[Any, str]) -> Digest:
    return digest([instance(report, state, index) for index, (report, state) in enumerate(instances)])


@pytest.mark.parametrize(
    ("report", "state", "level", "sentence"),
    [
        (report_of(1_500), "success", "ok", "accepted: 1,500 accepted; 20 requests, 10.0 s"),
        (
            report_of(1_988, (9, NOT_FOUND), (3, TOO_LONG), requests=1, seconds=100.4),
            "success",
            "warning",
            "needs attention: 9 rejected, 3 invalid, 1,988 accepted; 1 request, 1 min 40 s",
        ),
        (report_of(0, (7, NOT_FOUND)), "failed", "failed", "failed: 7 rejected; 20 requests, 10.0 s"),
        (report_of(0, (7, UNCHANGED)), "success", "unchanged", "unchanged: 7 skipped; 20 requests, 10.0 s"),
        (report_of(0), "success", "unchanged", "unchanged: no users; 20 requests, 10.0 s"),
        (
            report_of(0, (7, DRY_RUN), dry_run=True),
            "success",
            "warning",
            "needs attention: dry run, 7 skipped; 20 requests, 10.0 s",
        ),
        (report_of(7), "up_for_retry", "running", "not ended: 7 accepted; 20 requests, 10.0 s"),
        (None, "running", "running", "not ended"),
        (None, None, "running", "not ended"),
        (None, "failed", "failed", "failed: the task failed and left no report"),
        (None, "skipped", "none", "no push: the task was skipped"),
        (None, "upstream_failed", "none", "no push: a task before it failed"),
        (None, "success", "none", "no push: its report is gone or not kept, or somebody marked it as success"),
        (EARLY, "success", "ok", "accepted: 3 accepted"),
        (
            OTHER_FORMAT,
            "success",
            "none",
            "no push: its report was written by another version of airflow-provider-userattrs",
        ),
        (
            OTHER_FORMAT,
            "failed",
            "failed",
            "failed: its report was written by another version of airflow-provider-userattrs",
        ),
    ],
)
def test_the_verdict_on_a_push(report: Any, state: str | None, level: str, sentence: str) -> None:
    result = digest([instance(report, state)])
    assert (result.level, result.sentence) == (level, sentence)
    assert (result.not_applied is None) is (report is None or report is OTHER_FORMAT)


@pytest.mark.parametrize(
    ("report", "state", "why"),
    [
        (report_of(9), "success", ""),
        (report_of(8, (1, NOT_FOUND)), "success", ""),  # its reasons say it
        (report_of(8, (1, NOT_FOUND), failure="1 of 9 failed"), "failed", "1 of 9 failed."),
        (
            report_of(0, (7, DRY_RUN), dry_run=True),
            "success",
            "Dry run: would send 7 of 7 users to Kahuna, and sent none.",
        ),
        ({**report_of(9), "warning": "limit: only 9 rows were read"}, "success", "Limit: only 9 rows were read."),
        ({**report_of(9), "warning": {"a": 1}}, "success", ""),
        (None, "failed", "The task failed and left no report."),
        (OTHER_FORMAT, "failed", ""),
        (None, "skipped", ""),
    ],
    ids=range(9),
)
def test_why_it_failed_or_needs_attention_although_no_row_does(report: Any, state: str, why: str) -> None:
    assert digest([instance(report, state)]).why == why


def test_instances_are_added_up() -> None:
    one, two = report_of(5, (1, NOT_FOUND), seconds=3), report_of(7, (2, NOT_FOUND), (1, TOO_LONG), seconds=9)
    result = mapped((one, "success"), (two, "success"))
    assert result.is_mapped
    assert result.sentence == "needs attention: 3 rejected, 1 invalid, 12 accepted; 40 requests, 9.0 s; 2 instances"
    assert (result.not_applied, result.seconds, result.requests) == (4, 9.0, 40)
    assert {key: count for key, (_, count) in result.reasons.items()} == {
        (Status.REJECTED, "404"): 3,
        (Status.INVALID, "value-too-long"): 1,
    }
    assert result.reasons[Status.INVALID, "value-too-long"][0].attributes == ("city",)


@pytest.mark.parametrize(
    ("states", "level"),
    [
        (("success", "success"), "ok"),
        (("success", "running"), "running"),
        (("running", "failed"), "failed"),
        (("success", "upstream_failed"), "ok"),
    ],
    ids=lambda states: states if isinstance(states, str) else "-".join(states),
)
def test_the_worst_instance_gives_the_verdict(states: tuple[str, str], level: str) -> None:
    result = mapped((report_of(1), states[0]), (None, states[1]))
    assert result.level == level
    assert result.sentence.endswith("2 instances, 1 without a report")


def test_who_the_vendor_is() -> None:
    assert digest([instance(report_of(1, vendor="MoEngage"), operator="Ours")]).vendor == "MoEngage"
    assert digest([instance(operator="EngageLabSetAttributesOperator")]).vendor == "EngageLab"
    assert digest([instance(operator="PushTotalOperator")]).vendor == ""


def test_the_reasons_that_were_summed_up_are_none() -> None:
    many = [(1, Verdict(Status.INVALID, f"rule-{number}", "it breaks a rule", "Fix it.")) for number in range(30)]
    assert (Status.INVALID, "other") not in digest([instance(report_of(0, *many))]).reasons


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(set(report_of(1)) - {"format"})


@settings(deadline=None)
@given(damage=st.dictionaries(st.sampled_from(FIELDS), json_values), other=json_values)
def test_a_damaged_report_is_no_crash(damage: dict[str, Any], other: Any) -> None:
    damaged = {**report_of(5, (2, NOT_FOUND)), **damage}
    result = mapped((damaged, "success"), (other, "success"))
    assert result.level in LEVELS
    assert result.sentence.startswith(LEVELS[result.level])
