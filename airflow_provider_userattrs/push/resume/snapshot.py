# SPDX-License-Identifier: Apache-2.0
"""The report of a push so far, from its checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_userattrs.push.report.account import as_dict
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint

if TYPE_CHECKING:
    from airflow_provider_userattrs.report import PushReport


def report_so_far(state: dict[str, Any]) -> PushReport:
    """Return the report of a push that is running or was killed.

    :param state: its checkpoint.
    :raises ValueError: if it is damaged or of another version.
    """
    checkpoint = Checkpoint.from_dict(state)
    try:
        push = checkpoint.facts["push"]
        report = Report(**push["report"])
        report.merge(Counts.restored(checkpoint.counts))
        return as_dict(report, checkpoint.facts, checkpoint.tries)
    except (KeyError, TypeError) as error:
        raise ValueError("not a checkpoint of this version") from error
