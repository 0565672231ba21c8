# SPDX-License-Identifier: Apache-2.0
"""The account in the log: start, progress, counts, reasons, one last warning; and nobody's data in any of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cases import good
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.operators.kahuna import KahunaSetAttributesOperator, KahunaUnsetAttributesOperator
from airflow_provider_userattrs.operators.moengage import (
    MoEngageSetAttributesOperator,
    MoEngageUnsetAttributesOperator,
)

pytestmark = pytest.mark.usefixtures("connections", "clock")


def test_the_first_line_names_operation_and_destination(push: Callable[..., Any], sandbox: Any) -> None:
    first = push(good(1)).log.ours[0]
    assert first.level == "info"
    for word in ("EngageLab", "set attributes", sandbox.base_url("engagelab")):
        assert word in first.text


@pytest.mark.parametrize(
    ("operator", "row", "more", "words"),
    [
        (EngageLabSetAttributesOperator, {"euid": 1, "a": 1}, {"operation": "increase"}, "increase attributes"),
        (EngageLabSetContactsOperator, {"euid": 1, "email": "a@example.com"}, {"contacts": ["email"]}, "set contacts"),
        (EngageLabUnsetAttributesOperator, {"euid": 1}, {"attributes": ["a"]}, "unset attributes"),
        (KahunaSetAttributesOperator, {"username": "ada", "a": 1}, {"target": ["username"]}, "set attributes"),
        (
            KahunaUnsetAttributesOperator,
            {"username": "ada"},
            {"target": ["username"], "attributes": ["a"]},
            "unset attributes",
        ),
        (MoEngageSetAttributesOperator, {"customer_id": "ada", "a": 1}, {}, "set attributes"),
        (MoEngageUnsetAttributesOperator, {"customer_id": "ada"}, {"attributes": ["a"]}, "unset attributes"),
    ],
)
def test_every_operation_is_named(
    airflow: Any, control: Any, operator: Any, row: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    control.switch(engagelab__any_user=True)
    control.seed("kahuna", [{"username": "ada"}])
    run = airflow.run(lambda: operator(task_id="push", users=[row], **more))
    assert run.state == "success"
    assert run.report["operation"] == words
    assert words in run.log.ours[0].text


def test_counts_are_on_one_line(push: Callable[..., Any]) -> None:
    run = push([*good(3), {"euid": "x", "a": 1}, {"euid": 9, "a": None}])
    (counts,) = [text for text in run.log.texts if text.startswith("5 users: ")]
    for word in ("3 accepted", "1 invalid", "1 skipped", "3 requests"):
        assert word in counts


def test_each_reason_has_its_count_meaning_and_remedy(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"code": 55108}, {"users": [1, 2]})
    run = push([*good(5), {"euid": "x", "a": 1}])
    for reason in run.report["reasons"]:
        (line,) = [
            text
            for text in run.log.texts
            if text.startswith(f"{reason['count']} x {reason['meaning']}") and reason["remedy"] in text
        ]
        assert reason["status"] in line


def test_the_last_line_is_one_warning(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"code": 55108}, {"users": [1, 2, 3]})
    run = push([*good(9), {"euid": "x", "a": 1}])
    assert run.state == "success"
    warnings = [line for line in run.log.ours if line.level not in ("info", "debug")]
    assert len(warnings) == 1
    assert run.log.ours[-1] == warnings[0]
    assert warnings[0].level == "warning"
    assert warnings[0].text == run.report["warning"]
    assert re.fullmatch(
        r"4 of 10 users were not updated at EngageLab: 3 x EUID is invalid \(55108\), 1 x EUID is not a 64-bit int.*",
        warnings[0].text,
    )


@pytest.mark.parametrize("ending", ["over max_failed", "nothing accepted", "refused", "away"])
def test_a_push_that_fails_ends_with_its_warning_too(push: Callable[..., Any], control: Any, ending: str) -> None:
    rows = [*good(3), {"euid": "x", "a": 1}]
    if ending == "refused":
        control.fault("engagelab", {"code": 40050})
    if ending == "away":
        control.fault("engagelab", {"status": 503})
    run = push(rows[3:] if ending == "nothing accepted" else rows, max_failed=0)
    assert run.state == "failed"
    assert run.log.ours[-1].level == "warning"
    assert run.log.ours[-1].text == run.report["warning"]
    assert [line.level for line in run.log.ours].count("warning") == 1


def test_without_a_failure_there_is_no_warning(push: Callable[..., Any]) -> None:
    for rows in (good(3), [{"euid": 1, "a": None}]):
        run = push(rows)
        assert {line.level for line in run.log.ours} == {"info"}
        assert run.report["warning"] is None


def test_progress_at_most_every_ten_seconds(push: Callable[..., Any], clock: Any) -> None:
    rows = [*good(30), {"euid": "x", "a": 1}, *good(30)]
    run = push(rows, rate_limit=1)
    progress = [text for text in run.log.texts if "failed so far" in text]
    assert run.report["seconds"] >= 59
    assert 3 <= len(progress) <= run.report["seconds"] / 10
    for text in progress:
        assert re.match(r"\d+ users? done, \d+ a second, [01] failed so far", text)
    done = [int(text.split()[0]) for text in progress]
    assert done == sorted(set(done))


def test_rows_that_are_not_sent_are_not_done(push: Callable[..., Any], control: Any) -> None:
    control.fault("engagelab", {"status": 429, "headers": {"Retry-After": "30"}})
    run = push(good(3))
    assert run.counts == {"unsent": 3}
    progress = {text for text in run.log.texts if "failed so far" in text}
    assert progress == {"0 users done, 0 a second, 0 failed so far"}


def test_a_quick_push_shows_no_progress(push: Callable[..., Any]) -> None:
    assert not any("so far" in text for text in push(good(50)).log.texts)


# Nobody's data, nobody's secret

CANARY = "canary7f3a"

#: What each operation is asked to push, with the canary wherever a row can hold it.
PUSHES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "engagelab set": (EngageLabSetAttributesOperator, {}, "euid"),
    "engagelab increase": (EngageLabSetAttributesOperator, {"operation": "increase"}, "euid"),
    "engagelab add": (EngageLabSetAttributesOperator, {"operation": "add"}, "euid"),
    "engagelab contacts": (EngageLabSetContactsOperator, {"contacts": {"email": "a", "mobile_phone": "b"}}, "euid"),
    "engagelab unset": (EngageLabUnsetAttributesOperator, {"attributes": ["a"]}, "euid"),
    "kahuna set": (KahunaSetAttributesOperator, {"target": ["username"]}, "username"),
    "kahuna unset": (KahunaUnsetAttributesOperator, {"target": ["username"], "attributes": ["a"]}, "username"),
    "moengage set": (MoEngageSetAttributesOperator, {}, "customer_id"),
    "moengage unset": (MoEngageUnsetAttributesOperator, {"attributes": ["a"]}, "customer_id"),
}


class Talkative:
    """A value that says what it holds in every text and every error."""

    def __repr__(self) -> str:
        return CANARY

    __str__ = __repr__

    def isoformat(self, *_: object) -> str:
        raise ValueError(CANARY)


def values() -> st.SearchStrategy[Any]:
    text = st.text(max_size=3).map(lambda text: text + CANARY) | st.just(CANARY * 300) | st.just(CANARY + "\ud800")
    scalar = text | st.just(CANARY.encode()) | st.builds(Talkative) | st.just(float("nan")) | st.just(2**80)
    return st.recursive(
        scalar,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(text, inner, min_size=1, max_size=2),
        max_leaves=4,
    )


FAULTS: list[dict[str, Any] | None] = [
    None,
    {"status": 400, "message": f"bad {CANARY}"},
    {"status": 500, "message": CANARY},
    {"body": f"<html>{CANARY}"},
    {"body": f'{{"code": 55102, "message": "{CANARY}"}}'},
    {"body": f'{{"code": 0, "message": "{CANARY}"}}'},
    {"body": f'[{{"success": false, "error_code": 404, "error": "{CANARY}"}}]'},
    {"status": 400, "body": f'{{"status": "fail", "error": {{"type": "{CANARY}", "message": "{CANARY}"}}}}'},
    {"status": 401, "body": CANARY},
    {"status": 302, "location": f"http://127.0.0.1/{CANARY}"},
    {"status": 429, "headers": {"Retry-After": CANARY, "x-ratelimit-reset": CANARY}, "body": CANARY},
    {"close": True},
]


@pytest.mark.parametrize("name", PUSHES)
@settings(max_examples=7)
@given(data=st.data())
def test_no_row_shows_anywhere(airflow: Any, control: Any, no_secret: Any, name: str, data: st.DataObject) -> None:
    operator, parameters, user = PUSHES[name]
    control.clear_faults()
    control.switch(engagelab__any_user=True)
    fault = data.draw(st.sampled_from(FAULTS), "fault")
    if fault is not None:
        control.fault(name.split()[0], fault)
    users = st.sampled_from([1, 2, CANARY, CANARY + "2"]) | values()
    rows = data.draw(
        st.lists(st.fixed_dictionaries({user: users, "a": values() | st.just(1), "b": values()}), max_size=4), "rows"
    )
    more: dict[str, Any] = data.draw(st.sampled_from([{}, {"max_failed": 0}, {"dry_run": True}]), "parameters")
    run = airflow.run(lambda: operator(task_id="push", users=rows, **parameters, **more))
    shown = run.log.everything() + json.dumps(run.report) + json.dumps(run.rendered, default=str)
    assert CANARY not in shown
    no_secret(shown)


def test_a_key_of_a_row_is_no_name_of_a_column(push: Callable[..., Any]) -> None:
    """With `attributes=None` the columns' names are the author's; what stands in the values is not."""
    run = push([{"euid": 1, "a": {CANARY: 1}}, {"euid": 2, "a": [{CANARY: 1}]}])
    assert CANARY not in run.log.everything()
    assert CANARY not in json.dumps(run.report)


def test_secrets_are_in_no_log(airflow: Any, connections: Callable[..., None], control: Any) -> None:
    password = uuid4().hex
    for fields in ({}, {"host": "http://127.0.0.1:1"}, {"extra": {"region": "x"}}):
        connections("engagelab", password=password, **fields)
        run = airflow.run(
            lambda: EngageLabSetAttributesOperator(task_id="push", users=good(2), retries=1, retry_delay=timedelta(0))
        )
        assert run.state == "failed"
        assert password not in run.log.everything()
        assert password not in json.dumps(run.report)
