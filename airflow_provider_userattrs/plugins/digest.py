# SPDX-License-Identifier: Apache-2.0
"""A push of the past in figures: its instances added up, from whatever they left behind.

Reports are those of any version of this package. Unlike `reading.read`, which shows all of one report, this takes of
many what it can: a field that is missing or damaged is left out, and no report is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_userattrs.get_provider_info import VENDORS
from airflow_provider_userattrs.plugins.formats import duration
from airflow_provider_userattrs.push.model.phrases import counted
from airflow_provider_userattrs.push.model.text import printable
from airflow_provider_userattrs.push.model.verdict import NOT_APPLIED, Status
from airflow_provider_userattrs.push.report.counts import OTHER
from airflow_provider_userattrs.push.report.difference import NamedReason, named_reasons
from airflow_provider_userattrs.push.report.merge import is_report
from airflow_provider_userattrs.push.report.report import FORMAT

#: Level -> the verdict on a push in words, in the order of the legend.
LEVELS = {
    "ok": "accepted",
    "warning": "needs attention",
    "failed": "failed",
    "unchanged": "unchanged",
    "running": "not ended",
    "none": "no push",
}

#: The levels that somebody should look at.
ATTENTION = frozenset({"warning", "failed"})

#: States of a task after which nothing changes any more.
_ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})

#: State of a task without a report that can be read -> what that means.
_WITHOUT_REPORT = {
    "success": "its report is gone or not kept, or somebody marked it as success",
    "failed": "the task failed and left no report",
    "skipped": "the task was skipped",
    "upstream_failed": "a task before it failed",
    "removed": "the task had left its Dag",
}

#: The longest sentence that is shown of a report, in characters.
_MAX_WHY = 500


@dataclass(frozen=True)
class PastInstance:
    """An instance of a task that pushes, in one run.

    :param number: the run's number among those of its DAG, from 1 for the newest.
    :param run_after: when the run was to run.
    :param map_index: the instance's index in a mapped task, or -1.
    :param operator: the name of the operator's class.
    :param report: its return value, if that may be a report.
    """

    dag_id: str
    run_id: str
    number: int
    run_after: datetime
    task_id: str
    map_index: int
    state: str | None
    operator: str | None
    report: Any = None

    @property
    def task(self) -> tuple[str, str]:
        """The DAG's id and the task's."""
        return self.dag_id, self.task_id


@dataclass(frozen=True)
class Digest:
    """A push of the past, all instances of its task added up.

    :param run_id: its DAG run.
    :param run_after: when that was to run.
    :param level: the verdict on it, a key of `LEVELS`.
    :param sentence: the same with its counts, without a full stop.
    :param vendor: the vendor's name; empty if it is not known.
    :param operation: what was done; empty if it is not known.
    :param is_mapped: whether the task is mapped.
    :param is_dry_run: whether nothing was sent on purpose, in all of its instances.
    :param why: a sentence on why it failed, or needs attention although no row does; empty if the reasons say it.
    :param not_applied: how many rows need attention; None without a report.
    :param seconds: how long it took, as long as the longest instance; None if no report says.
    :param requests: how many requests were sent; None if no report says.
    :param reasons: status and code -> the reason and the number of its rows, of those that need attention.
    """

    run_id: str
    run_after: datetime
    level: str
    sentence: str
    vendor: str
    operation: str
    is_mapped: bool
    is_dry_run: bool
    why: str
    not_applied: int | None
    seconds: float | None
    requests: int | None
    reasons: Mapping[tuple[Status, str], tuple[NamedReason, int]]


def digest(instances: Sequence[PastInstance]) -> Digest:
    """Return the digest of a push.

    :param instances: the instances of its task in one run, at least one.
    """
    reports = [instance.report for instance in instances if is_report(instance.report)]
    readable = [report for report in reports if report["format"] == FORMAT]
    counts = {status: _sum(readable, status.value) or 0 for status in Status}
    not_applied = sum(counts[status] for status in NOT_APPLIED)
    seconds = [second for report in readable if (second := _number(report.get("seconds"))) is not None]
    requests = _sum(readable, "requests")
    level = _level({instance.state for instance in instances}, readable, counts)
    first: Mapping[str, Any] = next(iter(readable or reports), {})
    return Digest(
        instances[0].run_id,
        instances[0].run_after,
        level,
        sentence=_sentence(level, instances, counts, requests, seconds, readable, len(reports) - len(readable)),
        vendor=str(first.get("vendor") or next(filter(None, map(_vendor, instances)), "")),
        operation=str(first.get("operation") or ""),
        is_mapped=any(instance.map_index >= 0 for instance in instances),
        is_dry_run=bool(readable) and all(report.get("dry_run") for report in readable),
        why=_why(level, instances, readable, needs_rows=bool(not_applied)),
        not_applied=not_applied if readable else None,
        seconds=max(seconds, default=None),
        requests=requests,
        reasons=_reasons(readable),
    )


def _level(states: set[str | None], reports: list[Any], counts: Mapping[Status, int]) -> str:
    if "failed" in states:
        return "failed"
    if not states <= _ENDED:
        return "running"
    if not reports:
        return "none"
    if any(counts[status] for status in NOT_APPLIED) or any(report.get("warning") for report in reports):
        return "warning"
    return "ok" if counts[Status.ACCEPTED] else "unchanged"


def _why(level: str, instances: Sequence[PastInstance], reports: list[Any], *, needs_rows: bool) -> str:
    """Return why a push failed, or the warning of one in which no row needs attention; empty if there is none."""
    if level == "failed" and not any(is_report(instance.report) for instance in instances):
        return _sentence_case(_WITHOUT_REPORT["failed"])
    field = "failure" if level == "failed" else "warning" if level == "warning" and not needs_rows else ""
    text = next((text for report in reports if isinstance(text := report.get(field), str) and text), "")
    return _sentence_case(printable(text, _MAX_WHY).rstrip("."))


def _sentence_case(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _sentence(
    level: str,
    instances: Sequence[PastInstance],
    counts: Mapping[Status, int],
    requests: int | None,
    seconds: list[float],
    reports: list[Any],
    foreign: int,
) -> str:
    """Return the verdict and the counts, such as "needs attention: 12 rejected, 1,988 accepted; 40 requests, 9.1 s"."""
    facts = []
    if reports:
        # What needs attention comes first, which is all that a narrow window has room for.
        order = sorted(counts, key=lambda status: status not in NOT_APPLIED)
        users = ", ".join(f"{counts[status]:,} {status}" for status in order if counts[status]) or "no users"
        facts.append(f"dry run, {users}" if all(report.get("dry_run") for report in reports) else users)
        took = [counted(requests, "request")] if requests is not None else []
        took += [duration(max(seconds))] if seconds else []
        facts += [", ".join(took)] if took else []
    elif foreign:
        facts.append("its report was written by another version of airflow-provider-userattrs")
    elif level != "running":
        states = [instance.state for instance in instances]
        facts.append(next((why for state, why in _WITHOUT_REPORT.items() if state in states), "nothing is known of it"))
    if len(instances) > 1:
        missing = len(instances) - len(reports)
        facts.append(f"{len(instances):,} instances" + (f", {missing:,} without a report" if missing else ""))
    return f"{LEVELS[level]}: {'; '.join(facts)}" if facts else LEVELS[level]


def _reasons(reports: list[Any]) -> dict[tuple[Status, str], tuple[NamedReason, int]]:
    found: dict[tuple[Status, str], tuple[NamedReason, int]] = {}
    for report in reports:
        for key, (reason, count) in named_reasons(report).items():
            if reason.code == OTHER:
                continue
            if key in found:
                known, before = found[key]
                names = dict.fromkeys((*known.attributes, *reason.attributes))
                reason, count = NamedReason(*key, known.meaning, tuple(names)), before + count
            found[key] = reason, count
    return found


def _vendor(instance: PastInstance) -> str:
    """Return the vendor that an operator's name begins with, or nothing."""
    return next((vendor.title for vendor in VENDORS if (instance.operator or "").startswith(vendor.title)), "")


def _sum(reports: list[Any], field: str) -> int | None:
    """Return a count of all reports, or None if none has it."""
    numbers = [report.get(field) for report in reports]
    known = [number for number in numbers if isinstance(number, int) and 0 <= number < 10**15]
    return sum(known) if known else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1e12 else None
