# SPDX-License-Identifier: Apache-2.0
"""EngageLab's operators with ids that a warehouse has: looked up, sent in order, and reported row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_userattrs.changes import ChangedOnly
from airflow_provider_userattrs.operators.engagelab import (
    EngageLabSetAttributesOperator,
    EngageLabSetContactsOperator,
    EngageLabUnsetAttributesOperator,
)
from airflow_provider_userattrs.push.model.chunk import Chunk
from airflow_provider_userattrs.sources.chunks import one_by_one

pytestmark = pytest.mark.usefixtures("connections", "clock")

REGISTER = "/engagelab/v1/user/register"


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"user_id": f"u-{number}", "n": number} for number in range(first, first + count)]


def stored(control: Any, user_id: str) -> Any:
    user = control.user("engagelab", f"user_id={user_id}")
    return user and user["properties"]


def requests(control: Any) -> tuple[list[int], int]:
    """Return how many ids each look-up had, and how many other requests there were."""
    journal = control.journal("engagelab")
    lookups = [request["rows"] for request in journal if request["path"] == REGISTER]
    return sorted(lookups, reverse=True), len(journal) - len(lookups)


def test_users_are_looked_up_and_updated(push: Callable[..., Any], control: Any, counted: Any) -> None:
    run = push(rows(250), user_id="user_id")
    counted(run.report, 250)
    assert run.counts == {"accepted": 250}
    assert [stored(control, f"u-{number}") for number in (0, 99, 249)] == [{"n": 0}, {"n": 99}, {"n": 249}]
    assert requests(control) == ([100, 100, 50], 250)
    assert run.report["requests"] == 250
    lookups = run.report["lookups"]
    assert (lookups["requests"], lookups["found"], lookups["not_found"], lookups["known"]) == (3, 250, 0, 0)
    assert "250 ids looked up in 3 requests, 0 not resolved. EngageLab most likely creates users" in "\n".join(
        run.log.texts
    )


class Stalling:
    """Hand over 30 rows at once, and no further one before they are sent, or at all."""

    def __init__(self, control: Any) -> None:
        self.control = control
        self.sent = 0

    def rows(self) -> Any:
        return one_by_one(self.chunks())

    def chunks(self) -> Any:
        yield Chunk(rows(30))
        for _ in range(500):
            self.sent = requests(self.control)[1]
            if self.sent == 30:
                break


def test_no_row_waits_for_a_source_that_yields_no_further_one(push: Callable[..., Any], control: Any) -> None:
    source = Stalling(control)
    assert push(source, user_id="user_id").counts == {"accepted": 30}
    assert source.sent == 30
    assert requests(control) == ([30], 30)


@pytest.mark.parametrize("identifier", ["anonymous_id", "registration_id"])
def test_the_other_identifiers(push: Callable[..., Any], control: Any, identifier: str) -> None:
    control.seed("engagelab", [{"euid": 7, identifier: "a"}, {"euid": 8, "user_id": "a"}])
    assert push([{"id": "a", "n": 1}], **{identifier: "id"}).counts == {"accepted": 1}
    assert control.user("engagelab", 7)["properties"] == {"n": 1}
    assert control.user("engagelab", 8)["properties"] == {}


def test_contacts_and_unset(push: Callable[..., Any], control: Any) -> None:
    control.seed("engagelab", [{"euid": 7, "user_id": "a"}])
    push([{"user_id": "a", "plan": "gold", "old": 1}], user_id="user_id")
    contact = {"user_id": "a", "email": "ada@example.com"}
    assert push([contact], EngageLabSetContactsOperator, user_id="user_id", contacts=["email"]).counts == {
        "accepted": 1
    }
    gone = push([{"user_id": "a"}], EngageLabUnsetAttributesOperator, user_id="user_id", attributes=["old"])
    assert gone.counts == {"accepted": 1}
    user = control.user("engagelab", 7)
    assert (user["properties"], user["contacts"]) == ({"plan": "gold"}, {"email": "ada@example.com"})


def test_ids_without_an_euid_are_verdicts_of_their_rows(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.seed("engagelab", [{"euid": number + 1, "user_id": f"u-{number}"} for number in range(100)])
    control.switch(engagelab__register_creates=False, engagelab__register_order="reversed")
    given = [*rows(112), {"user_id": None, "n": 1}, {"user_id": "", "n": 1}, {"user_id": "x" * 257, "n": 1}]
    run = push(given, user_id="user_id", rejects_path=str(tmp_path / "rejects.jsonl"))
    assert run.counts == {"accepted": 100, "rejected": 12, "invalid": 3}
    codes = [(reason["code"], reason["count"]) for reason in run.report["reasons"]]
    assert sorted(codes) == [("identifier", 1), ("identifier", 1), ("identifier", 1), ("no-euid", 12)]
    assert (run.report["lookups"]["found"], run.report["lookups"]["not_found"]) == (100, 12)
    lines = [json.loads(line) for line in Path(run.report["rejects_path"]).read_text().splitlines()[1:]]
    assert [line["user"] for line in lines if line["code"] == "no-euid"] == [
        f"u-{number}" for number in range(100, 112)
    ]


def test_rejects_name_the_user_by_the_authors_id(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    control.fault("engagelab", {"code": 55102}, {"from": 2, "to": 2})
    run = push(rows(1), user_id="user_id", rejects_path=str(tmp_path / "rejects.jsonl"), max_failed=None)
    (line,) = [json.loads(line) for line in Path(run.report["rejects_path"]).read_text().splitlines()[1:]]
    assert (line["user"], line["code"]) == ("u-0", "55102")
    assert "10000001" not in json.dumps(line)


@pytest.mark.parametrize("code", [55101, 55105, 55107, 55004, 99999])
def test_an_id_that_is_refused_takes_no_other_with_it(push: Callable[..., Any], control: Any, code: int) -> None:
    control.fault("engagelab", {"code": code}, {"users": ["u-42"], "times": None})
    run = push(rows(100), user_id="user_id")
    assert run.counts == {"accepted": 99, "rejected": 1}
    assert [(reason["code"], reason["positions"]) for reason in run.report["reasons"]] == [(str(code), [42])]
    assert stored(control, "u-42") is None


@pytest.mark.parametrize("code", [55106, 40050, 50034])
def test_a_look_up_that_is_refused_for_all_ends_the_push(push: Callable[..., Any], control: Any, code: int) -> None:
    control.fault("engagelab", {"code": code}, path=REGISTER)
    run = push(rows(1_000), user_id="user_id")
    assert (run.state, run.counts) == ("failed", {"unsent": 1_000})
    assert f"({code})" in run.report["failure"]
    assert requests(control)[1] == 0


def test_two_ids_of_one_user_keep_the_order_of_the_rows(push: Callable[..., Any], control: Any) -> None:
    control.seed("engagelab", [{"euid": 7, "user_id": ["a", "b", "c"]}])
    control.switch(history=True)
    given = [{"user_id": "abc"[number % 3], "n": number} for number in range(60)]
    assert push(given, user_id="user_id").counts == {"accepted": 60}
    assert [change["properties"]["n"] for change in control.user("engagelab", 7)["history"]] == list(range(60))
    assert requests(control)[0] == [3]


@pytest.mark.parametrize(
    "then",
    [{"code": -1}, {"status": 503}, {"close": True}, {"body": '{"code":0,"message":"succ'}, {"status": 429}],
    ids=["internal", "503", "closed", "cut", "busy"],
)
def test_a_look_up_is_tried_again(push: Callable[..., Any], control: Any, then: dict[str, Any]) -> None:
    control.fault("engagelab", then, {"next": 2}, path=REGISTER)
    run = push(rows(150), user_id="user_id", concurrency=1)
    assert run.counts == {"accepted": 150}
    assert (run.report["lookups"]["requests"], run.report["lookups"]["retries"], run.report["retries"]) == (4, 2, 0)


def test_rows_that_cannot_be_looked_up_are_unsent_and_resumed(
    push: Callable[..., Any], control: Any, kept: dict[str, Any]
) -> None:
    control.switch(history=True)
    control.fault("engagelab", {"status": 500}, {"from": 2, "to": 26}, path=REGISTER)
    given = [*rows(512), *rows(20), *rows(80, 500), *rows(488, 580)]
    run = push(given, user_id="user_id", concurrency=1, retries=1, retry_delay=timedelta(0), **kept)
    assert run.counts == {"accepted": 1_100}
    assert run.report["tries"] == [0, 100]
    for user_id in ("u-0", "u-19", "u-505"):  # no later row of a user overtook one that was left for the next try
        assert len(control.user("engagelab", f"user_id={user_id}")["history"]) == 2


def test_increase_is_applied_once_whatever_look_ups_do(
    push: Callable[..., Any], control: Any, kept: dict[str, Any]
) -> None:
    control.fault("engagelab", {"close": True, "apply": "before"}, {"every": 2}, path=REGISTER)
    run = push(rows(300), user_id="user_id", operation="increase", **kept)
    assert run.counts == {"accepted": 300}
    assert stored(control, "u-299") == {"n": 299}


def test_a_dry_run_looks_nobody_up(push: Callable[..., Any], control: Any) -> None:
    run = push([*rows(150), {"user_id": " ", "n": 1}], user_id="user_id", dry_run=True)
    assert run.counts == {"skipped": 150, "invalid": 1}
    assert control.journal("engagelab") == []
    assert "Dry run: nobody was looked up" in "\n".join(run.log.texts)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"user_id": "a", "euid": "b"}, "euid and user_id are given; give one of them"),
        ({"user_id": "a", "anonymous_id": "b"}, "user_id and anonymous_id are given; give one of them"),
        ({"euid_cache": "/data/euids"}, "euid_cache is given, but with euid nobody is looked up"),
        ({"user_id": ""}, "user_id is empty; give the name of a column"),
        (
            {"user_id": "a", "euid_cache": ""},
            "euid_cache is empty; give a path such as 's3://bucket/userattrs' or",
        ),
        ({"user_id": "a", "euid_cache": "euids"}, "euid_cache is the text 'euids'; a relative path"),
        (
            {"user_id": "a", "euid_max_age": timedelta(hours=23)},
            "euid_max_age is a timedelta; give a timedelta of a day or more",
        ),
        (
            {"user_id": "a", "changed_only": ChangedOnly("/data/known", removed="unset")},
            "changed_only.removed is 'unset', and users are looked up: one whose row is not sent",
        ),
        ({"user_id": "a", "euid_max_age": 30}, "euid_max_age is 30"),
    ],
    ids=["euid", "two", "cache", "empty", "no-cache", "relative", "no-day", "removed", "number"],
)
def test_what_cannot_work_is_an_error_when_the_dag_is_parsed(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        EngageLabSetAttributesOperator(task_id="push", users=[], **parameters)


def test_a_template_that_gives_no_column_does_not_make_another_column_name_the_users(
    airflow: Any, control: Any
) -> None:
    given = [{"user_id": "u-1", "euid": 7, "n": 1}]
    run = airflow.run(
        lambda: EngageLabSetAttributesOperator(task_id="push", users=given, user_id="{{ none }}"),
        render_template_as_native_obj=True,
    )
    assert (run.state, run.report["accepted"]) == ("failed", 0)
    assert "user_id is None; its template gives no column" in run.report["failure"]
    assert control.journal("engagelab") == []


def test_templates(push: Callable[..., Any], control: Any, tmp_path: Path) -> None:
    run = push(rows(1), user_id="{{ 'user' ~ '_id' }}", euid_cache=f"{tmp_path}/{{{{ 'euids' }}}}")
    assert run.counts == {"accepted": 1}
    assert list((tmp_path / "euids").iterdir())
    failed = push(rows(1), user_id="{{ '' }}")
    assert failed.state == "failed"
    assert "user_id is empty" in failed.report["failure"]
