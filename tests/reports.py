# SPDX-License-Identifier: Apache-2.0
"""Reports of so many rows of each verdict."""

from __future__ import annotations

from airflow_provider_userattrs.push.model.verdict import Status, Verdict
from airflow_provider_userattrs.push.report.report import Report

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check the credentials.")
TOO_LONG = Verdict(Status.INVALID, "value-too-long", "value over 2,048 bytes", "Shorten it.")


def make_report(*counted: tuple[int, Verdict], dry_run: bool = False, done: str = "updated") -> Report:
    """Return a report of so many rows of each verdict."""
    report = Report("Kahuna", "set attributes", "Kahuna confirmed each user", dry_run=dry_run, done=done)
    position = 0
    for count, verdict in counted:
        for _ in range(count):
            report.add(position, verdict)
            position += 1
    return report


def kind(status: Status, number: int) -> Verdict:
    return Verdict(status, f"code-{number}", f"meaning {number}", f"Remedy {number}.")
