# SPDX-License-Identifier: Apache-2.0
"""The pushes of a task over many runs: since when, how often in a row, and which tasks are shown first."""

from __future__ import annotations

from typing import Any

import pytest
from past_runs import A_DAY, FIRST_NIGHT, NOT_FOUND, TOO_LONG, UNCHANGED, report_of

from airflow_provider_userattrs.plugins.digest import PastInstance
from airflow_provider_userattrs.plugins.history import Filter, History, chosen, histories
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN

WELL = report_of(9)
BAD = report_of(8, (1, NOT_FOUND))
DRY = report_of(0, (9, DRY_RUN), dry_run=True)
WORSE = report_of(6, (1, NOT_FOUND), (2, TOO_LONG))


def nights(*reports: Any, dag_id: str = "dag", task_id: str = "push") -> list[PastInstance]:
    """Return one push a night, the oldest first; a text is the state of a task without a report."""
    return [
        PastInstance(
            dag_id,
            f"run {night}",
            len(reports) - night,
            FIRST_NIGHT + night * A_DAY,
            task_id,
            -1,
            report if isinstance(report, str) else "success",
            "KahunaSetAttributesOperator",
            None if isinstance(report, str) else report,
        )
        for night, report in enumerate(reports)
    ]


def history(*reports: Any, **options: Any) -> History:
    (found,) = histories(nights(*reports, **options))
    return found


def test_the_newest_is_the_last_whatever_the_order() -> None:
    instances = nights(WELL, BAD, "failed")
    (found,) = histories([instances[1], instances[2], instances[0]])
    assert [push.level for push in found.pushes] == ["ok", "warning", "failed"]
    assert found.vendor == "Kahuna"
    assert found.operation == "set attributes"


@pytest.mark.parametrize(
    ("pushes", "latest"),
    [
        ((WELL, BAD), "warning"),
        ((BAD, "running"), "warning"),
        ((BAD, "skipped", "skipped"), "warning"),
        ((BAD, "failed"), "failed"),
        (("skipped", "running"), "running"),
    ],
    ids=range(5),
)
def test_the_latest_is_the_last_that_ended(pushes: tuple[Any, ...], latest: str) -> None:
    found = history(*pushes)
    assert found.latest.level == latest
    assert found.needs_attention is (latest in ("warning", "failed"))


@pytest.mark.parametrize(
    ("pushes", "streaks"),
    [
        ((WELL, WELL), []),
        ((WELL, BAD), [("404", 1, 1, "new")]),
        ((BAD,), [("404", 0, 1, "new")]),
        ((BAD, BAD, BAD), [("404", 0, 3, "or before, or more")]),
        ((BAD, WELL, BAD, BAD), [("404", 0, 2, "or before")]),
        ((WELL, BAD, BAD), [("404", 1, 2, "")]),
        # What is newest comes first.
        ((BAD, WORSE), [("value-too-long", 1, 1, "new"), ("404", 0, 2, "or before, or more")]),
        # A night without a report says nothing of its reasons, neither that they were there nor that they were not.
        ((WELL, BAD, "skipped", BAD, "running"), [("404", 1, 2, "")]),
        ((BAD, "failed"), []),
        # Of what a dry run did not send, no vendor said anything.
        ((WELL, BAD, DRY, BAD), [("404", 1, 2, "")]),
    ],
    ids=range(10),
)
def test_since_when_and_how_often_in_a_row(pushes: tuple[Any, ...], streaks: list[tuple[str, int, int, str]]) -> None:
    found = history(*pushes)
    assert [
        (
            streak.reason.code,
            found.pushes.index(streak.since),
            streak.in_a_row,
            "new"
            if streak.is_new
            else ", ".join(["or before"] * streak.is_since_before + ["or more"] * streak.is_open),
        )
        for streak in found.streaks()
    ] == streaks


def test_what_somebody_should_look_at_comes_first() -> None:
    all_of_them = [
        history(WELL, dag_id="a"),
        history(WELL, BAD, dag_id="b"),
        history("failed", dag_id="c"),
        history(report_of(0, (1, UNCHANGED)), dag_id="d"),
    ]
    assert [each.dag_id for each in chosen(all_of_them, Filter())] == ["c", "b", "a", "d"]
    assert [each.dag_id for each in chosen(all_of_them, Filter(attention=True))] == ["c", "b"]


def test_the_filters() -> None:
    all_of_them = [
        history(WELL, dag_id="Nightly_A"),
        history(report_of(1, vendor="MoEngage"), dag_id="nightly_b"),
        history(BAD, dag_id="hourly"),
    ]
    assert [each.dag_id for each in chosen(all_of_them, Filter(dag="NIGHT"))] == ["Nightly_A", "nightly_b"]
    assert [each.dag_id for each in chosen(all_of_them, Filter(vendor="MoEngage"))] == ["nightly_b"]
    assert [each.dag_id for each in chosen(all_of_them, Filter("Kahuna", "o", attention=True))] == ["hourly"]
    assert not Filter()
    assert Filter(dag="x")
