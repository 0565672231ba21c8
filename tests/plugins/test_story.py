# SPDX-License-Identifier: Apache-2.0
"""The one sentence, for whatever state a task is in and whatever it left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_userattrs.plugins.story import Story, story_of, story_of_all
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN
from airflow_provider_userattrs.push.report.account import as_dict
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.resume.checkpoint import Checkpoint, Fingerprint

NOT_FOUND = Verdict(Status.REJECTED, "404", "User not found", "Check.")
SKIPPED = Verdict(Status.SKIPPED, "nothing", "nothing to set", "Nothing.")
UNSENT = Verdict(Status.UNSENT, "not-tried", "not tried", "Retry.")


@dataclass
class Task:
    """A task instance, as the database has it."""

    state: str | None = "success"
    report: Any = None
    progress: Any = None
    checkpoint: Any = None
    operator: str | None = "KahunaSetAttributesOperator"
    map_index: int = -1
    label: str | None = None
    try_number: int = 1
    updated_at: Any = None


def counted(*rows: tuple[int, Verdict], vendor: str = "Kahuna", done: str = "updated", dry_run: bool = False) -> Report:
    report = Report(vendor, "set attributes", "the vendor confirmed each user", done=done, dry_run=dry_run)
    for count, verdict in rows:
        for _ in range(count):
            report.add(report.rows, verdict)
    return report


def facts(report: Report, **details: Any) -> dict[str, Any]:
    return {
        "requests": 1,
        "retries": 0,
        "bytes": 1,
        "seconds": 2.0,
        "notes": [],
        "timeline": {"interval_seconds": 1.0, "rows": [1, 1], "retries": [0, 0]},
        "push": {
            "report": report.head(),
            "details": {"rejects_path": None, "of": None, "configuration": {}, **details},
        },
    }


def ended(*rows: tuple[int, Verdict], failure: str | None = None, details: Any = None, **head: Any) -> dict[str, Any]:
    report = counted(*rows, **head)
    return dict(as_dict(report, facts(report, **(details or {})), (0,), failure))


def kept(*rows: tuple[int, Verdict], of: int | None = None, **changes: Any) -> Any:
    report = counted(*rows)
    checkpoint = Checkpoint(Fingerprint("", ""), counts=report.state(20), facts=facts(report, of=of), tries=(0,))
    return {**json.loads(json.dumps(checkpoint.as_dict())), **changes}


def nobody() -> Any:
    report = counted()
    report.conclude(None, None, "warn")
    return dict(as_dict(report, facts(report), (0,)))


WELL = ended((5, ACCEPTED))
NOBODY = nobody()
TWELVE = ended((1_988, ACCEPTED), (12, NOT_FOUND))


@pytest.mark.parametrize(
    ("task", "level", "headline"),
    [
        (Task(report=WELL), "ok", "5 of 5 users updated at Kahuna"),
        (Task(report=TWELVE), "warning", "1,988 of 2,000 users updated at Kahuna; 12 need attention"),
        (
            Task(report=ended((1, ACCEPTED), (1, NOT_FOUND), vendor="MoEngage", done="queued")),
            "warning",
            "1 of 2 users queued at MoEngage; 1 needs attention",
        ),
        (Task(report=ended()), "ok", "No users: there was nothing to push to Kahuna"),
        (Task(report=ended((2, SKIPPED))), "ok", "Nothing to send: 2 users had nothing to set at Kahuna"),
        (
            Task(report=ended((7, DRY_RUN), (1, SKIPPED), (2, NOT_FOUND), dry_run=True)),
            "warning",
            "Dry run: 7 of 10 users would go to Kahuna; 2 need attention",
        ),
        (Task(report=ended((7, DRY_RUN), dry_run=True)), "warning", "Dry run: 7 of 7 users would go to Kahuna"),
        (Task(report=NOBODY), "warning", "No users: there was nothing to push to Kahuna"),
        (Task("failed", report=TWELVE), "failed", "1,988 of 2,000 users updated at Kahuna; 12 need attention"),
        (Task("up_for_retry", report=WELL), "warning", "5 of 5 users updated at Kahuna"),
        (Task("queued", report=WELL), "warning", "5 of 5 users updated at Kahuna"),
        (Task("running", checkpoint=kept((9, ACCEPTED))), "running", "9 users done at Kahuna so far"),
        (
            Task("running", checkpoint=kept((9, ACCEPTED), (1, NOT_FOUND), of=40)),
            "running",
            "10 of 40 users done at Kahuna; 1 needs attention so far",
        ),
        (Task("running", progress=WELL), "running", "5 users done at Kahuna so far"),
        (
            Task("failed", checkpoint=kept((9, ACCEPTED))),
            "failed",
            "9 users done at Kahuna; the task ended without a report",
        ),
        (
            Task("up_for_retry", progress=WELL),
            "warning",
            "5 users done at Kahuna; the task ended without a report",
        ),
        (
            Task("running", checkpoint=kept((9, ACCEPTED), complete=True)),
            "running",
            "The push has begun, and has nothing to show yet.",
        ),
        (Task(None), "none", "The push has not begun."),
        (Task("queued"), "none", "The push has not begun."),
        (Task("failed"), "failed", "The task failed before its push began: see the log."),
        (Task("skipped"), "none", "The task was skipped: nothing was pushed."),
        (Task("upstream_failed"), "none", "A task before this one failed: nothing was pushed."),
        (Task("deferred"), "none", "There is nothing to show yet."),
        (Task(operator="PythonOperator"), "none", "No push report here: this task has pushed no users."),
        (Task(operator=None), "none", "No push report here: this task has pushed no users."),
        (
            Task(operator="PythonOperator", report=[{"euid": 1}]),
            "none",
            "No push report here: this task has pushed no users.",
        ),
        (
            Task(operator="PythonOperator", report={"rows": 5}),
            "none",
            "No push report here: this task has pushed no users.",
        ),
        (Task(operator="OursByAnotherName", report=WELL), "ok", "5 of 5 users updated at Kahuna"),
        (
            Task(report={**WELL, "rows": "many"}),
            "none",
            "This task returned something that looks like a push report but cannot be read as one; see its XCom.",
        ),
        (
            Task("running", checkpoint={"format": 7}),
            "none",
            "This task returned something that looks like a push report but cannot be read as one; see its XCom.",
        ),
        (
            Task(report={**WELL, "format": 9}),
            "none",
            "This report was written by another version of airflow-provider-userattrs (format 9; this page reads "
            "format 1). Its counts are in the task's XCom.",
        ),
    ],
)
def test_sentences(task: Task, level: str, headline: str) -> None:
    story = story_of(task)
    assert (story.level, story.headline) == (level, headline)


def test_a_failed_push_names_the_request_that_the_vendor_s_support_can_find() -> None:
    report = {**ended((1, NOT_FOUND), failure="no", vendor="MoEngage"), "request_id": "ab12"}
    note = "MoEngage's support finds the last request that it did not accept by its request_id, ab12."
    assert note in story_of(Task("failed", report=report)).notes


def test_a_success_without_a_report_is_not_called_a_push() -> None:
    headline = story_of(Task()).headline  # Airflow's "success" may be that of a person, who marked the task
    assert headline.startswith("There is no report of this push: its XCom was deleted")
    assert "do_xcom_push=False" in headline
    assert "marked the task as success" in headline


@pytest.mark.parametrize(
    ("task", "notes"),
    [
        (Task(report=WELL), ()),
        (Task("failed", report=ended((1, NOT_FOUND), failure="Kahuna is unavailable")), ("Kahuna is unavailable.",)),
        (Task("failed", report=WELL), ("The task failed.",)),
        (
            Task("up_for_retry", report=ended((1, UNSENT), failure="Kahuna is unavailable.")),
            ("Kahuna is unavailable.", "This try failed; Airflow will start another."),
        ),
        (Task("queued", report=WELL), ("Another try is about to begin; this is the result of the last one.",)),
        (
            Task("failed", checkpoint=kept((1, ACCEPTED))),
            ("It was killed, or its report was deleted; this is its last snapshot.",),
        ),
        (Task(report={**WELL, "shard": {"number": 3, "of": 8}}), ("Shard 3 of 8.",)),
        (
            Task(report={**WELL, "push_log": {"written": 2, "lost": 1, "why": "OperationalError"}}),
            ("log_to: 2 lines written, 1 line lost (OperationalError); the push itself was not affected.",),
        ),
    ],
)
def test_what_goes_with_the_sentence(task: Task, notes: tuple[str, ...]) -> None:
    assert story_of(task).notes == notes


def test_what_the_warning_alone_says_is_said() -> None:
    report = counted((7, DRY_RUN), dry_run=True)
    report.unexpected_rows = "the source has 7 rows, and expect_rows asks for at least 100"
    refused = dict(as_dict(report, facts(report), (0,)))
    note = "A push would be refused: the source has 7 rows, and expect_rows asks for at least 100."
    assert story_of(Task(report=refused)).notes == (note,)
    report = counted((8, ACCEPTED), (1, NOT_FOUND))
    report.source_change = (9, 5)
    changed = dict(as_dict(report, facts(report), (0,)))
    assert story_of(Task(report=changed)).notes == ("At least 4 of the 9 users done by earlier tries left the source.",)


@pytest.mark.parametrize(
    ("state", "is_live"),
    [(None, True), ("queued", True), ("running", True), ("up_for_retry", True), ("success", False), ("failed", False)],
)
def test_a_page_is_fetched_again_as_long_as_there_may_be_more(state: str | None, is_live: bool) -> None:
    assert story_of(Task(state)).is_live is is_live
    assert not story_of(Task(state, operator="PythonOperator")).is_live


def whole(*tasks: Task) -> Story:
    return story_of_all([Task(**{**vars(task), "map_index": number}) for number, task in enumerate(tasks)])


def test_all_instances_are_added_up() -> None:
    story = whole(Task(report=WELL), Task(report=TWELVE, label="north"))
    assert (story.level, story.headline) == ("warning", "1,993 of 2,005 users updated at Kahuna; 12 need attention")
    assert story.notes == ("2 instances of this task, added up.",)
    assert [(index, label) for index, label, _ in story.shards] == [(0, "0"), (1, "north")]
    assert not story.is_live


def test_what_a_guard_would_refuse_of_some_instances_is_said_of_all() -> None:
    dry = counted((7, DRY_RUN), dry_run=True)
    fine = dict(as_dict(dry, facts(dry), (0,)))
    dry.unexpected_rows = "the source has 7 rows, and expect_rows asks for at least 100"
    refused = dict(as_dict(dry, facts(dry), (0,)))
    assert whole(Task(report=refused), Task(report=fine)).notes == (
        "2 instances of this task, added up.",
        "In one shard a push would be refused: the source has 7 rows, and expect_rows asks for at least 100.",
    )


def test_a_warning_is_said_unless_the_headline_says_it() -> None:
    assert story_of(Task(report=NOBODY)).notes == (
        "No users were pushed to Kahuna, because there were no rows; "
        'on_empty="ok" if that is expected, "fail" if the task is to fail then.',
    )
    for reading in (TWELVE, ended((7, DRY_RUN), dry_run=True), ended((1, NOT_FOUND), failure="All failed")):
        assert not any("Kahuna" in note for note in story_of(Task(report=reading)).notes)


@pytest.mark.parametrize(
    ("tasks", "level", "is_live"),
    [
        ([Task(report=WELL), Task(report=WELL)], "ok", False),
        ([Task(report=WELL), Task("running", checkpoint=kept((1, ACCEPTED)))], "running", True),
        ([Task("failed", report=WELL), Task("running", checkpoint=kept((1, ACCEPTED)))], "failed", True),
        ([Task("failed"), Task(report=WELL)], "failed", False),
        ([Task("queued"), Task("queued")], "none", True),
    ],
)
def test_the_worst_level_is_that_of_all_instances(tasks: list[Task], level: str, is_live: bool) -> None:
    story = whole(*tasks)
    assert (story.level, story.is_live) == (level, is_live)


def test_missing_instances_are_named() -> None:
    story = whole(Task(report={**WELL, "shard": {"number": 2, "of": 3}}), Task("queued"))
    assert story.notes == (
        "2 instances of this task, added up.",
        "1 of them has no report.",
        "No report from shard 1, 3.",
    )


def test_the_total_is_known_if_each_instance_knows_its_own() -> None:
    running = [Task("running", checkpoint=kept((1, ACCEPTED), of=of)) for of in (10, 20)]
    reading = whole(*running).reading
    assert reading is not None
    assert reading.of == 30
    reading = whole(*running, Task("running", checkpoint=kept((1, ACCEPTED)))).reading
    assert reading is not None
    assert reading.of is None


@pytest.mark.parametrize(
    "other", [ended((1, ACCEPTED), vendor="MoEngage"), {name: each for name, each in WELL.items() if name != "bytes"}]
)
def test_what_does_not_fit_together_is_not_added_up(other: Any) -> None:
    story = whole(Task(report=WELL), Task(report=other))
    assert story.level == "warning"
    assert "cannot be added up" in story.headline
    assert len(story.shards) == 2
