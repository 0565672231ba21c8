# SPDX-License-Identifier: Apache-2.0
"""The report so far, made of a checkpoint: the same as the report at the end would be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.report.account import as_dict
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint, signed
from airflow_provider_userattrs.push.resume.snapshot import report_so_far

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check the credentials.")


def counted() -> Report:
    report = Report("MoEngage", "set attributes", "MoEngage queued it", done="queued", dry_run=True)
    for position in range(5):
        report.add(position, NOT_FOUND.on("bio") if position == 2 else ACCEPTED)
    return report


def facts(report: Report) -> dict[str, Any]:
    return {
        "requests": 7,
        "retries": 2,
        "bytes": 99,
        "seconds": 1.5,
        "notes": [["age", "as text", 3]],
        "timeline": {"interval_seconds": 0.25, "rows": [5], "retries": [2]},
        "push": {
            "report": report.head(),
            "details": {"rejects_path": "/tmp/x", "of": 9, "configuration": {"nulls": "skip"}},
        },
    }


def state(**changes: Any) -> Any:
    report = counted()
    checkpoint = Checkpoint(
        Fingerprint("rows", "settings"), below=5, counts=report.state(20), facts=facts(report), tries=(0, 3)
    )
    return {**json.loads(json.dumps(checkpoint.as_dict())), **changes}


def test_it_is_the_report() -> None:
    report = counted()
    whole = as_dict(report, facts(report), (0, 3))
    assert report_so_far(signed(state())) == whole
    assert (whole["rows"], whole["of"], whole["tries"], whole["resumed_from"]) == (5, 9, [0, 3], 3)
    assert (whole["vendor"], whole["done"], whole["dry_run"]) == ("MoEngage", "queued", True)
    assert whole["reasons"][0]["attributes"] == {"bio": 1}
    assert whole["notes"] == [{"attribute": "age", "note": "as text", "count": 3}]


def test_a_first_try_was_not_resumed() -> None:
    assert report_so_far(signed(state(tries=[0])))["resumed_from"] is None


@pytest.mark.parametrize(
    "changes", [{"format": 0}, {"facts": {}}, {"facts": {"push": {"report": {"x": 1}}}}, {"counts": 5}]
)
def test_what_is_no_checkpoint_of_this_version_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"of (this|another) version"):
        report_so_far(signed(state(**changes)))
