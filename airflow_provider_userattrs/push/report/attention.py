# SPDX-License-Identifier: Apache-2.0
"""Whether a push needs attention, and what a message about it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED

_MAX_REASONS = 3

_NOT_APPLIED = frozenset(status.value for status in NOT_APPLIED)


def needs_attention(report: Mapping[str, Any]) -> bool:
    """Return whether a push succeeded with a warning; a dry run always has one, and changed nothing.

    :param report: the push's report.
    """
    return bool(report["warning"]) and not report["failure"] and not report["dry_run"]


@dataclass(frozen=True)
class Message:
    """What there is to say about a push, without any row's data.

    :param title: which task, and whether it failed.
    :param sentence: why it failed, or what was not applied.
    :param reasons: the first three reasons of rows that were not applied, each with its remedy, and how many more.
    :param url: where the report is, or the log of a task that pushes nothing.
    :param page: what ``url`` leads to.
    """

    title: str
    sentence: str
    reasons: tuple[str, ...]
    url: str
    page: str = "Push report"

    def lines(self) -> list[str]:
        """Return it as plain text."""
        return [self.title, self.sentence, *(f"- {reason}" for reason in self.reasons), self.url]


def message_on(report: Mapping[str, Any] | None, task: str, url: str, *, has_failed: bool) -> Message | None:
    """Return what there is to say about a push; None if nothing needs attention.

    :param report: its report; None if it made none.
    :param task: the task's name.
    :param url: where the report is.
    :param has_failed: whether the task failed, for one without a report.
    """
    if report is None:
        failed = Message(f"{task}: the task failed", "It failed before it made a report; the log says why", (), url)
        return failed if has_failed else None
    if report["failure"]:
        title = f"{task}: the push to {report['vendor']} failed"
        return Message(title, report["failure"], tuple(_reasons(report)), url)
    if needs_attention(report):
        title = f"{task}: the push to {report['vendor']} needs attention"
        return Message(title, report["warning"], tuple(_reasons(report)), url)
    return None


def _reasons(report: Mapping[str, Any]) -> Iterator[str]:
    reasons = [reason for reason in report["reasons"] if reason["status"] in _NOT_APPLIED]
    for reason in reasons[:_MAX_REASONS]:
        on = f" on {', '.join(reason['attributes'])}" if reason["attributes"] else ""
        times = f"{reason['count']:,} x " if reason["count"] else ""
        yield f"{times}{reason['meaning']} ({reason['code']}){on}: {reason['remedy']}"
    if len(reasons) > _MAX_REASONS:
        yield f"and {counted(len(reasons) - _MAX_REASONS, 'more reason')}"
