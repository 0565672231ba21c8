# SPDX-License-Identifier: Apache-2.0
"""A report in words: what a person reads at a glance is true, short and on one line."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from reports import NOT_FOUND, TOO_LONG, kind, make_report

import airflow_provider_userattrs
from airflow_provider_userattrs.push.mapping.update_builder import NOTHING_TO_SET
from airflow_provider_userattrs.push.model.verdict import ACCEPTED, Status, Verdict
from airflow_provider_userattrs.push.model.verdicts import DRY_RUN, UNREADABLE
from airflow_provider_userattrs.push.report.counts import Counts
from airflow_provider_userattrs.push.report.report import Report
from airflow_provider_userattrs.push.report.sentences import label, log_lines, summary, users, warning


@pytest.mark.parametrize(
    ("made", "dry_run", "words"),
    [
        ((), False, "no users"),
        (((3, ACCEPTED),), False, "3 queued"),
        (((3, NOTHING_TO_SET),), False, "3 skipped"),
        (((1_000, ACCEPTED), (3, NOTHING_TO_SET)), False, "1,000 queued, 3 skipped"),
        (((5, ACCEPTED), (3, NOT_FOUND)), False, "3 not queued"),
        (((5, ACCEPTED), (3, UNREADABLE)), False, "3 not confirmed"),
        (((4, DRY_RUN), (2, NOTHING_TO_SET)), True, "4 to send, 2 skipped"),
        (((4, DRY_RUN), (2, NOT_FOUND)), True, "2 would not be queued"),
    ],
)
def test_the_label_is_true(made: Any, dry_run: bool, words: str) -> None:
    assert label(make_report(*made, dry_run=dry_run, done="queued")) == words


def test_of_nothing() -> None:
    assert summary(make_report()) == "0 users: nothing to do"
    assert log_lines(make_report()) == []


def test_summary_is_one_line_of_counts() -> None:
    report = make_report((1_234, NOT_FOUND), (1, ACCEPTED))
    assert summary(report) == "1,235 users: 1 accepted, 1,234 rejected"
    assert summary(make_report((1, ACCEPTED))) == "1 user: 1 accepted"


def test_log_lines_have_count_meaning_and_remedy() -> None:
    report = make_report((1_000, TOO_LONG.on("bio")), (1, NOT_FOUND))
    assert log_lines(report) == [
        "1,000 x value over 2,048 bytes [invalid] on bio: Shorten it.",
        "1 x User not found (404) [rejected]: Check the credentials.",
    ]


@pytest.mark.parametrize(("count", "words"), [(0, "0 users"), (1, "1 user"), (2_000, "2,000 users")])
def test_users(count: int, words: str) -> None:
    assert users(count) == words


@pytest.mark.parametrize(
    ("counted", "dry_run", "sentence"),
    [
        pytest.param([], False, None, id="nothing"),
        pytest.param([(5, ACCEPTED), (2, kind(Status.SKIPPED, 0))], False, None, id="all-well"),
        pytest.param(
            [(1_988, ACCEPTED), (9, NOT_FOUND), (3, TOO_LONG)],
            False,
            "12 of 2,000 users were not updated at Kahuna: 9 x User not found (404), 3 x value over 2,048 bytes",
            id="the-issue's-own",
        ),
        pytest.param(
            [(1, NOT_FOUND)],
            False,
            "1 of 1 user was not updated at Kahuna: 1 x User not found (404)",
            id="one-of-one",
        ),
        pytest.param(
            [(1, NOT_FOUND), (1, ACCEPTED)],
            False,
            "1 of 2 users was not updated at Kahuna: 1 x User not found (404)",
            id="one-of-many",
        ),
        pytest.param(
            [(1_500, kind(Status.UNSENT, 7))],
            False,
            "1,500 of 1,500 users were not updated at Kahuna: 1,500 x meaning 7",
            id="all-unsent",
        ),
        pytest.param(
            [(2, TOO_LONG), (3, kind(Status.SKIPPED, 0))],
            True,
            "Dry run: would send 0 of 5 users to Kahuna, and sent none; "
            "2 of 5 users would not be updated at Kahuna: 2 x value over 2,048 bytes",
            id="dry-run",
        ),
        pytest.param(
            [(1, TOO_LONG)],
            True,
            "Dry run: would send 0 of 1 user to Kahuna, and sent none; "
            "1 of 1 user would not be updated at Kahuna: 1 x value over 2,048 bytes",
            id="dry-run-of-one",
        ),
        pytest.param(
            [(1, Verdict(Status.UNKNOWN, "-1", "internal server error"))],
            False,
            "1 of 1 user was not confirmed as updated at Kahuna: 1 x internal server error (-1)",
            id="negative-code",
        ),
        pytest.param(
            [(5 - place, kind(Status.REJECTED, place)) for place in range(5)],
            False,
            "15 of 15 users were not updated at Kahuna: 5 x meaning 0, 4 x meaning 1, 3 x meaning 2, "
            "2 x meaning 3, 1 x meaning 4",
            id="five",
        ),
        pytest.param(
            [(7 - place, kind(Status.REJECTED, place)) for place in range(7)],
            False,
            "28 of 28 users were not updated at Kahuna: 7 x meaning 0, 6 x meaning 1, 5 x meaning 2, "
            "4 x meaning 3, 3 x meaning 4, and 2 more reasons",
            id="more-than-five",
        ),
        pytest.param(
            [(6 - place, kind(Status.REJECTED, place)) for place in range(6)],
            False,
            "21 of 21 users were not updated at Kahuna: 6 x meaning 0, 5 x meaning 1, 4 x meaning 2, "
            "3 x meaning 3, 2 x meaning 4, and 1 more reason",
            id="six",
        ),
        pytest.param(
            [(2 if place < 5 else 1, kind(Status.REJECTED, place)) for place in range(30)],
            False,
            "35 of 35 users were not updated at Kahuna: 2 x meaning 0, 2 x meaning 1, 2 x meaning 2, "
            "2 x meaning 3, 2 x meaning 4, and 25 more reasons",
            id="thirty",
        ),
    ],
)
def test_sentences(counted: list[tuple[int, Verdict]], dry_run: bool, sentence: str | None) -> None:
    assert warning(make_report(*counted, dry_run=dry_run)) == sentence


def test_is_one_line_of_bounded_length_whatever_happens() -> None:
    report = make_report(*((1, kind(status, place)) for place in range(100) for status in Status))
    words = warning(report)
    assert words is not None
    assert "\n" not in words
    assert len(words) < 1_000


class TestRemedies:
    words = Verdict(Status.REJECTED, "400", "refused", "Mend the rows.", see_rejects=True)

    @pytest.mark.parametrize(
        ("keeps", "remedy"),
        [
            (True, "Mend the rows. The rejects file says of each row what was wrong."),
            (False, "Mend the rows. With rejects_path set, a file says of each row what was wrong."),
        ],
    )
    def test_speak_of_a_rejects_file_where_there_is_one(self, keeps: bool, remedy: str) -> None:
        report = Report("V", "set", "yes", keeps_rejects=keeps)
        report.merge(Counts.restored(make_report((1, self.words), (1, NOT_FOUND)).state(20)))
        reasons = {reason["code"]: reason["remedy"] for reason in report.as_dict({})["reasons"]}
        assert reasons == {"400": remedy, "404": NOT_FOUND.remedy}
        assert any(line.endswith(remedy) for line in log_lines(report))

    def test_no_remedy_of_a_table_mentions_the_rejects_file(self) -> None:
        package = Path(airflow_provider_userattrs.__file__).parent
        tables = [*package.glob("vendors/**/*.py"), *package.glob("push/**/*.py")]
        assert len(tables) > 50
        for path in tables:
            if path.parent.name == "rejects":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Verdict":
                    texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
                    assert not [text for text in texts if "rejects" in str(text) or "eplay" in str(text)], path.name
