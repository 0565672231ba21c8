# SPDX-License-Identifier: Apache-2.0
"""Summarises a push for the page: a headline, its severity, and further notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_userattrs.get_provider_info import VENDORS
from airflow_provider_userattrs.plugins.reading import OtherFormat, Reading, read
from airflow_provider_userattrs.push.model.verdict import Status
from airflow_provider_userattrs.push.report.changes import sentence_on_removed, sentences_on
from airflow_provider_userattrs.push.report.lookups import sentence_on_lookups
from airflow_provider_userattrs.push.report.merge import Total
from airflow_provider_userattrs.push.report.push_log import sentence_on_push_log
from airflow_provider_userattrs.push.report.report import FORMAT
from airflow_provider_userattrs.push.report.sentences import (
    said_by_the_warning_alone,
    sentence_on_limit,
    sentence_on_request,
    users,
)
from airflow_provider_userattrs.push.report.verified import sentence_on_verified
from airflow_provider_userattrs.push.resume.snapshot import report_so_far

#: The names of our operators. A subclass may have any name; its push is recognised by its report.
_IS_PUSH = re.compile(rf"({'|'.join(vendor.title for vendor in VENDORS)})(Set|Unset)\w+Operator").fullmatch

#: States after which nothing changes any more.
_ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})

#: State of a push's task without report, snapshot and checkpoint -> headline.
_NO_REPORT = {
    None: "The push has not begun.",
    "scheduled": "The push has not begun.",
    "queued": "The push has not begun.",
    "running": "The push has begun, and has nothing to show yet.",
    # Airflow says "success" of a task that somebody marked, too: whether users were pushed is not known.
    "success": (
        "There is no report of this push: its XCom was deleted, is in another XCom backend, or is not kept "
        "(do_xcom_push=False); or somebody marked the task as success. Its log says what was pushed."
    ),
    "failed": "The task failed before its push began: see the log.",
    "up_for_retry": "The try failed before its push began: see the log. Airflow will start another.",
    "skipped": "The task was skipped: nothing was pushed.",
    "upstream_failed": "A task before this one failed: nothing was pushed.",
    "removed": "The task is no longer in its Dag: nothing was pushed.",
}

#: State of a task with a report -> additional note.
_STATE_NOTES = {
    "failed": "The task failed.",
    "up_for_retry": "This try failed; Airflow will start another.",
    "scheduled": "Another try is about to begin; this is the result of the last one.",
    "queued": "Another try is about to begin; this is the result of the last one.",
}

_MAX_NAMED = 20

_NO_PUSH = "No push report here: this task has pushed no users."
_UNREADABLE = "This task returned something that looks like a push report but cannot be read as one; see its XCom."
_OTHER_FORMAT = (
    "This report was written by another version of airflow-provider-userattrs ({}; this page reads format "
    f"{FORMAT}). Its counts are in the task's XCom."
)


class Task(Protocol):
    """What is needed of a task instance."""

    map_index: int
    label: str | None
    state: str | None
    operator: str | None
    try_number: int
    report: Any
    progress: Any
    checkpoint: Any
    updated_at: datetime | None


@dataclass(frozen=True)
class Story:
    """What the page shows.

    :param level: ``"ok"``, ``"warning"``, ``"failed"``, ``"running"`` or ``"none"``.
    :param headline: the summary, one sentence.
    :param notes: further sentences.
    :param reading: the report, or its snapshot.
    :param is_live: whether it may still change.
    :param updated_at: when the snapshot of a running push was written.
    :param is_mapped: whether this is one instance of a mapped task.
    :param try_number: the task's try.
    :param shards: index, label and story of each instance, on the page of all of them.
    """

    level: str
    headline: str
    notes: tuple[str, ...] = ()
    reading: Reading | None = None
    is_live: bool = False
    updated_at: datetime | None = None
    is_mapped: bool = False
    try_number: int = 1
    shards: tuple[tuple[int, str, Story], ...] = ()


def story_of(task: Task) -> Story:
    """Return the story of one task instance."""
    is_live = task.state not in _ENDED
    facts: dict[str, Any] = {"is_live": is_live, "is_mapped": task.map_index >= 0, "try_number": task.try_number}
    try:
        if task.report is not None and (reading := _read_or_none(task.report)):
            return Story(_level(task.state, reading), _headline(reading), _notes(task.state, reading), reading, **facts)
        if (snapshot := _snapshot(task)) is not None:
            return _story_of_snapshot(task, read(snapshot), facts)
    except OtherFormat as other:
        return Story("none", _OTHER_FORMAT.format(other), **facts)
    except ValueError:
        return Story("none", _UNREADABLE, **facts)
    if task.operator and _IS_PUSH(task.operator):
        level = {"running": "running", "failed": "failed"}.get(task.state or "", "none")
        return Story(level, _NO_REPORT.get(task.state, "There is nothing to show yet."), **facts)
    return Story("none", _NO_PUSH, is_mapped=task.map_index >= 0)


def story_of_all(tasks: Sequence[Task]) -> Story:
    """Return the story of all instances of a mapped task, added up."""
    shards = tuple((task.map_index, task.label or str(task.map_index), story_of(task)) for task in tasks)
    reported = [(task, story) for task, (_, _, story) in zip(tasks, shards, strict=True) if story.reading]
    is_live = any(story.is_live for _, _, story in shards)
    if not reported:
        return Story("none", _NO_PUSH, is_live=is_live, shards=shards)
    try:
        total = Total(task.report if isinstance(task.report, dict) else _snapshot(task) for task, _ in reported)
        reading = read(
            {
                **total.as_dict(total.stopped()),
                "of": _sum_known(story.reading.of for _, story in reported if story.reading),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        return Story("warning", f"These cannot be added up: {error}.", is_live=is_live, shards=shards)
    levels = [story.level for _, _, story in shards]
    level = next((level for level in ("failed", "running", "warning") if level in levels), "ok")
    missing = len(shards) - len(reported)
    notes = [f"{len(shards):,} instances of this task, added up."]
    if missing:
        notes.append(f"{missing:,} of them {'has' if missing == 1 else 'have'} no report.")
    return Story(level, _headline(reading), (*notes, *_notes(None, reading)), reading, is_live, shards=shards)


def _read_or_none(report: Any) -> Reading | None:
    """Return the reading of a task's return value, or None if that is not a report."""
    looks_like_one = isinstance(report, dict) and {"format", "vendor", "operation", "rows"} <= report.keys()
    return read(report) if looks_like_one else None


def _snapshot(task: Task) -> Any:
    """Return the snapshot of a task's report, or None if there is none."""
    if task.progress is not None:
        return task.progress
    if not isinstance(task.checkpoint, dict) or task.checkpoint.get("complete"):
        return None
    return report_so_far(task.checkpoint)


def _story_of_snapshot(task: Task, reading: Reading, facts: dict[str, Any]) -> Story:
    facts["updated_at"] = task.updated_at
    if task.state == "running":
        of = f" of {users(reading.of)}" if reading.of is not None else " users"
        headline = f"{reading.rows:,}{of} done at {reading.vendor}{_attention(reading)} so far"
        return Story("running", headline, _notes(task.state, reading), reading, **facts)
    headline = f"{users(reading.rows)} done at {reading.vendor}{_attention(reading)}; the task ended without a report"
    note = "It was killed, or its report was deleted; this is its last snapshot." if not facts["is_live"] else ""
    level = "failed" if task.state == "failed" else "warning"
    return Story(level, headline, (note,) if note else _notes(task.state, reading), reading, **facts)


def _level(state: str | None, reading: Reading) -> str:
    if state == "failed":
        return "failed"
    return "warning" if reading.attention or reading.warning or state != "success" else "ok"


def _headline(reading: Reading) -> str:
    return next(say(reading) for applies, say in _HEADLINES if applies(reading))


def _attention(reading: Reading) -> str:
    count = reading.attention
    return f"; {count:,} {'needs' if count == 1 else 'need'} attention" if count else ""


def _would_go(reading: Reading) -> int:
    return sum(reason.count for reason in reading.reasons if reason.code == "dry-run")


#: Condition on a reading -> headline; the first that applies.
_HEADLINES: tuple[tuple[Callable[[Reading], bool], Callable[[Reading], str]], ...] = (
    (lambda r: not r.rows and r.failure is not None, lambda r: f"Nothing was pushed to {r.vendor}"),
    (lambda r: not r.rows, lambda r: f"No users: there was nothing to push to {r.vendor}"),
    (
        lambda r: r.dry_run,
        lambda r: f"Dry run: {_would_go(r):,} of {users(r.rows)} would go to {r.vendor}{_attention(r)}",
    ),
    (
        lambda r: r.counts[Status.SKIPPED] == r.rows,
        lambda r: f"Nothing to send: {users(r.rows)} had nothing to set at {r.vendor}",
    ),
    (
        lambda r: True,
        lambda r: f"{r.counts[Status.ACCEPTED]:,} of {users(r.rows)} {r.done} at {r.vendor}{_attention(r)}",
    ),
)


def _notes(state: str | None, reading: Reading) -> tuple[str, ...]:
    notes = []
    if reading.failure:
        notes.append(reading.failure if reading.failure.endswith(".") else f"{reading.failure}.")
    elif state is not None and reading.warning and not (reading.attention or reading.dry_run):  # else the counts say it
        notes.append(f"{reading.warning}.")
    elif reading.warning:
        notes += [f"{clause[0].upper()}{clause[1:]}." for clause in said_by_the_warning_alone(reading.warning)]
    if reading.limit and state != "running":
        sentence = sentence_on_limit(reading.rows, reading.limit)
        notes += [] if any(sentence in note for note in notes) else [f"{sentence}."]
    if reading.request_id:
        notes.append(f"{sentence_on_request(reading.vendor, reading.request_id)}.")
    if state in _STATE_NOTES and not (reading.failure and state == "failed"):
        notes.append(_STATE_NOTES[state])
    if reading.shard:
        notes.append("Shard {:,} of {:,}.".format(*reading.shard))
    if reading.changes:
        notes += [f"{sentence}." for sentence in sentences_on(reading.changes)]
        removed = sentence_on_removed(reading.changes, dry_run=reading.dry_run)
        if removed and not any(removed in note for note in notes):
            notes.append(f"{removed}.")
    if reading.lookups:
        notes.append(f"{sentence_on_lookups(reading.lookups, reading.vendor, dry_run=reading.dry_run)}.")
    if reading.verified:
        notes.append(f"{sentence_on_verified(reading.vendor, reading.verified)}.")
    if reading.push_log:
        notes.append(f"{sentence_on_push_log(reading.push_log)}.")
    if reading.missing:
        more = ", ..." if len(reading.missing) > _MAX_NAMED else ""
        notes.append(f"No report from shard {', '.join(map(str, reading.missing[:_MAX_NAMED]))}{more}.")
    return tuple(notes)


def _sum_known(numbers: Any) -> int | None:
    known = list(numbers)
    return None if None in known else sum(known)
