# SPDX-License-Identifier: Apache-2.0
"""The report of a push, made of what its account keeps: at the end, or so far, from its checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint

#: The XCom in which a push that keeps no checkpoint in Airflow's task state store says how far it has come.
PROGRESS_KEY = "userattrs_progress"

_MOST_TRIES = 20


def as_report(
    report: Report, facts: dict[str, Any], tries: Sequence[int], failure: str | None = None
) -> dict[str, Any]:
    """Return the report of all tries.

    :param report: counts the rows.
    :param facts: what else the account of all tries adds up, as a checkpoint keeps it.
    :param tries: the first row of each try.
    :param failure: a sentence on why the task fails, or None.
    """
    others = {name: value for name, value in facts.items() if name not in ("push", "notes")}
    return report.as_dict(
        {(name, note): count for name, note, count in facts["notes"]},
        **others,
        **facts["push"]["said"],
        resumed_from=tries[-1] if len(tries) > 1 else None,
        tries=list(tries[-_MOST_TRIES:]),
        failure=failure,
    )


def report_so_far(state: dict[str, Any]) -> dict[str, Any]:
    """Return the report of a push that goes on, or was killed.

    :param state: its checkpoint.
    :raises ValueError: if it is none of this version's.
    """
    checkpoint = Checkpoint.from_dict(state)
    try:
        push = checkpoint.facts["push"]
        report = Report(**push["report"])
        report.merge(Counts.restored(checkpoint.tally))
        return as_report(report, checkpoint.facts, checkpoint.tries)
    except (KeyError, TypeError) as error:
        raise ValueError("what is kept is no checkpoint of this version") from error
